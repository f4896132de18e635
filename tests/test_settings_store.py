"""Settings that change while the program runs, and what must never be lost of them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from s2i.errors import InputError, OutputError
from s2i.settings import Settings
from s2i.settings_offers import check, describe
from s2i.settings_store import BadSetting, SettingsStore
from s2i.url_secrets import hide_password, keep_password
from tests.conftest import ROOT

SECRET = "pa55word"


def opened(home: Path, overrides: dict[str, Any] | None = None, **environ: str) -> SettingsStore:
    return SettingsStore({"S2I_HOME": str(home), **environ}, overrides, check=check)


def saved(home: Path) -> Any:
    return json.loads((home / "data" / "settings.json").read_text(encoding="utf-8"))


def wrote(home: Path, text: str) -> None:
    (home / "data").mkdir(exist_ok=True)
    (home / "data" / "settings.json").write_text(text, encoding="utf-8")


def shown(store: SettingsStore) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in describe(store)}


def test_a_change_is_applied_told_and_there_the_next_time(tmp_path: Path):
    store = opened(tmp_path)
    before = store.current
    told: list[Settings] = []
    store.listen(told.append)
    assert store.update({"language": "fr", "steps": "7"}) is store.current
    assert (store.current.language, store.current.steps) == ("fr", 7)
    assert before.language == "en"  # whoever holds it keeps it
    assert told == [store.current]
    assert opened(tmp_path).current == store.current
    store.update({"language": None})
    assert saved(tmp_path) == {"steps": 7}
    assert store.current.language == "en"
    store.update({"steps": 7})
    assert len(told) == 2  # nothing has changed


def test_one_bad_value_and_nothing_is_saved(tmp_path: Path):
    store = opened(tmp_path)
    for bad in ({"steps": 999}, {"nonsense": 1}, {"size": "7x7"}, {"engine": None, "count": 0}):
        with pytest.raises(BadSetting) as caught:
            store.update({"language": "fr", **bad})
        assert caught.value.field in bad
    assert not (tmp_path / "data" / "settings.json").exists()
    assert store.current.language == "en"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("comfyui_url", "nonsense://x"),
        ("comfyui_url", "http://"),
        ("comfyui_url", "http://a..b"),
        ("comfyui_url", f"http://{'a' * 70}.example"),
        ("workflow", "no-such"),
        ("workflow", "../run.py"),
        ("refiner", "no-such"),
        ("refiner", "/nowhere/model.gguf"),
    ],
)
def test_what_is_not_there_is_refused(name: str, value: str, tmp_path: Path):
    with pytest.raises(BadSetting) as caught:
        opened(tmp_path).update({name: value})
    assert caught.value.field == name


def test_files_of_the_users_own_can_be_named(tmp_path: Path):
    flow, model = tmp_path / "mine.json", tmp_path / "mine.gguf"
    flow.write_text("{}")
    model.write_bytes(b"GGUF")
    store = opened(tmp_path)
    store.update({"workflow": str(flow), "refiner": str(model)})
    listed = shown(store)
    for name, path in (("workflow", flow), ("refiner", model)):
        assert str(path) in [choice["value"] for choice in listed[name]["choices"]]


def test_what_the_environment_or_an_option_fixes(tmp_path: Path):
    store = opened(tmp_path, {"engine": "storyboard"}, S2I_LANGUAGE="fr")
    assert (store.fixed("engine"), store.fixed("language")) == ("command line", "environment")
    for name, value in (("engine", "auto"), ("language", "de")):
        with pytest.raises(BadSetting) as caught:
            store.update({name: value})
        assert (caught.value.code, caught.value.field) == ("fixed-setting", name)
    # a page that sends them all sends these as they are
    store.update({"engine": "storyboard", "language": "fr", "count": 2, "comfyui_token": None})
    assert saved(tmp_path) == {"count": 2}
    assert shown(store)["engine"]["fixed"] == "command line"


def test_a_setting_of_another_version_is_kept(tmp_path: Path):
    wrote(tmp_path, json.dumps({"of_the_future": {"a": [1]}, "steps": 7}))
    store = opened(tmp_path)
    assert "of_the_future" in store.problems[0]
    store.update({"steps": 8})
    assert saved(tmp_path) == {"of_the_future": {"a": [1]}, "steps": 8}


def test_one_mistake_in_the_file_costs_one_setting(tmp_path: Path):
    wrote(tmp_path, json.dumps({"steps": "many", "language": "fr"}))
    store = opened(tmp_path)
    assert (store.current.steps, store.current.language) == (0, "fr")
    assert "steps" in store.problems[0]
    store.update({"steps": 5})
    assert store.problems == ()
    assert opened(tmp_path).current.steps == 5


@pytest.mark.parametrize("text", ["{", "[]", "\x00", '"text"', "[" * 100_000])
def test_a_broken_file_is_told_and_kept_aside(text: str, tmp_path: Path):
    wrote(tmp_path, text)
    store = opened(tmp_path)
    assert store.current == Settings(home=tmp_path)
    assert "settings.json" in store.problems[0]
    assert "defaults" in store.problems[0]
    store.update({"steps": 5})
    assert store.problems == ()
    assert saved(tmp_path) == {"steps": 5}
    (aside,) = (tmp_path / "data").glob("settings.broken-*.json")
    assert aside.read_text(encoding="utf-8") == text


def test_a_mistake_in_the_environment_stops_the_start(tmp_path: Path):
    with pytest.raises(InputError, match="S2I_COUNT"):
        opened(tmp_path, S2I_COUNT="0")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written(tmp_path: Path):
    store = opened(tmp_path)
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(OutputError):
        store.update({"steps": 5})
    assert store.current.steps == 0


def test_a_place_that_can_not_be_written(tmp_path: Path):
    store = opened(tmp_path)
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(OutputError) as caught:
        store.update({"steps": 5})
    assert caught.value.code == "settings-not-saved"
    assert store.current.steps == 0


@pytest.mark.skipif(os.name == "nt", reason="no such modes there")
def test_only_the_owner_reads_it(tmp_path: Path):
    wrote(tmp_path, "{}")
    (tmp_path / "data" / "settings.json").chmod(0o644)
    opened(tmp_path).update({"comfyui_token": SECRET})
    assert stat.S_IMODE((tmp_path / "data" / "settings.json").stat().st_mode) == 0o600
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {"settings.json", "settings.lock"}


def test_a_secret_is_never_told_again(tmp_path: Path):
    store = opened(tmp_path)
    store.update({"comfyui_token": SECRET, "comfyui_url": f"https://ann:{SECRET}@example.org/x"})
    text = json.dumps(describe(store))
    assert SECRET not in text
    told = shown(store)["comfyui_token"]
    assert (told["value"], told["set"], told["kind"]) == (None, True, "secret")
    # the page sends back what it was shown
    store.update({"comfyui_url": shown(store)["comfyui_url"]["value"], "steps": 3})
    assert store.current.comfyui_url == f"https://ann:{SECRET}@example.org/x"
    with pytest.raises(BadSetting) as caught:  # ... and nobody's password goes elsewhere
        store.update({"comfyui_url": "https://ann:***@evil.example/x"})
    assert caught.value.code == "password-needed"
    store.update({"comfyui_token": ""})
    assert not shown(store)["comfyui_token"]["set"]
    assert "comfyui_token" not in saved(tmp_path)


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("http://ann:b@host:1/p?q=c:d@e", "http://ann:***@host:1/p?q=c:d@e"),
        ("ann:b@host:1", "ann:***@host:1"),
        ("http://ann@host", "http://ann@host"),
        ("http://ann:a@b:c@host", "http://ann:***@host"),
        ("http://:b@[::1]:8188/", "http://:***@[::1]:8188/"),
    ],
)
def test_passwords_in_addresses(url: str, hidden: str):
    assert hide_password(url) == hidden
    assert keep_password(hidden, url) == url


def test_many_at_once(tmp_path: Path):
    store = opened(tmp_path)
    told: list[int] = []
    store.listen(lambda settings: told.append(settings.steps))
    threads = [threading.Thread(target=store.update, args=({"steps": n},)) for n in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == list(range(1, 21))
    assert store.current.steps == told[-1] == saved(tmp_path)["steps"]


WRITER = """
import sys
from s2i.settings_store import SettingsStore
store = SettingsStore({"S2I_HOME": sys.argv[1]})
for n in range(30):
    store.update({sys.argv[2]: n % 5 + 1, "negative": "x" * 3000})
