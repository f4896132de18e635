"""What people travel in, on land, on water and in the air. They face right."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Pen, glow, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import Look

_GLASS: RGB = (158, 196, 216)
_LAMP: RGB = (255, 224, 140)
_TYRE: RGB = (48, 46, 54)
_SAIL: RGB = (248, 242, 228)
_WOOD: RGB = (132, 90, 62)


def _wheel(pen: Pen, x: float, y: float, r: float) -> None:
    pen.disc(x, y, r, fill=_TYRE)
    pen.disc(x, y, r * 0.55, fill=(196, 198, 206))
    pen.disc(x, y, r * 0.18, fill=_TYRE)


def _wake(pen: Pen, half: float) -> None:
    """Foam along the waterline."""
    for x0, x1, y in (
        (-half * 1.1, -half * 0.3, 0.0),
        (-half * 0.5, half * 0.5, -0.03),
        (half * 0.3, half * 1.15, 0.0),
    ):
        pen.limb([(x0, y), ((x0 + x1) / 2, y + 0.012), (x1, y)], 0.012, 0.012, (232, 244, 248))


def sailboat(pen: Pen, look: Look) -> None:
    """A sailing boat. A named colour is the hull's."""
    pen.limb([(0.02, 0.16), (0.02, 0.98)], 0.024, 0.016, _WOOD)
    pen.blob(path("-0.02,0.94 -0.36,0.3 -0.2,0.27 -0.02,0.27"), darker(_SAIL, 0.08))
    pen.blob(path("0.06,0.96 0.3,0.62 0.42,0.28 0.2,0.25 0.06,0.26"), _SAIL)
    pen.poly([(0.02, 0.98), (0.14, 0.955), (0.02, 0.925)], (206, 66, 62))
    _hull(pen, look.colour, 0.48, 0.20)
    _wake(pen, 0.46)


def _hull(pen: Pen, colour: RGB, half: float, tall: float) -> None:
    pen.blob(
        [
            (-half, tall),
            (-half * 0.82, tall * 0.3),
            (-half * 0.5, 0.0),
            (half * 0.55, 0.0),
            (half * 0.86, tall * 0.42),
            (half * 1.04, tall * 1.1),
            (0, tall * 0.92),
        ],
        colour,
    )
    pen.limb(
        [(-half * 0.98, tall * 0.98), (0, tall * 0.90), (half * 1.02, tall * 1.06)],
        0.03,
        0.03,
        lighter(colour, 0.35),
    )


def rowboat(pen: Pen, look: Look) -> None:
    """A rowing boat."""
    pen.limb([(-0.20, 0.34), (0.34, -0.02)], 0.025, 0.025, _WOOD)
    _hull(pen, look.colour, 0.72, 0.30)
    pen.blob(path("0.3,0.02 0.44,-0.02 0.4,-0.1 0.3,-0.06"), darker(_WOOD, 0.15))
    _wake(pen, 0.68)


def ship(pen: Pen, look: Look) -> None:
    """A sailing ship with three masts."""
    hull = look.colour
    for x, top in ((-0.34, 0.80), (0.0, 0.96), (0.32, 0.84)):
        pen.limb([(x, 0.2), (x, top)], 0.022, 0.014, _WOOD)
        for y0, y1, half in ((0.30, 0.52, 0.155), (0.54, top - 0.08, 0.12)):
            pen.blob(
                [
                    (x - half, y0),
                    (x - half * 0.8, y1),
                    (x + half * 0.7, y1),
                    (x + half * 1.0, y0),
                    (x + half * 1.12, (y0 + y1) / 2),
                ],
                darker(_SAIL, 0.04 if x else 0.0),
            )
        pen.poly([(x, top), (x - 0.10, top - 0.02), (x, top - 0.045)], (196, 62, 60))
    pen.limb([(0.5, 0.28), (0.74, 0.40)], 0.022, 0.012, _WOOD)
    pen.blob(
        path("-0.6,0.4 -0.55,0.12 -0.4,0 0.36,0 0.52,0.12 0.62,0.34 0.44,0.25 -0.2,0.22 -0.4,0.26"),
        hull,
    )
    pen.limb(path("-0.58,0.34 -0.3,0.22 0.3,0.2 0.6,0.31"), 0.03, 0.03, lighter(hull, 0.4))
    for x in (-0.34, -0.17, 0.0, 0.17, 0.34):
        pen.box(x - 0.022, 0.10, x + 0.022, 0.145, _LAMP if look.lit else darker(hull, 0.5))
    _wake(pen, 0.6)


