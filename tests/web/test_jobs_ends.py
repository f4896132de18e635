"""How jobs end over a real server: stopped, failed, deleted, cut off, taken up again."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from s2i import provenance
from s2i.errors import EngineUnavailable, GenerateError
from s2i.settings import Settings
from tests.fakes.comfyui import FakeComfyUI, Script
from tests.fakes.engine import ScriptedEngine
from tests.web.conftest import Running, Start
from tests.web.painting import (
    PATIENCE,
    FakeRefiner,
    Gate,
    ask,
    delete,
    get,
    painted,
    repaint,
    until,
)


@pytest.fixture
def engine(web: Running) -> ScriptedEngine:
    """What the server's jobs are painted with."""
    made = ScriptedEngine()
    repaint(web, made)
    return made


@pytest.mark.parametrize("stage", ["refine", "generate"])
def test_cancel_while_it_works(web: Running, stage: str):
    gate, engine, refiner = Gate(), ScriptedEngine(), FakeRefiner()
    if stage == "refine":
        refiner.gate = gate
    else:
        engine.script = gate
    repaint(web, engine, refiner)
    with web.client.events() as events:
        job = ask(web, refine=True)["id"]
        gate.wait_for()
        assert web.client.post(f"/api/jobs/{job}/cancel").status == 200
        assert until(events, "job-end", job)[-1][1] == {"state": "cancelled"}
    ended = get(web, job)
    assert (ended["state"], ended["stage"], ended["error"]["code"]) == (
        "cancelled", stage, "cancelled",
    )  # fmt: skip
    assert ended["images"] == []
    assert web.client.get("/api/jobs").json["total"] == 1
    again = web.client.post(f"/api/jobs/{job}/cancel")
    assert (again.status, again.json["state"]) == (200, "cancelled")
    assert not list(web.services.settings.output.rglob("*.png"))


def test_jobs_wait_their_turn_and_can_be_called_off_there(web: Running):
    gate, engine = Gate(), ScriptedEngine()
    engine.script = gate
    repaint(web, engine, workers=2)
    running = [ask(web, f"fox {n}") for n in range(2)]
    gate.wait_for(2)
    waiting = [ask(web, f"cat {n}") for n in range(3)]
    assert [job["live"]["ahead"] for job in waiting] == [2, 3, 4]
    assert [job["id"] for job in web.client.get("/api/status").json["jobs"]] == [
        job["id"] for job in (*running, *waiting)
    ]
    called_off = web.client.post(f"/api/jobs/{waiting[0]['id']}/cancel").json
    assert (called_off["state"], called_off["stage"]) == ("cancelled", None)
    assert get(web, waiting[1]["id"])["live"]["ahead"] == 2
    with web.client.events() as events:
        gate.open()
        until(events, "job-end", waiting[2]["id"])
    assert "cat 0" not in {asked.prompt for asked in engine.requests}
    listed = {job["id"] for job in web.client.get("/api/jobs").json["jobs"]}
    assert waiting[0]["id"] not in listed, "it never ran"
    assert listed == {job["id"] for job in (*running, *waiting[1:])}


def test_a_place_is_free_again_when_a_job_is_over(web: Running):
    gate, engine = Gate(), ScriptedEngine()
    engine.script = gate
    repaint(web, engine, workers=1, limit=2)
    first, second = ask(web), ask(web)
    refused = web.client.post("/api/jobs", {"text": "cat"})
    assert (refused.status, refused.code) == (503, "busy")
    assert web.client.get("/api/jobs").json["total"] == 2
    web.client.post(f"/api/jobs/{second['id']}/cancel")
    third = ask(web)
    gate.open()
    with web.client.events(f"/api/events?last={web.hub.boot}-0") as events:
        until(events, "job-end", third["id"])
    assert get(web, first["id"])["state"] == "done"


def test_a_failure_stays_in_the_list_with_its_way_out(web: Running, engine: ScriptedEngine):
    def fail(cancel: threading.Event) -> None:
        raise GenerateError("boom", "It broke.", hint="Mend it.", retryable=True)

    engine.script = fail
    job = painted(web)
    assert job["error"] == {
        "stage": "generate", "code": "boom", "message": "It broke.", "hint": "Mend it.",
        "retryable": True,
    }  # fmt: skip
    assert web.client.get("/api/jobs").json["jobs"] == [job]


def test_pages_of_the_list(web: Running, engine: ScriptedEngine):
    jobs = [painted(web, f"fox {n}")["id"] for n in range(5)][::-1]
    first = web.client.get("/api/jobs?limit=2").json
    assert ([job["id"] for job in first["jobs"]], first["more"], first["total"]) == (
        jobs[:2], True, 5,
    )  # fmt: skip
    second = web.client.get(f"/api/jobs?limit=3&before={jobs[1]}").json
    assert ([job["id"] for job in second["jobs"]], second["more"]) == (jobs[2:], False)
    delete(web, jobs[1])
    beside = web.client.get(f"/api/jobs?limit=1&before={jobs[1]}").json
    assert [job["id"] for job in beside["jobs"]] == [jobs[2]], "a deleted job still is a place"
    for bad in ("0", "201", "-1", "x", ""):
        assert web.client.get(f"/api/jobs?limit={bad}").status == 400
    assert web.client.get("/api/jobs?before=nonesuch").code == "no-such-job"


