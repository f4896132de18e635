"""What stands on the horizon: mountains, a volcano, woods, a skyline, a village, a waterfall."""

from __future__ import annotations

import random

from s2i.engines.storyboard.canvas import Pen, Point, glow, path
from s2i.engines.storyboard.colour import RGB, WHITE, darker, lighter, mix
from s2i.engines.storyboard.land import Land
from s2i.engines.storyboard.shapes_places import house
from s2i.engines.storyboard.shapes_plants import palm, pine, tree


def paint_backdrop(land: Land, seed: str) -> None:
    """All backdrops of the scene, the farthest first. Painted before the ground's near part."""
    rng = random.Random(f"{seed}:backdrop")
    wanted = land.scene.backdrops
    if land.scene.ground in ("space", "underwater", "moon", "mars"):
        return
    if "mountains" in wanted:
        _mountains(land, rng)
    if "volcano" in wanted:
        _volcano(land, rng)
    if "hills" in wanted:
        green = land.base((134, 172, 112))
        land.ridge(land.horizon - land.unit * 0.10, land.unit * 0.05, green, 0.7)
    if "city" in wanted:
        _city(land, rng)
    if "waterfall" in wanted:
        _waterfall(land, rng)


def paint_standing(land: Land, seed: str) -> None:
    """Trees and houses that stand on the ground, painted after it."""
    rng = random.Random(f"{seed}:standing")
    wanted = land.scene.backdrops
    if land.scene.ground in ("space", "underwater", "moon", "mars", "room", "cloudtops"):
        return
    if "forest" in wanted:
        _forest(land, rng)
    if "village" in wanted:
        _village(land, rng)
    if "palms" in wanted:
        for side in (0.12, 0.86):
            x = land.width * side + rng.uniform(-0.05, 0.05) * land.unit
            pen = land.pen(
                x,
                land.horizon + land.unit * rng.uniform(0.10, 0.24),
                land.unit * rng.uniform(0.4, 0.5),
            )
            pen.flip = side < 0.5
            palm(pen, (82, 148, 82))


def _mountains(land: Land, rng: random.Random) -> None:
    unit = land.unit
    rock: RGB = (110, 120, 146)
    for row, (distance, tall) in enumerate(((0.72, 0.34), (0.48, 0.25))):
        x = -unit * rng.uniform(0.1, 0.3)
        while x < land.width + unit * 0.2:
            high = min(land.horizon * 0.8, unit * tall * rng.uniform(0.7, 1.15))
            wide = high * rng.uniform(0.75, 0.95)
            pen = land.pen(x + wide, land.horizon + unit * 0.04, high, distance)
            stone = mix(rock, (86, 96, 104), row * 0.5)
            _peak(pen, rng, wide / high, stone, snowy=land.scene.snowy)
            x += wide * rng.uniform(0.85, 1.25)


def _peak(pen: Pen, rng: random.Random, w: float, rock: RGB, *, snowy: bool) -> None:
    """A mountain that is 1 high and 2 w wide."""
    left = [(-w, 0), (-w * 0.55, 0.42 + rng.uniform(-0.06, 0.06)), (-w * 0.24, 0.78)]
    right = [(w * 0.2, 0.74), (w * 0.52, 0.45 + rng.uniform(-0.06, 0.06)), (w, 0)]
    pen.poly([*left, (0, 1), *right], rock)
    ridge: list[Point] = [(0, 1), (0.05 * w, 0.78), (-0.06 * w, 0.6), (0.08 * w, 0.35), (0, 0)]
    pen.poly([*ridge, (w, 0), right[1], right[0]], darker(rock, 0.16))
    cap = [
        (-w * 0.24, 0.78),
        (0, 1),
        (w * 0.2, 0.74),
        (w * 0.1, 0.70),
        (0.03 * w, 0.76),
        (-0.06 * w, 0.66),
        (-w * 0.13, 0.74),
    ]
    pen.poly(cap, (244, 248, 252))
    if snowy:
        pen.poly(
            [
                (-w, 0),
                left[1],
                (-w * 0.3, 0.52),
                (-w * 0.1, 0.40),
                (w * 0.1, 0.46),
                (w * 0.3, 0.38),
                right[1],
                (w, 0),
            ],
            (232, 240, 250),
        )