def steamer(pen: Pen, look: Look) -> None:
    """A steamer."""
    for number in range(4):
        pen.disc(
            -0.14 - 0.10 * number, 0.86 + 0.05 * number, 0.07 + 0.02 * number, fill=(222, 222, 226)
        )
    pen.box(-0.16, 0.46, -0.02, 0.80, look.colour)
    pen.box(-0.16, 0.66, -0.02, 0.72, (248, 244, 236))
    pen.box(-0.52, 0.26, 0.42, 0.42, (246, 242, 232))
    pen.box(-0.34, 0.40, 0.28, 0.54, (232, 226, 214))
    for x in (-0.44, -0.30, -0.16, -0.02, 0.12, 0.26):
        pen.disc(x, 0.34, 0.032, fill=_LAMP if look.lit else _GLASS)
    _hull(pen, darker(look.colour, 0.25), 0.72, 0.28)
    _wake(pen, 0.7)


def car(pen: Pen, look: Look) -> None:
    """A car."""
    paint = look.colour
    pen.blob(path("-0.62,0.4 -0.36,0.74 0.16,0.76 0.5,0.44"), paint)
    pen.poly(path("-0.46,0.46 -0.31,0.67 -0.09,0.68 -0.09,0.46"), _GLASS)
    pen.poly(path("-0.03,0.46 -0.03,0.68 0.13,0.67 0.36,0.46"), _GLASS)
    pen.blob(
        path("-0.98,0.2 -0.96,0.42 -0.62,0.48 0.5,0.47 0.9,0.4 1,0.24 0.94,0.14 -0.92,0.13"),
        paint,
    )
    pen.limb([(-0.92, 0.17), (0.92, 0.17)], 0.05, 0.05, darker(paint, 0.35))
    pen.line([(-0.06, 0.46), (-0.06, 0.20)], 0.012, darker(paint, 0.3))
    pen.box(-0.20, 0.375, -0.10, 0.395, lighter(paint, 0.5))
    if look.lit:
        glow(pen.canvas, pen.at((1.1, 0.30)), pen.scale * 0.55, _LAMP, 0.7)
    pen.disc(0.93, 0.32, 0.055, 0.06, fill=_LAMP)
    pen.disc(-0.95, 0.33, 0.035, 0.05, fill=(206, 52, 48))
    for x in (-0.56, 0.56):
        _wheel(pen, x, 0.16, 0.165)


def bus(pen: Pen, look: Look) -> None:
    """A bus."""
    paint = look.colour
    pen.blob(
        path("-0.92,0.14 -0.94,0.5 -0.9,0.86 0,0.9 0.84,0.88 0.93,0.6 0.95,0.16"),
        paint,
    )
    pen.box(-0.92, 0.12, 0.94, 0.20, darker(paint, 0.3))
    for number in range(5):
        x = -0.80 + number * 0.30
        pen.box(x, 0.50, x + 0.24, 0.76, _LAMP if look.lit else _GLASS)
    pen.poly(path("0.7,0.5 0.7,0.76 0.87,0.76 0.92,0.5"), _GLASS)
    pen.limb([(-0.92, 0.40), (0.92, 0.40)], 0.03, 0.03, lighter(paint, 0.5))
    pen.disc(0.92, 0.28, 0.04, fill=_LAMP)
    for x in (-0.55, 0.55):
        _wheel(pen, x, 0.13, 0.14)


