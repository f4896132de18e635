"""Things: what one holds, flies or puts on a table."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Pen, glow, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import Look

_WOOD: RGB = (148, 100, 66)
_BRASS: RGB = (220, 178, 84)
_PAPER: RGB = (252, 246, 232)


def balloon(pen: Pen, look: Look) -> None:
    """A toy balloon; (0, 0) is the end of its string."""
    pen.line(path("0,0 0.05,0.16 -0.03,0.3 0,0.44"), 0.010, (120, 112, 112))
    pen.poly([(-0.05, 0.42), (0, 0.49), (0.05, 0.42)], darker(look.colour, 0.15))
    pen.blob(
        path("0,0.46 -0.23,0.66 -0.22,0.9 0,1.02 0.22,0.9 0.23,0.66"),
        look.colour,
    )
    pen.disc(-0.08, 0.86, 0.06, 0.085, fill=lighter(look.colour, 0.5), angle=-25)


def kite(pen: Pen, look: Look) -> None:
    """A kite on its string."""
    pen.line([(0, 0), (0.10, 0.16), (0.06, 0.34)], 0.010, (120, 112, 112))
    pen.poly(path("0.06,0.34 -0.22,0.74 0.06,1.04 0.34,0.74"), look.colour)
    pen.poly([(0.06, 0.34), (0.06, 1.04), (0.34, 0.74)], lighter(look.colour, 0.4))
    for x, y in ((0.10, 0.24), (0.04, 0.13)):
        pen.poly([(x, y), (x - 0.07, y + 0.04), (x - 0.07, y - 0.04)], (246, 206, 90))
        pen.poly([(x, y), (x + 0.07, y + 0.04), (x + 0.07, y - 0.04)], (246, 206, 90))


def umbrella(pen: Pen, look: Look) -> None:
    """An open umbrella."""
    colour = look.colour
    pen.line(path("0.06,0.08 0.03,0.02 -0.03,0.03 0,0.12 0,0.9"), 0.028, (92, 70, 60))
    pen.blob(
        path(
            "-0.52,0.56 -0.4,0.84 0,1 0.4,0.84 0.52,0.56 0.34,0.62 0.17,0.56 0,0.62 "
            "-0.17,0.56 -0.34,0.62"
        ),
        colour,
    )
    pen.blob(
        path("-0.17,0.57 -0.13,0.84 0,0.985 0.13,0.84 0.17,0.57 0,0.62"),
        lighter(colour, 0.2),
    )
    pen.line([(0, 0.98), (0, 1.05)], 0.024, (92, 70, 60))


def book(pen: Pen, look: Look) -> None:
    """An open book."""
    pen.poly(path("-0.78,0.08 -0.7,0.62 0,0.54 0.7,0.62 0.78,0.08 0,0"), look.colour)
    for sign in (-1, 1):
        pen.blob(
            [
                (sign * 0.01, 0.06),
                (sign * 0.40, 0.15),
                (sign * 0.72, 0.13),
                (sign * 0.66, 0.64),
                (sign * 0.36, 0.70),
                (sign * 0.01, 0.58),
            ],
            _PAPER,
        )
        for y in (0.26, 0.36, 0.46, 0.56):
            pen.line(
                [(sign * 0.12, y - 0.03), (sign * 0.38, y + 0.03), (sign * 0.60, y + 0.01)],
                0.014,
                (176, 166, 152),
            )
    pen.line([(0, 0.05), (0, 0.58)], 0.014, darker(_PAPER, 0.3))


def cup(pen: Pen, look: Look) -> None:
    """A steaming cup on its saucer."""
    for x in (-0.14, 0.04):
        pen.limb(
            [(x, 0.66), (x + 0.07, 0.78), (x - 0.02, 0.90), (x + 0.05, 1.02)],
            0.028,
            0.008,
            (246, 244, 240),
        )
    pen.disc(0, 0.05, 0.54, 0.075, fill=darker(look.colour, 0.12))
    pen.disc(0, 0.07, 0.46, 0.05, fill=lighter(look.colour, 0.3))
    ring = [
        (0.34 + 0.17 * math.cos(a / 12 * math.pi), 0.38 + 0.15 * math.sin(a / 12 * math.pi))
        for a in range(-7, 8)
    ]
    pen.line(ring, 0.06, look.colour)
    pen.blob(
        path("-0.38,0.58 -0.36,0.3 -0.2,0.08 0.2,0.08 0.36,0.3 0.38,0.58"),
        look.colour,
    )
    pen.disc(0, 0.585, 0.375, 0.075, fill=lighter(look.colour, 0.4))
    pen.disc(0, 0.58, 0.33, 0.055, fill=(104, 66, 46))
    pen.blob(path("-0.3,0.48 -0.28,0.28 -0.2,0.22 -0.21,0.46"), lighter(look.colour, 0.3))


def lantern(pen: Pen, look: Look) -> None:
    """A lantern that is lit."""
    glow(
        pen.canvas, pen.at((0, 0.44)), pen.scale * (1.5 if look.lit else 0.7), (255, 206, 120), 0.6
    )
    arc = [
        (0.16 * math.cos(a / 10 * math.pi), 0.84 + 0.16 * math.sin(a / 10 * math.pi))
        for a in range(11)
    ]
    pen.line(arc, 0.03, look.colour)
    tone, pen.tone = pen.tone, lambda c: c
    pen.box(-0.22, 0.12, 0.22, 0.70, (255, 226, 150))
    pen.blob(path("-0.07,0.24 -0.05,0.4 0,0.54 0.06,0.4 0.07,0.24"), (250, 156, 66))
    pen.tone = tone
    for x in (-0.22, 0.0, 0.22):
        pen.line([(x, 0.10), (x, 0.72)], 0.03, look.colour)
    pen.box(-0.29, 0.0, 0.29, 0.12, look.colour)
    pen.poly(path("-0.29,0.68 -0.13,0.84 0.13,0.84 0.29,0.68"), look.colour)


def candle(pen: Pen, look: Look) -> None:
    """A burning candle."""
    glow(
        pen.canvas, pen.at((0, 0.86)), pen.scale * (1.6 if look.lit else 0.8), (255, 206, 120), 0.6
    )
    pen.disc(0, 0.05, 0.34, 0.06, fill=_BRASS)
    pen.box(-0.13, 0.06, 0.13, 0.70, look.colour)
    pen.disc(0, 0.70, 0.13, 0.035, fill=lighter(look.colour, 0.4))
    pen.limb([(-0.11, 0.68), (-0.11, 0.52)], 0.05, 0.06, lighter(look.colour, 0.25))
    pen.line([(0, 0.70), (0, 0.78)], 0.02, (70, 60, 56))
    tone, pen.tone = pen.tone, lambda c: c
    pen.blob(
        path("-0.07,0.8 -0.04,0.92 0,1.04 0.05,0.92 0.07,0.8 0,0.75"),
        (255, 176, 70),
    )
    pen.blob(path("-0.03,0.8 0,0.94 0.03,0.8 0,0.77"), (255, 240, 180))
    pen.tone = tone


def clock(pen: Pen, look: Look) -> None:
    """A clock that shows ten past ten."""
    for sign in (-1, 1):
        pen.limb([(sign * 0.24, 0.14), (sign * 0.32, 0.0)], 0.07, 0.05, darker(look.colour, 0.3))
        pen.disc(sign * 0.24, 0.90, 0.13, 0.10, fill=_BRASS, angle=-sign * 30)
    pen.disc(0, 0.50, 0.44, fill=look.colour)
    pen.disc(0, 0.50, 0.36, fill=_PAPER)
    for k in range(12):
        a = k * math.pi / 6
        pen.line(
            [
                (0.30 * math.sin(a), 0.5 + 0.30 * math.cos(a)),
                (0.335 * math.sin(a), 0.5 + 0.335 * math.cos(a)),
            ],
            0.02,
            (80, 72, 74),
        )
    for a, reach, width in ((-math.pi / 3.2, 0.19, 0.035), (math.pi / 3, 0.27, 0.025)):
        pen.limb(
            [(0, 0.5), (reach * math.sin(a), 0.5 + reach * math.cos(a))],
            width,
            width * 0.7,
            (60, 54, 60),
        )
    pen.disc(0, 0.5, 0.03, fill=(196, 62, 56))


def chair(pen: Pen, look: Look) -> None:
    """A chair."""
    wood = look.colour
    for x in (-0.22, 0.26):
        pen.limb([(x + 0.05, 0.4), (x + 0.05, 0.06)], 0.05, 0.04, darker(wood, 0.3))
    pen.limb([(-0.28, 0.0), (-0.30, 1.0)], 0.065, 0.055, wood)
    for y in (0.66, 0.80, 0.94):
        pen.limb([(-0.30, y), (-0.12, y + 0.02)], 0.06, 0.05, darker(wood, 0.12))
    pen.limb([(-0.12, 0.44), (-0.12, 1.0)], 0.05, 0.045, darker(wood, 0.15))
    pen.poly(path("-0.34,0.38 0.3,0.38 0.36,0.46 -0.26,0.46"), lighter(wood, 0.12))
    pen.box(-0.34, 0.33, 0.30, 0.385, wood)
    pen.limb([(0.26, 0.36), (0.26, 0.0)], 0.06, 0.05, wood)


def guitar(pen: Pen, look: Look) -> None:
    """A guitar, leaning."""
    pen = pen.sub(0.06, 0.0, 1.0, tilt=14)
    body = look.colour
    pen.box(-0.035, 0.50, 0.035, 0.90, darker(body, 0.45))
    pen.box(-0.06, 0.88, 0.06, 1.0, darker(body, 0.55))
    pen.blob(
        path("-0.22,0.2 -0.15,0.4 -0.17,0.54 0,0.62 0.17,0.54 0.15,0.4 0.22,0.2 0,0"),
        body,
    )
    pen.disc(0, 0.40, 0.075, fill=darker(body, 0.6))
    pen.box(-0.09, 0.155, 0.09, 0.185, darker(body, 0.5))
    for x in (-0.02, 0.0, 0.02):
        pen.line([(x, 0.17), (x, 0.92)], 0.005, (240, 232, 214))


def apple(pen: Pen, look: Look) -> None:
    """An apple."""
    pen.blob(
        path(
            "0,0.03 -0.24,0 -0.45,0.34 -0.38,0.68 -0.16,0.76 0,0.7 0.16,0.76 0.38,0.68 "
            "0.45,0.34 0.24,0"
        ),
        look.colour,
    )
    pen.disc(-0.22, 0.52, 0.07, 0.13, fill=lighter(look.colour, 0.45), angle=-18)
    pen.limb([(0, 0.68), (0.03, 0.86)], 0.04, 0.05, (104, 74, 54))
    pen.blob(path("0.04,0.8 0.2,0.96 0.36,0.9 0.22,0.78"), (106, 166, 84))


def pumpkin(pen: Pen, look: Look) -> None:
    """A pumpkin."""
    colour = look.colour
    pen.limb([(0, 0.72), (0.03, 0.90), (0.14, 0.94)], 0.10, 0.07, (96, 128, 70))
    for x, half, shade in (
        (-0.36, 0.22, 0.2),
        (0.36, 0.22, 0.2),
        (-0.19, 0.24, 0.1),
        (0.19, 0.24, 0.1),
        (0.0, 0.21, 0.0),
    ):
        pen.disc(x, 0.40, half, 0.40 - abs(x) * 0.14, fill=darker(colour, shade))
    if look.lit:
        glow(pen.canvas, pen.at((0, 0.38)), pen.scale * 0.7, (255, 210, 110), 0.45)
        tone, pen.tone = pen.tone, lambda c: c
        for sign in (-1, 1):
            pen.poly(
                [(sign * 0.08, 0.46), (sign * 0.24, 0.46), (sign * 0.16, 0.60)], (255, 226, 130)
            )
        pen.poly(
            path("-0.28,0.3 -0.14,0.22 0,0.27 0.14,0.22 0.28,0.3 0.16,0.14 -0.16,0.14"),
            (255, 226, 130),
        )
        pen.tone = tone


def cake(pen: Pen, look: Look) -> None:
    """A cake with candles."""
    pen.disc(0, 0.04, 0.66, 0.07, fill=(230, 230, 234))
    for half, low, high, fill in (
        (0.52, 0.05, 0.38, mix(look.colour, (206, 140, 90), 0.5)),
        (0.36, 0.38, 0.64, look.colour),
    ):
        pen.box(-half, low, half, high, fill)
        pen.disc(0, low, half, 0.06, fill=fill)
        pen.disc(0, high, half, 0.065, fill=lighter(look.colour, 0.6))
        drops = 7
        for number in range(drops):
            x = -half + (number + 0.5) * 2 * half / drops
            pen.limb(
                [(x, high), (x, high - 0.07 - 0.05 * (number % 2))],
                0.09,
                0.07,
                lighter(look.colour, 0.6),
            )
    for x, fill in ((-0.18, (92, 160, 210)), (0.0, (240, 190, 80)), (0.18, (140, 190, 110))):
        pen.limb([(x, 0.66), (x, 0.84)], 0.035, 0.035, (fill[0], fill[1], fill[2]))
        glow(pen.canvas, pen.at((x, 0.92)), pen.scale * 0.16, (255, 210, 120), 0.6)
        pen.blob([(x - 0.025, 0.88), (x, 0.99), (x + 0.025, 0.88)], (255, 190, 80))


def ball(pen: Pen, look: Look) -> None:
    """A ball."""
    pen.disc(0, 0.5, 0.5, fill=look.colour)
    pen.blob(
        path("-0.12,0.98 -0.34,0.5 -0.12,0.02 0.12,0.02 -0.06,0.5 0.12,0.98"),
        (250, 244, 232),
    )
    pen.blob(
        path("0.32,0.88 0.22,0.5 0.32,0.12 0.48,0.4 0.48,0.6"),
        mix(look.colour, (250, 206, 90), 0.7),
    )
    pen.disc(-0.18, 0.74, 0.09, 0.06, fill=lighter(look.colour, 0.6), angle=40)


def heart(pen: Pen, look: Look) -> None:
    """A heart."""
    pen.blob(
        path(
            "0,0.02 -0.3,0.34 -0.46,0.64 -0.36,0.9 -0.14,0.92 0,0.74 0.14,0.92 0.36,0.9 "
            "0.46,0.64 0.3,0.34"
        ),
        look.colour,
    )
    pen.disc(-0.24, 0.72, 0.08, 0.11, fill=lighter(look.colour, 0.45), angle=-30)


def gift(pen: Pen, look: Look) -> None:
    """A box with a bow."""
    ribbon = mix(look.colour, (250, 226, 150), 0.8)
    pen.box(-0.44, 0, 0.44, 0.60, look.colour)
    pen.box(-0.50, 0.56, 0.50, 0.74, lighter(look.colour, 0.12))
    pen.box(-0.07, 0, 0.07, 0.74, ribbon)
    for sign in (-1, 1):
        pen.blob([(0, 0.74), (sign * 0.16, 0.98), (sign * 0.36, 0.94), (sign * 0.26, 0.78)], ribbon)
    pen.disc(0, 0.77, 0.07, fill=darker(ribbon, 0.1))


def key(pen: Pen, look: Look) -> None:
    """An old key."""
    pen.limb([(0, 0.06), (0, 0.66)], 0.07, 0.07, look.colour)
    for y in (0.10, 0.22):
        pen.box(0.0, y - 0.035, 0.20, y + 0.035, look.colour)
    ring = [
        (0.20 * math.cos(k / 12 * math.pi), 0.80 + 0.18 * math.sin(k / 12 * math.pi))
        for k in range(25)
    ]
    pen.line(ring, 0.075, look.colour)


def telescope(pen: Pen, look: Look) -> None:
    """A telescope on its tripod."""
    for x in (-0.30, 0.04, 0.34):
        pen.limb([(0, 0.52), (x, 0.0)], 0.045, 0.03, _WOOD)
    pen = pen.sub(0, 0.56, 1.0, tilt=32)
    pen.box(-0.46, -0.05, -0.1, 0.05, darker(look.colour, 0.2))
    pen.box(-0.12, -0.075, 0.34, 0.075, look.colour)
    pen.box(0.30, -0.095, 0.44, 0.095, _BRASS)
    pen.box(-0.52, -0.035, -0.44, 0.035, _BRASS)
