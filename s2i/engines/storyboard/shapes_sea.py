"""What swims: fish, whales, an octopus, a turtle. They face right."""

from __future__ import annotations

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import EYE, Look

_BEAK: RGB = (240, 168, 64)
_CREAM: RGB = (250, 242, 226)


def fish(pen: Pen, look: Look) -> None:
    """A fish, a shark or a dolphin, swimming."""
    colour, kind = look.colour, look.word("kind")
    if kind in ("shark", "dolphin"):
        pen.poly(
            path("-0.92,0.82 -0.66,0.46 -0.94,0.18 -0.7,0.3 -0.58,0.46"),
            darker(colour, 0.1),
        )
        pen.poly([(-0.12, 0.62), (-0.22, 0.98), (0.14, 0.64)], darker(colour, 0.12))
        pen.blob(
            path("-0.78,0.46 -0.35,0.62 0.15,0.7 0.6,0.56 0.78,0.42 0.5,0.3 0,0.24 -0.45,0.36"),
            colour,
        )
        pen.blob(
            path("0.76,0.41 0.5,0.3 0,0.245 -0.4,0.365 0.1,0.38"),
            mix(colour, _CREAM, 0.7),
        )
        if kind == "dolphin":
            pen.limb([(0.66, 0.44), (0.92, 0.40)], 0.14, 0.07, colour)
        else:
            pen.line([(0.50, 0.37), (0.64, 0.36), (0.72, 0.40)], 0.018, darker(colour, 0.5))
            for x in (0.26, 0.31, 0.36):
                pen.line([(x, 0.56), (x - 0.03, 0.42)], 0.014, darker(colour, 0.35))
        pen.poly([(0.16, 0.34), (-0.08, 0.06), (0.32, 0.30)], darker(colour, 0.18))
        pen.disc(0.54, 0.50, 0.03, fill=EYE)
        return
    pen.blob(path("-0.44,0.5 -0.86,0.86 -0.8,0.5 -0.86,0.14"), darker(colour, 0.12))
    pen.blob([(-0.24, 0.74), (0.0, 0.98), (0.28, 0.80)], darker(colour, 0.15))
    pen.blob(
        path("-0.52,0.5 -0.18,0.76 0.22,0.8 0.56,0.62 0.66,0.5 0.54,0.36 0.2,0.2 -0.18,0.24"),
        colour,
    )
    pen.blob(path("0.62,0.44 0.5,0.34 0.2,0.205 -0.16,0.25 0.2,0.36"), lighter(colour, 0.4))
    for x in (-0.18, 0.04):
        pen.line([(x + 0.04, 0.68), (x + 0.11, 0.5), (x + 0.04, 0.32)], 0.035, lighter(colour, 0.4))
    pen.blob(path("0.1,0.44 -0.12,0.3 -0.06,0.18 0.16,0.32"), darker(colour, 0.2))
    pen.disc(0.42, 0.60, 0.075, fill=(255, 255, 255))
    pen.disc(0.44, 0.60, 0.042, fill=EYE)


def whale(pen: Pen, look: Look) -> None:
    """A whale with its spout."""
    colour = look.colour
    spray = (206, 232, 244)
    pen.limb([(0.34, 0.62), (0.33, 0.86)], 0.04, 0.03, spray)
    for lean in (-0.14, 0.14):
        pen.limb(
            [(0.33, 0.82), (0.33 + lean * 0.6, 1.0), (0.33 + lean * 1.4, 0.88)], 0.04, 0.06, spray
        )
    pen.limb([(-0.56, 0.36), (-0.82, 0.56), (-0.88, 0.74)], 0.24, 0.08, colour)
    pen.blob(
        path("-0.88,0.7 -1.08,0.94 -0.84,0.9 -0.68,0.96 -0.78,0.74"),
        darker(colour, 0.1),
    )
    pen.blob(
        path("-0.76,0.4 -0.3,0.58 0.3,0.66 0.74,0.52 0.84,0.28 0.6,0.06 0,0.02 -0.5,0.16"),
        colour,
    )
    pen.blob(
        path("0.83,0.26 0.6,0.06 0,0.02 -0.34,0.1 0.2,0.17 0.58,0.26"),
        mix(colour, _CREAM, 0.7),
    )
    for y in (0.08, 0.135):
        pen.line(
            [(0.0, y - 0.01), (0.4, y + 0.01), (0.70, y + 0.06)], 0.010, mix(colour, _CREAM, 0.35)
        )
    pen.blob(path("0.2,0.22 0.02,0 0.26,0.02 0.36,0.18"), darker(colour, 0.18))
    pen.disc(0.54, 0.36, 0.034, fill=EYE)


def octopus(pen: Pen, look: Look) -> None:
    """An octopus."""
    colour = look.colour
    for number in range(6):
        x = -0.30 + 0.12 * number
        out = (number - 2.5) * 0.18
        pen.limb(
            [(x, 0.44), (x + out * 0.6, 0.20), (x + out * 1.25, 0.05), (x + out * 1.7, 0.16)],
            0.13,
            0.04,
            darker(colour, 0.1 * (number % 2)),
        )
    pen.blob(
        path("-0.36,0.44 -0.4,0.78 -0.18,1 0.18,1 0.4,0.78 0.36,0.44 0,0.34"),
        colour,
    )
    for sign in (-1, 1):
        pen.disc(sign * 0.14, 0.60, 0.09, fill=(255, 255, 255))
        pen.disc(sign * 0.12, 0.59, 0.05, fill=EYE)
    for x, y, r in ((-0.2, 0.86, 0.04), (0.05, 0.9, 0.05), (0.24, 0.8, 0.035)):
        pen.disc(x, y, r, fill=lighter(colour, 0.25))


def turtle(pen: Pen, look: Look) -> None:
    """A turtle."""
    colour = look.colour
    skin = mix(colour, (206, 196, 120), 0.5)
    for x in (-0.34, 0.26):
        pen.limb([(x, 0.28), (x + 0.04, 0.05)], 0.18, 0.15, skin)
    pen.limb([(0.4, 0.30), (0.62, 0.42)], 0.20, 0.16, skin)
    pen.disc(0.68, 0.45, 0.15, 0.13, fill=skin)
    pen.poly([(-0.5, 0.25), (-0.72, 0.16), (-0.5, 0.18)], skin)
    pen.blob(path("-0.56,0.22 -0.44,0.58 0,0.8 0.44,0.58 0.56,0.22 0,0.16"), colour)
    for x, y in ((-0.26, 0.44), (0, 0.56), (0.26, 0.44), (0.0, 0.30)):
        pen.disc(x, y, 0.11, 0.09, fill=darker(colour, 0.18))
    pen.limb([(-0.56, 0.22), (0.56, 0.22)], 0.08, 0.08, lighter(colour, 0.3))
    pen.disc(0.73, 0.49, 0.025, fill=EYE)
