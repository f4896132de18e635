"""/api/workflows: bring one, see what was found in it, correct it, remove it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2i.settings import ROOT, Settings
from tests.fakes.comfyui import FakeComfyUI, Script
from tests.web.client import Client
from tests.web.conftest import Running, Start

SHIPPED = (ROOT / "workflows" / "sd15.json").read_bytes()


def use(web: Running, url: str) -> None:
    answer = web.client.ask("PUT", "/api/settings", json.dumps({"comfyui_url": url}))
    assert answer.status == 200, answer.body


def names(client: Client) -> set[str]:
    return {item["name"] for item in client.get("/api/workflows").json["workflows"]}


def test_the_shipped_ones_are_there_and_stay(web: Running) -> None:
    assert {"sd15", "lcm"} <= names(web.client)
    shown = web.client.get("/api/workflows/sd15").json["bindings"]
    assert shown["error"] is None
    assert any(line.startswith("prompt") for line in shown["sentences"])
    refused = web.client.ask("DELETE", "/api/workflows/sd15")
    assert (refused.status, refused.code) == (409, "workflow-shipped")


def test_bring_correct_and_remove(web: Running) -> None:
    with FakeComfyUI(Script()) as fake:
        use(web, fake.url)
        made = web.client.post("/api/workflows?name=mine", SHIPPED)
        assert made.status == 201, made.body
        assert made.headers["Location"] == "/api/workflows/mine"
        found = made.json["bindings"]["found"]
        assert found["prompt"]
        twice = web.client.post("/api/workflows?name=mine", SHIPPED)
        assert (twice.status, twice.code) == (409, "workflow-exists")
        node, slot = found["negative"][0]["node"], found["negative"][0]["input"]
        body = json.dumps({"bindings": {"prompt": [[node, slot]], "negative": []}})
        changed = web.client.ask("PUT", "/api/workflows/mine", body)
        assert changed.status == 200, changed.body
        assert changed.json["bindings"]["found"]["prompt"][0]["node"] == node
        offered = next(
            item
            for item in web.client.get("/api/settings").json["settings"]
            if item["name"] == "workflow"
        )
        assert "mine" in {choice["value"] for choice in offered["choices"]}
    assert web.client.ask("DELETE", "/api/workflows/mine").status == 200
    gone = web.client.get("/api/workflows/mine")
    assert (gone.status, gone.code) == (404, "workflow-unknown")


def test_a_job_may_name_it(web: Running) -> None:
    with FakeComfyUI(Script(step_seconds=0)) as fake:
        use(web, fake.url)
        assert web.client.post("/api/workflows?name=mine", SHIPPED).status == 201
        taken = web.client.post(
            "/api/jobs", {"text": "a fox", "workflow": "mine", "refine": False, "engine": "comfyui"}
        )
        assert taken.status == 201, taken.body
        fake.wait_for(fake.prompts)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x", b"{"),
        ("x", b"[]"),
        ("x", b""),
        ("x", b"\x89PNG\r\n\x1a\n"),
        ("..%2F..%2Fx", SHIPPED),
        ("", SHIPPED),
        ("con%00", SHIPPED),
        ("a" * 300, SHIPPED),
    ],
)
def test_what_cannot_be_used(web: Running, tmp_path: Path, name: str, data: bytes) -> None:
    before = {path for path in tmp_path.rglob("*") if path.suffix == ".json"}
    answer = web.client.post(f"/api/workflows?name={name}", data)
    assert answer.status == 400
    assert answer.code
    assert {path for path in tmp_path.rglob("*") if path.suffix == ".json"} == before


def test_another_site_may_not(web: Running) -> None:
    answer = web.client.ask(
        "POST", "/api/workflows?name=x", SHIPPED, {"Origin": "https://evil.example"}
    )
    assert answer.status == 403


def test_own_ones_are_found_in_the_data_folder(start: Start) -> None:
    web = start()
    settings: Settings = web.services.settings
    folder = settings.data / "workflows"
    folder.mkdir(parents=True)
    (folder / "put-there.json").write_bytes(SHIPPED)
    assert "put-there" in names(web.client)
