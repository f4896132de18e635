"""The interface of an image engine. No engine knows another, nor who listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from s2i.events import StageEmit


@dataclass(frozen=True)
class PaintRequest:
    """What an engine is to paint; every value is already checked against s2i.job's limits.

    width, height (px) and steps are None where the engine or the workflow is to decide.
    seed is the first picture's; further pictures of a batch are the engine's business.
    workflow is a name below workflows/ or a path, and concerns ComfyUI alone; so does image, the
    path of a picture for workflows that begin with one.
    """

    prompt: str
    negative: str | None
    seed: int
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    count: int = 1
    workflow: str = "sd15"
    image: str | None = None


@dataclass(frozen=True)
class Plan:
    """What the engine will really do, settled before the job starts (defaults filled in).

    width and height (px) are 0 where only the finished picture tells.
    """

    width: int
    height: int
    steps: int | None
    negative: str
    workflow: str | None = None
    details: dict[str, Any] = field(default_factory=dict)  # engine's own; goes into provenance
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Painted:
    """One picture: the bytes of a PNG as the engine made it, chunks and all."""

    png: bytes
    seed: int


@dataclass(frozen=True)
class PaintResult:
    """All pictures of one job, in order. Seconds."""

    images: tuple[Painted, ...]
    queue_seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Availability:
    """Whether an engine can paint now; `reason` is one sentence for people in either case."""

    ready: bool
    reason: str
    details: dict[str, Any] = field(default_factory=dict)


Remember = Callable[[dict[str, Any]], None]
"""Puts plain JSON about the running job on disk, durably, before it returns."""


class Engine(Protocol):
    """An image engine."""

    name: str
    placeholder: bool  # True where what it paints only stands in for a real picture

    def available(self) -> Availability:
        """Whether it can paint, found out within 1 s. Never raises."""
        ...

    def plan(self, request: PaintRequest) -> Plan:
        """Check the request and fill in the defaults, before the job starts.

        Raises InputError (WorkflowError), EngineUnavailable, ModelMissing.
        """
        ...

    def paint(
        self,
        request: PaintRequest,
        plan: Plan,
        emit: StageEmit,
        cancel: threading.Event,
        remember: Remember,
    ) -> PaintResult:
        """Paint; blocks. Emits generate-queued, generate-progress and generate-preview.

        Raises GenerateError, EngineUnavailable, Cancelled (within about a second of `cancel`);
        ModelMissing or WorkflowError where only the server's own check finds what is wrong.
        """
        ...

    def recover(self, remembered: dict[str, Any], cancel: threading.Event) -> PaintResult | None:
        """The pictures of a job that an earlier process left behind, from what it remembered.

        None where they are gone for good. Raises EngineUnavailable where it can't be told yet
        (server down, job still running).
        """
        ...
