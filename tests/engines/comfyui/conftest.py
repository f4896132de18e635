"""Shared by the tests of the ComfyUI engine: short timings, a runner that records events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from s2i.engines.base import PaintRequest, PaintResult, Plan
from s2i.engines.comfyui.engine import ComfyUIEngine
from s2i.engines.comfyui.link import Timing
from s2i.events import EventType
from tests.fakes.comfyui import FakeComfyUI, Script

WORKFLOWS = Path(__file__).parents[3] / "workflows"
QUICK = Timing(tick=0.05, poll=0.1, silent=0.3, reconnect=0.05, patience=15.0, take_back=1.0)


@dataclass
class Job:
    """One run of the engine, and all that it told."""

    engine: ComfyUIEngine
    request: PaintRequest
    cancel: threading.Event = field(default_factory=threading.Event)
    events: list[tuple[EventType, dict[str, Any]]] = field(default_factory=list)
    remembered: list[dict[str, Any]] = field(default_factory=list)
    result: PaintResult | None = None
    error: BaseException | None = None

    def emit(self, kind: EventType, **data: Any) -> None:
        self.events.append((kind, data))

    def of(self, kind: EventType) -> list[dict[str, Any]]:
        """What events of one type said."""
        return [data for name, data in self.events if name is kind]

    def paint(self, plan: Plan | None = None) -> PaintResult:
        plan = plan or self.engine.plan(self.request)
        return self.engine.paint(self.request, plan, self.emit, self.cancel, self.remembered.append)

    def start(self) -> threading.Thread:
        """Paint in a thread; result or error is in this object afterwards."""

        def run() -> None:
            try:
                self.result = self.paint()
            except BaseException as error:  # noqa: BLE001  # the test looks at it
                self.error = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


@dataclass
class Rig:
    """A fake server and engines that talk to it."""

    fake: FakeComfyUI
    engines: list[ComfyUIEngine] = field(default_factory=list)

    def engine(
        self, url: str | None = None, token: str | None = None, **named: Any
    ) -> ComfyUIEngine:
        named.setdefault("timing", QUICK)
        engine = ComfyUIEngine(url or self.fake.url, token, WORKFLOWS, **named)
        self.engines.append(engine)
        return engine

    def job(self, engine: ComfyUIEngine | None = None, **request: Any) -> Job:
        request = {"prompt": "a red fox", "negative": None, "seed": 1, "steps": 4, **request}
        return Job(engine or self.engine(), PaintRequest(**request))


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    """Makes a rig with a fake of the given script; everything is stopped at the end."""
    rigs: list[Rig] = []

    def make(script: Script | None = None) -> Rig:
        fake = FakeComfyUI(script or Script(step_seconds=0.002))
        fake.start()
        rigs.append(Rig(fake))
        return rigs[-1]

    yield make
    for one in rigs:
        for engine in one.engines:
            engine.close()
        one.fake.__exit__()
