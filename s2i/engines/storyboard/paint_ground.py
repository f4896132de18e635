"""The land: hills, snow, dunes, water, streets, the sea bed, other worlds."""

from __future__ import annotations

import math
from collections.abc import Callable

from s2i.engines.storyboard.canvas import glow, path
from s2i.engines.storyboard.colour import RGB, WHITE, darker, lighter, mix
from s2i.engines.storyboard.land import SNOW, Land
from s2i.engines.storyboard.paint_water import beach, lake, river, sea


def _meadow(land: Land) -> None:
    base = land.grass()
    u = land.unit
    land.ridge(land.horizon - u * 0.02, u * 0.035, mix(base, (120, 160, 150), 0.25), 0.55)
    land.ridge(land.horizon + u * 0.05, u * 0.030, base, 0.28)
    land.ridge(
        land.horizon + u * 0.16,
        u * 0.022,
        darker(base, 0.07) if not land.scene.snowy else base,
        0.0,
        0.7,
    )
    if not land.scene.snowy:
        garden = land.scene.ground == "garden"
        flowers = _PETALS if garden or land.scene.season in ("spring", "summer") else _PETALS[:2]
        land.tufts(darker(base, 0.22), 90 if garden else 34, flowers if garden else flowers[:3])


_PETALS: tuple[RGB, ...] = (
    (250, 246, 236),
    (248, 212, 92),
    (236, 118, 140),
    (176, 128, 206),
    (226, 84, 74),
)


def _snow(land: Land) -> None:
    u = land.unit
    base = land.base(SNOW)
    land.ridge(land.horizon - u * 0.03, u * 0.035, mix(base, (176, 198, 226), 0.5), 0.45)
    land.ridge(land.horizon + u * 0.04, u * 0.028, mix(base, (196, 214, 238), 0.35), 0.2)
    land.ridge(land.horizon + u * 0.13, u * 0.022, base, 0.0, 0.7)
    for _ in range(3):  # soft drifts
        y = land.horizon + u * land.rng.uniform(0.2, 0.42)
        x = land.rng.uniform(0.05, 0.95) * land.width
        land.pen(x, y, u * 0.2).blob(
            path("-1.2,0 -0.4,0.07 0.5,0.05 1.3,0 0.3,-0.03"),
            mix(base, (206, 222, 244), 0.4),
        )


def _forest_floor(land: Land) -> None:
    u = land.unit
    base = land.base((104, 132, 74) if land.scene.season != "autumn" else (168, 122, 70))
    land.ridge(
        land.horizon - u * 0.01,
        u * 0.02,
        darker(base, 0.12) if not land.scene.snowy else base,
        0.35,
    )
    land.ridge(land.horizon + u * 0.12, u * 0.02, base, 0.0, 0.7)
    if not land.scene.snowy:
        land.tufts(darker(base, 0.28), 40, ((250, 246, 236),))


def _field(land: Land) -> None:
    base = land.base((222, 186, 96))
    u = land.unit
    land.ridge(land.horizon - u * 0.02, u * 0.03, (132, 164, 96), 0.5)
    land.flat(
        land.horizon + u * 0.03,
        (land.tone(base, 0.25), land.tone(base), land.tone(darker(base, 0.15))),
    )
    count = max(12, round(14 * land.width / u))
    middle = land.width / 2
    for number in range(-count, count + 1):
        x0 = middle + number * u * 0.05
        x1 = middle + number * u * 0.22
        land.draw.line(
            (x0, land.horizon + u * 0.03, x1, land.height),
            fill=land.tone(darker(base, 0.16)),
            width=max(1, round(u * 0.006)),
        )


def _desert(land: Land) -> None:
    u = land.unit
    base = land.base((226, 182, 116))
    for level, swell, distance, shade in (
        (-0.02, 0.06, 0.45, 0.0),
        (0.07, 0.05, 0.2, 0.06),
        (0.19, 0.035, 0.0, 0.0),
    ):
        edge = land.ridge(land.horizon + u * level, u * swell, darker(base, shade), distance, 0.8)
        low = [(x, y + u * (0.012 + 0.05 * abs(math.sin(x / u * 3 + level * 40)))) for x, y in edge]
        land.draw.polygon([*edge, *reversed(low)], fill=land.tone(lighter(base, 0.22), distance))


