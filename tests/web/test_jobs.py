"""/api/jobs over a real server: what can be asked for, and what a page sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s2i import provenance
from s2i.errors import ModelMissing
from s2i.settings import Settings
from tests.fakes.engine import ScriptedEngine
from tests.web.conftest import NOBODY, Running, Start
from tests.web.painting import (
    FakeRefiner,
    Gate,
    ask,
    get,
    painted,
    repaint,
    until,
)

OBJECT = {
    "id", "idea", "transcript", "prompt", "negative", "seed", "size", "steps", "engine", "workflow",
    "refiner", "recogniser", "images", "placeholder", "timings", "warnings",
}  # fmt: skip
MORE = {
    "state", "stage", "error", "created", "seed_text", "pictures", "request", "words", "deleted",
}  # fmt: skip


@pytest.fixture
def engine(web: Running) -> ScriptedEngine:
    """What the server's jobs are painted with."""
    made = ScriptedEngine()
    repaint(web, made)
    return made


def test_words_become_a_storyboard(web: Running):
    with web.client.events() as events:
        answer = web.client.post("/api/jobs", {"text": " a red  fox ", "seed": str(2**64 - 1)})
        assert answer.status == 201
        job = answer.json
        assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
        assert set(job) == OBJECT | MORE | {"live"}
        assert (job["state"], job["idea"], job["seed_text"]) == (
            "queued", "a red fox", "18446744073709551615",
        )  # fmt: skip
        assert job["live"] == {
            "prompt": "", "queued": None, "progress": None, "preview": None, "ahead": 0,
        }  # fmt: skip
        names = [name for name, _ in until(events, "job-end", job["id"])]
    assert names[:3] == ["job-queued", "job-start", "generate-start"]
    assert names[-2:] == ["generate-end", "job-end"]
    done = get(web, job["id"])
    assert set(done) == OBJECT | MORE
    assert (done["state"], done["engine"], done["placeholder"]) == ("done", "storyboard", True)
    assert done["request"]["seed"] == "18446744073709551615"
    (picture,) = done["pictures"]
    assert picture["seed_text"] == "18446744073709551615"
    png = web.client.get(picture["url"]).body
    assert png == Path(done["images"][0]).read_bytes()
    assert provenance.check_png(png) == (picture["width"], picture["height"])
    assert web.client.get("/api/status").json["jobs"] == []


def test_the_job_that_was_queued_is_told_whole(web: Running, engine: ScriptedEngine):
    with web.client.events() as events:
        job = ask(web)
        (_, told), *_ = until(events, "job-queued", job["id"])
    assert told == job


def test_what_is_left_out_comes_from_the_settings(start: Start, tmp_path: Path):
    web = start(
        store=Settings(
            home=tmp_path, comfyui_url=NOBODY, refine=False, size="128x192", steps=7, count=2,
            negative="a hat", language="fr", engine="storyboard", seed_policy="fixed", seed="41",
        )
    )  # fmt: skip
    engine = ScriptedEngine()
    repaint(web, engine)
    request = painted(web)["request"]
    assert {key: request[key] for key in ("width", "height", "steps", "count", "negative")} == {
        "width": 128, "height": 192, "steps": 7, "count": 2, "negative": "a hat",
    }  # fmt: skip
    assert (request["language"], request["engine"], request["seed"]) == ("fr", "storyboard", "41")
    given = painted(web, size="64x64", steps=3, count=1, negative="", seed=0, engine="auto")
    request = given["request"]
    assert (request["width"], request["steps"], request["count"]) == (64, 3, 1)
    assert (request["negative"], request["seed"], request["engine"]) == (None, "0", "auto")
    assert [asked.seed for asked in engine.requests] == [41, 0]