"""


def test_two_processes_at_once(tmp_path: Path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name], cwd=ROOT, stderr=subprocess.PIPE
        )
        for name in ("steps", "count")
    ]
    while any(child.poll() is None for child in children):
        store = opened(tmp_path)  # at any moment it is whole
        assert store.problems == ()
    for child in children:
        assert child.communicate()[1] == b""
        assert child.returncode == 0
    assert {"steps", "count", "negative"} == set(saved(tmp_path))


def test_a_listener_that_fails_keeps_nobody_from_hearing(tmp_path: Path):
    store = opened(tmp_path)
    told: list[Settings] = []

    def broken(settings: Settings) -> None:
        raise ZeroDivisionError

    store.listen(broken)
    store.listen(told.append)
    store.update({"steps": 5})
    assert told == [store.current]


def test_everything_is_described(tmp_path: Path):
    (tmp_path / "models" / "speech" / "vosk-model-small-fr-0.22").mkdir(parents=True)
    listed = shown(opened(tmp_path))
    assert list(listed) == [
        "language", "recogniser", "silence", "refine", "refiner", "model_folders", "engine",
        "comfyui_url", "comfyui_token", "workflow", "size", "steps", "seed_policy", "seed",
        "negative", "count", "device",
    ]  # fmt: skip
    languages = {item["value"]: item for item in listed["language"]["choices"]}
    assert languages["en"]["available"]  # PocketSphinx brings its model along
    assert languages["fr"]["available"]
    assert not languages["de"]["available"]
    assert "python run.py setup --language de" in languages["de"]["reason"]
    recognisers = {item["value"]: item["available"] for item in listed["recogniser"]["choices"]}
    assert recognisers == {"auto": True, "vosk": False, "pocketsphinx": True}
    engines = {item["value"]: item for item in listed["engine"]["choices"]}
    assert not engines["local"]["available"]
    assert engines["local"]["reason"]
    assert engines["comfyui"]["available"]
    refiners = {item["value"]: item for item in listed["refiner"]["choices"]}
    assert refiners["auto"]["available"]
    assert not refiners["qwen2.5-1.5b"]["available"]
    assert "setup --refiner qwen2.5-1.5b" in refiners["qwen2.5-1.5b"]["reason"]
    assert {"sd15", "lcm"} <= {item["value"] for item in listed["workflow"]["choices"]}
    silence = listed["silence"]
    assert (silence["kind"], silence["min"], silence["max"], silence["unit"]) == (
        "number", 0.2, 5.0, "s",
    )  # fmt: skip
    for item in listed.values():
        assert item["kind"] in {"choice", "text", "number", "switch", "secret", "size"}
        assert all(choice["available"] or choice["reason"] for choice in item.get("choices", ()))


def test_pocketsphinx_alone_hears_english_only(tmp_path: Path):
    (tmp_path / "models" / "speech" / "vosk-model-small-fr-0.22").mkdir(parents=True)
    store = opened(tmp_path)
    store.update({"recogniser": "pocketsphinx"})
    languages = {item["value"]: item for item in shown(store)["language"]["choices"]}
    assert languages["en"]["available"]
    assert "English only" in languages["fr"]["reason"]