def _street(land: Land) -> None:
    u = land.unit
    walk = land.base((176, 172, 170))
    land.flat(land.horizon, (land.tone(walk, 0.3), land.tone(walk)))
    road = (92, 92, 102) if not land.scene.snowy else (206, 212, 222)
    top = land.horizon + u * 0.10
    land.flat(top, (land.tone(road, 0.1), land.tone(road)))
    land.draw.rectangle(
        (0, top, land.width, top + max(1, u * 0.012)), fill=land.tone(lighter(walk, 0.3))
    )
    y = top + u * 0.20
    dash = u * 0.13
    x = -land.rng.uniform(0, dash)
    while x < land.width:
        land.draw.polygon(
            [
                (x, y),
                (x + dash * 0.55, y),
                (x + dash * 0.52, y + u * 0.014),
                (x - dash * 0.04, y + u * 0.014),
            ],
            fill=land.tone((236, 226, 190)),
        )
        x += dash
    if "rain" in land.scene.weather or land.scene.time == "night":
        land.glitter(top + u * 0.03, min(land.height, top + u * 0.4))


def _moon(land: Land) -> None:
    u = land.unit
    mars = land.scene.ground == "mars"
    base = land.scene.ground_colour or ((196, 108, 70) if mars else (176, 176, 186))
    land.ridge(land.horizon - u * 0.02, u * 0.03, darker(base, 0.2), 0.25)
    land.ridge(land.horizon + u * 0.08, u * 0.02, base, 0.0, 0.7)
    for _ in range(9):
        x, depth = land.rng.uniform(0, land.width), land.rng.uniform(0.12, 0.42)
        size = u * depth * land.rng.uniform(0.10, 0.22)
        pen = land.pen(x, land.horizon + u * depth, size)
        pen.disc(0, 0, 1, 0.32, fill=lighter(base, 0.18))
        pen.disc(0.04, 0.03, 0.88, 0.25, fill=darker(base, 0.28))


def _space(land: Land) -> None:
    """Nothing under one's feet: a far world's rim at the bottom."""
    u = land.unit
    if land.height < u * 0.6:
        return
    rim = land.rng.choice(((64, 96, 160), (110, 82, 150), (70, 126, 130)))
    radius = max(land.width, u) * 1.1
    x, y = land.width * land.rng.uniform(0.3, 0.7), land.height + radius * 0.93
    glow(land.canvas, (x, y), radius * 1.32, lighter(rim, 0.3), 0.75)
    land.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=darker(rim, 0.35))


def _cloudtops(land: Land) -> None:
    u = land.unit
    tone = {"day": WHITE, "dawn": (255, 230, 218), "dusk": (248, 194, 170)}.get(
        land.scene.time, (112, 126, 172)
    )
    rgb: RGB = (tone[0], tone[1], tone[2])
    for row in range(3):
        colour = mix(rgb, land.light.sky[1], 0.42 - 0.18 * row)
        level = land.horizon + u * 0.07 * row
        x = -u * 0.1
        while x < land.width + u * 0.1:
            r = u * land.rng.uniform(0.05, 0.11)
            land.draw.ellipse(
                (x - r * 1.3, level - r * 0.8, x + r * 1.3, level + r * 1.2), fill=colour
            )
            x += r * 1.3
        land.draw.rectangle((0, level + u * 0.03, land.width, land.height), fill=colour)


GROUNDS: dict[str, Callable[[Land], None]] = {
    "meadow": _meadow, "garden": _meadow, "snow": _snow, "forest": _forest_floor, "field": _field,
    "desert": _desert, "sea": sea, "beach": beach, "lake": lake, "river": river,
    "street": _street, "moon": _moon, "mars": _moon, "space": _space, "cloudtops": _cloudtops,
}  # fmt: skip