def test_the_seed_of_the_one_before(start: Start, tmp_path: Path):
    web = start(store=Settings(home=tmp_path, comfyui_url=NOBODY, refine=False, seed_policy="last"))
    repaint(web, ScriptedEngine())
    first = painted(web)["seed_text"]
    assert painted(web)["seed_text"] == first
    assert painted(web, seed=9)["seed_text"] == "9"
    assert painted(web)["seed_text"] == "9"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad-text"),
        ({"text": None}, "bad-text"),
        ({"text": 1}, "bad-text"),
        ({"text": ["fox"]}, "bad-text"),
        ({"text": " \n"}, "empty-idea"),
        ({"text": "x" * 2001}, "idea-too-long"),
        ({"text": "x" * 100_000}, "idea-too-long"),
        ({"text": "fox", "prompt": ""}, "empty-prompt"),
        ({"text": "fox", "prompt": "x" * 4001}, "prompt-too-long"),
        ({"text": "fox", "prompt": 3}, "bad-prompt"),
        ({"text": "fox", "size": "512"}, "bad-size"),
        ({"text": "fox", "size": 512}, "bad-size"),
        ({"text": "fox", "size": "512x513"}, "bad-size"),
        ({"text": "fox", "size": "65536x65536"}, "bad-size"),
        ({"text": "fox", "seed": -1}, "bad-seed"),
        ({"text": "fox", "seed": 2**64}, "bad-seed"),
        ({"text": "fox", "seed": "18446744073709551616"}, "bad-seed"),
        ({"text": "fox", "seed": "9" * 5000}, "bad-seed"),
        ({"text": "fox", "seed": 1.5}, "bad-seed"),
        ({"text": "fox", "seed": True}, "bad-seed"),
        ({"text": "fox", "seed": "٣"}, "bad-seed"),
        ({"text": "fox", "seed": ""}, "bad-seed"),
        ({"text": "fox", "steps": "20"}, "bad-steps"),
        ({"text": "fox", "steps": 0}, "bad-steps"),
        ({"text": "fox", "steps": True}, "bad-steps"),
        ({"text": "fox", "count": 17}, "bad-count"),
        ({"text": "fox", "count": 1.0}, "bad-count"),
        ({"text": "fox", "refine": "no"}, "bad-refine"),
        ({"text": "fox", "refine": 0}, "bad-refine"),
        ({"text": "fox", "engine": "dalle"}, "bad-engine"),
        ({"text": "fox", "engine": ["auto"]}, "bad-engine"),
        ({"text": "fox", "language": "../en"}, "bad-language"),
        ({"text": "fox", "negative": 1}, "bad-negative"),
        ({"text": "fox", "negative": "x" * 2001}, "idea-too-long"),
        ({"text": "fox", "utterance": 1}, "bad-utterance"),
        ({"text": "fox", "workflow": "../../workflows/sd15"}, "bad-workflow"),
        ({"text": "fox", "workflow": "/etc/passwd"}, "bad-workflow"),
        ({"text": "fox", "workflow": "nonesuch"}, "bad-workflow"),
        ({"text": "fox", "workflow": "sd15.json"}, "bad-workflow"),
        ({"text": "fox", "out": "/tmp/x.png"}, "unknown-value"),
        ({"text": "fox", "comfyui_url": "http://evil"}, "unknown-value"),
    ],
)
def test_what_cannot_be_asked_for(
    web: Running, engine: ScriptedEngine, body: dict[str, Any], code: str
):
    answer = web.client.post("/api/jobs", body)
    assert (answer.status, answer.code) == (400, code)
    assert web.client.get("/api/jobs").json == {"jobs": [], "more": False, "total": 0}


def test_an_unknown_value_is_named(web: Running):
    error = web.client.post("/api/jobs", {"text": "fox", "sede": 1}).json["error"]
    assert "'sede'" in error["message"]
    assert "seed" in error["hint"]


def test_an_engine_that_is_missing_is_the_answer(web: Running):
    answer = web.client.post("/api/jobs", {"text": "fox", "engine": "comfyui"})
    assert answer.status == 503
    assert answer.json["error"]["retryable"] is True
    assert web.client.get("/api/jobs").json["total"] == 0


