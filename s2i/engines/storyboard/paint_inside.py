"""Places that a sky doesn't fill: a room with its window, a cave, the water under the waves."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from s2i.engines.storyboard.canvas import Pen, Point, glow, gradient, path, smooth, soft_paste
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.layout import TABLE_SHAPES, Ground
from s2i.engines.storyboard.palette import Light
from s2i.engines.storyboard.scene import Scene


def paint_inside(
    canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str
) -> None:
    """Room, cave or sea bed over the whole canvas; what was painted before shows in a window."""
    rng = random.Random(f"{seed}:inside")
    if scene.ground == "room":
        _room(canvas, scene, light, ground, rng)
    elif scene.ground == "cave":
        _cave(canvas, light, ground, rng)
    else:
        _underwater(canvas, scene, ground, rng)


def _room(
    canvas: Image.Image, scene: Scene, light: Light, ground: Ground, rng: random.Random
) -> None:
    unit, width, height = ground.unit, ground.width, ground.height
    floor = round(ground.horizon)
    view = canvas.crop((0, 0, width, floor))
    dim = {"night": 0.34, "dusk": 0.16, "dawn": 0.06}.get(scene.time, 0.0)
    wall = (
        scene.accents[0]
        if scene.accents
        else rng.choice(((232, 214, 188), (206, 218, 206), (222, 204, 198)))
    )
    wall = darker(mix(wall, (240, 226, 200), 0.45), dim)
    boards = darker((176, 128, 88), dim)
    canvas.paste(gradient((width, floor), (darker(wall, 0.08), wall, lighter(wall, 0.08))), (0, 0))
    canvas.paste(gradient((width, height - floor), (boards, darker(boards, 0.18))), (0, floor))
    draw = ImageDraw.Draw(canvas)
    middle = width / 2
    count = max(8, round(9 * width / unit))
    for number in range(-count, count + 1):
        draw.line(
            (
                middle + number * unit * 0.13,
                floor,
                middle + number * unit * 0.30,
                floor + unit * 0.5,
            ),
            fill=darker(boards, 0.14),
            width=max(1, round(unit * 0.003)),
        )
    draw.rectangle((0, floor - unit * 0.022, width, floor), fill=lighter(wall, 0.4))
    _window(canvas, view, ground, wall, rng)
    side = rng.choice((-1, 1))
    pen = Pen(
        canvas, middle - side * min(width * 0.36, unit * 0.38), floor - unit * 0.30, unit * 0.14
    )
    pen.box(-0.5, -0.6, 0.5, 0.7, darker(wall, 0.5))  # a framed picture
    pen.box(-0.42, -0.52, 0.42, 0.62, (238, 230, 212))
    pen.blob(
        path("-0.4,-0.3 -0.1,0.05 0.15,-0.2 0.4,0.1 0.4,-0.5 -0.4,-0.5"),
        (150, 176, 138),
    )
    rug = Pen(canvas, middle, floor + unit * 0.19, unit)
    colour = scene.accents[-1] if scene.accents else (178, 96, 84)
    rug.disc(0, 0, 0.38, 0.085, fill=darker(colour, dim))
    rug.disc(0, 0, 0.32, 0.067, fill=darker(lighter(colour, 0.25), dim))
    if any(s.shape in TABLE_SHAPES and s.held_by is None for s in scene.subjects):
        _table(canvas, ground, darker((150, 102, 68), dim))
    if scene.time in ("night", "dusk") or "warm" in scene.styles:
        glow(
            canvas,
            (middle + side * unit * 0.3, floor - unit * 0.22),
            unit * 0.75,
            (255, 196, 110),
            0.34,
        )


def _window(
    canvas: Image.Image, view: Image.Image, ground: Ground, wall: RGB, rng: random.Random
) -> None:
    unit, floor = ground.unit, ground.horizon
    wide, tall = min(ground.width * 0.62, unit * 0.46), min(floor * 0.62, unit * 0.40)
    x = ground.width / 2 + rng.uniform(-0.10, 0.10) * min(ground.width, unit) - wide / 2
    y = max(unit * 0.05, floor - unit * 0.18 - tall)
    frame = max(1, round(unit * 0.012))
    pane = view.resize((max(2, round(wide)), max(2, round(tall))), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(canvas)
    trim = lighter(wall, 0.65)
    draw.rectangle((x - frame, y - frame, x + wide + frame, y + tall + frame), fill=trim)
    canvas.paste(pane, (round(x), round(y)))
    draw.rectangle((x + wide / 2 - frame / 3, y, x + wide / 2 + frame / 3, y + tall), fill=trim)
    draw.rectangle((x, y + tall / 2 - frame / 3, x + wide, y + tall / 2 + frame / 3), fill=trim)
    draw.rectangle(
        (x - frame * 3, y + tall + frame, x + wide + frame * 3, y + tall + frame * 3), fill=trim
    )
    cloth = mix(wall, (196, 92, 84), 0.55)
    for sign, edge in ((1, x - frame * 2), (-1, x + wide + frame * 2)):
        pen = Pen(canvas, edge, y + tall + frame * 2, tall + frame * 5, flip=sign < 0)
        pen.poly(
            path("-0.1,1 0.26,1 0.2,0.7 0.1,0.45 0.04,0.25 0.12,-0.06 -0.1,-0.06"),
            cloth,
        )
        for fold in (-0.03, 0.05, 0.12):
            pen.line(
                [(fold + 0.02, 0.98), (fold * 0.5, 0.3), (fold * 0.7, -0.04)],
                0.012,
                darker(cloth, 0.2),
            )


def _table(canvas: Image.Image, ground: Ground, wood: RGB) -> None:
    unit = ground.unit
    half = min(ground.width * 0.47, unit * 0.62) / unit
    pen = Pen(canvas, ground.width / 2, ground.horizon + unit * 0.13, unit)
    for x in (-half * 0.86, half * 0.80):
        pen.box(x, -0.6, x + 0.045, 0, darker(wood, 0.3))
    pen.box(-half, -0.075, half, -0.04, darker(wood, 0.25))
    pen.poly(
        [(-half, -0.04), (half, -0.04), (half * 0.92, 0.055), (-half * 0.92, 0.055)],
        lighter(wood, 0.12),
    )


def _cave(canvas: Image.Image, light: Light, ground: Ground, rng: random.Random) -> None:
    """Dark rock all round, its mouth open to the sky behind."""
    unit, width, height = ground.unit, ground.width, ground.height
    rock = mix((74, 68, 82), light.ambient, 0.2)
    mask = Image.new("L", (width, height), 255)
    x, reach = width / 2, min(width * 0.40, unit * 0.5)
    mouth: list[Point] = []
    for step in range(14):
        a = step / 14 * 2 * math.pi
        wobble = rng.uniform(0.90, 1.10)
        mouth.append(
            (
                x + reach * math.cos(a) * wobble,
                ground.horizon - unit * 0.14 - unit * 0.30 * math.sin(a) * wobble,
            )
        )
    rim = [(px, min(py, ground.horizon + unit * 0.02)) for px, py in smooth(mouth)]
    ImageDraw.Draw(mask).polygon(rim, fill=0)
    canvas.paste(
        gradient((width, height), (darker(rock, 0.5), rock, darker(rock, 0.15))), (0, 0), mask
    )
    pen = Pen(canvas, 0, 0, unit)
    for number in range(round(13 * width / unit)):
        px = number / 13
        long = rng.uniform(0.05, 0.20)
        pen.poly(
            [(px - 0.03, 0.01), (px + 0.03, 0.01), (px + rng.uniform(-0.01, 0.01), -long)],
            darker(rock, 0.45),
        )
    floor = gradient(
        (width, max(1, height - round(ground.horizon))), (lighter(rock, 0.16), darker(rock, 0.2))
    )
    canvas.paste(floor, (0, round(ground.horizon)))


def _underwater(canvas: Image.Image, scene: Scene, ground: Ground, rng: random.Random) -> None:
    unit, width, height = ground.unit, ground.width, ground.height
    dim = 0.4 if scene.time == "night" or "dark" in scene.styles else 0.0
    stops: tuple[RGB, ...] = ((116, 206, 214), (46, 138, 178), (20, 72, 122))
    if scene.ground_colour:
        stops = tuple(mix(c, scene.ground_colour, 0.45) for c in stops)
    canvas.paste(gradient((width, height), [darker(c, dim) for c in stops]), (0, 0))
    mask = Image.new("L", (128, max(16, min(320, round(128 * height / width)))))
    draw = ImageDraw.Draw(mask)
    for number in range(5):  # shafts of light
        x = 128 * (0.08 + 0.2 * number + rng.uniform(-0.06, 0.06))
        lean = rng.uniform(10, 30)
        draw.polygon(
            [
                (x, -4),
                (x + 9, -4),
                (x + 16 - lean, mask.height * 0.85),
                (x - 6 - lean, mask.height * 0.85),
            ],
            fill=58,
        )
    soft_paste(canvas, (216, 250, 246), mask, blur=4)
    sand = darker(mix((222, 200, 150), (40, 110, 150), 0.45), dim)
    step = max(2.0, width / 160)
    for level, colour in ((0.0, darker(sand, 0.2)), (0.06, sand)):
        phase = rng.uniform(0, 6)
        edge = [
            (
                i * step,
                ground.horizon + unit * level - unit * 0.02 * math.sin(i * step / unit * 4 + phase),
            )
            for i in range(round(width / step) + 2)
        ]
        ImageDraw.Draw(canvas).polygon([*edge, (width, height), (0, height)], fill=colour)
    for _ in range(round(9 * width / unit)):
        pen = Pen(
            canvas,
            rng.uniform(0, width),
            ground.horizon + unit * rng.uniform(0.01, 0.10),
            unit * rng.uniform(0.10, 0.26),
        )
        green = darker(rng.choice(((62, 140, 104), (94, 160, 88), (52, 116, 110))), dim)
        if rng.random() < 0.62:
            sway = rng.uniform(-0.2, 0.2)
            for blade in (-0.12, 0.0, 0.12):
                pen.limb(
                    [
                        (blade, 0),
                        (blade + 0.10 + sway / 2, 0.35),
                        (blade - 0.06 + sway, 0.7),
                        (blade + sway * 1.4, 1.0 - abs(blade)),
                    ],
                    0.09,
                    0.02,
                    green,
                )
        else:
            coral = darker(rng.choice(((226, 112, 118), (236, 152, 92), (188, 120, 190))), dim)
            for lean in (-0.35, -0.15, 0.08, 0.3):
                pen.limb(
                    [(0, 0), (lean * 0.5, 0.25), (lean, 0.5 + abs(lean) * 0.2)], 0.12, 0.08, coral
                )
    for _ in range(round(16 * width * height / unit**2)):
        pen = Pen(
            canvas,
            rng.uniform(0, width),
            rng.uniform(0.05, 0.9) * height,
            unit * rng.uniform(0.004, 0.012),
        )
        pen.disc(0, 0, 1, fill=darker((178, 226, 232), dim))
        pen.disc(-0.25, 0.25, 0.4, fill=darker((232, 250, 250), dim))
