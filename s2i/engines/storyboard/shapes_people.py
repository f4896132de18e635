"""People and figures that stand like people."""

from __future__ import annotations

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import EYE, Look, hand

_SKIN: RGB = (226, 178, 142)
_HAIR: RGB = (96, 64, 48)
_GOLD: RGB = (240, 200, 84)


def person(pen: Pen, look: Look) -> None:
    """A person of the look's clothes, facing right; asleep, they lie down."""
    if look.pose == "sleep":
        pen = pen.sub(-0.42, 0.10, 0.86, tilt=-90)
    if look.word("kind") == "astronaut":
        _astronaut(pen, look)
    elif look.word("kind") == "knight":
        _knight(pen, look)
    else:
        _plain(pen, look)


def _plain(pen: Pen, look: Look) -> None:
    child = look.flag("child")
    head = 0.125 if child else 0.092
    neck = 0.66 if child else 0.76
    hip = 0.34 if child else 0.44
    clothes = look.colour
    trousers = mix(darker(clothes, 0.45), (70, 72, 92), 0.5)
    if look.flag("wings"):
        for sign in (-1, 1):
            pen.blob(
                [
                    (sign * 0.04, 0.68),
                    (sign * 0.30, 0.92),
                    (sign * 0.40, 0.66),
                    (sign * 0.22, 0.40),
                ],
                (250, 248, 240),
            )
    if look.flag("cape"):
        pen.poly(
            [(-0.12, neck), (0.10, neck), (0.12, 0.5), (-0.02, 0.06), (-0.34, 0.06)],
            darker(clothes, 0.3),
        )
    if look.word("hair") == "long":
        pen.blob(
            [
                (-head * 1.0, neck + head * 1.3),
                (-head * 1.25, neck - head * 1.1),
                (head * 0.1, neck - head * 0.9),
                (head * 0.7, neck + head),
            ],
            _HAIR,
        )
    _legs(pen, look, hip, trousers)
    back = [(-0.10, neck - 0.06), (-0.20, hip + 0.14), (-0.17, hip + 0.02)]
    pen.limb(back, 0.075, 0.055, darker(clothes, 0.2))
    pen.disc(-0.17, hip + 0.005, 0.034, fill=_SKIN)
    if look.flag("dress"):
        pen.blob(
            [
                (-0.09, neck),
                (0.09, neck),
                (0.12, hip + 0.05),
                (0.25, 0.17 if child else 0.16),
                (0.0, 0.12),
                (-0.25, 0.17 if child else 0.16),
                (-0.12, hip + 0.05),
            ],
            clothes,
        )
    else:
        pen.blob(
            [
                (-0.12, neck - 0.01),
                (0.12, neck - 0.01),
                (0.135, hip + 0.02),
                (0.0, hip - 0.03),
                (-0.135, hip + 0.02),
            ],
            clothes,
        )
    pen.limb([(0, neck - 0.03), (0, neck + head * 0.6)], 0.07, 0.07, darker(_SKIN, 0.08))
    _face(pen, look, neck + head * 1.05, head)
    hx, hy = hand(look)
    pen.limb(
        [(0.10, neck - 0.06), (0.19, hip + 0.10), (hx, hy)], 0.08, 0.055, lighter(clothes, 0.08)
    )
    pen.disc(hx, hy, 0.036, fill=_SKIN)


def _legs(pen: Pen, look: Look, hip: float, trousers: RGB) -> None:
    seated, run = look.pose == "sit", look.pose == "run"
    shoes: RGB = (64, 54, 58)
    bare = look.flag("dress")
    fill = _SKIN if bare else trousers
    spread = ((-0.06, -0.20 if run else -0.07), (0.06, 0.18 if run else 0.07))
    for x, foot in spread:
        if seated:
            pen.limb([(x, hip), (x + 0.22, hip - 0.04), (x + 0.24, 0.06)], 0.10, 0.08, fill)
            pen.disc(x + 0.27, 0.03, 0.065, 0.035, fill=shoes)
        else:
            lift = 0.10 if run and foot < 0 else 0.0
            pen.limb(
                [(x, hip), ((x + foot) / 2 + (0.05 if run else 0), hip * 0.5), (foot, 0.06 + lift)],
                0.10,
                0.075,
                fill,
            )
            pen.disc(foot + 0.025, 0.035 + lift, 0.062, 0.036, fill=shoes)


