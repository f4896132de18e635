"""Defaults < file < environment < command line, and one sentence on every mistake."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from s2i import settings as settings_module
from s2i.errors import InputError
from s2i.settings import Settings


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
    "text", ["{", "[]", '{"nonsense": 1}', '{"steps": "many"}', '{"steps": true}', '{"engine": 3}']
)
def test_a_bad_file_is_named(text: str, tmp_path: Path):
    write(tmp_path, text)
    with pytest.raises(InputError, match=r"settings\.json"):
        load(tmp_path)


def test_a_bad_environment_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="S2I_STEPS"):
        load(tmp_path, S2I_STEPS="many")
    with pytest.raises(InputError, match="no image engine 'paint'"):
        load(tmp_path, S2I_ENGINE="paint")


def test_each_setting_has_its_line_of_help():
    assert all(field.metadata["help"] for field in fields(Settings))
