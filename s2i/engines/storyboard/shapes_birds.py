"""Birds. They face right."""

from __future__ import annotations

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import EYE, Look

_BEAK: RGB = (240, 168, 64)
_CREAM: RGB = (250, 242, 226)


def bird(pen: Pen, look: Look) -> None:
    """A bird: wings spread, or perched where it sits or sleeps."""
    colour = look.colour
    if look.pose in ("sit", "sleep"):
        pen.limb([(-0.18, 0.30), (-0.52, 0.10)], 0.18, 0.10, darker(colour, 0.2))
        for x in (-0.02, 0.07):
            pen.line([(x, 0.2), (x + 0.02, 0.0), (x + 0.09, 0.0)], 0.025, (150, 104, 66))
        pen.blob(
            path("-0.3,0.3 -0.1,0.58 0.16,0.72 0.28,0.56 0.22,0.3 0.02,0.16"),
            colour,
        )
        pen.blob(path("0.26,0.5 0.2,0.28 0.02,0.18 0.1,0.44"), mix(colour, _CREAM, 0.75))
        pen.disc(0.18, 0.72, 0.17, fill=colour)
        pen.blob(path("-0.32,0.26 -0.12,0.54 0.1,0.46 -0.02,0.28"), darker(colour, 0.2))
        _beak(pen, 0.33, 0.72, 0.13)
        pen.disc(0.23, 0.77, 0.03, fill=EYE)
        return
    pen.limb([(-0.10, 0.44), (-0.62, 0.36)], 0.14, 0.20, darker(colour, 0.15))
    pen.blob(
        path("-0.02,0.48 0.1,0.92 -0.12,1.12 -0.34,0.98 -0.26,0.6"),
        darker(colour, 0.28),
    )
    pen.blob(
        path("-0.36,0.44 -0.05,0.57 0.3,0.56 0.42,0.46 0.22,0.33 -0.12,0.32"),
        colour,
    )
    pen.blob(path("0.38,0.42 0.2,0.33 -0.12,0.32 0.1,0.42"), mix(colour, _CREAM, 0.75))
    pen.disc(0.40, 0.54, 0.135, fill=colour)
    pen.blob(
        path("0.12,0.5 0.02,0.86 -0.3,1 -0.52,0.84 -0.2,0.46"),
        darker(colour, 0.1),
    )
    pen.blob(path("-0.04,0.62 -0.28,0.88 -0.46,0.8 -0.2,0.56"), lighter(colour, 0.16))
    _beak(pen, 0.52, 0.53, 0.13)
    pen.disc(0.44, 0.58, 0.025, fill=EYE)


def _beak(pen: Pen, x: float, y: float, size: float) -> None:
    pen.poly(
        [(x - 0.02, y + size * 0.4), (x + size, y - size * 0.05), (x - 0.02, y - size * 0.4)], _BEAK
    )


def duck(pen: Pen, look: Look) -> None:
    """A duck or swan on the water."""
    colour = look.colour
    pen.blob(
        path("-0.6,0.5 -0.42,0.26 -0.1,0.06 0.3,0.08 0.46,0.32 0.26,0.46 -0.2,0.42"),
        colour,
    )
    pen.limb([(0.28, 0.32), (0.36, 0.55), (0.34, 0.72)], 0.24, 0.20, colour)
    pen.disc(0.36, 0.78, 0.17, fill=colour)
    pen.blob(path("-0.42,0.36 -0.1,0.42 0.2,0.32 -0.05,0.16 -0.32,0.2"), darker(colour, 0.1))
    pen.blob(path("0.48,0.8 0.7,0.76 0.7,0.7 0.48,0.7"), _BEAK)
    pen.disc(0.42, 0.84, 0.03, fill=EYE)
    pen.line([(-0.62, 0.04), (0.6, 0.04)], 0.02, lighter(colour, 0.3))


