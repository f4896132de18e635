"""A scriptable, recording image engine: paints plain squares, fails or waits as it is told."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from s2i.engines.base import (
    Availability,
    Painted,
    PaintRequest,
    PaintResult,
    Plan,
    Remember,
)
from s2i.events import EventType, StageEmit


def square(width: int = 64, height: int = 64) -> bytes:
    """A valid PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class ScriptedEngine:
    """Does what `script` says while painting, and keeps what it was asked."""

    name: str = "scripted"
    placeholder: bool = False
    script: Callable[[threading.Event], None] = lambda cancel: None
    left_behind: PaintResult | Exception | None = None
    requests: list[PaintRequest] = field(default_factory=list)
    recovered: list[dict[str, Any]] = field(default_factory=list)

    def available(self) -> Availability:
        return Availability(True, "Scripted.")

    def plan(self, request: PaintRequest) -> Plan:
        return Plan(
            width=request.width or 64,
            height=request.height or 64,
            steps=request.steps,
            negative=request.negative or "",
            warnings=("planned",),
        )

    def paint(
        self,
        request: PaintRequest,
        plan: Plan,
        emit: StageEmit,
        cancel: threading.Event,
        remember: Remember,
    ) -> PaintResult:
        self.requests.append(request)
        remember({"ticket": request.seed})
        emit(EventType.GENERATE_PROGRESS, value=1, max=2, fraction=0.5, node="x", eta=None)
        emit(EventType.GENERATE_PREVIEW, mime="image/png", image=b"12345")
        self.script(cancel)
        images = tuple(
            Painted(square(plan.width, plan.height), request.seed + index)
            for index in range(request.count)
        )
        return PaintResult(images, queue_seconds=0.25, warnings=("painted",))

    def recover(self, remembered: dict[str, Any], cancel: threading.Event) -> PaintResult | None:
        self.recovered.append(remembered)
        if isinstance(self.left_behind, Exception):
            raise self.left_behind
        return self.left_behind
