"""The interface's texts: in every language, for every setting, for all that the page asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from s2i.web.page import STATIC
from tests.web.client import Client
from tests.web.conftest import Running

LANGUAGES = sorted(path.stem for path in (STATIC / "lang").glob("*.json"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
NOT_SHOWN = {"device"}  # the microphone of the machine that serves: the page has its own


def texts(language: str) -> dict[str, str]:
    """Every text of a language under its whole key ("talk.start")."""
    data = json.loads((STATIC / "lang" / f"{language}.json").read_text("utf-8"))
    return dict(flat(data))


def flat(part: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def test_english_and_french_are_there() -> None:
    assert {"en", "fr"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    english, own = texts("en"), texts(language)
    assert [key for key in english if not own.get(key, "").strip()] == []
    # In English the server's own sentence is shown, so other languages have more of these.
    assert [key for key in own if key not in english and not key.startswith("errors.")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_fills_in_the_same(language: str) -> None:
    english, own = texts("en"), texts(language)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", own[key])) == set(re.findall(r"\{\w+\}", text)), key


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_no_text_was_left_in_english(language: str) -> None:
    english, own = texts("en"), texts(language)
    same = [key for key, text in english.items() if own[key] == text and len(text.split()) > 2]
    assert same == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_text_that_is_asked_for_is_there(script: Any) -> None:
    source = script.read_text("utf-8")
    english = texts("en")
    for key in re.findall(r"\bt\(\s*'([^']+)'", source):
        assert key in english, f"{script.name} asks for {key}"
    for start in re.findall(r"\bt\(\s*`([^`$]+)\$\{", source):
        assert any(key.startswith(start) for key in english), f"{script.name} asks for {start}…"


def test_every_text_is_asked_for() -> None:
    """What nobody shows is a leftover: its last word, at least, stands in some script."""
    sources = "\n".join(path.read_text("utf-8") for path in SCRIPTS)
    parts = set(re.findall(r"[\w-]+", sources))
    left = [
        key
        for key in texts("en")
        if not key.startswith(("errors.", "settings."))
        and re.sub(r"_one$|-\d+$", "", key.rpartition(".")[2]) not in parts
        and not any(
            re.sub(r"_one$", "", key).startswith(start)
            for start in re.findall(r"`([\w.-]+[.-])\$\{", sources)
        )
    ]
    assert left == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_has_a_label_and_a_line_of_help(web: Running, language: str) -> None:
    own = texts(language)
    shown = [item for item in settings(web.client) if item["name"] not in NOT_SHOWN]
    assert len(shown) > 10
    for item in shown:
        for part in ("label", "help"):
            text = own.get(f"settings.{item['name']}.{part}", "")
            assert text.strip(), f"{item['name']} has no {part}"
            assert "\n" not in text


def settings(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/settings").json["settings"]
    return found
