"""Where things stand: the panel and its caption in the picture, the horizon, the subjects. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from s2i.engines.storyboard.scene import Scene, Subject

MAX_WORK_PIXELS = 4_000_000  # of the canvas that the panel is painted on; keeps 1024x1024 quick
MAX_THINGS = 14  # painted at most, riders and held things included

FAR = 0.15  # a distance beyond which fog lies before a thing

_WATERS = ("sea", "beach", "lake", "river")


@dataclass(frozen=True)
class Panel:
    """A picture's parts in px: the framed panel on the paper, and the canvas it is painted on."""

    width: int
    height: int
    left: int
    top: int
    panel_width: int
    panel_height: int
    work_width: int
    work_height: int


def panel_of(width: int, height: int, caption_height: int) -> Panel:
    """The panel of a picture of `width` x `height` px with a caption strip below it."""
    margin = margin_of(width, height)
    panel_width = max(8, width - 2 * margin)
    panel_height = max(8, height - margin - caption_height)
    factor = min(3.0, math.sqrt(MAX_WORK_PIXELS / (panel_width * panel_height)))
    if factor >= 1:
        factor = math.floor(factor)  # a whole factor scales down quicker and evenly
        factor = min(factor, 2) if min(width, height) > 320 else factor
    return Panel(
        width, height, margin, margin, panel_width, panel_height,
        max(8, round(panel_width * factor)), max(8, round(panel_height * factor)),
    )  # fmt: skip


def margin_of(width: int, height: int) -> int:
    """The paper round the panel, in px."""
    return max(2, round(min(width, height) * 0.028))


@dataclass(frozen=True)
class Ground:
    """The painted canvas: its size, its unit (the shorter side) and the horizon's y. In px."""

    width: int
    height: int
    unit: float
    horizon: float
    bend: float = 0.0  # of a river, -1..1

    def stream(self, nearness: float) -> float:
        """The x of a river's middle, from 0 at the horizon to 1 at the front."""
        swing = math.sin(nearness * 4.2) * (1 - 0.4 * nearness)
        return self.width / 2 + self.bend * self.unit * 0.2 * (swing - 0.4)


def ground_of(scene: Scene, width: int, height: int, rng: random.Random) -> Ground:
    """The canvas of `scene` with a horizon that varies a little with the seed."""
    unit = float(min(width, height * 1.15))
    share = {"room": 0.70, "sea": 0.56, "beach": 0.52, "underwater": 0.84, "cave": 0.74,
             "moon": 0.66, "space": 0.98, "cloudtops": 0.80}.get(scene.ground, 0.60)  # fmt: skip
    if height > 1.7 * width and share < 0.8:
        share += 0.1
    horizon = height * (share + rng.uniform(-0.025, 0.025))
    return Ground(width, height, unit, horizon, rng.choice((-1.0, 1.0)) * rng.uniform(0.6, 1.0))


@dataclass(frozen=True)
class Spot:
    """One thing to paint: its subject, its foot (px), its height (px) and how it is turned."""

    index: int
    x: float
    y: float
    size: float
    flip: bool = False
    tilt: float = 0.0
    distance: float = 0.0
    floating: bool = False


def place(
    scene: Scene, ground: Ground, aspects: Mapping[str, float], rng: random.Random
) -> tuple[Spot, ...]:
    """A spot for each thing of `scene`, the far ones first. `aspects`: shape → width / height.

    Riders and held things get none: they go with what carries them.
    """
    bands: dict[str, list[int]] = {}
    carried = {i for i, s in enumerate(scene.subjects) if s.on is not None or s.held_by is not None}
    room_left = MAX_THINGS
    for index, subject in enumerate(scene.subjects):
        if index in carried:
            continue
        count = min(subject.count, room_left)
        room_left -= count
        bands.setdefault(band_of(scene, subject), []).extend([index] * count)
    rows = _Rows(scene, ground, aspects, rng, "far" in bands and len(bands) > 1)
    spots: list[Spot] = []
    for band, indices in bands.items():
        mixed = rng.sample(indices, len(indices)) if len(set(indices)) > 1 else indices
        spots += rows.row(band, mixed)
    return tuple(sorted(spots, key=lambda s: (s.distance <= FAR, not s.floating, s.y)))


TABLE_SHAPES = frozenset(
    {"book", "cup", "candle", "clock", "cake", "apple", "gift", "key", "heart", "flower", "lantern",
     "pumpkin", "mushroom", "ball"}
)  # fmt: skip
"""Things that stand on the table where the scene is a room."""


def band_of(scene: Scene, subject: Subject) -> str:
    """Where in this scene the subject belongs: ground, far, sky, hover, water or table."""
    band, pose = subject.place, subject.pose
    if scene.ground == "space":
        band = "hover"
    elif scene.ground == "underwater":
        band = "ground" if band in ("ground", "far") and pose != "swim" else "hover"
    elif scene.ground == "cloudtops":
        band = "sky" if band == "sky" or pose == "fly" else "far" if band == "far" else "hover"
    elif scene.ground == "room":
        band = "table" if subject.shape in TABLE_SHAPES else band
        band = "ground" if band in ("far", "water") else band
    elif band == "water" or (pose == "swim" and band == "ground"):
        band = "water" if scene.ground in _WATERS else "ground"
    elif pose == "fly" and band in ("ground", "hover"):
        band = "sky"
    elif pose in ("sit", "sleep") and band == "sky":
        band = "ground"
    return band