def train(pen: Pen, look: Look) -> None:
    """A steam train with two carriages on its track."""
    paint = look.colour
    pen.line([(-1.6, 0.015), (1.25, 0.015)], 0.03, (104, 92, 88))
    for number in range(5):
        pen.disc(
            0.66 - 0.20 * number,
            0.96 + 0.07 * number,
            0.09 + 0.025 * number,
            fill=mix((240, 240, 244), (180, 184, 196), number / 6),
        )
    for left in (-1.52, -0.76):
        pen.box(left, 0.14, left + 0.68, 0.58, mix(paint, (170, 70, 62), 0.7))
        pen.box(left - 0.02, 0.56, left + 0.70, 0.62, darker(paint, 0.3))
        for number in range(3):
            pen.box(
                left + 0.07 + number * 0.20,
                0.34,
                left + 0.21 + number * 0.20,
                0.50,
                _LAMP if look.lit else _GLASS,
            )
        for x in (left + 0.14, left + 0.54):
            _wheel(pen, x, 0.10, 0.095)
    pen.box(-0.02, 0.16, 0.34, 0.78, paint)
    pen.box(-0.06, 0.76, 0.38, 0.83, darker(paint, 0.35))
    pen.box(0.07, 0.50, 0.26, 0.68, _LAMP if look.lit else _GLASS)
    pen.blob(path("0.3,0.24 0.3,0.56 0.92,0.57 1,0.4 0.92,0.23"), paint)
    for x in (0.46, 0.62, 0.78):
        pen.line([(x, 0.24), (x, 0.56)], 0.018, _LAMP)
    pen.poly(path("0.68,0.55 0.64,0.82 0.86,0.82 0.82,0.55"), darker(paint, 0.3))
    pen.disc(0.50, 0.60, 0.06, 0.08, fill=(214, 172, 70))
    pen.poly([(0.92, 0.22), (1.18, 0.03), (0.90, 0.03)], (176, 66, 56))
    pen.disc(1.0, 0.50, 0.045, fill=_LAMP)
    for x, r in ((0.14, 0.15), (0.50, 0.13), (0.80, 0.10)):
        pen.disc(x, r, r, fill=(176, 66, 56))
        pen.disc(x, r, r * 0.72, fill=_TYRE)
        pen.disc(x, r, r * 0.2, fill=(220, 214, 206))


def bicycle(pen: Pen, look: Look) -> None:
    """A bicycle."""
    for x in (-0.44, 0.46):
        ring = [
            (x + 0.27 * math.cos(k / 16 * math.pi), 0.28 + 0.27 * math.sin(k / 16 * math.pi))
            for k in range(33)
        ]
        pen.line(ring, 0.035, _TYRE)
        for k in range(4):
            a = k * math.pi / 4
            pen.line(
                [
                    (x - 0.26 * math.cos(a), 0.28 - 0.26 * math.sin(a)),
                    (x + 0.26 * math.cos(a), 0.28 + 0.26 * math.sin(a)),
                ],
                0.006,
                (170, 172, 180),
            )
    for tube in (
        path("-0.44,0.28 -0.06,0.26 0.32,0.62 -0.16,0.62 -0.44,0.28"),
        [(-0.06, 0.26), (-0.18, 0.70)],
        [(0.46, 0.28), (0.31, 0.76)],
    ):
        pen.line(tube, 0.038, look.colour)
    pen.limb([(-0.28, 0.71), (-0.08, 0.71)], 0.055, 0.04, (70, 52, 48))
    pen.line([(0.31, 0.76), (0.22, 0.80), (0.40, 0.82)], 0.03, _TYRE)
    pen.disc(-0.06, 0.26, 0.06, fill=(150, 152, 160))


def tractor(pen: Pen, look: Look) -> None:
    """A tractor."""
    pen.box(0.0, 0.26, 0.66, 0.54, look.colour)
    pen.box(-0.46, 0.26, 0.04, 0.50, darker(look.colour, 0.12))
    pen.line(path("-0.42,0.5 -0.36,0.92 0.02,0.92 0.06,0.5"), 0.04, darker(look.colour, 0.4))
    pen.poly(path("-0.38,0.52 -0.32,0.88 0,0.88 0.03,0.52"), _GLASS)
    pen.box(-0.46, 0.90, 0.12, 0.95, look.colour)
    pen.line([(0.46, 0.54), (0.46, 0.78)], 0.04, _TYRE)
    _wheel(pen, -0.32, 0.28, 0.28)
    _wheel(pen, 0.50, 0.17, 0.17)


def plane(pen: Pen, look: Look) -> None:
    """An aeroplane."""
    paint = look.colour
    trim = (72, 118, 176)
    pen.poly(path("0.1,0.56 -0.16,0.92 -0.02,0.92 0.34,0.58"), darker(paint, 0.2))
    pen.poly(path("-0.74,0.54 -0.98,0.92 -0.8,0.92 -0.52,0.58"), (trim[0], trim[1], trim[2]))
    pen.blob(
        path("-0.92,0.58 -0.5,0.42 0.5,0.4 0.88,0.46 0.96,0.54 0.76,0.64 0.3,0.66 -0.6,0.64"),
        paint,
    )
    pen.blob(path("0.7,0.62 0.82,0.6 0.9,0.55 0.72,0.55"), (92, 128, 156))
    for number in range(8):
        pen.disc(-0.44 + 0.135 * number, 0.565, 0.025, 0.03, fill=(92, 128, 156))
    pen.poly(path("0.16,0.48 -0.3,0.1 -0.12,0.1 0.42,0.47"), darker(paint, 0.12))
    pen.disc(0.06, 0.30, 0.10, 0.05, fill=(120, 126, 140))
    pen.poly(path("-0.8,0.52 -1,0.4 -0.9,0.4 -0.6,0.5"), darker(paint, 0.15))


