"""The skies and the light of the times of day. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.scene import Scene


@dataclass(frozen=True)
class Light:
    """The light of a scene: the sky from top to horizon, and what it does to other colours."""

    sky: tuple[RGB, RGB, RGB]
    ambient: RGB
    strength: float  # share of `ambient` in everything lit by it
    glow: RGB  # of sun or moon
    haze: RGB  # what far things fade into

    def tone(self, colour: RGB, distance: float = 0.0) -> RGB:
        """`colour` in this light, at a `distance` from 0 (here) to 1 (the horizon)."""
        return mix(mix(colour, self.ambient, self.strength), self.haze, distance * 0.8)


_SKIES: dict[str, tuple[RGB, RGB, RGB]] = {
    "dawn": ((128, 152, 206), (238, 188, 184), (255, 230, 196)),
    "day": ((94, 168, 226), (158, 208, 240), (228, 242, 244)),
    "dusk": ((66, 58, 118), (206, 104, 108), (254, 194, 118)),
    "night": ((12, 18, 50), (28, 42, 92), (64, 86, 136)),
}
_AMBIENT: dict[str, tuple[RGB, float]] = {
    "dawn": ((238, 176, 160), 0.16),
    "day": ((255, 250, 230), 0.04),
    "dusk": ((112, 52, 84), 0.26),
    "night": ((18, 28, 74), 0.42),
}
_GLOWS: dict[str, RGB] = {
    "dawn": (255, 226, 170),
    "day": (255, 244, 196),
    "dusk": (255, 196, 110),
    "night": (236, 240, 255),
}


def light_of(scene: Scene, rng: random.Random) -> Light:
    """The light of `scene`, with a nuance out of `rng` so that seeds differ in mood."""
    top, middle, low = _SKIES[scene.time]
    ambient, strength = _AMBIENT[scene.time]
    if scene.ground in ("space", "moon", "mars"):
        top, middle, low = (8, 8, 26), (18, 18, 50), (36, 30, 76)
        ambient, strength = (40, 40, 90), 0.14
        if scene.ground == "mars":
            top, middle, low = (92, 54, 50), (176, 108, 78), (230, 176, 132)
            ambient, strength = (196, 108, 70), 0.14
    grey, share = _overcast(scene)
    if share:
        dim = {"night": 0.25, "dusk": 0.6, "dawn": 0.85}.get(scene.time, 1.0)
        veil = mix((20, 24, 48), grey, dim)
        top, middle, low = (
            mix(top, darker(veil, 0.12), share),
            mix(middle, veil, share),
            mix(low, lighter(veil, 0.2), share),
        )
        ambient, strength = mix(ambient, veil, 0.5), min(0.5, strength + 0.10)
    if scene.sky_colour:
        top = mix(top, darker(scene.sky_colour, 0.2), 0.7)
        middle, low = mix(middle, scene.sky_colour, 0.75), mix(low, scene.sky_colour, 0.45)
    for index, accent in enumerate(scene.accents[:2]):
        top = mix(top, darker(accent, 0.4 if scene.time == "night" else 0.0), 0.12 - 0.04 * index)
    nuance = (rng.randint(-14, 14), rng.randint(-9, 9), rng.randint(-14, 14))
    top, middle = _shift(top, nuance, 1.0), _shift(middle, nuance, 0.7)
    haze = mix(middle, low, 0.6)
    return Light((top, middle, low), ambient, strength, _GLOWS[scene.time], haze)


def _overcast(scene: Scene) -> tuple[RGB, float]:
    if "storm" in scene.weather:
        return (92, 98, 112), 0.85
    if "rain" in scene.weather:
        return (138, 150, 164), 0.7
    if "fog" in scene.weather:
        return (206, 212, 214), 0.6
    if "snow" in scene.weather:
        return (196, 206, 220), 0.5
    return (0, 0, 0), 0.0


def _shift(colour: RGB, nuance: tuple[int, int, int], share: float) -> RGB:
    red, green, blue = (
        min(255, max(0, round(c + n * share))) for c, n in zip(colour, nuance, strict=True)
    )
    return red, green, blue