_GROUND_DEPTHS = {"room": 0.20, "beach": 0.36, "lake": 0.33, "river": 0.33, "sea": 0.22,
               "underwater": 0.08, "cave": 0.15}  # fmt: skip
_WATER_DEPTHS = {"sea": 0.17, "beach": 0.10, "lake": 0.15, "river": 0.33}
_CRAMPED = {"far": 0.72, "sky": 0.78}
_BAND_SCALE = {"water": 0.95, "table": 0.92}


class _Rows:
    """Puts things side by side in their bands. `crowded`: far things share the picture."""

    def __init__(
        self, scene: Scene, ground: Ground, aspects: Mapping[str, float], rng: random.Random,
        crowded: bool,
    ) -> None:  # fmt: skip
        self.scene, self.ground, self.aspects, self.rng = scene, ground, aspects, rng
        self.crowded = crowded
        self.side = rng.choice((-1, 1))  # where the far things stand; what flies keeps off

    def row(self, band: str, indices: list[int]) -> list[Spot]:
        """`indices` side by side in one band."""
        rng, ground, unit = self.rng, self.ground, self.ground.unit
        count = len(indices)
        centre, slot = self._slots(band, count)
        flip = rng.random() < 0.5
        spots: list[Spot] = []
        for number, index in enumerate(indices):
            subject = self.scene.subjects[index]
            aspect = self.aspects.get(subject.shape, 1.0)
            size = self._size(band, subject, aspect, count, slot)
            x = centre + (number - (count - 1) / 2) * slot
            if count > 1:
                x += rng.uniform(-0.1, 0.1) * slot
            x = min(ground.width - size * aspect * 0.45, max(size * aspect * 0.45, x))
            y, distance = self._foot(band, size, number, count)
            turned = flip if count == 1 or rng.random() < 0.75 else not flip
            tilt = rng.uniform(-14, 14) if self.scene.ground == "space" else 0.0
            if band == "water" and self.scene.ground == "river" and count == 1:
                x = ground.stream((y - ground.horizon) / (unit * 0.65))
                size = min(size, 0.36 * unit / aspect)
            floats = band in ("sky", "hover")
            spots.append(Spot(index, x, y, size, turned, tilt, distance, floats))
        return spots

    def _slots(self, band: str, count: int) -> tuple[float, float]:
        """(the row's middle, the width of each place), px."""
        rng, wide, unit = self.rng, self.ground.width, self.ground.unit
        span = min(wide * 0.94, unit * (1.15 + 0.22 * count))
        centre = wide / 2
        if count == 1:
            centre += rng.uniform(-0.11, 0.11) * min(wide, unit * 1.6)
        elif wide > span:
            centre += rng.uniform(-0.3, 0.3) * (wide - span)
        if self.crowded and count == 1 and band in ("far", "sky"):
            away = self.side if band == "far" else -self.side
            centre = wide / 2 + away * min(wide, unit * 1.6) * 0.22
        if self.crowded and count > 1 and band == "far":
            centre, span = wide / 2, wide * 0.9
        return centre, span / count

    def _size(
        self, band: str, subject: Subject, aspect: float, count: int, slot: float
    ) -> float:  # fmt: skip
        ground = self.ground
        scale = _CRAMPED.get(band, 1.0) if self.crowded else 1.0
        scale *= _BAND_SCALE.get(band, 1.0)
        if count > (2 if band == "far" else 4):
            scale *= 0.82
        reach = slot * (0.86 if count == 1 else 0.95 if count == 2 else 1.19)
        tallest = ground.horizon + ground.unit * 0.1 if band == "far" else ground.height * 0.8
        size = min(subject.size * ground.unit * scale, reach / aspect, tallest)
        return size * self.rng.uniform(0.93, 1.04)

    def _foot(self, band: str, size: float, number: int, count: int) -> tuple[float, float]:
        """(y of the foot in px, distance 0..1)."""
        rng, unit = self.rng, self.ground.unit
        height, horizon = self.ground.height, self.ground.horizon
        stagger = (number % 2) * 0.07 if count > 2 else rng.uniform(-0.01, 0.01)
        distance, top, bottom = 0.0, height * 0.04 + size, height * 0.945
        if band == "sky":
            middle = horizon * (0.34 if self.crowded else 0.44)
            middle += rng.uniform(-0.16, 0.16) * min(horizon, unit) * (count > 1)
            y, bottom, distance = middle + size / 2, horizon * 1.02, 0.1
        elif band == "hover":
            middle = height * rng.uniform(0.45, 0.55)
            y = middle + rng.uniform(-0.18, 0.18) * unit * (count > 1) + size / 2
        elif band == "far":
            y = horizon + unit * ((0.05 if self.crowded else 0.15) + stagger * 0.5)
            top, distance = height * 0.03 + size * 1.08, 0.25 if self.crowded else 0.05
        elif band == "water":
            y = horizon + unit * (_WATER_DEPTHS[self.scene.ground] + stagger * 0.6)
            top, distance = 0.0, 0.05
        elif band == "table":
            y, top = horizon + unit * 0.155, 0.0
        else:
            y = horizon + unit * (_GROUND_DEPTHS.get(self.scene.ground, 0.27) + stagger)
            top = 0.0
        return min(bottom, max(top, y)), distance