def test_a_prompt_by_hand_goes_past_the_refiner(web: Running):
    engine, refiner = ScriptedEngine(), FakeRefiner()
    repaint(web, engine, refiner)
    job = painted(web, "fox", prompt="a  blue\u202e fox,\nby hand", refine=True)
    assert refiner.ideas == []
    assert (job["idea"], job["prompt"], job["refiner"]) == ("fox", "a blue fox, by hand", None)
    assert [asked.prompt for asked in engine.requests] == ["a blue fox, by hand"]
    chunk = provenance.read(web.client.get(job["pictures"][0]["url"]).body)
    assert chunk is not None
    assert (chunk["idea"], chunk["prompt"]) == ("fox", "a blue fox, by hand")
    assert chunk["request"]["prompt"] == "a blue fox, by hand"
    alone = web.client.post("/api/jobs", {"prompt": "only this"}).json
    assert (alone["idea"], alone["prompt"]) == ("only this", "only this")


def test_refined_words(web: Running):
    engine, refiner = ScriptedEngine(), FakeRefiner()
    repaint(web, engine, refiner)
    job = painted(web, "fox", refine=True)
    assert (job["prompt"], job["refiner"]) == ("fox, vivid, detailed", "fake")
    chunk = provenance.read(Path(job["images"][0]).read_bytes())
    assert chunk is not None
    assert chunk["refiner"]["sha256"] == "f" * 64
    assert painted(web, "fox", refine=False)["prompt"] == "fox"


def test_refining_that_is_off_is_said(web: Running, engine: ScriptedEngine):
    assert "off in the settings" in painted(web, refine=True)["warnings"][0]


def test_a_missing_language_model_fails_the_job(web: Running):
    repaint(web, ScriptedEngine(), FakeRefiner(fails=ModelMissing("x", "None there.", hint="Get.")))
    job = painted(web, refine=True)
    assert (job["state"], job["error"]["code"], job["error"]["stage"]) == ("failed", "x", "refine")
    assert [listed["id"] for listed in web.client.get("/api/jobs").json["jobs"]] == [job["id"]]


def test_spoken_words_keep_what_was_heard(web: Running, engine: ScriptedEngine):
    name = web.client.begin()
    web.client.audio(name, 0, b"\1\0" * 1600)
    said = web.client.post(f"/api/utterances/{name}/finish").json
    job = painted(web, f"{said['text']} edited", utterance=name)
    assert (job["idea"], job["transcript"]) == (f"{said['text']} edited", said["text"])
    assert [word["text"] for word in job["words"]] == [word["text"] for word in said["words"]]
    assert set(job["words"][0]) == {"text", "confidence", "start", "end"}
    assert job["recogniser"] == said["recogniser"]
    chunk = provenance.read(Path(job["images"][0]).read_bytes())
    assert chunk is not None
    assert (chunk["transcript"], chunk["words"]) == (said["text"], job["words"])


def test_an_utterance_that_is_forgotten_stops_nothing(web: Running, engine: ScriptedEngine):
    job = painted(web, utterance="../../nonesuch")
    assert (job["state"], job["transcript"], job["words"]) == ("done", None, [])
    assert any("no longer known" in warning for warning in job["warnings"])


def test_a_page_that_comes_in_the_middle_sees_what_there_is(web: Running):
    gate, thinking = Gate(), Gate()
    repaint(web, ScriptedEngine(script=gate), FakeRefiner(gate=thinking))
    job = ask(web, refine=True)["id"]
    thinking.wait_for()
    (now,) = web.client.get("/api/status").json["jobs"]
    assert (now["state"], now["stage"], now["live"]["prompt"]) == (
        "running",
        "refine",
        "fox, vivid",
    )
    thinking.open()
    gate.wait_for()
    status = web.client.get("/api/status").json
    (now,) = status["jobs"]
    assert (now["id"], now["stage"]) == (job, "generate")
    assert (now["prompt"], now["live"]["prompt"]) == ("fox, vivid, detailed",) * 2
    assert now["live"]["progress"]["fraction"] == 0.5
    assert now["live"]["preview"] == "data:image/png;base64,MTIzNDU="
    assert now["live"] == get(web, job)["live"]
    with (
        web.client.events(f"/api/events?last={status['event']}") as one,
        web.client.events() as two,
    ):
        assert one.hello[2]["resumed"]
        gate.open()
        expected = ["generate-end", "job-end"]
        for page in (one, two):
            assert [name for name, _ in until(page, "job-end", job)] == expected