def _volcano(land: Land, rng: random.Random) -> None:
    unit = land.unit
    x = land.width * rng.uniform(0.36, 0.64)
    high = min(land.horizon * 0.7, unit * 0.40)
    top = land.horizon + unit * 0.03 - high
    glow(land.canvas, (x, top), unit * 0.3, (255, 120, 60), 0.7)
    for number in range(6):
        puff = Pen(
            land.canvas,
            x + unit * 0.03 * number * rng.choice((0.6, 1)),
            top - unit * 0.045 * number,
            unit,
        )
        puff.disc(
            0, 0.01, 0.03 + 0.012 * number, fill=mix((96, 84, 92), land.light.sky[0], 0.1 * number)
        )
    pen = land.pen(x, land.horizon + unit * 0.03, high, 0.3)
    pen.poly(
        path("-1,0 -0.5,0.4 -0.17,0.95 -0.08,1 0,0.95 0.09,1 0.18,0.94 0.5,0.4 1,0"),
        (92, 78, 84),
    )
    hot = Pen(land.canvas, x, land.horizon + unit * 0.03, high)
    hot.poly(
        path(
            "-0.12,0.97 0,0.93 0.13,0.96 0.08,0.75 0.14,0.5 0.05,0.3 0.02,0.55 -0.05,0.7 "
            "-0.1,0.5 -0.07,0.8"
        ),
        (255, 138, 60),
    )


_WINDOWS: tuple[RGB, ...] = ((255, 220, 140), (255, 206, 120), (255, 236, 186))
_NEON: tuple[RGB, ...] = ((255, 96, 190), (90, 220, 255), (255, 220, 140), (170, 120, 255))
_WALLS: tuple[RGB, ...] = ((160, 130, 120), (110, 130, 160), (130, 120, 140))
_ROWS: tuple[tuple[float, float, RGB], ...] = (
    (0.62, 0.40, (110, 122, 150)),
    (0.25, 0.26, (84, 90, 112)),
)


def _city(land: Land, rng: random.Random) -> None:
    """Two rows of tall buildings, their windows lit after dark."""
    unit = land.unit
    lamps: tuple[RGB, ...] = ()
    if land.scene.time in ("night", "dusk") or "storm" in land.scene.weather:
        lamps = _NEON if "vivid" in land.scene.styles else _WINDOWS
    for distance, tall, wall in _ROWS:
        x = -rng.uniform(0, 0.1) * unit
        while x < land.width:
            wide = unit * rng.uniform(0.07, 0.13)
            high = min(land.horizon * 0.85, unit * tall * rng.uniform(0.5, 1.1))
            tone = land.light.tone(mix(wall, rng.choice(_WALLS), 0.3), distance)
            far = tuple(mix(lamp, tone, distance * 0.6) for lamp in lamps)
            _block(land, rng, (x, wide, high), tone, far)
            x += wide * rng.uniform(0.92, 1.15)


def _block(
    land: Land,
    rng: random.Random,
    box: tuple[float, float, float],
    tone: RGB,
    lamps: tuple[RGB, ...],
) -> None:
    """A building at x, so wide and so high (`box`, px), with `lamps` in its windows if any."""
    x, wide, high = box
    floor = land.horizon + land.unit * 0.02
    draw = land.draw
    draw.rectangle((x, floor - high, x + wide, floor), fill=tone)
    if rng.random() < 0.3:
        draw.polygon(
            [
                (x, floor - high),
                (x + wide / 2, floor - high - wide * 0.5),
                (x + wide, floor - high),
            ],
            fill=tone,
        )
    draw.rectangle((x + wide * 0.82, floor - high, x + wide, floor), fill=darker(tone, 0.10))
    cell = land.unit * 0.022
    dull = darker(tone, 0.2) if lamps else lighter(tone, 0.22)
    rows, columns = int(high / cell / 1.3), max(1, int(wide * 0.8 / cell))
    for row in range(rows):
        for column in range(columns):
            left, top = x + cell * (0.4 + column), floor - high + cell * (0.6 + row * 1.3)
            fill = rng.choice(lamps) if lamps and rng.random() < 0.42 else dull
            draw.rectangle((left, top, left + cell * 0.5, top + cell * 0.66), fill=fill)


