"""Sea, beach, lake and river."""

from __future__ import annotations

import math

from s2i.engines.storyboard.canvas import Point
from s2i.engines.storyboard.colour import RGB, WHITE, darker, mix
from s2i.engines.storyboard.land import Land


def _water_colours(land: Land) -> tuple[RGB, RGB, RGB]:
    """Water from the horizon to the front: the sky's colours, deepened."""
    own = land.scene.ground_colour or (48, 116, 158)
    if land.scene.season == "winter" and land.scene.ground in ("lake", "river"):
        own = (196, 218, 232)
    if "storm" in land.scene.weather:
        own = mix(own, (58, 74, 88), 0.6)
    tone = land.tone(own)
    sky = land.light.sky
    return mix(sky[2], tone, 0.55), mix(sky[1], tone, 0.75), darker(tone, 0.18)


def sea(land: Land) -> None:
    """The open sea; waves stand high in a storm."""
    u = land.unit
    colours = _water_colours(land)
    land.flat(land.horizon, colours)
    rough = "storm" in land.scene.weather or "wind" in land.scene.weather
    rows = 5
    for row in range(rows):
        y = land.horizon + u * (0.06 + 0.09 * row)
        swell = u * (0.010 + 0.005 * row) * (2.4 if rough else 1.0)
        _waves(land, y, swell, mix(colours[1], colours[2], (row + 1) / rows), rough)
    if not rough:
        land.glitter(land.horizon + 2, min(land.height, land.horizon + u * 0.5))


def _waves(land: Land, level: float, swell: float, colour: RGB, rough: bool) -> None:
    long = land.unit * (0.12 if not rough else 0.17)
    phase = land.rng.uniform(0, long)
    top: list[Point] = []
    x = -phase
    while x < land.width + long:
        for t in range(16):
            f = t / 16
            lift = (0.5 - 0.5 * math.cos(2 * math.pi * f)) ** (1.5 if rough else 1.1)
            top.append((x + f * long, level - swell * lift))
        x += long
    land.draw.polygon([*top, (land.width + long, land.height), (-long, land.height)], fill=colour)
    land.draw.line(
        top,
        fill=mix(colour, WHITE, 0.42 if rough else 0.22),
        width=max(1, round(swell * (0.20 if rough else 0.14))),
    )


def beach(land: Land) -> None:
    """Sea, surf and sand."""
    u = land.unit
    colours = _water_colours(land)
    shore = min(land.height * 0.94, land.horizon + u * 0.22)
    land.flat(land.horizon, colours, shore + u * 0.08)
    land.glitter(land.horizon + 2, shore)
    sand = land.base((240, 216, 170))
    for lift, colour in (
        (0.020, mix(colours[1], WHITE, 0.7)),
        (0.008, land.tone(darker(sand, 0.16))),
        (-0.012, None),
    ):
        state = land.rng.getstate()
        land.ridge(shore - u * lift, u * 0.018, sand if colour is None else colour, 0.0)
        if colour is not None:
            land.rng.setstate(state)
    for _ in range(12):
        x, y = land.rng.uniform(0, land.width), shore + u * land.rng.uniform(0.07, 0.4)
        land.pen(x, y, u * 0.008).disc(
            0, 0, 1, 0.6, fill=land.rng.choice(((226, 198, 150), (250, 236, 214), (236, 176, 150)))
        )


def lake(land: Land) -> None:
    """A lake between meadows."""
    u = land.unit
    base = land.grass()
    land.ridge(
        land.horizon - u * 0.015,
        u * 0.02,
        mix(base, (96, 130, 110), 0.3) if not land.scene.snowy else base,
        0.45,
    )
    colours = _water_colours(land)
    top, low = land.horizon + u * 0.035, min(land.height, land.horizon + u * 0.27)
    land.flat(top, (colours[0], colours[1], mix(colours[1], colours[2], 0.6)))
    land.glitter(top + 2, low)
    land.ridge(low, u * 0.02, base, 0.0)
    if not land.scene.snowy:
        land.tufts(darker(base, 0.22), 28, ((250, 246, 236), (248, 212, 92)), depth=0.31)


def river(land: Land) -> None:
    """A river that winds towards us."""
    u = land.unit
    base = land.grass()
    land.ridge(land.horizon - u * 0.02, u * 0.03, mix(base, (120, 160, 150), 0.25), 0.5)
    land.ridge(land.horizon + u * 0.03, u * 0.01, base, 0.15)
    colours = _water_colours(land)
    left: list[Point] = []
    right: list[Point] = []
    high = min(land.height - land.horizon, u * 0.55)
    for step in range(25):
        t = step / 24
        y = land.horizon + u * 0.03 + (high + u * 0.1) * t
        centre = land.ground.stream(t)
        half = u * (0.018 + 0.42 * t**1.4)
        left.append((centre - half, y))
        right.append((centre + half, y))
    land.draw.polygon([*left, *reversed(right)], fill=colours[1])
    bank = mix(colours[1], WHITE, 0.4)
    for side in (left, right):
        land.draw.line(side, fill=bank, width=max(1, round(u * 0.005)))
    for step in range(3, 24, 2):
        (x0, y), (x1, _) = left[step], right[step]
        x = x0 + (x1 - x0) * land.rng.uniform(0.2, 0.6)
        land.draw.line((x, y, x + (x1 - x0) * 0.2, y), fill=bank, width=max(1, round(u * 0.004)))