def chicken(pen: Pen, look: Look) -> None:
    """A hen."""
    colour = look.colour
    for x in (-0.06, 0.10):
        pen.line([(x, 0.24), (x, 0.0), (x + 0.1, 0.0)], 0.03, _BEAK)
    pen.blob(
        path("-0.46,0.72 -0.3,0.4 -0.08,0.18 0.22,0.22 0.34,0.48 0.26,0.62 -0.05,0.56 -0.26,0.66"),
        colour,
    )
    pen.limb([(0.18, 0.46), (0.26, 0.76)], 0.30, 0.22, colour)
    for x, y in ((0.18, 0.94), (0.26, 0.98), (0.34, 0.94)):
        pen.disc(x, y, 0.06, fill=(212, 62, 56))
    pen.disc(0.26, 0.82, 0.14, fill=colour)
    _beak(pen, 0.38, 0.80, 0.12)
    pen.disc(0.40, 0.70, 0.035, 0.06, fill=(212, 62, 56))
    pen.disc(0.30, 0.86, 0.026, fill=EYE)
    pen.blob(path("-0.28,0.46 0.1,0.5 0.06,0.32 -0.14,0.3"), darker(colour, 0.12))


def owl(pen: Pen, look: Look) -> None:
    """An owl that looks at you."""
    colour = look.colour
    for x in (-0.12, 0.12):
        pen.disc(x, 0.03, 0.10, 0.05, fill=_BEAK)
    for sign in (-1, 1):
        pen.poly(
            [(sign * 0.12, 0.86), (sign * 0.32, 1.04), (sign * 0.34, 0.74)], darker(colour, 0.15)
        )
    pen.blob(
        path("-0.34,0.2 -0.37,0.62 -0.26,0.9 0,0.94 0.26,0.9 0.37,0.62 0.34,0.2 0,0.02"),
        colour,
    )
    pen.blob(
        path("-0.2,0.16 -0.22,0.46 0,0.56 0.22,0.46 0.2,0.16 0,0.05"),
        mix(colour, _CREAM, 0.6),
    )
    for sign in (-1, 1):
        pen.blob(
            [(sign * 0.36, 0.62), (sign * 0.26, 0.50), (sign * 0.24, 0.14), (sign * 0.40, 0.24)],
            darker(colour, 0.2),
        )
        pen.disc(sign * 0.145, 0.72, 0.14, fill=mix(colour, _CREAM, 0.8))
        if look.pose == "sleep":
            pen.line(
                [(sign * 0.145 - 0.08, 0.72), (sign * 0.145, 0.68), (sign * 0.145 + 0.08, 0.72)],
                0.02,
                EYE,
            )
        else:
            pen.disc(sign * 0.135, 0.72, 0.08, fill=(244, 190, 70))
            pen.disc(sign * 0.130, 0.72, 0.05, fill=EYE)
    pen.poly([(-0.05, 0.66), (0.05, 0.66), (0, 0.55)], _BEAK)


def penguin(pen: Pen, look: Look) -> None:
    """A penguin."""
    colour = look.colour
    for x in (-0.12, 0.14):
        pen.disc(x, 0.03, 0.13, 0.05, fill=_BEAK)
    pen.blob(
        path(
            "-0.3,0.12 -0.34,0.45 -0.22,0.78 -0.06,0.96 0.14,0.94 0.24,0.76 0.34,0.45 "
            "0.3,0.12 0,0.02"
        ),
        colour,
    )
    pen.blob(
        path("-0.16,0.12 -0.17,0.45 0,0.66 0.2,0.62 0.26,0.4 0.24,0.14 0.04,0.05"),
        _CREAM,
    )
    pen.disc(0.13, 0.80, 0.11, 0.10, fill=_CREAM)
    pen.limb([(-0.26, 0.62), (-0.42, 0.40), (-0.40, 0.26)], 0.14, 0.06, darker(colour, 0.2))
    pen.limb([(0.28, 0.60), (0.42, 0.42), (0.44, 0.30)], 0.12, 0.06, darker(colour, 0.2))
    _beak(pen, 0.22, 0.78, 0.16)
    pen.disc(0.13, 0.84, 0.03, fill=EYE)
