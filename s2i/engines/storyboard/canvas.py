"""Drawing with Pillow: smooth shapes in a coordinate system of their own, gradients, soft masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from s2i.engines.storyboard.colour import RGB, darker, lighter

Point = tuple[float, float]


def gradient(size: tuple[int, int], stops: Sequence[RGB]) -> Image.Image:
    """An RGB picture of `size` (px) that runs from the first colour at the top to the last."""
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    # The box leaves out the outer half of the end stops, which would come out flat. Widening a
    # column is a copy, so the smooth filter is only paid for once per row.
    column = column.resize(
        (1, size[1]), Image.Resampling.BICUBIC, box=(0, 0.5, 1, len(stops) - 0.5)
    )
    return column.resize(size, Image.Resampling.NEAREST)


@lru_cache(maxsize=1024)
def path(points: str) -> tuple[Point, ...]:
    """Points written as in SVG: 'x,y x,y …'."""
    pairs = (pair.split(",") for pair in points.split())
    return tuple((float(x), float(y)) for x, y in pairs)


def pixel(canvas: Image.Image, x: float, y: float) -> RGB:
    """The colour of an RGB canvas at a point, which is moved inside where it is not."""
    spot = (min(canvas.width - 1, max(0, int(x))), min(canvas.height - 1, max(0, int(y))))
    value = canvas.getpixel(spot)
    return (value[0], value[1], value[2]) if isinstance(value, tuple) else (0, 0, 0)


def glow(canvas: Image.Image, centre: Point, radius: float, colour: RGB, strength: float) -> None:
    """A soft round light of `radius` px on `canvas`; `strength` 0..1 in its middle."""
    side = max(2, round(radius * 2))
    mask = Image.radial_gradient("L").point(
        [round(max(0.0, 1 - i / 181) ** 2 * 255 * strength) for i in range(256)]
    )
    # radial_gradient is 0 in the middle and 181 at the middle of an edge
    mask = mask.resize((side, side), Image.Resampling.BILINEAR)
    canvas.paste(colour, (round(centre[0] - side / 2), round(centre[1] - side / 2)), mask)


def soft_paste(canvas: Image.Image, colour: RGB, mask: Image.Image, blur: float = 0.0) -> None:
    """Paint `colour` through a small mask that is blurred (px of the mask) and scaled up."""
    if blur:
        mask = mask.filter(ImageFilter.GaussianBlur(blur))
    if mask.size != canvas.size:
        mask = mask.resize(canvas.size, Image.Resampling.BILINEAR)
    canvas.paste(colour, (0, 0), mask)


def smooth(points: Sequence[Point], closed: bool = True, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through `points`."""
    count = len(points)
    if count < 3:
        return list(points)
    out: list[Point] = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        else:
            p0, p1, p2, p3 = (points[min(count - 1, max(0, i + k))] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            out.append(
                (_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t))
            )
    if not closed:
        out.append(points[-1])
    return out


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t**3
    )