def rocket(pen: Pen, look: Look) -> None:
    """A rocket on its flame."""
    body = look.colour
    glow(pen.canvas, pen.at((0, 0.06)), pen.scale * 0.45, (255, 180, 90), 0.6)
    tone, pen.tone = pen.tone, lambda c: c
    pen.blob(path("-0.1,0.24 -0.13,0.1 0,-0.1 0.13,0.1 0.1,0.24"), (250, 150, 60))
    pen.blob(path("-0.05,0.24 -0.06,0.14 0,0.02 0.06,0.14 0.05,0.24"), (255, 228, 130))
    pen.tone = tone
    for sign in (-1, 1):
        pen.blob(
            [(sign * 0.13, 0.46), (sign * 0.29, 0.30), (sign * 0.28, 0.14), (sign * 0.12, 0.24)],
            (206, 66, 62),
        )
    pen.blob(
        path("-0.15,0.24 -0.18,0.5 -0.12,0.8 0,1 0.12,0.8 0.18,0.5 0.15,0.24"),
        body,
    )
    pen.blob(
        path("0.06,0.24 0.08,0.5 0.05,0.82 0.1,0.82 0.18,0.5 0.15,0.24"),
        darker(body, 0.13),
    )
    pen.blob(path("-0.115,0.81 0,1 0.115,0.81 0,0.78"), (206, 66, 62))
    pen.disc(0, 0.62, 0.085, fill=(110, 118, 134))
    pen.disc(0, 0.62, 0.062, fill=(122, 190, 220))
    pen.box(-0.13, 0.215, 0.13, 0.26, (110, 118, 134))


def ufo(pen: Pen, look: Look) -> None:
    """A flying saucer."""
    pen.blob(path("-0.28,0.54 -0.22,0.8 0,0.9 0.22,0.8 0.28,0.54"), (158, 214, 226))
    pen.disc(0.0, 0.66, 0.08, 0.10, fill=(132, 190, 110))
    pen.disc(0, 0.48, 0.72, 0.17, fill=darker(look.colour, 0.2))
    pen.disc(0, 0.52, 0.70, 0.13, fill=look.colour)
    for number in range(7):
        x = -0.54 + number * 0.18
        pen.disc(
            x,
            0.44 - 0.03 * (1 - abs(number - 3) / 3),
            0.035,
            fill=(252, 220, 110) if number % 2 else (230, 110, 140),
        )


def airballoon(pen: Pen, look: Look) -> None:
    """A hot-air balloon."""
    colour = look.colour
    panels = [colour, lighter(colour, 0.55), mix(colour, (250, 206, 96), 0.55)]
    pen.blob(
        path("-0.085,0.26 -0.3,0.56 -0.31,0.8 -0.15,0.98 0.15,0.98 0.31,0.8 0.3,0.56 0.085,0.26"),
        colour,
    )
    for number, (outer, inner) in enumerate(((0.205, 0.115), (0.115, 0.0))):
        fill = panels[1 + number % 2]
        for sign in (-1, 1):
            pen.blob(
                [
                    (sign * outer * 0.42, 0.27),
                    (sign * outer * 1.02, 0.56),
                    (sign * outer, 0.82),
                    (sign * outer * 0.55, 0.985),
                    (sign * inner * 0.55, 0.995),
                    (sign * inner, 0.82),
                    (sign * inner * 1.02, 0.56),
                    (sign * inner * 0.42, 0.265),
                ],
                fill,
            )
    pen.blob(
        path(
            "-0.04,0.265 -0.055,0.56 -0.05,0.82 -0.02,0.995 0.02,0.995 0.05,0.82 "
            "0.055,0.56 0.04,0.265"
        ),
        colour,
    )
    for x0, x1 in ((-0.08, -0.055), (0.08, 0.055)):
        pen.line([(x0, 0.27), (x1, 0.12)], 0.008, (98, 72, 58))
    pen.blob(path("-0.07,0.13 -0.055,0 0.055,0 0.07,0.13"), (150, 104, 66))
    pen.limb([(-0.07, 0.125), (0.07, 0.125)], 0.022, 0.022, (112, 76, 52))
