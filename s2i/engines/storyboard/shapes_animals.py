"""Birds, fish, insects and other animals, dragons among them. They face right."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import EYE, Look

_BEAK: RGB = (240, 168, 64)
_CREAM: RGB = (250, 242, 226)


def frog(pen: Pen, look: Look) -> None:
    """A frog."""
    colour = look.colour
    for sign in (-1, 1):
        pen.blob(
            [(sign * 0.20, 0.10), (sign * 0.50, 0.30), (sign * 0.60, 0.08), (sign * 0.40, 0.0)],
            darker(colour, 0.12),
        )
        pen.disc(sign * 0.22, 0.78, 0.15, fill=colour)
    pen.blob(
        path("-0.42,0.2 -0.4,0.56 -0.16,0.74 0.16,0.74 0.4,0.56 0.42,0.2 0,0.02"),
        colour,
    )
    pen.blob(
        path("-0.24,0.16 -0.2,0.38 0.2,0.38 0.24,0.16 0,0.05"),
        mix(colour, _CREAM, 0.7),
    )
    for sign in (-1, 1):
        pen.disc(sign * 0.22, 0.80, 0.09, fill=(255, 255, 255))
        pen.disc(sign * 0.21, 0.80, 0.05, fill=EYE)
        pen.limb([(sign * 0.2, 0.24), (sign * 0.24, 0.03)], 0.10, 0.12, darker(colour, 0.08))
    pen.line([(-0.22, 0.54), (0, 0.48), (0.22, 0.54)], 0.02, darker(colour, 0.55))


def snail(pen: Pen, look: Look) -> None:
    """A snail."""
    skin: RGB = (222, 196, 152)
    pen.limb([(-0.62, 0.05), (0.2, 0.09), (0.46, 0.30)], 0.10, 0.20, skin)
    for lean in (0.0, 0.14):
        pen.line([(0.48, 0.34), (0.50 + lean, 0.62)], 0.03, skin)
        pen.disc(0.50 + lean, 0.64, 0.035, fill=EYE)
    pen.disc(-0.12, 0.46, 0.36, fill=look.colour)
    turns = [
        (-0.12 + 0.012 * k * math.cos(k * 0.55), 0.46 + 0.012 * k * math.sin(k * 0.55))
        for k in range(26)
    ]
    pen.line(turns, 0.045, darker(look.colour, 0.32))


def snake(pen: Pen, look: Look) -> None:
    """A snake, its head raised."""
    colour = look.colour
    body = path("-0.86,0.08 -0.56,0.2 -0.28,0.06 0.02,0.16 0.3,0.08 0.4,0.34 0.34,0.62")
    pen.limb(body, 0.05, 0.17, colour)
    for x, y in ((-0.56, 0.19), (-0.28, 0.08), (0.02, 0.15), (0.30, 0.12), (0.39, 0.36)):
        pen.disc(x, y, 0.035, fill=lighter(colour, 0.4))
    pen.disc(0.42, 0.68, 0.16, 0.12, fill=colour)
    pen.line([(0.56, 0.66), (0.68, 0.64), (0.74, 0.68)], 0.016, (206, 56, 60))
    pen.disc(0.47, 0.72, 0.026, fill=EYE)


def butterfly(pen: Pen, look: Look) -> None:
    """A butterfly with its wings open."""
    colour = look.colour
    for sign in (-1, 1):
        pen.blob(
            [
                (0, 0.52),
                (sign * 0.24, 0.92),
                (sign * 0.56, 0.98),
                (sign * 0.58, 0.66),
                (sign * 0.3, 0.48),
            ],
            colour,
        )
        pen.blob(
            [
                (0, 0.48),
                (sign * 0.32, 0.46),
                (sign * 0.44, 0.22),
                (sign * 0.22, 0.08),
                (sign * 0.06, 0.3),
            ],
            darker(colour, 0.14),
        )
        pen.disc(sign * 0.38, 0.78, 0.09, fill=lighter(colour, 0.5))
        pen.disc(sign * 0.26, 0.28, 0.06, fill=lighter(colour, 0.5))
        pen.line([(0, 0.74), (sign * 0.10, 0.92), (sign * 0.16, 0.96)], 0.016, EYE)
    pen.limb([(0, 0.24), (0, 0.74)], 0.04, 0.07, EYE)


def dragon(pen: Pen, look: Look) -> None:
    """A dragon with raised wings."""
    colour = look.colour
    wing = mix(colour, (220, 120, 80), 0.35)
    belly = mix(colour, (246, 222, 150), 0.7)
    pen.poly(
        path(
            "-0.02,0.46 -0.24,0.98 -0.62,0.92 -0.5,0.78 -0.64,0.66 -0.44,0.62 -0.46,0.48 -0.2,0.46"
        ),
        darker(wing, 0.25),
    )
    pen.limb(path("-0.26,0.34 -0.58,0.2 -0.8,0.26 -0.92,0.42"), 0.20, 0.03, colour)
    pen.poly([(-0.90, 0.40), (-1.0, 0.54), (-0.84, 0.50)], wing)
    for x in (-0.10, 0.20):
        pen.limb([(x, 0.26), (x + 0.02, 0.04)], 0.13, 0.10, darker(colour, 0.22))
    pen.limb([(0.18, 0.42), (0.36, 0.62), (0.40, 0.80)], 0.26, 0.16, colour)
    pen.blob(
        path("-0.36,0.32 -0.16,0.5 0.12,0.54 0.32,0.44 0.28,0.24 0,0.14 -0.26,0.18"),
        colour,
    )
    pen.limb(path("-0.06,0.19 0.2,0.25 0.35,0.46 0.42,0.66"), 0.06, 0.05, belly)
    for x in (-0.22, 0.14):
        pen.disc(x, 0.24, 0.12, 0.13, fill=colour)
        pen.limb([(x, 0.22), (x + 0.04, 0.04)], 0.13, 0.11, colour)
        for claw in (0.0, 0.05, 0.10):
            pen.disc(x + 0.02 + claw, 0.015, 0.022, 0.016, fill=_CREAM)
    for x, y in (
        (-0.52, 0.29),
        (-0.28, 0.46),
        (-0.1, 0.54),
        (0.10, 0.57),
        (0.23, 0.64),
        (0.29, 0.76),
    ):
        pen.poly([(x - 0.045, y - 0.03), (x - 0.02, y + 0.07), (x + 0.045, y - 0.02)], wing)
    for lean in (-0.10, -0.02):
        pen.limb([(0.36 + lean * 0.3, 0.88), (0.26 + lean, 1.02)], 0.04, 0.012, _CREAM)
    pen.disc(0.43, 0.84, 0.125, 0.105, fill=colour)
    pen.limb([(0.46, 0.82), (0.66, 0.78)], 0.17, 0.11, colour)
    pen.line([(0.52, 0.75), (0.70, 0.75)], 0.012, darker(colour, 0.5))
    pen.disc(0.69, 0.81, 0.014, fill=darker(colour, 0.6))
    pen.disc(0.46, 0.88, 0.028, fill=(250, 214, 90))
    pen.disc(0.465, 0.88, 0.014, fill=EYE)
    pen.poly(
        path("0.1,0.46 0.06,0.96 -0.36,1.12 -0.28,0.92 -0.46,0.84 -0.28,0.74 -0.36,0.6 -0.12,0.54"),
        wing,
    )
    for x, y in ((-0.36, 1.12), (-0.46, 0.84), (-0.36, 0.60)):
        pen.line([(0.08, 0.52), (x, y)], 0.014, darker(wing, 0.3))


def monkey(pen: Pen, look: Look) -> None:
    """A monkey, sitting."""
    colour = look.colour
    face = mix(colour, (244, 208, 170), 0.8)
    pen.limb(path("-0.22,0.12 -0.52,0.14 -0.6,0.46 -0.44,0.56"), 0.06, 0.05, colour)
    for sign in (-1, 1):
        pen.limb(
            [(sign * 0.14, 0.14), (sign * 0.34, 0.20), (sign * 0.30, 0.03)],
            0.15,
            0.10,
            darker(colour, 0.1),
        )
        pen.limb(
            [(sign * 0.18, 0.46), (sign * 0.34, 0.30), (sign * 0.20, 0.14)],
            0.10,
            0.08,
            darker(colour, 0.15),
        )
        pen.disc(sign * 0.27, 0.74, 0.10, fill=face)
    pen.blob(path("-0.24,0.08 -0.22,0.42 0,0.58 0.22,0.42 0.24,0.08 0,0.02"), colour)
    pen.disc(0, 0.28, 0.14, 0.17, fill=face)
    pen.disc(0, 0.74, 0.25, 0.23, fill=colour)
    pen.blob(
        path("-0.17,0.72 -0.12,0.86 0,0.82 0.12,0.86 0.17,0.72 0.1,0.58 -0.1,0.58"),
        face,
    )
    for sign in (-1, 1):
        pen.disc(sign * 0.08, 0.76, 0.028, fill=EYE)
    pen.line([(-0.07, 0.64), (0, 0.615), (0.07, 0.64)], 0.014, EYE)
