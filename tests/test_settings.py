"""Defaults < file < environment < command line, and one sentence on every mistake."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from s2i import settings as settings_module
from s2i.engines import registry
from s2i.errors import InputError
from s2i.settings import ENGINE_NAMES, RECOGNISER_NAMES, Settings
from s2i.speech.registry import RECOGNISERS


def load(home: Path, overrides: dict[str, Any] | None = None, **environ: str) -> Settings:
    return settings_module.load({"S2I_HOME": str(home), **environ}, overrides)


def write(home: Path, text: str) -> None:
    (home / "data").mkdir()
    (home / "data" / "settings.json").write_text(text, encoding="utf-8")


def test_later_sources_win(tmp_path: Path):
    write(tmp_path, json.dumps({"engine": "comfyui", "steps": 7, "language": "fr"}))
    settings = load(tmp_path, {"engine": "storyboard", "size": None}, S2I_STEPS="9")
    assert (settings.engine, settings.steps, settings.language) == ("storyboard", 9, "fr")
    assert settings.output == tmp_path / "output"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"steps": "many"}', '{"steps": true}', '{"engine": 3}', "[" * 100_000],
)
def test_a_bad_file_is_named(text: str, tmp_path: Path):
    write(tmp_path, text)
    with pytest.raises(InputError, match=r"settings\.json"):
        load(tmp_path)


def test_a_file_with_an_editors_mark_at_its_start(tmp_path: Path):
    write(tmp_path, '\ufeff{"steps": 7}')
    assert load(tmp_path).steps == 7


def test_a_setting_of_another_version_is_told_and_left_out(tmp_path: Path):
    write(tmp_path, '{"nonsense": 1, "steps": 7}')
    notes: list[str] = []
    settings = settings_module.load({"S2I_HOME": str(tmp_path)}, note=notes.append)
    assert settings.steps == 7
    assert ["nonsense" in note for note in notes] == [True]


def test_a_bad_environment_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="S2I_STEPS"):
        load(tmp_path, S2I_STEPS="many")
    with pytest.raises(InputError, match="no image engine 'paint'"):
        load(tmp_path, S2I_ENGINE="paint")


@pytest.mark.parametrize(
    ("text", "on"),
    [("1", True), ("0", False), ("True", True), ("false", False), ("YES", True), ("no", False),
     ("on", True), ("OFF", False), ("  ", True)],
)  # fmt: skip
def test_a_switch_in_the_environment(text: str, on: bool, tmp_path: Path):
    assert load(tmp_path, S2I_REFINE=text).refine is on


GOOD = [
    ("language", "pt-BR", "pt-BR"),
    ("silence", "0.2", 0.2),
    ("silence", 5, 5.0),
    ("steps", "+20", 20),
    ("steps", 20.0, 20),
    ("count", "16", 16),
    ("size", "512×768", "512x768"),
    ("size", " ", ""),
    ("seed", 2**64 - 1, "18446744073709551615"),
    ("seed", "007", "7"),
    ("seed", "", ""),
    ("seed_policy", "last", "last"),
    ("refine", 0, False),
    ("negative", " blurry,\nugly ", "blurry,\nugly"),
]
BAD = [
    ("language", ""), ("language", "../en"), ("language", "e"), ("language", 5),
    ("recogniser", "magic"), ("recogniser", None),
    ("silence", 0.1), ("silence", 5.01), ("silence", "nan"), ("silence", float("inf")),
    ("silence", 10**400), ("silence", "1_0"), ("silence", "٣"), ("silence", True),
    ("refine", "maybe"), ("refine", 2), ("refine", None), ("refine", 1.5),
    ("refiner", ""), ("refiner", "a\x00b"), ("engine", "ComfyUI"), ("engine", ["auto"]),
    ("comfyui_url", ""), ("comfyui_url", "http://x/\n"[:9] + "\r\nX: y"),
    ("comfyui_token", "a\nb"), ("comfyui_token", {"a": 1}),
    ("workflow", "x" * 5000), ("workflow", "\ud800"),
    ("size", "7x7"), ("size", "512"), ("size", "99999999999x512"), ("size", 512),
    ("steps", -1), ("steps", 201), ("steps", 7.5), ("steps", "0x10"), ("steps", 10**30),
    ("seed_policy", "fixed!"), ("seed", -1), ("seed", str(2**64)), ("seed", "1.5"),
    ("seed", True), ("seed", "9" * 5000), ("count", 0), ("count", 17), ("negative", 3),
    ("device", "\x1b[2J"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "kept"), GOOD)
def test_what_can_be_set(name: str, value: Any, kept: Any):
    found = settings_module.check(name, value, "it")
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_can_not(name: str, value: Any):
    with pytest.raises(InputError, match=r"^The source") as caught:
        settings_module.check(name, value, "the source")
    told = f"{caught.value.message} {caught.value.hint}"
    told.encode("utf-8")  # nothing in it that a terminal or a page couldn't take
    assert "\x1b" not in told
    assert len(told) < 400


def test_a_secret_is_not_repeated():
    with pytest.raises(InputError) as caught:
        settings_module.check("comfyui_token", 12345678, "it")
    assert "1234" not in caught.value.message


def test_every_default_is_a_value_that_can_be_set():
    for item in fields(Settings):
        if item.name != "home":
            assert settings_module.check(item.name, item.default, "it") == item.default


def test_each_setting_has_its_line_of_help():
    assert all(field.metadata["help"] for field in fields(Settings))


def test_the_names_are_those_that_there_are():
    assert list(ENGINE_NAMES) == ["auto", *registry.ENGINES]
    assert list(RECOGNISER_NAMES) == ["auto", *RECOGNISERS]
