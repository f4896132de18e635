"""Heads of animals on four legs. They face right."""

from __future__ import annotations

from s2i.engines.storyboard.canvas import Pen
from s2i.engines.storyboard.colour import RGB, darker, lighter, luma, mix
from s2i.engines.storyboard.look import EYE, Look

_BELLY: RGB = (248, 240, 226)


def bib(colour: RGB) -> RGB:
    """The pale fur of throat and belly, told from the coat on white animals too."""
    return _BELLY if luma(colour) < 215 else darker(colour, 0.08)


def head(pen: Pen, look: Look, x: float, y: float, r: float, *, asleep: bool = False) -> None:
    """A head of radius `r` about (x, y), with all that the look's variant puts on it."""
    colour = look.rgb("face", look.colour)
    _ears(pen, look, x, y, r, behind=True)
    _horns(pen, look, x, y, r)
    pen.disc(x, y, r, r * 0.92, fill=colour)
    _muzzle(pen, look, x, y, r)
    if look.flag("nosehorn"):
        pen.poly(
            [
                (x + r * 0.75, y - r * 0.1),
                (x + r * 1.25, y - r * 0.2),
                (x + r * 1.35, y + r * 0.75),
            ],
            (228, 222, 208),
        )
    if look.flag("whiskers"):
        for lean in (-0.10, 0.02):
            pen.line(
                [(x + r * 0.6, y - r * 0.38), (x + r * 1.5, y - r * 0.4 + lean)],
                0.006,
                lighter(colour, 0.6),
            )
    if look.flag("panda"):
        pen.disc(x + r * 0.36, y + r * 0.12, r * 0.30, r * 0.24, fill=(48, 46, 52), angle=30)
    if look.flag("horn"):
        pen.poly(
            [
                (x + r * 0.05, y + r * 0.75),
                (x + r * 0.5, y + r * 0.55),
                (x + r * 0.95, y + r * 2.5),
            ],
            (246, 214, 120),
        )
    if asleep:
        pen.line(
            [
                (x + r * 0.16, y + r * 0.10),
                (x + r * 0.34, y + r * 0.0),
                (x + r * 0.54, y + r * 0.10),
            ],
            0.016,
            EYE,
        )
    else:
        pen.disc(
            x + r * 0.34,
            y + r * 0.16,
            r * 0.13,
            r * 0.15,
            fill=EYE if not look.flag("panda") else (240, 240, 240),
        )
        pen.disc(x + r * 0.38, y + r * 0.21, r * 0.05, fill=(255, 255, 255))
    _ears(pen, look, x, y, r, behind=False)


def _horns(pen: Pen, look: Look, x: float, y: float, r: float) -> None:
    if look.flag("antlers"):
        for lean in (-0.06, 0.02):
            horn = (150, 116, 84) if lean > 0 else (122, 92, 68)
            pen.limb(
                [
                    (x - 0.02, y + r * 0.7),
                    (x - 0.06 + lean, y + r + 0.12),
                    (x + 0.02 + lean, y + r + 0.25),
                ],
                0.03,
                0.018,
                horn,
            )
            pen.limb(
                [(x - 0.06 + lean, y + r + 0.12), (x - 0.15 + lean, y + r + 0.20)],
                0.024,
                0.014,
                horn,
            )
            pen.limb(
                [(x - 0.03 + lean, y + r + 0.19), (x + 0.08 + lean, y + r + 0.22)],
                0.02,
                0.012,
                horn,
            )
    if look.flag("horns"):
        pen.limb(
            [(x - 0.03, y + r * 0.75), (x - 0.06, y + r + 0.07), (x + 0.01, y + r + 0.10)],
            0.04,
            0.015,
            (216, 204, 184),
        )