class Pen:
    """Draws in the coordinates of one thing: (0, 0) at its foot, y upwards, 1 = its height.

    `tone` turns a thing's own colour into that colour in the light of the scene; `outline` is
    the width of contours in px, 0 for none.
    """

    def __init__(
        self,
        canvas: Image.Image,
        x: float,
        y: float,
        scale: float,
        *,
        flip: bool = False,
        tone: Callable[[RGB], RGB] = lambda colour: colour,
        outline: int = 0,
        tilt: float = 0.0,
    ) -> None:
        self.canvas = canvas
        self.draw = ImageDraw.Draw(canvas)
        self.x, self.y, self.scale = x, y, scale
        self.flip = flip
        self.tone = tone
        self.outline = outline
        self.tilt = tilt  # degrees, anticlockwise, about the foot

    def sub(
        self, x: float, y: float, scale: float, *, tilt: float = 0.0, flip: bool = False
    ) -> Pen:
        """A pen for a part that stands at (x, y) and is `scale` times this thing's height."""
        px, py = self.at((x, y))
        return Pen(
            self.canvas, px, py, self.scale * scale, flip=self.flip != flip, tone=self.tone,
            outline=self.outline, tilt=self.tilt + tilt,
        )  # fmt: skip

    def at(self, point: Point) -> Point:
        """Canvas px of a point of the thing."""
        dx, dy = point
        if self.tilt:
            turn = math.radians(self.tilt)
            dx, dy = (
                dx * math.cos(turn) - dy * math.sin(turn),
                dx * math.sin(turn) + dy * math.cos(turn),
            )
        if self.flip:
            dx = -dx
        return self.x + dx * self.scale, self.y - dy * self.scale

    def poly(self, points: Sequence[Point], fill: RGB) -> None:
        """A polygon with corners."""
        spots = [self.at(p) for p in points]
        self.draw.polygon(spots, fill=self.tone(fill))
        if self.outline:
            self.draw.line(
                [*spots, spots[0], spots[1]],
                fill=self._ink(fill),
                width=self.outline,
                joint="curve",
            )

    def blob(self, points: Sequence[Point], fill: RGB) -> None:
        """A closed smooth shape through the points."""
        self.poly(smooth(points), fill)

    def disc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float | None = None,
        *,
        fill: RGB,
        angle: float = 0.0,
    ) -> None:
        """An ellipse about (x, y), its axes turned by `angle` degrees."""
        ry = rx if ry is None else ry
        turn = math.radians(angle)
        cos, sin = math.cos(turn), math.sin(turn)
        count = 40 if max(rx, ry) * self.scale > 12 else 16
        points = []
        for i in range(count):
            a = 2 * math.pi * i / count
            dx, dy = rx * math.cos(a), ry * math.sin(a)
            points.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
        self.poly(points, fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: RGB) -> None:
        """A rectangle."""
        self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], fill)

    def limb(self, points: Sequence[Point], width: float, end: float, fill: RGB) -> None:
        """A rounded stroke through the points whose thickness runs from `width` to `end`."""
        path = smooth(points, closed=False) if len(points) > 2 else list(points)
        if len(path) == 2:
            path = [
                path[0],
                ((path[0][0] + path[1][0]) / 2, (path[0][1] + path[1][1]) / 2),
                path[1],
            ]
        left: list[Point] = []
        right: list[Point] = []
        last = len(path) - 1
        for i, (px, py) in enumerate(path):
            ax, ay = path[max(0, i - 1)]
            bx, by = path[min(last, i + 1)]
            length = math.hypot(bx - ax, by - ay) or 1.0
            half = (width + (end - width) * i / last) / 2
            nx, ny = -(by - ay) / length * half, (bx - ax) / length * half
            left.append((px + nx, py + ny))
            right.append((px - nx, py - ny))
        cap_a = _cap(path[0], path[1], width / 2)
        cap_b = _cap(path[-1], path[-2], end / 2)
        self.poly([*left, *cap_b, *reversed(right), *cap_a], fill)

    def line(self, points: Sequence[Point], width: float, fill: RGB) -> None:
        """A stroke of even width (in heights of the thing), at least 1 px."""
        self.draw.line(
            [self.at(p) for p in points], fill=self.tone(fill),
            width=max(1, round(width * self.scale)), joint="curve",
        )  # fmt: skip

    def _ink(self, fill: RGB) -> RGB:
        tone = self.tone(fill)
        ink = darker(tone, 0.62)
        return ink if sum(ink) + 60 < sum(tone) or sum(tone) > 150 else lighter(tone, 0.4)


def _cap(tip: Point, inner: Point, radius: float) -> list[Point]:
    """Half a circle round the end of a stroke, in the order that closes its outline."""
    angle = math.atan2(tip[1] - inner[1], tip[0] - inner[0])
    return [
        (tip[0] + radius * math.cos(angle + a), tip[1] + radius * math.sin(angle + a))
        for a in (math.pi / 3, math.pi / 6, 0.0, -math.pi / 6, -math.pi / 3)
    ]
