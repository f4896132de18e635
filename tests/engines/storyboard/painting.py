"""Paints for the tests, and measures what came out."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageStat

from s2i.engines.base import PaintRequest, PaintResult
from s2i.engines.storyboard.engine import StoryboardEngine
from s2i.events import EventType


@dataclass
class Listener:
    """Keeps what a stage emits; `then` is called after each event."""

    events: list[tuple[EventType, dict[str, Any]]] = field(default_factory=list)
    then: Callable[[int], None] = lambda count: None

    def __call__(self, kind: EventType, **data: Any) -> None:
        self.events.append((kind, data))
        self.then(len(self.events))

    def of(self, kind: EventType) -> list[dict[str, Any]]:
        return [data for seen, data in self.events if seen is kind]


def request(prompt: str, **more: Any) -> PaintRequest:
    return PaintRequest(**{"prompt": prompt, "negative": None, "seed": 7, **more})


def run(
    asked: PaintRequest, listener: Listener | None = None, cancel: threading.Event | None = None
) -> PaintResult:
    engine = StoryboardEngine()
    return engine.paint(
        asked,
        engine.plan(asked),
        listener or Listener(),
        cancel or threading.Event(),
        lambda data: None,
    )


def paint(prompt: str, **more: Any) -> bytes:
    """The PNG of one picture, 256x256 unless told otherwise."""
    return run(request(prompt, **{"width": 256, "height": 256, **more})).images[0].png


def picture(prompt: str, **more: Any) -> Image.Image:
    image = Image.open(io.BytesIO(paint(prompt, **more)))
    image.load()
    return image


def panel(image: Image.Image) -> Image.Image:
    """The middle of the painted panel, without frame and caption."""
    width, height = image.size
    return image.crop(
        (round(width * 0.06), round(height * 0.06), round(width * 0.94), round(height * 0.8))
    )


def brightness(image: Image.Image) -> float:
    """Mean, 0..255."""
    return ImageStat.Stat(image.convert("L")).mean[0]


def share(image: Image.Image, test: Callable[[int, int, int], bool]) -> float:
    """The share of pixels that `test` accepts, 0..1."""
    raw = image.convert("RGB").tobytes()
    pixels = zip(raw[::3], raw[1::3], raw[2::3], strict=True)
    return sum(test(*pixel) for pixel in pixels) / (len(raw) // 3)