def test_delete_and_have_it_back(web: Running, engine: ScriptedEngine):
    job = painted(web)
    with web.client.events() as events:
        gone = delete(web, job["id"])
        assert (gone.status, gone.json) == (200, {"id": job["id"], "undo_seconds": 600})
        until(events, "job-deleted", job["id"])
        assert web.client.get("/api/jobs").json == {"jobs": [], "more": False, "total": 0}
        assert get(web, job["id"])["deleted"] is True
        back = web.client.post(f"/api/jobs/{job['id']}/restore")
        assert (back.status, back.json) == (200, job)
        assert until(events, "job-restored", job["id"])[-1][1] == job
    assert web.client.get("/api/jobs").json["jobs"] == [job]


def test_deleting_a_running_job_stops_it(web: Running):
    gate, engine = Gate(), ScriptedEngine()
    engine.script = gate
    repaint(web, engine)
    with web.client.events() as events:
        job = ask(web)["id"]
        gate.wait_for()
        assert delete(web, job).status == 200
        until(events, "job-end", job)
    assert (get(web, job)["state"], get(web, job)["deleted"]) == ("cancelled", True)
    assert web.client.get("/api/jobs").json["total"] == 0


HOSTILE = (
    "..", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "x" * 5000, "%00", "%F0%9F%A6%8A", "'; DROP TABLE",
    "%25", "a%0d%0aX: y", "\\..\\..", "*", "%",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_ids_that_are_none(web: Running, engine: ScriptedEngine, name: str):
    job = painted(web)
    name = name.replace(" ", "%20")
    for method, path in (
        ("GET", f"/api/jobs/{name}"),
        ("POST", f"/api/jobs/{name}/cancel"),
        ("DELETE", f"/api/jobs/{name}"),
        ("POST", f"/api/jobs/{name}/restore"),
        ("GET", f"/api/jobs/{name}/images/0"),
        ("GET", f"/api/jobs/{name}/images/0?thumb=1"),
        ("GET", f"/api/jobs?before={name}"),
    ):
        answer = web.client.ask(method, path)
        assert answer.status in {400, 404, 405}, (path, answer.status, answer.body)
        assert b"Traceback" not in answer.body
    assert get(web, job["id"]) == job


def test_the_end_of_the_program_loses_no_words(web: Running):
    gate, engine = Gate(), ScriptedEngine()
    engine.script = gate
    repaint(web, engine, workers=1)
    running, waiting = ask(web, "fox"), ask(web, "cat")
    gate.wait_for()
    repaint(web, ScriptedEngine())  # ends the desk and begins another on the same journal
    assert get(web, running["id"])["state"] == "cancelled"
    ended = get(web, waiting["id"])
    assert (ended["state"], ended["error"]["code"], ended["idea"]) == (
        "failed", "program-ended", "cat",
    )  # fmt: skip
    assert ended["error"]["retryable"] is True
    assert web.client.get("/api/jobs").json["total"] == 2


def test_nobody_outside_may_delete(web: Running, engine: ScriptedEngine):
    job = painted(web)["id"]
    elsewhere = {"Origin": "http://evil.example"}
    assert web.client.ask("DELETE", f"/api/jobs/{job}", headers=elsewhere).status == 403
    own = {"Origin": f"http://127.0.0.1:{web.port}"}
    assert web.client.ask("DELETE", f"/api/jobs/{job}", headers=own).status == 403
    own["X-S2I-Token"] = web.token
    assert web.client.ask("DELETE", f"/api/jobs/{job}", headers=own).status == 200


@pytest.fixture
def comfy(start: Start, tmp_path: Path):
    """A server with a ComfyUI that has all the time in the world."""
    with FakeComfyUI(Script(step_seconds=0.05)) as fake:
        yield start(store=Settings(home=tmp_path, comfyui_url=fake.url, refine=False)), fake


def test_comfyui_with_previews_and_progress(comfy: tuple[Running, FakeComfyUI]):
    web, fake = comfy
    held, seen = threading.Event(), threading.Event()

    def look(*_: object) -> None:
        seen.set()
        held.wait(PATIENCE)

    fake.on("step:3", look)
    with web.client.events() as events:
        job = ask(web, engine="comfyui", steps=5, size="128x128", count=2)
        assert (job["engine"], job["placeholder"], job["workflow"]) == ("comfyui", False, "sd15")
        until(events, "generate-preview", job["id"])
        assert seen.wait(PATIENCE)
        live = get(web, job["id"])["live"]
        assert live["preview"].startswith("data:image/")
        assert 0 < live["progress"]["fraction"] < 1
        held.set()
        until(events, "job-end", job["id"])
    done = get(web, job["id"])
    assert done["state"] == "done"
    assert [(item["n"], item["width"]) for item in done["pictures"]] == [(0, 128), (1, 128)]
    for picture in done["pictures"]:
        texts = provenance.read_texts(web.client.get(picture["url"]).body)
        assert {"prompt", "s2i"} <= set(texts)


def test_cancelling_takes_it_back_from_comfyui(comfy: tuple[Running, FakeComfyUI]):
    web, fake = comfy
    begun = threading.Event()
    fake.on("step:2", lambda *_: begun.set())
    with web.client.events() as events:
        job = ask(web, engine="comfyui", steps=150, size="64x64")["id"]
        assert begun.wait(PATIENCE)
        web.client.post(f"/api/jobs/{job}/cancel")
        assert until(events, "job-end", job)[-1][1] == {"state": "cancelled"}
    assert fake.posts("/interrupt") == 1
    assert get(web, job)["images"] == []


def test_no_secret_is_told(start: Start, tmp_path: Path):
    with FakeComfyUI(Script(bearer="hunter2")) as fake:
        store = Settings(
            home=tmp_path, comfyui_url=fake.url, comfyui_token="hunter2", refine=False, size="64x64"
        )
        web = start(store=store)
        job = painted(web, engine="comfyui", steps=2)
        assert job["state"] == "done"
        told = [
            web.client.get(path).body
            for path in (
                f"/api/jobs/{job['id']}",
                "/api/jobs",
                "/api/status",
                job["pictures"][0]["url"],
            )
        ]
        assert not any(b"hunter2" in body for body in told)


def test_a_job_of_another_program_is_left_to_it(web: Running, engine: ScriptedEngine):
    from s2i.job import Request
    from s2i.journal import Journal

    other = Journal(web.services.settings.data)
    try:
        other.begin("elsewhere", Request(idea="fox"), time.time())
        for method, path in (
            ("POST", "/api/jobs/elsewhere/cancel"),
            ("DELETE", "/api/jobs/elsewhere"),
        ):
            answer = web.client.ask(method, path)
            assert (answer.status, answer.code) == (409, "not-ours")
        assert get(web, "elsewhere")["state"] == "queued"
    finally:
        other.close()


def warned(web: Running, name: str) -> dict[str, Any]:
    """The job, once it carries a warning."""
    until_then = time.monotonic() + PATIENCE
    while not (job := get(web, name))["warnings"]:
        assert time.monotonic() < until_then
        time.sleep(0.01)
    return job


def test_what_was_cut_off_is_fetched_when_it_can_be(web: Running):
    from s2i.engines.base import Painted, PaintResult
    from s2i.job import Request, new_job_id
    from s2i.journal import Journal
    from tests.fakes.engine import square

    dead = Journal(web.services.settings.data)
    job, lost = new_job_id(), new_job_id()
    for name in (job, lost):
        dead.begin(name, Request(idea="fox", refine=False), time.time())
    dead.settle(job, {
        "job": job, "prompt": "fox", "negative": "", "seed": 3, "steps": None, "engine": "scripted",
        "workflow": None, "placeholder": False, "timings": {}, "out": "",
    })  # fmt: skip
    dead.remember(job, {"ticket": 3})
    dead.close()  # as good as killed: nobody holds its lock, and nothing has ended
    engine = ScriptedEngine(left_behind=EngineUnavailable("down", "It is still away."))
    repaint(web, engine)
    with web.client.events() as events:
        web.services.desk.recover()
        assert until(events, "job-end", lost)[-1][1] == {"state": "failed"}
        waiting = warned(web, job)
        assert waiting["warnings"] == ["It is still away."]
        assert waiting["state"] == "queued"
        engine.left_behind = PaintResult((Painted(square(), 3),))
        web.services.desk.recover()
        assert until(events, "job-end", job)[-1][1] == {"state": "done"}
    done = get(web, job)
    assert (done["state"], done["pictures"][0]["seed_text"]) == ("done", "3")
    assert web.client.get(done["pictures"][0]["url"]).status == 200
    assert get(web, lost)["error"]["code"] == "cut-off"


def test_what_was_cut_off_can_be_given_up(web: Running):
    from s2i.job import Request
    from s2i.journal import Journal

    dead = Journal(web.services.settings.data)
    dead.begin("left", Request(idea="fox"), time.time())
    dead.settle("left", {"engine": "scripted"})
    dead.remember("left", {"ticket": 3})
    dead.close()
    repaint(web, ScriptedEngine(left_behind=EngineUnavailable("down", "It is still away.")))
    web.services.desk.recover()
    warned(web, "left")
    with web.client.events() as events:
        assert web.client.post("/api/jobs/left/cancel").json["state"] == "cancelled"
        assert until(events, "job-end", "left")[-1][1] == {"state": "cancelled"}
