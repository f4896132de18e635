"""Cancelling takes back our own prompt and nobody else's; recovering fetches what was left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from s2i.engines.base import PaintResult
from s2i.engines.comfyui.engine import ComfyUIEngine
from s2i.errors import Cancelled, EngineUnavailable
from s2i.events import EventType
from tests.fakes.comfyui import Script

from .conftest import WORKFLOWS, Job, Rig


def cancelled(job: Job, thread: threading.Thread) -> None:
    job.cancel.set()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(job.error, Cancelled), job.error


@pytest.mark.parametrize("old_server", [False, True])
def test_while_it_runs(rig: Callable[..., Rig], old_server: bool) -> None:
    one = rig(Script(step_seconds=0.05, ignores_interrupt_id=old_server))
    job = one.job(steps=100)
    thread = job.start()
    one.fake.wait_for(lambda: len(job.of(EventType.GENERATE_PROGRESS)) > 4)
    other = one.fake.queue_foreign(steps=1)
    cancelled(job, thread)
    one.fake.wait_for(lambda: other.prompt_id in one.fake.history)
    ours = one.fake.prompts()[0]["prompt_id"]
    assert one.fake.history[ours]["status"]["messages"][-1][0] == "execution_interrupted"
    assert one.fake.history[other.prompt_id]["status"]["status_str"] == "success"
    bodies = [r.body for r in one.fake.requests if r.path == "/interrupt"]
    assert bodies == [{"prompt_id": ours}]


@pytest.mark.parametrize("old_server", [False, True])
def test_while_it_waits(rig: Callable[..., Rig], old_server: bool) -> None:
    one = rig(Script(step_seconds=0.05, ignores_interrupt_id=old_server))
    other = one.fake.queue_foreign(steps=20)
    job = one.job()
    thread = job.start()
    one.fake.wait_for(lambda: one.fake.pending)
    cancelled(job, thread)
    assert not one.fake.pending
    assert one.fake.posts("/interrupt") == 0
    one.fake.wait_for(lambda: other.prompt_id in one.fake.history)
    assert one.fake.history[other.prompt_id]["status"]["status_str"] == "success"


def test_before_anything_was_sent(rig: Callable[..., Rig]) -> None:
    one = rig()
    job = one.job()
    job.cancel.set()
    with pytest.raises(Cancelled):
        job.paint()
    assert one.fake.posts("/prompt") == 0


def test_between_remembering_and_sending(rig: Callable[..., Rig]) -> None:
    one = rig()
    job = one.job()
    plan = job.engine.plan(job.request)

    def remember(_: dict[str, Any]) -> None:
        job.cancel.set()

    with pytest.raises(Cancelled):
        job.engine.paint(job.request, plan, job.emit, job.cancel, remember)
    assert one.fake.posts("/prompt") == 0


def test_while_the_answer_to_our_post_is_on_its_way(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    job = one.job(steps=100)
    one.fake.script.cut_answers = {"POST /prompt": 1}
    one.fake.on("queued", lambda *_: job.cancel.set())
    thread = job.start()
    thread.join(10)
    assert isinstance(job.error, Cancelled)
    one.fake.wait_for(lambda: one.fake.running is None and not one.fake.pending)
    assert not any(e["status"]["status_str"] == "success" for e in one.fake.history.values())


def test_a_server_that_hangs_does_not_hold_us(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    job = one.job(steps=100)
    thread = job.start()
    one.fake.wait_for(lambda: job.of(EventType.GENERATE_PROGRESS))
    one.fake.script.stall = True
    began = time.monotonic()
    cancelled(job, thread)
    assert time.monotonic() - began < 8  # against hanging; 10 s is an HTTP time-out of ours


def test_a_node_that_takes_long_to_notice(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05, interrupt_seconds=1.5))
    job = one.job(steps=100)
    thread = job.start()
    one.fake.wait_for(lambda: job.of(EventType.GENERATE_PROGRESS))
    cancelled(job, thread)
    one.fake.wait_for(lambda: one.fake.running is None)
    assert one.fake.posts("/interrupt") == 1


def test_ctrl_c_in_the_thread_that_paints(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    job = one.job(steps=100)
    plan = job.engine.plan(job.request)

    def emit(kind: EventType, **data: Any) -> None:
        if data.get("max") == 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.engine.paint(job.request, plan, emit, job.cancel, lambda _: None)
    one.fake.wait_for(lambda: one.fake.running is None)
    assert one.fake.posts("/interrupt") == 1


# recovering


def left_behind(one: Rig, **request: Any) -> tuple[dict[str, Any], ComfyUIEngine]:
    """What a process remembered that was killed right after its POST."""
    job = one.job(**request)
    plan = job.engine.plan(job.request)

    class Killed(BaseException):
        pass

    def emit(*_: Any, **__: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        job.engine.paint(job.request, plan, emit, job.cancel, job.remembered.append)
    job.engine.close()
    return job.remembered[-1], one.engine()


def recover(engine: ComfyUIEngine, remembered: dict[str, Any]) -> PaintResult | None:
    return engine.recover(remembered, threading.Event())


def test_a_finished_picture_is_fetched(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.02))
    remembered, engine = left_behind(one, seed=77, count=2)
    one.fake.wait_for(lambda: one.fake.history)
    result = recover(engine, remembered)
    assert result is not None
    assert [image.seed for image in result.images] == [77, 77]
    assert one.fake.posts("/prompt") == 1


def test_one_that_still_runs_is_left_for_later(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    remembered, engine = left_behind(one, steps=60)
    with pytest.raises(EngineUnavailable) as caught:
        recover(engine, remembered)
    assert caught.value.code == "comfyui-still-running"


def test_what_is_gone_is_gone(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.02))
    remembered, engine = left_behind(one)
    one.fake.wait_for(lambda: one.fake.history)
    one.fake.delete_files()
    assert recover(engine, remembered) is None
    one.fake.restart()
    assert recover(engine, remembered) is None
    for odd in ({}, {"prompts": 5}, {"prompts": [5, {"prompt_id": 3}]}):
        assert recover(engine, {"server": remembered["server"], **odd}) is None


def test_a_failed_one_is_gone_too(rig: Callable[..., Rig]) -> None:
    one = rig(Script(errors={"VAEDecode": ("X", "no")}, step_seconds=0))
    remembered, engine = left_behind(one)
    one.fake.wait_for(lambda: one.fake.history)
    assert recover(engine, remembered) is None


def test_the_server_is_down_or_another(rig: Callable[..., Rig]) -> None:
    one = rig()
    remembered, engine = left_behind(one)
    one.fake.kill()
    with pytest.raises(EngineUnavailable):
        recover(engine, remembered)
    one.fake.start()
    other = ComfyUIEngine(rig().fake.url, None, WORKFLOWS)
    with pytest.raises(EngineUnavailable) as caught:
        recover(other, remembered)
    assert remembered["server"] in caught.value.hint
