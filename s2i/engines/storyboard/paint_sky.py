"""The sky: gradient, stars, moon and sun, northern lights, rainbow, planets, fireworks."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from s2i.engines.storyboard.canvas import (
    Pen,
    Point,
    glow,
    gradient,
    path,
    pixel,
    smooth,
    soft_paste,
)
from s2i.engines.storyboard.colour import RGB, WHITE, darker, lighter, mix
from s2i.engines.storyboard.layout import Ground
from s2i.engines.storyboard.palette import Light
from s2i.engines.storyboard.scene import Scene


def paint_sky(canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str) -> None:
    """Everything above the horizon but clouds and weather."""
    high = max(2, min(ground.height, round(ground.horizon * 1.04)))
    canvas.paste(gradient((ground.width, high), light.sky), (0, 0))
    if high < ground.height:
        canvas.paste(light.sky[2], (0, high, ground.width, ground.height))
    veiled = bool(scene.weather & _VEILS)
    spacey = scene.ground in ("space", "moon")
    if "galaxy" in scene.sky or scene.ground == "space":
        _galaxy(canvas, scene, ground, random.Random(f"{seed}:galaxy"))
    if spacey or (scene.time == "night" and (not veiled or "stars" in scene.sky)):
        dense = "stars" in scene.sky or spacey
        _stars(canvas, ground, random.Random(f"{seed}:stars"), dense)
    elif scene.time == "dusk" and "stars" in scene.sky:
        _stars(canvas, ground, random.Random(f"{seed}:stars"), False)
    if "aurora" in scene.sky:
        _aurora(canvas, scene, ground, random.Random(f"{seed}:aurora"))
    _lamp(canvas, scene, light, ground, random.Random(f"{seed}:lamp"))
    if "planet" in scene.sky or scene.ground in ("space", "moon"):
        _planet(canvas, scene, ground, random.Random(f"{seed}:planet"))
    if "rainbow" in scene.sky:
        _rainbow(canvas, ground)
    if "shooting star" in scene.sky:
        _shooting_star(canvas, ground, random.Random(f"{seed}:shooting"))
    if "fireworks" in scene.sky:
        _fireworks(canvas, ground, random.Random(f"{seed}:fireworks"))


def _stars(canvas: Image.Image, ground: Ground, rng: random.Random, dense: bool) -> None:
    draw = ImageDraw.Draw(canvas)
    unit = ground.unit
    area = ground.width * ground.horizon / unit**2
    for number in range(min(700, round(area * (190 if dense else 90)))):
        x, y = rng.uniform(0, ground.width), ground.horizon * rng.random() ** 1.25
        radius = max(0.5, unit * rng.choice((0.0009, 0.0012, 0.0016, 0.0024)))
        colour = mix(pixel(canvas, x, y), rng.choice(_STARS), rng.uniform(0.45, 1.0))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        if number % 41 == 0:
            ray = radius * 4.5
            for dx, dy in ((ray, 0), (0, ray)):
                draw.line(
                    (x - dx, y - dy, x + dx, y + dy), fill=colour, width=max(1, round(radius / 2))
                )


_VEILS = frozenset({"storm", "rain", "fog"})
_STARS: tuple[RGB, ...] = ((255, 255, 255), (255, 246, 220), (214, 228, 255))


def _lamp(
    canvas: Image.Image,
    scene: Scene,
    light: Light,
    ground: Ground,
    rng: random.Random,
) -> None:
    """The sun or the moon, where the scene has one to show."""
    unit = ground.unit
    x = ground.width * rng.uniform(0.16, 0.84)
    reach = min(ground.horizon, unit * 0.66)
    if scene.ground in ("space",):
        return
    veiled = bool(scene.weather & _VEILS)
    full = "full moon" in scene.sky
    moon = full or "moon" in scene.sky
    if moon or (scene.time == "night" and not veiled and "aurora" not in scene.sky):
        y = max(unit * 0.12, ground.horizon - reach * rng.uniform(0.70, 0.84))
        glow(canvas, (x, y), unit * (0.41 if full else 0.3), light.glow, 0.42)
        _moon(canvas, (x, y), unit * (0.075 if full else 0.055), full)
        return
    if scene.time == "night" or (veiled and "sun" not in scene.sky):
        return
    lift = {"day": rng.uniform(0.68, 0.82), "dawn": rng.uniform(0.16, 0.3)}.get(
        scene.time, rng.uniform(0.10, 0.22)
    )
    y = max(unit * 0.1, ground.horizon - reach * lift)
    radius = unit * (0.058 if scene.time == "day" else 0.085)
    warm = {"day": (255, 240, 178), "dawn": (255, 222, 168)}.get(scene.time, (255, 176, 92))
    glow(canvas, (x, y), radius * 6.5, light.glow, 0.62)
    glow(canvas, (x, y), radius * 2.4, lighter(light.glow, 0.4), 0.7)
    Pen(canvas, x, y, radius).disc(0, 0, 1, fill=lighter((warm[0], warm[1], warm[2]), 0.25))


def _moon(canvas: Image.Image, at: Point, radius: float, full: bool) -> None:
    side = max(4, round(radius * 2))
    mask = Image.new("L", (side * 2, side * 2))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((0, 0, side * 2 - 1, side * 2 - 1), fill=255)
    if not full:
        draw.ellipse((side * 0.62, -side * 0.22, side * 2.5, side * 1.66), fill=0)
    mask = mask.resize((side, side), Image.Resampling.BOX)
    face = Image.new("RGB", (side, side), (248, 244, 226))
    if full:
        spots = ImageDraw.Draw(face)
        for cx, cy, r in (
            (0.34, 0.38, 0.14),
            (0.62, 0.56, 0.18),
            (0.42, 0.70, 0.08),
            (0.66, 0.28, 0.07),
        ):
            spots.ellipse(
                ((cx - r) * side, (cy - r) * side, (cx + r) * side, (cy + r) * side),
                fill=(228, 222, 202),
            )
        face = face.filter(ImageFilter.GaussianBlur(side * 0.02))
    canvas.paste(face, (round(at[0] - side / 2), round(at[1] - side / 2)), mask)


def _aurora(canvas: Image.Image, scene: Scene, ground: Ground, rng: random.Random) -> None:
    """Curtains of light: streaks that rise from a wavy line and fade, on a small picture."""
    wide = 180
    tall = max(24, min(400, round(wide * ground.horizon / max(ground.width, ground.unit))))
    small = Image.new("RGB", (wide, tall))
    ramp = Image.linear_gradient("L").resize((1, 64))  # dark at the top
    streaks = [
        ramp.point([round(i * max(3, s) / 24 * 0.85) for i in range(256)]) for s in range(25)
    ]
    colours: list[RGB] = [(70, 236, 150), (54, 200, 190), (126, 96, 220)]
    for index, accent in enumerate(scene.accents[:3]):
        colours[index] = mix(colours[index], lighter(accent, 0.3), 0.5)
    for number, colour in enumerate(colours):
        base = tall * (0.82 - 0.20 * number) + rng.uniform(-0.05, 0.05) * tall
        waves = [
            (rng.uniform(0.6, 1.5), rng.uniform(0, 6.3), 0.10),
            (rng.uniform(2.0, 3.6), rng.uniform(0, 6.3), 0.04),
        ]
        flicker = [
            (rng.uniform(7, 13), rng.uniform(0, 6.3)),
            (rng.uniform(19, 29), rng.uniform(0, 6.3)),
        ]
        layer = Image.new("L", (wide, tall))
        for x in range(wide):
            t = x / wide * 2 * math.pi
            y = base + tall * sum(a * math.sin(f * t + p) for f, p, a in waves)
            shine = (
                0.60
                + 0.25 * math.sin(flicker[0][0] * t + flicker[0][1])
                + 0.15 * math.sin(flicker[1][0] * t + flicker[1][1])
            )
            high = max(3, round(tall * (0.34 + 0.30 * shine)))
            streak = streaks[min(24, max(0, round(shine * 24)))]
            layer.paste(streak.resize((1, high)), (x, round(y) - high))
        layer = layer.filter(ImageFilter.GaussianBlur(max(1.0, tall * 0.016)))
        tint = Image.merge("RGB", [layer.point([i * c // 255 for i in range(256)]) for c in colour])
        small = ImageChops.screen(small, tint)
    high = max(2, min(ground.height, round(ground.horizon * 1.02)))
    lights = small.resize((ground.width, high), Image.Resampling.BICUBIC)
    sky = canvas.crop((0, 0, ground.width, high))
    canvas.paste(ImageChops.screen(sky, lights), (0, 0))


def _galaxy(canvas: Image.Image, scene: Scene, ground: Ground, rng: random.Random) -> None:
    """A soft band of star mist across the sky."""
    size = (160, max(20, min(320, round(160 * ground.height / ground.width))))
    slope = rng.uniform(-0.5, 0.5)
    colours: list[RGB] = [(92, 70, 160), (160, 84, 150), (64, 104, 180)]
    for colour in [*scene.accents, *colours][:3]:
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        for _ in range(26):
            x = rng.uniform(-0.1, 1.1)
            y = 0.42 + slope * (x - 0.5) + rng.gauss(0, 0.09)
            r = rng.uniform(0.03, 0.12) * min(size)
            draw.ellipse(
                (x * size[0] - r, y * size[1] - r, x * size[0] + r, y * size[1] + r), fill=120
            )
        soft_paste(canvas, lighter(colour, 0.1), mask, blur=min(size) * 0.09)


def _planet(canvas: Image.Image, scene: Scene, ground: Ground, rng: random.Random) -> None:
    unit = ground.unit
    left = rng.random() < 0.5
    x = ground.width * (rng.uniform(0.14, 0.26) if left else rng.uniform(0.74, 0.86))
    y = min(ground.height, unit * 1.4) * rng.uniform(0.16, 0.26)
    if scene.ground == "moon":  # the Earth rises
        glow(canvas, (x, y), unit * 0.2, (120, 170, 255), 0.4)
        pen = Pen(canvas, x, y, unit * 0.085)
        pen.disc(0, 0, 1, fill=(78, 138, 206))
        pen.blob(path("-0.6,0.5 -0.1,0.7 0.1,0.3 -0.2,-0.1 -0.5,0.1"), (120, 170, 112))
        pen.blob(path("0.2,-0.1 0.6,0.1 0.6,-0.4 0.2,-0.6"), (120, 170, 112))
        pen.limb([(-0.7, -0.5), (0.0, -0.35), (0.4, -0.6)], 0.1, 0.04, (236, 244, 250))
        return
    colour = (
        scene.accents[0]
        if scene.accents
        else rng.choice(((222, 160, 104), (150, 120, 196), (104, 168, 176)))
    )
    pen = Pen(canvas, x, y, unit * 0.10)
    ring = lighter(colour, 0.45)
    arc = [
        (1.75 * math.cos(a / 20 * math.pi), 0.42 * math.sin(a / 20 * math.pi)) for a in range(41)
    ]
    pen.tilt = rng.uniform(-24, 24)
    pen.line(arc[:21], 0.13, darker(ring, 0.25))
    pen.disc(0, 0, 1, fill=colour)
    pen.blob(
        path("-0.95,0.25 0,0.42 0.95,0.2 0.98,0.02 0,0.2 -0.98,0.05"),
        lighter(colour, 0.2),
    )
    pen.blob(
        path("-0.9,-0.4 0,-0.25 0.9,-0.42 0.7,-0.66 0,-0.55 -0.7,-0.64"),
        darker(colour, 0.18),
    )
    pen.line(arc[20:], 0.13, ring)


def _rainbow(canvas: Image.Image, ground: Ground) -> None:
    wide = 320
    tall = max(40, round(wide * ground.horizon / ground.width))
    layer = Image.new("RGBA", (wide, tall), (255, 255, 255, 0))
    draw = ImageDraw.Draw(layer)
    radius = min(wide * 0.46, tall * 0.92)
    step = radius * 0.045
    for number, colour in enumerate(_BOW):
        r = radius - number * step
        draw.ellipse((wide / 2 - r, tall - r, wide / 2 + r, tall + r), fill=(*colour, 118))
    r = radius - len(_BOW) * step
    draw.ellipse((wide / 2 - r, tall - r, wide / 2 + r, tall + r), fill=(255, 255, 255, 0))
    layer = layer.filter(ImageFilter.GaussianBlur(1.6))
    layer = layer.resize((ground.width, round(ground.horizon)), Image.Resampling.BICUBIC)
    canvas.paste(layer, (0, 0), layer)


_BOW: tuple[RGB, ...] = (
    (222, 84, 80),
    (240, 156, 76),
    (248, 220, 104),
    (118, 190, 118),
    (92, 150, 216),
    (148, 108, 190),
)


def _shooting_star(canvas: Image.Image, ground: Ground, rng: random.Random) -> None:
    unit = ground.unit
    x, y = ground.width * rng.uniform(0.3, 0.7), ground.horizon * rng.uniform(0.14, 0.3)
    pen = Pen(canvas, x, y, unit)
    pen.limb(
        [(0, 0), (0.12, 0.05), (0.26, 0.11)], 0.010, 0.001, mix(pixel(canvas, x, y), WHITE, 0.7)
    )
    glow(canvas, (x, y), unit * 0.04, WHITE, 0.9)
    pen.disc(0, 0, 0.007, fill=WHITE)


def _fireworks(canvas: Image.Image, ground: Ground, rng: random.Random) -> None:
    unit = ground.unit
    for number in range(4):
        x = ground.width / 2 + (number - 1.5) * min(ground.width, unit * 2) * 0.22
        y = max(unit * 0.14, ground.horizon - unit * rng.uniform(0.26, 0.46))
        colour = rng.choice(
            ((255, 190, 90), (255, 120, 130), (140, 200, 255), (190, 150, 255), (150, 240, 170))
        )
        glow(canvas, (x, y), unit * 0.20, colour, 0.35)
        pen = Pen(canvas, x, y, unit * rng.uniform(0.09, 0.14))
        for ray in range(18):
            a = ray / 18 * 2 * math.pi
            path = smooth(
                [
                    (0.25 * math.cos(a), 0.25 * math.sin(a)),
                    (0.7 * math.cos(a), 0.7 * math.sin(a) - 0.02),
                    (math.cos(a), math.sin(a) - 0.12),
                ],
                closed=False,
            )
            pen.line(path, 0.028, colour)
            pen.disc(math.cos(a), math.sin(a) - 0.12, 0.035, fill=lighter(colour, 0.5))