def _face(pen: Pen, look: Look, y: float, head: float) -> None:
    hat = look.word("hat")
    pen.disc(0, y, head, head * 1.06, fill=_SKIN)
    cap = [
        (-head * 1.05, y - head * 0.1),
        (-head * 0.95, y + head * 0.75),
        (0, y + head * 1.22),
        (head * 0.85, y + head * 0.75),
        (head * 0.75, y + head * 0.42),
        (-head * 0.2, y + head * 0.45),
        (-head * 0.55, y - head * 0.2),
    ]
    pen.blob(cap, _HAIR if not look.flag("beard") else (226, 226, 228))
    if look.word("hair") == "pigtails":
        for sign in (-1, 1):
            pen.disc(
                sign * head * 1.25,
                y + head * 0.05,
                head * 0.34,
                head * 0.5,
                fill=_HAIR,
                angle=sign * 20,
            )
    if look.flag("beard"):
        pen.blob(
            [
                (-head * 0.7, y - head * 0.2),
                (head * 0.85, y - head * 0.1),
                (head * 0.5, y - head * 1.6),
                (0.05, y - head * 2.2),
                (-head * 0.3, y - head * 1.4),
            ],
            (232, 232, 234),
        )
    for x in (head * 0.12, head * 0.58):
        if look.pose == "sleep":
            pen.line(
                [(x - head * 0.12, y + head * 0.05), (x + head * 0.12, y + head * 0.05)],
                head * 0.09,
                EYE,
            )
        else:
            pen.disc(x, y + head * 0.05, head * 0.085, head * 0.11, fill=EYE)
    pen.disc(
        head * 0.75,
        y - head * 0.22,
        head * 0.14,
        head * 0.1,
        fill=mix(_SKIN, (226, 110, 100), 0.45),
    )
    pen.line(
        [
            (head * 0.2, y - head * 0.42),
            (head * 0.4, y - head * 0.5),
            (head * 0.6, y - head * 0.40),
        ],
        head * 0.08,
        darker(_SKIN, 0.5),
    )
    if hat == "wizard":
        top = look.colour
        pen.poly(
            [
                (-head * 1.15, y + head * 0.45),
                (head * 1.1, y + head * 0.5),
                (head * 0.1, y + head * 2.6),
                (-head * 0.5, y + head * 2.9),
            ],
            top,
        )
        pen.disc(0, y + head * 0.5, head * 1.65, head * 0.24, fill=darker(top, 0.2))
        pen.disc(head * 0.05, y + head * 1.1, head * 0.16, fill=_GOLD)
    elif hat == "crown":
        pen.poly(
            [
                (-head * 0.8, y + head * 0.72),
                (-head * 0.95, y + head * 1.65),
                (-head * 0.4, y + head * 1.2),
                (0, y + head * 1.8),
                (head * 0.4, y + head * 1.2),
                (head * 0.95, y + head * 1.65),
                (head * 0.8, y + head * 0.72),
            ],
            _GOLD,
        )
    elif hat == "brim":
        pen.blob(
            [
                (-head * 0.8, y + head * 0.6),
                (-head * 0.55, y + head * 1.5),
                (head * 0.55, y + head * 1.5),
                (head * 0.8, y + head * 0.6),
            ],
            (92, 64, 48),
        )
        pen.disc(0, y + head * 0.62, head * 1.7, head * 0.24, fill=(74, 52, 42))


def _knight(pen: Pen, look: Look) -> None:
    steel = look.colour
    shade = darker(steel, 0.25)
    pen.limb([(-0.17, 0.30), (-0.30, 0.86)], 0.022, 0.012, (236, 240, 244))  # the sword
    pen.limb([(-0.26, 0.42), (-0.12, 0.46)], 0.03, 0.03, _GOLD)
    _legs(pen, Look(steel, look.pose, {}), 0.44, shade)
    pen.limb([(-0.10, 0.70), (-0.22, 0.54), (-0.19, 0.42)], 0.09, 0.07, shade)
    pen.blob(path("-0.13,0.75 0.13,0.75 0.14,0.46 0,0.4 -0.14,0.46"), steel)
    pen.poly(path("-0.1,0.7 0.1,0.7 0.12,0.42 0,0.36 -0.12,0.42"), (188, 64, 62))
    pen.disc(0, 0.865, 0.105, 0.115, fill=steel)
    pen.box(-0.02, 0.86, 0.11, 0.885, (46, 44, 54))
    pen.line([(0.05, 0.85), (0.05, 0.77)], 0.012, shade)
    pen.limb([(0, 0.97), (-0.10, 1.06), (-0.20, 1.0)], 0.05, 0.03, (206, 62, 58))
    pen.limb([(0.11, 0.70), (0.20, 0.58), (0.25, 0.52)], 0.09, 0.07, lighter(steel, 0.1))
    pen.blob(path("0.14,0.66 0.38,0.66 0.36,0.46 0.26,0.34 0.16,0.46"), (66, 104, 160))
    pen.box(0.245, 0.40, 0.275, 0.64, _GOLD)
    pen.box(0.18, 0.53, 0.345, 0.56, _GOLD)


def _astronaut(pen: Pen, look: Look) -> None:
    suit = look.colour
    shade = darker(suit, 0.16)
    floats = look.pose in ("fly", "swim")
    pen.box(-0.25, 0.44, -0.05, 0.76, darker(suit, 0.3))
    for x, foot in ((-0.08, -0.14 if floats else -0.09), (0.08, 0.20 if floats else 0.10)):
        pen.limb(
            [(x, 0.42), ((x + foot) / 2, 0.22), (foot, 0.06)], 0.145, 0.13, shade if x < 0 else suit
        )
        pen.disc(foot + 0.03, 0.04, 0.085, 0.045, fill=(120, 126, 140))
    pen.limb(
        [
            (-0.13, 0.68),
            (-0.26, 0.56),
            (-0.25 if not floats else -0.36, 0.42 if not floats else 0.66),
        ],
        0.115,
        0.095,
        shade,
    )
    pen.blob(path("-0.16,0.74 0.16,0.74 0.18,0.42 0,0.36 -0.18,0.42"), suit)
    pen.box(-0.07, 0.50, 0.09, 0.61, (104, 116, 138))
    for x, dot in ((-0.035, (214, 74, 66)), (0.01, (240, 200, 84)), (0.055, (98, 180, 120))):
        pen.disc(x, 0.555, 0.016, fill=(dot[0], dot[1], dot[2]))
    pen.disc(0, 0.86, 0.155, fill=suit)
    pen.blob(
        path("-0.06,0.94 0.09,0.96 0.145,0.86 0.09,0.77 -0.06,0.78 -0.09,0.86"),
        (44, 60, 94),
    )
    pen.blob(path("0,0.92 0.08,0.93 0.1,0.88 0.02,0.88"), (150, 190, 226))
    pen.limb(
        [(0.14, 0.68), (0.22, 0.58), hand(look) if not floats else (0.34, 0.74)], 0.115, 0.095, suit
    )