def _waterfall(land: Land, rng: random.Random) -> None:
    unit = land.unit
    x = land.width * rng.uniform(0.4, 0.6)
    high = min(land.horizon * 0.7, unit * 0.42)
    pen = land.pen(x, land.horizon + unit * 0.03, high, 0.25)
    pen.poly(
        path("-1.1,0 -1,0.7 -0.6,0.98 -0.2,0.94 0.2,0.94 0.7,1.02 1,0.75 1.15,0"),
        (118, 116, 118),
    )
    pen.poly(path("-0.2,0.94 0.2,0.94 0.25,0 -0.26,0"), (206, 230, 240))
    for lane in (-0.13, -0.03, 0.07, 0.15):
        pen.line([(lane, 0.9), (lane * 1.2, 0.05)], 0.02, WHITE)
    for lean in (-0.25, 0, 0.24):
        pen.disc(lean, 0.0, 0.18, 0.08, fill=(236, 246, 250))


def _forest(land: Land, rng: random.Random) -> None:
    """Rows of trees; the near ones frame the middle and leave it free."""
    unit = land.unit
    autumn = land.scene.season == "autumn"
    evergreen = rng.random() < 0.5 and "palms" not in land.scene.backdrops
    evergreen = evergreen or land.scene.snowy or "pine" in land.scene.title.lower()
    colours: tuple[RGB, ...] = ((58, 104, 78), (74, 122, 76), (48, 92, 74))
    if autumn:
        colours = ((206, 122, 52), (222, 160, 62), (176, 78, 48), (150, 130, 60))
    elif not evergreen:
        colours = ((92, 142, 76), (74, 124, 70), (116, 158, 84))
    for distance, depth, tall, gap in (
        (0.62, 0.015, 0.24, 0.055),
        (0.36, 0.05, 0.32, 0.085),
        (0.08, 0.12, 0.46, 0.13),
    ):
        x = -rng.uniform(0, gap) * unit
        while x < land.width + gap * unit:
            middle = abs(x - land.width / 2) / (min(land.width, unit * 1.5) / 2)
            clear = 0.62 if distance < 0.2 else 0.34 if "waterfall" in land.scene.backdrops else 0.0
            if middle >= clear:
                high = unit * tall * rng.uniform(0.8, 1.2)
                pen = land.pen(
                    x, land.horizon + unit * (depth + rng.uniform(0, 0.02)), high, distance
                )
                colour = rng.choice(colours)
                if evergreen and not autumn:
                    pine(pen, colour, snowy=land.scene.snowy)
                else:
                    tree(pen, colour, snowy=land.scene.snowy)
            x += gap * unit * rng.uniform(0.8, 1.3)


def _village(land: Land, rng: random.Random) -> None:
    unit = land.unit
    lit = land.scene.time in ("night", "dusk")
    x = unit * rng.uniform(0.05, 0.12)
    while x < land.width:
        pen = land.pen(
            x, land.horizon + unit * rng.uniform(0.03, 0.06), unit * rng.uniform(0.13, 0.19), 0.25
        )
        wall = rng.choice(((236, 222, 196), (226, 200, 170), (214, 216, 214)))
        house(pen, wall, lit=lit, snowy=land.scene.snowy)
        x += unit * rng.uniform(0.15, 0.28)
