"""The ground to paint on, and the shapes that several painters of land share."""

from __future__ import annotations

import math
import random

from PIL import Image, ImageDraw

from s2i.engines.storyboard.canvas import Pen, Point, gradient, pixel
from s2i.engines.storyboard.colour import RGB, WHITE, darker, lighter, mix
from s2i.engines.storyboard.layout import Ground
from s2i.engines.storyboard.palette import Light
from s2i.engines.storyboard.scene import Scene

SNOW: RGB = (240, 245, 252)
_GRASS: RGB = (126, 170, 90)
_GREENS: dict[str, RGB] = {
    "summer": (120, 172, 82),
    "spring": (150, 194, 102),
    "autumn": (190, 152, 82),
}


class Land:
    """What every ground painter needs, and the shapes that several of them share."""

    def __init__(
        self, canvas: Image.Image, scene: Scene, light: Light, ground: Ground, seed: str
    ) -> None:
        self.canvas, self.scene, self.light, self.ground = canvas, scene, light, ground
        self.rng = random.Random(f"{seed}:ground")
        self.draw = ImageDraw.Draw(canvas)
        self.unit, self.width, self.height = ground.unit, ground.width, ground.height
        self.horizon = ground.horizon

    def base(self, default: RGB) -> RGB:
        """The ground's own colour: white in winter, else what the prompt or the season says."""
        colour = self.scene.ground_colour or default
        return SNOW if self.scene.snowy and self.scene.ground_colour is None else colour

    def grass(self) -> RGB:
        """The colour of a meadow in this season."""
        return self.base(_GREENS.get(self.scene.season, _GRASS))

    def ridge(
        self, level: float, swell: float, colour: RGB, distance: float, waves: float = 1.0
    ) -> list[Point]:
        """A rolling band from `level` (y in px) down to the bottom; its upper edge is returned.

        Snow reflects the sky, so it is toned less than earth is.
        """
        parts = [(self.rng.uniform(0.5, 1.2) * waves, self.rng.uniform(0, 6.3), 0.65),
                 (self.rng.uniform(1.4, 2.6) * waves, self.rng.uniform(0, 6.3), 0.35)]  # fmt: skip
        stretch = 2 * math.pi / (self.unit * 1.6)
        step = max(2.0, self.width / 240)
        edge: list[Point] = []
        x = 0.0
        while x < self.width + step:
            y = level - swell * sum(a * math.sin(f * x * stretch + p) for f, p, a in parts)
            edge.append((x, y))
            x += step
        self.fill(edge, colour, distance)
        return edge

    def fill(self, edge: list[Point], colour: RGB, distance: float) -> None:
        """Everything below `edge`, a little darker towards the bottom."""
        top = min(y for _, y in edge)
        high = max(1, math.ceil(self.height - top))
        if high <= 1 or top >= self.height:
            return
        mask = Image.new("L", (self.width, high))
        shifted = [(x, y - top) for x, y in edge]
        ImageDraw.Draw(mask).polygon(
            [*shifted, (self.width + 9, high + 9), (-9, high + 9)], fill=255
        )
        tone = self.tone(colour, distance)
        shade = (
            mix(tone, self.light.ambient, 0.16) if self.scene.time != "day" else darker(tone, 0.10)
        )
        face = gradient((self.width, high), (lighter(tone, 0.05), tone, shade))
        self.canvas.paste(face, (0, math.floor(top)), mask)

    def tone(self, colour: RGB, distance: float = 0.0) -> RGB:
        """A ground colour in this light. Snow keeps more of its own brightness."""
        bright = min(colour) > 205
        share = self.light.strength * (0.62 if bright else 0.9)
        return mix(mix(colour, self.light.ambient, share), self.light.haze, distance * 0.7)

    def flat(self, level: float, colours: tuple[RGB, ...], until: float | None = None) -> None:
        """A level band from `level` to `until` (the bottom), running through `colours`."""
        low = self.height if until is None else min(self.height, round(until))
        top = max(0, round(level))
        if low > top:
            self.canvas.paste(gradient((self.width, low - top), colours), (0, top))

    def pen(self, x: float, y: float, size: float, distance: float = 0.0) -> Pen:
        """A pen for a small thing on the ground."""
        return Pen(self.canvas, x, y, size, tone=lambda c: self.tone(c, distance))

    def tufts(
        self, colour: RGB, per_unit: int, flowers: tuple[RGB, ...] = (), depth: float = 0.10
    ) -> None:
        """Blades of grass and flowers on the near ground, from `depth` units below the horizon."""
        amount = min(260, round(per_unit * self.width / self.unit))
        low = min(self.height, self.horizon + self.unit * 0.6)
        spots = sorted(
            (
                self.rng.uniform(self.horizon + self.unit * depth, low),
                self.rng.uniform(0, self.width),
            )
            for _ in range(amount)
        )
        for y, x in spots:
            near = (y - self.horizon) / (self.unit * 0.4)
            size = self.unit * (0.012 + 0.020 * near)
            pen = self.pen(x, y, size)
            if flowers and self.rng.random() < 0.6:
                petal = self.rng.choice(flowers)
                pen.line([(0, 0), (0.1, 0.9)], 0.12, darker(colour, 0.2))
                pen.disc(0.1, 1.0, 0.42, fill=petal)
                pen.disc(0.1, 1.0, 0.16, fill=lighter(petal, 0.55))
            else:
                for lean in (-0.35, 0.0, 0.35):
                    pen.line([(lean * 0.3, 0), (lean, 0.8 - abs(lean) * 0.5)], 0.12, colour)

    def glitter(self, top: float, low: float) -> None:
        """Short lines of light on water."""
        lines = min(300, round(64 * self.width / self.unit))
        tone = mix(self.light.sky[2], WHITE, 0.35)
        for _ in range(lines):
            depth = self.rng.random() ** 1.4
            y = top + (low - top) * depth
            long = self.unit * (0.012 + 0.05 * depth) * self.rng.uniform(0.6, 1.4)
            x = self.rng.uniform(0, self.width)
            shine = mix(pixel(self.canvas, x, y), tone, self.rng.uniform(0.18, 0.5))
            width = max(1, round(self.unit * 0.0035))
            self.draw.line((x - long, y, x + long, y), fill=shine, width=width)
