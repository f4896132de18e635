"""Clouds and weather: rain, snow, fog, lightning, wind, leaves and petals in the air."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw, ImageFilter

from s2i.engines.storyboard.canvas import Pen, Point, glow, gradient, smooth
from s2i.engines.storyboard.colour import RGB, WHITE, darker, lighter, mix
from s2i.engines.storyboard.layout import Ground
from s2i.engines.storyboard.palette import Light
from s2i.engines.storyboard.scene import Scene


def paint_clouds(
    canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str
) -> None:
    """The clouds that the weather asks for, none under a clear, starry or alien sky."""
    if scene.ground in ("space", "moon", "mars") or "clear" in scene.weather:
        return
    rng = random.Random(f"{seed}:clouds")
    heavy = bool(scene.weather & {"storm", "rain"})
    count = 6 if heavy else 5 if "clouds" in scene.weather else 4 if "snow" in scene.weather else 3
    if scene.time == "night" and not heavy and "clouds" not in scene.weather:
        count = 1 if not scene.sky & {"aurora", "stars", "galaxy", "fireworks"} else 0
    base = {"day": WHITE, "dawn": (255, 232, 224), "dusk": (246, 190, 176)}.get(
        scene.time, (96, 110, 156)
    )
    colour: RGB = (base[0], base[1], base[2])
    if "storm" in scene.weather:
        colour = mix(darker(light.sky[1], 0.35), colour, 0.12)
    elif "rain" in scene.weather:
        colour = mix(light.sky[1], colour, 0.32)
    spread = max(1.0, ground.width / (ground.unit * 1.3))
    for number in range(min(24, round(count * spread))):
        slot = ground.width / max(1, round(count * spread))
        x = slot * (number + 0.5) + rng.uniform(-0.4, 0.4) * slot
        reach = min(ground.horizon, ground.unit * 1.3)
        lift = rng.uniform(0.62, 0.95) if heavy else rng.uniform(0.42, 0.90)
        y = ground.horizon - reach * lift if reach < ground.horizon else ground.horizon * (1 - lift)
        wide = ground.unit * rng.uniform(0.24, 0.44) * (1.35 if heavy else 1.0)
        face = (lighter(colour, 0.25), colour, mix(colour, light.sky[1], 0.45))
        _cloud(canvas, (x, max(y, ground.unit * 0.07)), wide, face, rng)


def _cloud(
    canvas: Image.Image, at: Point, wide: float, face: tuple[RGB, ...], rng: random.Random
) -> None:
    """A flat-bottomed heap of discs; `face` is its colours from top to bottom."""
    side = 168
    mask = Image.new("L", (side, side // 2))
    draw = ImageDraw.Draw(mask)
    floor = side * 0.40
    puffs = rng.randint(4, 6)
    for number in range(puffs):
        t = (number + 0.5) / puffs
        r = side * (0.06 + 0.115 * math.sin(math.pi * t)) * rng.uniform(0.85, 1.15)
        x = side * (0.14 + 0.72 * t)
        draw.ellipse((x - r, floor - r * 1.25, x + r, floor + r * 0.75), fill=255)
    draw.rounded_rectangle(
        (side * 0.08, floor - side * 0.045, side * 0.92, floor + side * 0.025),
        side * 0.035,
        fill=255,
    )
    draw.rectangle((0, floor + side * 0.026, side, side), fill=0)
    mask = mask.filter(ImageFilter.GaussianBlur(1.1)).point([round(i * 0.9) for i in range(256)])
    size = (max(4, round(wide)), max(2, round(wide / 2)))
    mask = mask.resize(size, Image.Resampling.BICUBIC)
    canvas.paste(
        gradient(size, face), (round(at[0] - size[0] / 2), round(at[1] - size[1] / 2)), mask
    )


def paint_lightning(canvas: Image.Image, scene: Scene, ground: Ground, seed: str) -> None:
    """A bolt or two behind everything that stands on the ground."""
    if "lightning" not in scene.sky or scene.indoors:
        return
    rng = random.Random(f"{seed}:lightning")
    for _ in range(2):
        x, y = ground.width * rng.uniform(0.15, 0.85), ground.horizon * 0.14
        glow(canvas, (x, ground.horizon * 0.4), ground.unit * 0.42, (206, 214, 255), 0.4)
        path = [(x, y)]
        while y < ground.horizon * 0.98:
            y += ground.unit * rng.uniform(0.05, 0.10)
            x += ground.unit * rng.uniform(-0.05, 0.05)
            path.append((x, min(y, ground.horizon)))
        draw = ImageDraw.Draw(canvas)
        draw.line(
            path, fill=(190, 200, 255), width=max(2, round(ground.unit * 0.010)), joint="curve"
        )
        draw.line(path, fill=WHITE, width=max(1, round(ground.unit * 0.005)), joint="curve")


def paint_fog(canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str) -> None:
    """Banks of mist about the horizon; painted between the far and the near things."""
    if "fog" not in scene.weather or scene.indoors:
        return
    rng = random.Random(f"{seed}:fog")
    size = (96, max(24, min(200, round(96 * ground.height / ground.width))))
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    level = ground.horizon / ground.height * size[1]
    unit = ground.unit / ground.height * size[1]
    for number in range(7):
        y = level + unit * (-0.20 + 0.075 * number)
        x = rng.uniform(-20, 60)
        draw.ellipse((x - 30, y, x + rng.uniform(40, 80), y + unit * 0.10), fill=190)
    draw.rectangle((0, level - unit * 0.06, size[0], level + unit * 0.10), fill=210)
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, unit * 0.06)))
    mask = mask.resize(canvas.size, Image.Resampling.BICUBIC)
    canvas.paste(lighter(light.haze, 0.45 if scene.time != "night" else 0.1), (0, 0), mask)


def paint_weather(
    canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str
) -> None:
    """What falls or drifts in front of everything."""
    if scene.indoors or scene.ground in ("space", "moon"):
        return
    rng = random.Random(f"{seed}:weather")
    if scene.weather & {"rain"} or ("storm" in scene.weather and not scene.snowy):
        _rain(canvas, ground, rng, "storm" in scene.weather)
    if "snow" in scene.weather or ("storm" in scene.weather and scene.snowy):
        _flakes(canvas, ground, rng, 150)
    elif scene.ground == "snow" and scene.time != "day":
        _flakes(canvas, ground, rng, 34)
    if "petals" in scene.weather:
        _drift(canvas, light, ground, rng, ((250, 196, 210), (252, 220, 226)))
    if "leaves" in scene.weather or scene.season == "autumn":
        _drift(canvas, light, ground, rng, ((214, 118, 52), (232, 166, 60), (178, 72, 48)))
    if "wind" in scene.weather:
        _wind(canvas, light, ground, rng)


def _count(ground: Ground, per_unit: int) -> int:
    return min(600, round(per_unit * ground.width * ground.height / ground.unit**2))


def _rain(canvas: Image.Image, ground: Ground, rng: random.Random, hard: bool) -> None:
    mask = Image.new("L", canvas.size)
    draw = ImageDraw.Draw(mask)
    unit = ground.unit
    slant = 0.36 if hard else 0.16
    for _ in range(_count(ground, 190 if hard else 130)):
        x, y = rng.uniform(-0.1, 1.1) * ground.width, rng.uniform(-0.05, 1) * ground.height
        long = unit * rng.uniform(0.03, 0.065)
        draw.line(
            (x, y, x - long * slant, y + long),
            fill=rng.choice((70, 100, 140)),
            width=max(1, round(unit * 0.0026)),
        )
    canvas.paste((226, 236, 248), (0, 0), mask)


def _flakes(canvas: Image.Image, ground: Ground, rng: random.Random, per_unit: int) -> None:
    mask = Image.new("L", canvas.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(_count(ground, per_unit)):
        x, y = rng.uniform(0, 1) * ground.width, rng.uniform(0, 1) * ground.height
        r = max(0.7, ground.unit * rng.choice((0.0026, 0.0036, 0.0056)))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=rng.choice((130, 180, 230)))
    canvas.paste((250, 252, 255), (0, 0), mask)


def _drift(
    canvas: Image.Image, light: Light, ground: Ground, rng: random.Random, colours: tuple[RGB, ...]
) -> None:
    for _ in range(_count(ground, 26)):
        pen = Pen(
            canvas, rng.uniform(0, 1) * ground.width, rng.uniform(0.08, 1) * ground.height,
            ground.unit * rng.uniform(0.010, 0.018), tone=light.tone, tilt=rng.uniform(0, 360),
        )  # fmt: skip
        pen.blob([(-1, 0), (0, 0.5), (1, 0), (0, -0.5)], rng.choice(colours))


def _wind(canvas: Image.Image, light: Light, ground: Ground, rng: random.Random) -> None:
    mask = Image.new("L", canvas.size)
    draw = ImageDraw.Draw(mask)
    unit = ground.unit
    for _ in range(5):
        x, y = ground.width * rng.uniform(0.05, 0.75), ground.horizon * rng.uniform(0.15, 0.95)
        curl = [
            (0, 0),
            (0.16, 0.012),
            (0.27, -0.004),
            (0.30, -0.04),
            (0.275, -0.055),
            (0.262, -0.034),
        ]
        path = [(x + px * unit, y + py * unit) for px, py in smooth(curl, closed=False)]
        draw.line(path, fill=150, width=max(1, round(unit * 0.005)), joint="curve")
    canvas.paste(lighter(light.sky[2], 0.5), (0, 0), mask)
