"""GET /api/status, and how a page learns of what comes and goes."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from s2i.settings import Settings
from s2i.web.watching import Watcher, look
from tests.fakes.comfyui import FakeComfyUI
from tests.web.client import Events
from tests.web.conftest import NOBODY, Running, Start

ENGINE = {
    "state", "wanted", "name", "placeholder", "reason", "better", "address", "version", "previews",
}  # fmt: skip


def engine_until(stream: Events, state: str, name: str | None) -> dict[str, Any]:
    """The engine's next status of that kind; the socket's own time limit is the guard."""
    while True:
        _, kind, told = stream.next()
        if kind == "status" and "engine" in told["data"]:
            found: dict[str, Any] = told["data"]["engine"]
            if (found["state"], found["name"]) == (state, name):
                return found


def test_every_part_is_there(web: Running) -> None:
    told = web.client.get("/api/status").json
    assert told["boot"] == web.hub.boot
    assert told["event"].startswith(f"{web.hub.boot}-")
    assert told["language"] == "en"
    assert told["recogniser"]["state"] == "ready"
    assert told["refiner"] == {
        "state": "off", "name": None, "reason": "The prompt is your words as they are.",
        "better": "",
    }  # fmt: skip
    assert set(told["engine"]) == ENGINE
    assert (told["engine"]["name"], told["engine"]["placeholder"]) == ("storyboard", True)
    assert NOBODY in told["engine"]["reason"]
    assert told["engine"]["better"]
    assert told["jobs"] == []


def test_what_happened_up_to_its_event_is_in_it(web: Running) -> None:
    job = web.client.post("/api/jobs", {"text": "a fox", "engine": "storyboard"}).json["id"]
    told = web.client.get("/api/status").json
    with web.client.events(f"/api/events?last={told['event']}") as stream:
        assert stream.hello[2]["resumed"]
        ended = job not in [item["id"] for item in told["jobs"]]
        while not ended:  # it still ran: its end comes after that event
            _, kind, data = stream.next()
            ended = kind == "job-end" and data["job"] == job
    assert web.client.get("/api/status").json["jobs"] == []
    assert web.client.get(f"/api/jobs/{job}").json["state"] == "done"


def test_comfyui_comes_and_goes(start: Start, tmp_path: Any) -> None:
    with FakeComfyUI() as fake:
        web = start(store=Settings(home=tmp_path, comfyui_url=fake.url, refine=False))
        web.services.watcher._interval = 0.1
        with web.client.events() as stream:
            told = web.client.get("/api/status").json["engine"]
            assert (told["name"], told["placeholder"], told["address"]) == (
                "comfyui", False, fake.url,
            )  # fmt: skip
            assert told["version"]
            fake.kill()
            gone = engine_until(stream, "ready", "storyboard")
            assert fake.url in gone["reason"]
            fake.restart_after_kill()
            assert engine_until(stream, "ready", "comfyui")["version"]
            # another choice is told at once as well
            web.client.ask("PUT", "/api/settings", json.dumps({"engine": "local"}))
            assert engine_until(stream, "missing", None)["reason"]


def test_it_asks_only_while_somebody_looks() -> None:
    asked = 0

    def settings() -> Settings:
        nonlocal asked
        asked += 1
        return Settings(engine="storyboard")

    looked = threading.Event()
    watched = True

    def watching() -> bool:
        looked.set()
        return watched

    watcher = Watcher(settings, watching, lambda status: None, interval=0.01)
    assert watcher._thread is None
    watcher.wake()
    for _ in range(3):
        looked.clear()
        assert looked.wait(20)
    watched = False
    time.sleep(0.2)
    before = asked
    time.sleep(0.2)
    assert asked == before  # nobody looks: nothing happens
    watched = True
    watcher.wake()
    looked.clear()
    assert looked.wait(20)
    watcher.close()
    assert watcher._thread is not None
    assert not watcher._thread.is_alive()


def test_an_old_answer_is_not_given_again() -> None:
    settings = Settings(engine="storyboard")
    watcher = Watcher(lambda: settings, lambda: False, lambda status: None, interval=0.01)
    first = watcher.status()
    time.sleep(0.05)
    assert watcher.status() is not first
    calm = Watcher(lambda: settings, lambda: False, lambda status: None, interval=1000)
    assert calm.status() is calm.status()


def test_an_address_that_can_not_be(tmp_path: Any) -> None:
    bad = "nonsense://ann:pa55word@x"
    told, comfyui = look(Settings(home=tmp_path, comfyui_url=bad))
    assert (told["state"], told["name"]) == ("ready", "storyboard")
    assert comfyui
    told, _ = look(Settings(home=tmp_path, comfyui_url=bad, engine="comfyui"))
    assert (told["state"], told["name"]) == ("missing", None)
    assert "pa55word" not in json.dumps(told)


def test_a_token_that_can_not_be(tmp_path: Any) -> None:
    told, _ = look(Settings(home=tmp_path, comfyui_token="pa 55", engine="comfyui"))
    assert told["state"] == "missing"
    assert "pa 55" not in json.dumps(told)


def test_one_that_never_answers_is_no_burden(start: Start, tmp_path: Any) -> None:
    import socket

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        web = start(store=Settings(home=tmp_path, comfyui_url=url, refine=False))
        told = web.client.get("/api/status").json["engine"]
    assert told["name"] == "storyboard"
    assert "second" in told["reason"]
