"""Buildings and what stands like one: houses, castles, lighthouses, bridges, tents."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Pen, glow, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import Look

_GLASS: RGB = (128, 164, 186)
_LAMP: RGB = (255, 218, 130)
_SNOW: RGB = (246, 249, 253)


def window(pen: Pen, x: float, y: float, half: float, *, lit: bool) -> None:
    """A window; light falls out of it after dark."""
    pen.box(x - half * 1.25, y - half * 1.4, x + half * 1.25, y + half * 1.4, (246, 240, 228))
    if lit:
        cx, cy = pen.at((x, y))
        glow(pen.canvas, (cx, cy), pen.scale * half * 4.5, _LAMP, 0.35)
    tone, pen.tone = pen.tone, (lambda c: c) if lit else pen.tone
    pen.box(x - half, y - half * 1.15, x + half, y + half * 1.15, _LAMP if lit else _GLASS)
    pen.tone = tone
    pen.box(x - half * 0.09, y - half * 1.15, x + half * 0.09, y + half * 1.15, (246, 240, 228))
    pen.box(x - half, y - half * 0.09, x + half, y + half * 0.09, (246, 240, 228))


def house(
    pen: Pen, wall: RGB, *, lit: bool = False, snowy: bool = False, cabin: bool = False
) -> None:
    """A small house; a log cabin where asked for."""
    roof: RGB = (172, 78, 62) if not cabin else (96, 66, 52)
    pen.box(0.20, 0.6, 0.31, 0.96, darker(wall, 0.35))
    pen.box(-0.42, 0, 0.42, 0.52, wall)
    if cabin:
        for y in (0.08, 0.17, 0.26, 0.35, 0.44):
            pen.line([(-0.42, y), (0.42, y)], 0.014, darker(wall, 0.3))
    pen.box(-0.42, 0, 0.42, 0.05, darker(wall, 0.22))
    pen.poly(path("-0.53,0.49 -0.3,0.88 0.3,0.88 0.53,0.49"), roof)
    if snowy:
        pen.poly(
            path(
                "-0.51,0.53 -0.3,0.92 0.3,0.92 0.51,0.53 0.36,0.58 0.2,0.55 0.02,0.6 "
                "-0.16,0.55 -0.36,0.59"
            ),
            _SNOW,
        )
        pen.box(0.185, 0.95, 0.325, 0.99, _SNOW)
    else:
        for y in (0.58, 0.68, 0.78):
            half = 0.53 - (y - 0.49) * 0.59
            pen.line([(-half, y), (half, y)], 0.010, darker(roof, 0.18))
    pen.box(-0.09, 0, 0.09, 0.33, darker(roof, 0.25))
    pen.disc(0.05, 0.16, 0.014, fill=_LAMP)
    for x in (-0.26, 0.26):
        window(pen, x, 0.29, 0.075, lit=lit)


def house_subject(pen: Pen, look: Look) -> None:
    """A house that somebody asked for."""
    house(pen, look.colour, lit=look.lit, snowy=look.snowy, cabin=look.word("kind") == "cabin")


def castle(pen: Pen, look: Look) -> None:
    """A castle with four towers and flags."""
    stone = look.colour
    for x, half, high in ((-0.22, 0.085, 0.74), (0.22, 0.085, 0.70)):
        _tower(pen.sub(x, 0, 1), half, high, darker(stone, 0.16), lit=look.lit)
    pen.box(-0.42, 0, 0.42, 0.36, darker(stone, 0.05))
    for number in range(9):
        x = -0.40 + number * 0.095
        pen.box(x, 0.36, x + 0.05, 0.405, darker(stone, 0.05))
    _tower(pen, 0.11, 0.66, lighter(stone, 0.05), lit=look.lit)
    for x in (-0.42, 0.42):
        _tower(pen.sub(x, 0, 1), 0.095, 0.50, stone, lit=look.lit)
    pen.blob(path("-0.085,0 -0.085,0.17 0,0.25 0.085,0.17 0.085,0"), (78, 56, 46))
    for x in (-0.04, 0.0, 0.04):
        pen.line([(x, 0.01), (x, 0.21)], 0.008, (52, 38, 34))


def _tower(pen: Pen, half: float, high: float, stone: RGB, *, lit: bool) -> None:
    roof = mix(darker(stone, 0.5), (92, 96, 160), 0.5)
    pen.box(-half, 0, half, high, stone)
    pen.box(half * 0.45, 0, half, high, darker(stone, 0.1))
    pen.poly([(-half * 1.3, high), (0, high + half * 2.7), (half * 1.3, high)], roof)
    pen.line([(0, high + half * 2.6), (0, high + half * 3.5)], 0.008, darker(roof, 0.3))
    pen.poly(
        [(0, high + half * 3.5), (half * 0.9, high + half * 3.25), (0, high + half * 3.0)],
        (206, 66, 62),
    )
    tone, pen.tone = pen.tone, (lambda c: c) if lit else pen.tone
    pen.disc(0, high - half * 1.0, half * 0.24, half * 0.42, fill=_LAMP if lit else (70, 66, 82))
    pen.tone = tone


def church(pen: Pen, look: Look) -> None:
    """A church with its steeple."""
    wall = look.colour
    roof: RGB = (124, 84, 74)
    pen.box(-0.10, 0, 0.42, 0.34, wall)
    pen.poly(path("-0.14,0.33 -0.04,0.56 0.36,0.56 0.46,0.33"), roof)
    pen.box(-0.34, 0, -0.06, 0.58, lighter(wall, 0.1))
    pen.poly([(-0.38, 0.57), (-0.20, 0.94), (-0.02, 0.57)], darker(roof, 0.15))
    pen.line([(-0.20, 0.92), (-0.20, 1.04)], 0.014, (90, 74, 66))
    pen.line([(-0.235, 1.0), (-0.165, 1.0)], 0.014, (90, 74, 66))
    pen.blob(path("-0.26,0 -0.26,0.14 -0.2,0.2 -0.14,0.14 -0.14,0"), (98, 68, 54))
    for x in (0.05, 0.18, 0.31):
        window(pen, x, 0.17, 0.035, lit=look.lit)
    pen.disc(-0.20, 0.46, 0.055, fill=_LAMP if look.lit else (246, 240, 226))


def lighthouse(pen: Pen, look: Look) -> None:
    """A banded lighthouse on its rock; the lamp burns after dark."""
    red, white = look.colour, (246, 242, 234)
    pen.blob(
        path("-0.44,-0.05 -0.34,0.07 -0.12,0.12 0.16,0.1 0.36,0.06 0.46,-0.05 0,-0.08"),
        (112, 104, 108),
    )
    if look.lit:
        lamp = pen.at((0, 0.865))
        glow(pen.canvas, lamp, pen.scale * 0.8, (255, 236, 170), 0.6)
    bands = 5
    for number in range(bands):
        y0, y1 = 0.06 + 0.70 * number / bands, 0.06 + 0.70 * (number + 1) / bands
        h0, h1 = 0.15 - 0.06 * number / bands, 0.15 - 0.06 * (number + 1) / bands
        fill = red if number % 2 == 0 else white
        pen.poly([(-h0, y0), (h0, y0), (h1, y1), (-h1, y1)], fill)
        pen.poly([(h0 * 0.45, y0), (h0, y0), (h1, y1), (h1 * 0.45, y1)], darker(fill, 0.12))
    pen.box(-0.13, 0.755, 0.13, 0.785, (64, 62, 72))
    tone, pen.tone = pen.tone, (lambda c: c) if look.lit else pen.tone
    pen.box(-0.065, 0.785, 0.065, 0.915, (255, 240, 184) if look.lit else _GLASS)
    pen.tone = tone
    for x in (-0.065, 0.0, 0.065):
        pen.line([(x, 0.785), (x, 0.915)], 0.010, (64, 62, 72))
    pen.poly([(-0.10, 0.91), (0, 1.0), (0.10, 0.91)], darker(red, 0.15))
    pen.box(-0.035, 0.07, 0.035, 0.19, (82, 60, 52))
    for y in (0.36, 0.58):
        pen.box(-0.02, y, 0.02, y + 0.05, _LAMP if look.lit else (82, 92, 110))


def windmill(pen: Pen, look: Look) -> None:
    """A windmill."""
    wall = look.colour
    pen.poly(path("-0.2,0 -0.12,0.6 0.12,0.6 0.2,0"), wall)
    pen.poly(path("0.08,0 0.05,0.6 0.12,0.6 0.2,0"), darker(wall, 0.12))
    pen.blob(path("-0.14,0.58 -0.1,0.72 0.1,0.72 0.14,0.58"), (140, 82, 64))
    pen.box(-0.05, 0, 0.05, 0.17, (98, 68, 54))
    window(pen, 0, 0.38, 0.04, lit=look.lit)
    for number in range(4):
        a = math.radians(24 + 90 * number)
        ex, ey = 0.40 * math.cos(a), 0.40 * math.sin(a)
        nx, ny = -0.085 * math.sin(a), 0.085 * math.cos(a)
        pen.poly(
            [
                (ex * 0.2, 0.64 + ey * 0.2),
                (ex, 0.64 + ey),
                (ex + nx, 0.64 + ey + ny),
                (ex * 0.2 + nx, 0.64 + ey * 0.2 + ny),
            ],
            (244, 238, 224),
        )
        pen.line([(0, 0.64), (ex, 0.64 + ey)], 0.016, (98, 72, 58))
    pen.disc(0, 0.64, 0.03, fill=(98, 72, 58))


def bridge(pen: Pen, look: Look) -> None:
    """An arched bridge of stone."""
    stone = look.colour
    arch = path("-1,0.1 -0.7,0.36 -0.3,0.5 0,0.54 0.3,0.5 0.7,0.36 1,0.1")
    low = path(
        "1,-0.12 0.62,-0.12 0.52,0.12 0.28,0.27 0,0.31 -0.28,0.27 -0.52,0.12 -0.62,-0.12 -1,-0.12"
    )
    pen.poly([*arch, *low], stone)
    pen.limb([(x, y + 0.05) for x, y in arch], 0.055, 0.055, darker(stone, 0.2))
    for x, y in arch[1:-1]:
        pen.box(x - 0.03, y + 0.03, x + 0.03, y + 0.17, darker(stone, 0.12))
    for x in (-0.8, 0.8):
        pen.line([(x, 0.06), (x, 0.24)], 0.012, darker(stone, 0.2))
    for x in (-0.38, -0.13, 0.13, 0.38):
        pen.line(
            [(x, 0.34 - abs(x) * 0.25), (x * 0.96, 0.42 - abs(x) * 0.2)], 0.012, darker(stone, 0.2)
        )


def tent(pen: Pen, look: Look) -> None:
    """A tent; a lamp burns in it after dark."""
    cloth = look.colour
    pen.poly(path("-0.62,0 0,0.88 0.3,0.8 0.78,0.06"), darker(cloth, 0.18))
    pen.poly([(-0.62, 0), (0.0, 0.88), (0.52, 0)], cloth)
    tone, pen.tone = pen.tone, (lambda c: c) if look.lit else pen.tone
    pen.poly(
        [(-0.16, 0), (0.0, 0.66), (0.16, 0)], (255, 208, 124) if look.lit else darker(cloth, 0.5)
    )
    pen.tone = tone
    pen.poly([(-0.16, 0), (0.0, 0.66), (-0.22, 0.10)], lighter(cloth, 0.2))
    for x0, x1 in ((-0.62, -0.76), (0.78, 0.92)):
        pen.line([(x0, 0.03), (x1, -0.02)], 0.014, (120, 104, 92))


def campfire(pen: Pen, look: Look) -> None:
    """A fire on logs, with its glow."""
    glow(pen.canvas, pen.at((0, 0.4)), pen.scale * 1.8, (255, 176, 90), 0.55)
    for sign in (-1, 1):
        pen.limb([(-0.46 * sign, 0.04), (0.46 * sign, 0.18)], 0.13, 0.13, (112, 76, 54))
    tone, pen.tone = pen.tone, lambda c: c
    pen.blob(
        path("-0.3,0.16 -0.28,0.48 -0.14,0.62 -0.08,1 0.12,0.66 0.2,0.78 0.3,0.4 0.26,0.14"),
        look.colour,
    )
    pen.blob(
        path("-0.18,0.16 -0.16,0.4 0,0.72 0.14,0.42 0.18,0.16"),
        lighter(mix(look.colour, (255, 220, 90), 0.6), 0.1),
    )
    pen.tone = tone


def pyramid(pen: Pen, look: Look) -> None:
    """A pyramid."""
    pen.poly([(-0.9, 0), (0, 1), (0.9, 0)], look.colour)
    pen.poly([(0.24, 0), (0, 1), (0.9, 0)], darker(look.colour, 0.22))
    for y in (0.2, 0.4, 0.6, 0.8):
        pen.line([(-0.9 * (1 - y), y), (0.24 * (1 - y), y)], 0.008, darker(look.colour, 0.12))
