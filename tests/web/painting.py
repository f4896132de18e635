"""A server whose jobs are painted, and refined, as a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from s2i.desk import Desk
from s2i.engines.registry import Choice
from s2i.errors import Cancelled, S2IError
from s2i.events import EventType, StageEmit
from tests.fakes.engine import ScriptedEngine
from tests.web.client import Answer, Events
from tests.web.conftest import Running

PATIENCE = 20.0  # s; a guard against hanging


class Gate:
    """Holds whoever paints until it is opened, or the job is cancelled."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._came = threading.Semaphore(0)

    def __call__(self, cancel: threading.Event) -> None:
        self._came.release()
        while not self._open.wait(0.005):
            if cancel.is_set():
                raise Cancelled

    def wait_for(self, painters: int = 1) -> None:
        for _ in range(painters):
            assert self._came.acquire(timeout=PATIENCE), "nobody came"

    def open(self) -> None:
        self._open.set()


@dataclass
class FakeRefiner:
    """Refines by adding words, one event each, and waits at the gate before the last."""

    name: str = "fake"
    gate: Callable[[threading.Event], None] = lambda cancel: None
    fails: S2IError | None = None
    ideas: list[str] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=lambda: {"fake": "f" * 64})

    def tool(self) -> FakeRefiner:
        return self

    def refine(self, idea: str, *, seed: int, emit: StageEmit, cancel: threading.Event) -> Any:
        self.ideas.append(idea)
        if self.fails is not None:
            raise self.fails
        emit(EventType.REFINE_START, model=self.name, seed=seed)
        emit(EventType.REFINE_DELTA, text=f"{idea}, ")
        emit(EventType.REFINE_DELTA, text="vivid")
        self.gate(cancel)
        prompt = f"{idea}, vivid, detailed"
        emit(EventType.REFINE_END, prompt=prompt, source="model", seconds=0.0, warnings=[])
        return SimpleNamespace(
            prompt=prompt, source="model", model=self.name, template_version="1", seed=seed,
            warnings=(),
        )  # fmt: skip


def repaint(web: Running, engine: ScriptedEngine, refiner: Any = None, **more: Any) -> None:
    """Have the server's jobs painted by `engine`, and refined by `refiner` where one is given."""
    parts = web.services
    parts.desk.close()
    parts.desk = Desk(
        lambda: parts.settings,
        emit=web.hub,
        announce=web.hub.announce,
        refiner=refiner or parts.refiner,
        live=web.live.of,
        choose=lambda settings: Choice(engine, "Scripted."),
        make=lambda name, settings: engine,
        **more,
    )


def ask(web: Running, text: str = "fox", **more: Any) -> dict[str, Any]:
    """Post a job; its JSON."""
    answer = web.client.post("/api/jobs", {"text": text, **more})
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.json
    return found


def get(web: Running, job: str) -> dict[str, Any]:
    answer = web.client.get(f"/api/jobs/{job}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def delete(web: Running, job: str) -> Answer:
    return web.client.ask("DELETE", f"/api/jobs/{job}")


def until(events: Events, name: str, job: str | None = None) -> list[tuple[str, Any]]:
    """Events up to the first `name` of `job`: (name, data)."""
    seen = []
    while True:
        _, kind, told = events.next()
        seen.append((kind, told["data"]))
        if kind == name and job in {None, told["job"]}:
            return seen


def painted(web: Running, text: str = "fox", **more: Any) -> dict[str, Any]:
    """Ask for a picture and wait until it is there; the job."""
    with web.client.events() as events:
        job = ask(web, text, **more)["id"]
        until(events, "job-end", job)
    return get(web, job)
