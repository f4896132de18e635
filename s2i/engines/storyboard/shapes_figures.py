"""Figures that stand like people: a robot, a snowman, a ghost, a visitor."""

from __future__ import annotations

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter
from s2i.engines.storyboard.look import EYE, Look, hand

_SKIN: RGB = (226, 178, 142)
_HAIR: RGB = (96, 64, 48)
_GOLD: RGB = (240, 200, 84)


def robot(pen: Pen, look: Look) -> None:
    """A friendly robot."""
    metal = look.colour
    shade = darker(metal, 0.25)
    for x in (-0.11, 0.11):
        pen.box(x - 0.04, 0.06, x + 0.04, 0.34, shade)
        pen.blob(
            [(x - 0.10, 0.0), (x - 0.07, 0.09), (x + 0.07, 0.09), (x + 0.10, 0.0)],
            darker(metal, 0.45),
        )
    pen.limb([(-0.22, 0.60), (-0.32, 0.46), (-0.30, 0.32)], 0.06, 0.06, shade)
    pen.disc(-0.30, 0.29, 0.05, fill=darker(metal, 0.45))
    pen.box(-0.22, 0.30, 0.22, 0.67, metal)
    pen.box(-0.14, 0.38, 0.14, 0.58, darker(metal, 0.4))
    for x, y, dot in (
        (-0.08, 0.53, (232, 92, 80)),
        (0.0, 0.53, (244, 206, 90)),
        (0.08, 0.53, (110, 200, 130)),
    ):
        pen.disc(x, y, 0.024, fill=(dot[0], dot[1], dot[2]))
    pen.box(-0.09, 0.41, 0.09, 0.46, (120, 196, 222))
    pen.box(-0.05, 0.66, 0.05, 0.72, shade)
    pen.box(-0.17, 0.71, 0.17, 0.94, lighter(metal, 0.12))
    pen.line([(0, 0.94), (0, 1.02)], 0.02, shade)
    pen.disc(0, 1.03, 0.03, fill=(232, 92, 80))
    for x in (-0.07, 0.09):
        pen.disc(x, 0.85, 0.05, fill=(250, 244, 200))
        pen.disc(x + 0.01, 0.85, 0.025, fill=EYE)
    pen.line([(-0.07, 0.76), (0.09, 0.76)], 0.018, EYE)
    pen.limb([(0.22, 0.60), (0.28, 0.54), hand(look)], 0.06, 0.06, metal)
    pen.disc(*hand(look), 0.05, fill=darker(metal, 0.45))


def snowman(pen: Pen, look: Look) -> None:
    """A snowman."""
    snow = look.colour
    for y, r in ((0.22, 0.26), (0.56, 0.19), (0.81, 0.14)):
        pen.disc(0, y, r, fill=darker(snow, 0.10))
        pen.disc(0.02, y + 0.012, r * 0.93, fill=snow)
    for sign in (-1, 1):
        pen.limb([(sign * 0.17, 0.60), (sign * 0.38, 0.74)], 0.025, 0.018, (112, 78, 56))
    pen.limb([(-0.13, 0.70), (0, 0.665), (0.13, 0.70)], 0.06, 0.06, (206, 64, 60))
    pen.limb([(0.08, 0.68), (0.12, 0.50)], 0.055, 0.06, (206, 64, 60))
    for x in (-0.02, 0.09):
        pen.disc(x, 0.85, 0.019, fill=EYE)
    pen.poly([(0.03, 0.83), (0.20, 0.79), (0.03, 0.785)], (236, 138, 56))
    for y in (0.60, 0.53, 0.46):
        pen.disc(0.05, y, 0.017, fill=EYE)
    pen.box(-0.17, 0.915, 0.17, 0.94, (56, 52, 62))
    pen.box(-0.10, 0.93, 0.10, 1.07, (56, 52, 62))


def ghost(pen: Pen, look: Look) -> None:
    """A ghost."""
    colour = look.colour
    pen.blob(
        path(
            "-0.3,0.1 -0.32,0.6 -0.2,0.9 0,0.98 0.2,0.9 0.32,0.6 0.3,0.1 0.2,0 0.1,0.12 "
            "0,0 -0.1,0.12 -0.2,0"
        ),
        colour,
    )
    for x in (-0.10, 0.12):
        pen.disc(x, 0.68, 0.05, 0.07, fill=EYE)
    pen.disc(0.01, 0.50, 0.055, 0.075, fill=(74, 66, 84))


def alien(pen: Pen, look: Look) -> None:
    """A small visitor."""
    colour = look.colour
    for x in (-0.10, 0.10):
        pen.limb([(x, 0.2), (x * 1.4, 0.04)], 0.12, 0.10, darker(colour, 0.15))
    for sign in (-1, 1):
        pen.limb(
            [(sign * 0.14, 0.42), (sign * 0.28, 0.34), hand(look) if sign > 0 else (-0.32, 0.22)],
            0.08,
            0.07,
            darker(colour, 0.12),
        )
        pen.line([(sign * 0.10, 0.88), (sign * 0.18, 1.04)], 0.02, colour)
        pen.disc(sign * 0.18, 1.05, 0.035, fill=lighter(colour, 0.4))
    pen.blob(path("-0.18,0.12 -0.16,0.48 0.16,0.48 0.18,0.12 0,0.06"), darker(colour, 0.08))
    pen.blob(
        path("-0.3,0.76 -0.16,0.94 0.16,0.94 0.3,0.76 0.12,0.46 -0.12,0.46"),
        colour,
    )
    for sign in (-1, 1):
        pen.disc(sign * 0.125, 0.72, 0.095, 0.065, fill=EYE, angle=sign * 28)
        pen.disc(sign * 0.12 + 0.02, 0.74, 0.022, fill=(255, 255, 255))
    pen.line([(-0.05, 0.55), (0, 0.535), (0.05, 0.55)], 0.014, darker(colour, 0.6))
