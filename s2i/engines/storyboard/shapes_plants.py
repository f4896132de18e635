"""Trees, flowers, mushrooms, a cactus."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Pen, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import Look

_BARK: RGB = (112, 82, 62)
_SNOW: RGB = (244, 248, 252)
_STEM: RGB = (84, 140, 80)


def tree(pen: Pen, colour: RGB, *, snowy: bool = False) -> None:
    """A broad-leaved tree; bare and white-topped where snow lies."""
    pen.poly(path("-0.055,0 -0.03,0.5 0.03,0.5 0.055,0"), _BARK)
    pen.limb([(0.0, 0.32), (0.12, 0.48)], 0.035, 0.02, _BARK)
    crown = mix(colour, _SNOW, 0.45) if snowy else colour
    for x, y, r, shade in (
        (-0.18, 0.56, 0.17, 0.16),
        (0.19, 0.55, 0.17, 0.16),
        (0.0, 0.60, 0.23, 0.10),
        (-0.12, 0.74, 0.17, 0.03),
        (0.12, 0.75, 0.17, 0.03),
        (0.0, 0.84, 0.16, 0.0),
    ):
        pen.disc(x, y, r, r * 0.92, fill=darker(crown, shade))
    top = _SNOW if snowy else lighter(crown, 0.16)
    for x, y, r in ((-0.08, 0.86, 0.09), (0.09, 0.79, 0.07), (-0.20, 0.64, 0.06)):
        pen.disc(x, y, r, r * 0.7, fill=top)


def pine(pen: Pen, colour: RGB, *, snowy: bool = False, baubles: bool = False) -> None:
    """A fir."""
    pen.box(-0.035, 0, 0.035, 0.2, _BARK)
    for y, half, tall in (
        (0.13, 0.29, 0.34),
        (0.34, 0.23, 0.32),
        (0.55, 0.165, 0.30),
        (0.73, 0.11, 0.27),
    ):
        shade = darker(colour, 0.15 - 0.15 * y)
        pen.poly(
            [
                (-half, y),
                (-half * 0.5, y + 0.035),
                (0, y),
                (half * 0.5, y + 0.035),
                (half, y),
                (0, y + tall),
            ],
            shade,
        )
        if snowy:
            pen.poly(
                [
                    (-half * 0.55, y + tall * 0.45),
                    (-half * 0.2, y + tall * 0.38),
                    (half * 0.1, y + tall * 0.48),
                    (half * 0.55, y + tall * 0.45),
                    (0, y + tall),
                ],
                _SNOW,
            )
    if baubles:
        for number, (x, y) in enumerate(
            (
                (-0.16, 0.20),
                (0.12, 0.22),
                (0.0, 0.34),
                (-0.10, 0.42),
                (0.11, 0.44),
                (0.02, 0.56),
                (-0.05, 0.66),
                (0.05, 0.76),
            )
        ):
            fill = ((226, 70, 66), (246, 206, 90), (96, 160, 220))[number % 3]
            pen.disc(x, y, 0.026, fill=(fill[0], fill[1], fill[2]))
        star(pen, 0, 1.02, 0.07, (252, 220, 110))


def star(pen: Pen, x: float, y: float, size: float, fill: RGB) -> None:
    """A five-pointed star."""
    pen.poly(
        [
            (
                x + (size if k % 2 == 0 else size * 0.42) * math.sin(k * math.pi / 5),
                y + (size if k % 2 == 0 else size * 0.42) * math.cos(k * math.pi / 5),
            )
            for k in range(10)
        ],
        fill,
    )


def palm(pen: Pen, colour: RGB) -> None:
    """A palm tree."""
    pen.limb([(-0.10, 0), (-0.02, 0.4), (0.08, 0.80)], 0.085, 0.05, (152, 116, 80))
    for number in range(7):
        a = math.radians(-25 + number * 39)
        reach = 0.36
        mid = (0.08 + reach * 0.55 * math.cos(a), 0.80 + reach * 0.45 * math.sin(a) + 0.10)
        end = (0.08 + reach * 1.05 * math.cos(a), 0.80 + reach * 0.55 * math.sin(a) - 0.08)
        shade = darker(colour, 0.06 * (number % 3))
        pen.blob([(0.08, 0.80), (mid[0], mid[1] + 0.035), end, (mid[0], mid[1] - 0.045)], shade)
    for x, y in ((0.04, 0.77), (0.12, 0.76), (0.09, 0.73)):
        pen.disc(x, y, 0.035, fill=(116, 80, 54))


def tree_subject(pen: Pen, look: Look) -> None:
    """A tree that somebody asked for."""
    tree(pen, look.colour, snowy=look.snowy)


def pine_subject(pen: Pen, look: Look) -> None:
    """A fir that somebody asked for, with baubles at Christmas."""
    pine(pen, look.colour, snowy=look.snowy, baubles=look.flag("baubles"))


def palm_subject(pen: Pen, look: Look) -> None:
    """A palm that somebody asked for."""
    palm(pen, look.colour)


def cactus(pen: Pen, look: Look) -> None:
    """A cactus."""
    colour = look.colour
    pen.limb([(0, 0.02), (0, 0.88)], 0.22, 0.20, colour)
    pen.limb([(0.05, 0.34), (0.26, 0.38), (0.28, 0.66)], 0.13, 0.12, darker(colour, 0.08))
    pen.limb([(-0.05, 0.46), (-0.24, 0.50), (-0.26, 0.74)], 0.12, 0.11, darker(colour, 0.08))
    for x in (-0.05, 0.0, 0.05):
        pen.line([(x, 0.06), (x, 0.9)], 0.008, lighter(colour, 0.25))
    pen.disc(0.02, 0.99, 0.06, 0.045, fill=(240, 128, 150))


def flower(pen: Pen, look: Look) -> None:
    """A flower: daisy, rose, tulip or sunflower."""
    colour, kind = look.colour, look.word("kind")
    big = kind == "sunflower"
    pen.limb([(0, 0), (0.03, 0.35), (0, 0.66)], 0.035, 0.03, _STEM)
    for sign, y in ((-1, 0.20), (1, 0.32)):
        pen.blob(
            [(0.02, y), (sign * 0.14, y + 0.13), (sign * 0.25, y + 0.12), (sign * 0.14, y + 0.01)],
            lighter(_STEM, 0.1),
        )
    if kind == "tulip":
        pen.blob(
            path("-0.16,0.7 -0.17,0.98 -0.06,0.88 0,1 0.06,0.88 0.17,0.98 0.16,0.7 0,0.6"),
            colour,
        )
        pen.blob(
            path("-0.07,0.64 -0.07,0.84 0,0.96 0.07,0.84 0.07,0.64"),
            lighter(colour, 0.18),
        )
        return
    if kind == "rose":
        for r, shade in ((0.20, 0.22), (0.16, 0.08), (0.115, -0.1), (0.07, 0.1)):
            fill = darker(colour, shade) if shade > 0 else lighter(colour, -shade)
            pen.blob(
                [
                    (
                        r * math.cos(a) * (1.06 if k % 2 else 0.92),
                        0.80 + r * math.sin(a) * (1.0 if k % 2 else 0.88),
                    )
                    for k, a in enumerate(i / 9 * 2 * math.pi + r * 9 for i in range(9))
                ],
                fill,
            )
        return
    petals = 14 if big else 8
    for number in range(petals):
        a = number / petals * 2 * math.pi
        reach = 0.19 if big else 0.14
        pen.disc(
            reach * math.cos(a),
            0.80 + reach * math.sin(a),
            0.105 if not big else 0.10,
            0.058 if not big else 0.045,
            fill=darker(colour, 0.07 * (number % 2)),
            angle=math.degrees(a),
        )
    pen.disc(
        0, 0.80, 0.085 if not big else 0.135, fill=(246, 204, 84) if not big else (112, 74, 46)
    )
    if big:
        pen.disc(0, 0.80, 0.08, fill=(140, 96, 58))


def mushroom(pen: Pen, look: Look) -> None:
    """A toadstool."""
    pen.blob(path("-0.13,0.02 -0.1,0.5 0.1,0.5 0.13,0.02"), (248, 238, 218))
    pen.blob(
        path("-0.46,0.46 -0.38,0.74 0,0.96 0.38,0.74 0.46,0.46 0,0.4"),
        look.colour,
    )
    for x, y, r in (
        (-0.20, 0.66, 0.075),
        (0.06, 0.78, 0.09),
        (0.25, 0.60, 0.06),
        (-0.02, 0.55, 0.05),
    ):
        pen.disc(x, y, r, r * 0.8, fill=(252, 246, 236))