def _muzzle(pen: Pen, look: Look, x: float, y: float, r: float) -> None:
    colour = look.rgb("face", look.colour)
    snout = look.number("snout", 0.1)
    if look.flag("trunk"):
        pen.limb(
            [
                (x + r * 0.5, y - r * 0.05),
                (x + r * 1.25, y - r * 0.7),
                (x + r * 1.2, y - r * 1.9),
                (x + r * 1.6, y - r * 2.25),
            ],
            r * 0.85,
            r * 0.3,
            colour,
        )
        pen.limb(
            [
                (x + r * 0.75, y - r * 0.55),
                (x + r * 1.2, y - r * 1.1),
                (x + r * 1.75, y - r * 1.05),
            ],
            r * 0.22,
            r * 0.06,
            (246, 240, 224),
        )
    elif snout > 0.05:
        end = (x + r * 0.55 + snout, y - r * 0.42)
        muzzle = look.rgb("muzzle", colour)
        pen.limb(
            [(x + r * 0.15, y - r * 0.12), end],
            r * 1.35,
            r * 0.66,
            muzzle if "muzzle" in look.variant else colour,
        )
        if look.flag("bib"):
            pen.limb(
                [(x + r * 0.1, y - r * 0.62), (end[0] - r * 0.06, end[1] - r * 0.10)],
                r * 0.55,
                r * 0.40,
                bib(colour),
            )
        nose = look.rgb("nose", EYE)
        pen.disc(end[0] + r * 0.20, end[1] + r * 0.14, r * 0.17, r * 0.14, fill=nose)
    else:
        pen.disc(
            x + r * 0.42,
            y - r * 0.38,
            r * 0.52,
            r * 0.38,
            fill=bib(colour) if look.flag("bib") else lighter(colour, 0.12),
        )
        pen.disc(x + r * 0.62, y - r * 0.20, r * 0.12, r * 0.09, fill=(178, 96, 98))


def _ears(pen: Pen, look: Look, x: float, y: float, r: float, *, behind: bool) -> None:
    kind = look.word("ears", "point")
    colour = look.rgb("face", look.colour)
    if look.flag("panda"):
        colour = (48, 46, 52)
    shade = darker(colour, 0.2)
    back = -0.40 if not behind else 0.12
    own = colour if not behind else shade
    ex, ey = x + r * back, y + r * 0.62
    if kind in ("point", "small"):
        tall = r * (1.15 if kind == "point" else 0.75)
        wide = r * (0.40 if kind == "point" else 0.26)
        pen.poly(
            [(ex - wide, ey - r * 0.1), (ex - wide * 0.25, ey + tall), (ex + wide, ey + r * 0.1)],
            own,
        )
        if not behind and kind == "point":
            pen.poly(
                [
                    (ex - wide * 0.45, ey + r * 0.08),
                    (ex - wide * 0.18, ey + tall * 0.72),
                    (ex + wide * 0.5, ey + r * 0.16),
                ],
                mix(colour, (60, 44, 48), 0.55),
            )
    elif kind in ("round", "big"):
        radius = r * (0.36 if kind == "round" else 0.62)
        pen.disc(ex, ey + r * 0.22, radius, fill=own)
        if not behind:
            pen.disc(
                ex + r * 0.03, ey + r * 0.2, radius * 0.58, fill=mix(own, (226, 160, 156), 0.5)
            )
    elif kind == "flop" and not behind:
        pen.blob(
            [
                (ex - r * 0.05, ey + r * 0.2),
                (ex + r * 0.28, ey),
                (ex + r * 0.08, ey - r * 0.95),
                (ex - r * 0.36, ey - r * 0.62),
            ],
            darker(colour, 0.28),
        )
    elif kind == "long":
        lean = -0.5 if not behind else -0.12
        pen.limb(
            [
                (ex + r * 0.1, ey),
                (ex + lean * r * 0.6, ey + r * 1.0),
                (ex + lean * r, ey + r * 2.0),
            ],
            r * 0.42,
            r * 0.34,
            own,
        )
        if not behind:
            pen.limb(
                [(ex + r * 0.02, ey + r * 0.5), (ex + lean * r * 0.95, ey + r * 1.8)],
                r * 0.16,
                r * 0.14,
                mix(own, (232, 160, 160), 0.6),
            )
    elif kind == "side" and not behind:
        pen.limb(
            [(ex + r * 0.1, ey), (ex - r * 0.75, ey + r * 0.12)],
            r * 0.42,
            r * 0.16,
            darker(colour, 0.1),
        )
    elif kind == "elephant" and not behind:
        pen.blob(
            [
                (x - r * 0.1, y + r * 0.75),
                (x - r * 1.15, y + r * 0.85),
                (x - r * 1.35, y - r * 0.3),
                (x - r * 0.7, y - r * 1.15),
                (x - r * 0.05, y - r * 0.35),
            ],
            darker(colour, 0.14),
        )
