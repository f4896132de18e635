"""GET and PUT /api/settings, with good intentions and without."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import pytest

from s2i.settings_store import SettingsStore
from tests.web.client import Answer
from tests.web.conftest import Running, Start

NAMES = [
    "language", "recogniser", "silence", "refine", "refiner", "model_folders", "engine",
    "comfyui_url", "comfyui_token", "workflow", "size", "steps", "seed_policy", "seed",
    "negative", "count", "device",
]  # fmt: skip


def put(web: Running, body: Any, **headers: str) -> Answer:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return web.client.ask("PUT", "/api/settings", data, named)


def told(answer: Answer) -> dict[str, dict[str, Any]]:
    assert answer.status == 200, answer.body
    return {item["name"]: item for item in answer.json["settings"]}


def test_they_are_listed_in_the_order_to_show(web: Running) -> None:
    answer = web.client.get("/api/settings")
    assert [item["name"] for item in answer.json["settings"]] == NAMES
    assert answer.json["problems"] == []
    assert answer.headers["Cache-Control"] == "no-store"
    engines = {item["value"]: item for item in told(answer)["engine"]["choices"]}
    assert "127.0.0.1:9" in engines["comfyui"]["reason"]  # nothing answers there, which is said
    assert engines["comfyui"]["available"]


def test_a_change_is_live_saved_and_announced(web: Running, tmp_path: Path) -> None:
    with web.client.events() as stream:
        after = told(put(web, {"language": "fr", "steps": 9, "refine": None}))
        assert (after["language"]["value"], after["steps"]["value"]) == ("fr", 9)
        kinds = [stream.next()[1]]
        while kinds[-1] != "settings":
            kinds.append(stream.next()[1])
    assert web.services.settings.language == "fr"
    assert web.client.get("/api/status").json["language"] == "fr"
    assert web.fake.used[-1].language == "fr"
    assert json.loads((tmp_path / "data" / "settings.json").read_text()) == {
        "language": "fr",
        "steps": 9,
    }
    assert web.client.begin()  # an utterance without a language takes the one that is set
    assert web.fake.made[-1].language == "fr"


def test_a_bad_value_names_its_field_and_saves_nothing(web: Running, tmp_path: Path) -> None:
    answer = put(web, {"steps": 9, "silence": 99})
    assert (answer.status, answer.code) == (400, "bad-setting")
    assert answer.json["error"]["field"] == "silence"
    assert not (tmp_path / "data" / "settings.json").exists()
    assert told(web.client.get("/api/settings"))["steps"]["value"] == 0


def test_the_token_comes_in_and_never_out(web: Running) -> None:
    after = told(put(web, {"comfyui_token": "pa55word"}))["comfyui_token"]
    assert (after["value"], after["set"]) == (None, True)
    assert web.services.settings.comfyui_token == "pa55word"
    for path in ("/api/settings", "/api/status", "/"):
        assert b"pa55word" not in web.client.get(path).body
    assert not told(put(web, {"comfyui_token": ""}))["comfyui_token"]["set"]


def test_a_password_in_the_address_comes_in_and_never_out(web: Running) -> None:
    put(web, {"comfyui_url": "http://ann:pa55word@127.0.0.1:9/x"})
    shown = told(web.client.get("/api/settings"))["comfyui_url"]["value"]
    assert shown == "http://ann:***@127.0.0.1:9/x"
    assert told(put(web, {"comfyui_url": shown}))
    assert web.services.settings.comfyui_url == "http://ann:pa55word@127.0.0.1:9/x"
    for path in ("/api/settings", "/api/status"):
        assert b"pa55word" not in web.client.get(path).body
    elsewhere = put(web, {"comfyui_url": "http://ann:***@127.0.0.1:10/x"})
    assert (elsewhere.status, elsewhere.code) == (400, "password-needed")


def test_what_is_fixed_outside(start: Start, tmp_path: Path) -> None:
    store = SettingsStore(
        {"S2I_HOME": str(tmp_path), "S2I_LANGUAGE": "fr", "S2I_COMFYUI_URL": "http://127.0.0.1:9"},
        {"engine": "storyboard", "refine": False},
    )
    web = start(store=store)
    listed = told(web.client.get("/api/settings"))
    assert listed["language"]["fixed"] == "environment"
    assert listed["engine"]["fixed"] == "command line"
    assert listed["steps"]["fixed"] is None
    answer = put(web, {"language": "en"})
    assert (answer.status, answer.code) == (400, "fixed-setting")
    assert answer.json["error"]["field"] == "language"
    # all of them back as they were shown: nothing is wrong with that
    same = {name: item["value"] for name, item in listed.items()}
    assert put(web, same).status == 200


def test_a_broken_file_is_told_in_the_page_too(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.json").write_text("{")
    web = start(store=SettingsStore({"S2I_HOME": str(tmp_path), "S2I_REFINE": "0"}))
    assert "settings.json" in web.client.get("/api/settings").json["problems"][0]
    answer = put(web, {"steps": 5})
    assert answer.json["problems"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad-json"),
        (b"[1]", "bad-json"),
        (b'"x"', "bad-json"),
        (b"\xff\xfe", "bad-json"),
        (b"[" * 100_000, "bad-json"),
        (b'{"steps": ' + b"9" * 5000 + b"}", "bad-json"),
        (b'{"steps": 1e400}', "bad-setting"),
        (b'{"silence": NaN}', "bad-setting"),
        (b'{"steps": [[[]]]}', "bad-setting"),
        (b'{"negative": "\\ud800"}', "bad-setting"),
        (b'{"\\ud800": 1}', "unknown-setting"),
        (b'{"home": "/"}', "unknown-setting"),
        (b'{"__class__": 1}', "unknown-setting"),
        (b'{"negative": "' + b"x" * 500_000 + b'"}', "bad-setting"),
        (b'{"negative": "' + b"x" * (2 << 20) + b'"}', "too-large"),
    ],
)
def test_odd_bodies(web: Running, body: bytes, code: str) -> None:
    answer = put(web, body)
    assert answer.status in {400, 413}
    assert answer.code == code
    assert len(answer.body) < 2000


def test_nothing_that_is_sent_breaks_it(web: Running) -> None:
    chance = random.Random(4)
    texts = ["", " ", "auto", "en", "0", "-1", "1e9", "../../x", "http://[", "x\x00", "\ud83d", "é"]

    def value(depth: int = 0) -> Any:
        kind = chance.randrange(8 if depth < 3 else 6)
        return (
            chance.choice(texts) if kind == 0
            else chance.randint(-(10**20), 10**20) if kind == 1
            else chance.random() * 10 ** chance.randint(-5, 300) if kind == 2
            else chance.choice([True, False, None]) if kind == 3
            else "".join(chance.choices(string.printable, k=chance.randrange(40))) if kind == 4
            else chance.choice(NAMES) if kind == 5
            else [value(depth + 1) for _ in range(3)] if kind == 6
            else {chance.choice(texts): value(depth + 1)}
        )  # fmt: skip

    for _ in range(150):
        changes = {chance.choice([*NAMES, "x", ""]): value() for _ in range(chance.randint(1, 3))}
        answer = put(web, changes)
        assert answer.status in {200, 400}, (changes, answer.body)
        if answer.status == 400:
            assert answer.code
            assert answer.json["error"]["field"] in changes
    assert web.client.get("/api/settings").status == 200
    assert SettingsStore({"S2I_HOME": str(web.services.settings.home)}).problems == ()


def test_who_may_change_them(web: Running) -> None:
    ours = f"http://127.0.0.1:{web.port}"
    assert put(web, {"steps": 1}, Origin="http://evil.example").code == "bad-origin"
    assert put(web, {"steps": 1}, Origin=ours).code == "bad-token"
    assert put(web, {"steps": 1}, Host="evil.example").code == "bad-host"
    assert put(web, {"steps": 1}, Sec_Fetch_Site="cross-site").code == "other-site"
    get = web.client.get("/api/settings", Origin=ours)
    assert get.code == "bad-token"
    assert web.services.settings.steps == 0
    assert put(web, {"steps": 1}, Origin=ours, X_S2I_Token=web.token).status == 200
    assert web.services.settings.steps == 1


def test_a_disk_that_can_not_be_written(web: Running, tmp_path: Path) -> None:
    (tmp_path / "data" / "settings.json").mkdir()  # a folder in the file's place
    answer = put(web, {"steps": 5})
    assert (answer.status, answer.code) == (507, "settings-not-saved")
    assert web.services.settings.steps == 0
