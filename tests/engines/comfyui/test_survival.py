"""All that a client must survive: the picture comes, or it is said why not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2i.errors import EngineUnavailable, GenerateError
from s2i.events import EventType
from tests.fakes.comfyui import FakeComfyUI, Script

from .conftest import QUICK, Rig
from .test_engine import changed, save


def drop(fake: FakeComfyUI, _: Any) -> None:
    fake.drop_sockets()


def test_history_later_than_success(rig: Callable[..., Rig]) -> None:
    one = rig(Script(history_delay=0.2, step_seconds=0))
    assert one.job().paint().images
    assert sum(r.path.startswith("/history") for r in one.fake.requests) == 1


@pytest.mark.parametrize(
    "moment", ["queued", "start", "node:KSampler", "step:2", "success", "done"]
)
def test_a_dropped_socket_at_every_moment(rig: Callable[..., Rig], moment: str) -> None:
    one = rig(Script(step_seconds=0.03))
    one.fake.on(moment, drop)
    job = one.job(steps=8)
    result = job.paint()
    assert len(result.images) == 1
    assert not result.warnings
    assert one.fake.posts("/prompt") == 1


def test_reconnecting_brings_progress_and_previews_back(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    one.fake.on("step:2", drop)
    job = one.job(steps=16)
    job.paint()
    first, second, *_ = one.fake.clients
    assert first.sid == second.sid
    assert b"feature_flags" in second.got[0][1]
    assert second.flagged
    values = [d["value"] for d in job.of(EventType.GENERATE_PROGRESS) if d["max"] == 16]
    assert values[-1] == 16
    assert len(job.of(EventType.GENERATE_PREVIEW)) > 4


def test_a_flapping_socket(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    for step in (1, 3, 5, 7, 9):
        one.fake.on(f"step:{step}", drop)
    assert one.job(steps=12).paint().images
    assert one.fake.posts("/prompt") == 1


@pytest.mark.parametrize("pong", [True, False])
def test_a_silent_socket(rig: Callable[..., Rig], pong: bool) -> None:
    one = rig(Script(step_seconds=0.05, pong=pong))
    one.fake.on("step:2", lambda fake, _: fake.mute_sockets())
    job = one.job(steps=20)
    assert job.paint().images
    assert any(opcode == 9 for opcode, _ in one.fake.clients[0].got)


def test_a_job_may_take_longer_than_every_time_out(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=1.5, previews=False))
    job = one.job(one.engine(timing=replace(QUICK, silent=0.1, patience=0.5)), steps=2)
    assert job.paint().images


def test_no_final_message(rig: Callable[..., Rig]) -> None:
    one = rig(Script(no_final_executing=True, step_seconds=0))
    assert one.job().paint().images


def test_no_websocket_at_all(rig: Callable[..., Rig]) -> None:
    one = rig(Script(refuse_websocket=403, step_seconds=0.01))
    job = one.job()
    result = job.paint()
    assert result.images
    assert "HTTP 403" in result.warnings[0]
    assert {"position": 0} in job.of(EventType.GENERATE_QUEUED)


def test_the_same_again_comes_from_the_cache(rig: Callable[..., Rig]) -> None:
    one = rig()
    engine = one.engine()
    first = one.job(engine).paint()
    second = one.job(engine).paint()
    assert first.images == second.images
    assert not second.warnings


@pytest.mark.parametrize("output", ["SaveImage", "PreviewImage"])
def test_a_deleted_file_behind_a_cached_run(
    rig: Callable[..., Rig], tmp_path: Path, output: str
) -> None:
    one = rig()
    graph = changed()
    graph["9"]["class_type"] = output
    if output == "PreviewImage":
        del graph["9"]["inputs"]["filename_prefix"]
    workflow = save(tmp_path, graph)
    engine = one.engine()
    assert one.job(engine, workflow=workflow).paint().images
    one.fake.delete_files()
    job = one.job(engine, workflow=workflow)
    result = job.paint()
    assert len(result.images) == 1
    assert "made again" in result.warnings[0]
    assert one.fake.posts("/prompt") == 3
    ids = [body["prompt_id"] for body in one.fake.prompts()]
    assert len(set(ids)) == 3
    assert job.remembered[-1]["prompt_id"] == ids[-1]
    sampler = [body["prompt"]["3"] for body in one.fake.prompts()]
    assert sampler[0] == sampler[2]


def test_a_file_that_is_always_gone_is_said(rig: Callable[..., Rig]) -> None:
    one = rig()
    for _ in range(9):
        one.fake.on("done", lambda fake, _: fake.delete_files())
    with pytest.raises(GenerateError) as caught:
        one.job().paint()
    assert caught.value.code == "comfyui-picture-gone"


def test_half_a_png_is_fetched_again(rig: Callable[..., Rig]) -> None:
    one = rig(Script(half_pictures=2, step_seconds=0))
    assert one.job().paint().images[0].png.endswith(b"IEND\xaeB`\x82")
    one.fake.script.half_pictures = 99
    with pytest.raises(GenerateError) as caught:
        one.job(seed=5).paint()
    assert caught.value.code == "comfyui-half-picture"


@pytest.mark.parametrize("moment", ["queued", "step:2", "success"])
def test_a_restarted_server_gets_the_job_again(rig: Callable[..., Rig], moment: str) -> None:
    one = rig(Script(step_seconds=0.03))
    one.fake.on(moment, lambda fake, _: fake.restart_soon(0.4))
    job = one.job(steps=8)
    result = job.paint()
    assert len(result.images) == 1
    assert "restarted" in result.warnings[0]
    assert one.fake.posts("/prompt") == 2
    assert len({body["prompt_id"] for body in one.fake.prompts()}) == 2
    assert len({entry["prompt_id"] for entry in job.remembered}) == 2


def test_a_restart_without_a_websocket(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.03, refuse_websocket=403))
    one.fake.on("step:2", lambda fake, _: fake.restart_soon(0.5))
    result = one.job(steps=8).paint()
    assert len(result.images) == 1
    assert any("restarted" in warning for warning in result.warnings)


def test_a_server_that_dies_again_and_again(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.03))
    for _ in range(9):
        one.fake.on("step:2", lambda fake, _: fake.restart_soon())
    with pytest.raises(GenerateError) as caught:
        one.job(steps=8).paint()
    assert caught.value.code == "comfyui-lost-job"
    assert caught.value.retryable
    assert one.fake.posts("/prompt") == 3


def test_a_restart_while_it_downloads(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0))
    one.fake.script.cut_answers = {"GET /view": 2}
    assert one.job().paint().images
    one.fake.script.failures = {"GET /view": [502, 503, 500]}
    assert one.job(seed=9).paint().images
    assert one.fake.posts("/prompt") == 2


def test_a_server_that_stays_away(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.03))
    one.fake.on("step:2", lambda fake, _: fake.later(0, fake.kill))
    job = one.job(one.engine(timing=replace(QUICK, patience=0.5)), steps=8)
    with pytest.raises(EngineUnavailable) as caught:
        job.paint()
    assert caught.value.code == "comfyui-gone"
    assert caught.value.retryable
    one.fake.start()


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_busy_server(rig: Callable[..., Rig], status: int) -> None:
    one = rig(Script(step_seconds=0))
    history = "GET /history/"
    one.fake.script.failures = {"POST /prompt": [status]}
    one.fake.on(
        "queued",
        lambda fake, job: fake.script.failures.update({f"{history}{job.prompt_id}": [status] * 3}),
    )
    assert one.job().paint().images
    assert len(one.fake.order) == 1


def test_an_answer_lost_after_the_post(rig: Callable[..., Rig]) -> None:
    one = rig(Script(cut_answers={"POST /prompt": 1}, step_seconds=0.02))
    job = one.job(steps=10)
    assert job.paint().images
    assert len(one.fake.order) == 1
    assert one.fake.posts("/prompt") == 1


def test_stopped_by_somebody_else(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.02))
    one.fake.on("step:2", lambda fake, _: fake.interrupt.set())
    with pytest.raises(GenerateError) as caught:
        one.job(steps=8).paint()
    assert caught.value.code == "comfyui-interrupted"
    # and where only history tells
    one.fake.script.refuse_websocket = 403
    one.fake.on("step:2", lambda fake, _: fake.interrupt.set())
    with pytest.raises(GenerateError) as caught:
        one.job(steps=8).paint()
    assert caught.value.code == "comfyui-interrupted"


def test_an_error_that_only_history_tells(rig: Callable[..., Rig]) -> None:
    one = rig(Script(refuse_websocket=403, errors={"KSampler": ("X", "CUDA out of memory")}))
    with pytest.raises(GenerateError) as caught:
        one.job().paint()
    assert caught.value.code == "comfyui-out-of-memory"


def test_removed_from_the_queue_by_somebody_else(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    one.fake.queue_foreign(steps=30)
    one.fake.on("queued", lambda fake, _: fake.later(0.2, fake.pending.clear))
    with pytest.raises(GenerateError) as caught:
        one.job().paint()
    assert caught.value.code == "comfyui-removed-job"
    assert one.fake.posts("/prompt") == 1


def test_history_cleared_by_somebody_else(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0))
    one.fake.on("done", lambda fake, _: fake.history.clear())
    assert one.job().paint().images
    assert one.fake.posts("/prompt") == 1


def test_websocket_pictures_missed_are_made_again(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(Script(step_seconds=0.02))
    graph = changed(n9={"class_type": "SaveImageWebsocket", "inputs": {"images": ["8", 0]}})
    one.fake.on("step:4", drop)
    one.fake.on("node:SaveImageWebsocket", drop)
    result = one.job(workflow=save(tmp_path, graph), steps=4, count=2).paint()
    assert len(result.images) == 2


def test_several_servers_faults_do_not_leak_threads(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.02))
    one.fake.on("step:2", drop)
    one.job(steps=6).paint()
    names = [t.name for t in threading.enumerate() if t.name.startswith("comfyui")]
    assert names == []
