"""Nothing that a recogniser makes up gets into an idea."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s2i.speech import fillers


@pytest.mark.parametrize(
    "text",
    ["", "   ", "the", "The", "huh", "the the huh", "um, uh...", "[50]", "[50] the", "<unk>",
     "[noise] [laughter]", "<s> </s> <sil>", "++NOISE++ the", "!SIL", "the(2)", "[50][20]"],
)  # fmt: skip
def test_nothing_was_said(text):
    assert fillers.clean(text) == ""
    assert fillers.meant(text) == ()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a red fox", "a red fox"),
        ("[50] a red [noise] fox <unk>", "a red fox"),
        ("the fox", "the fox"),
        ("um a fox the", "um a fox the"),
        ("read(2) foxes(3)", "read foxes"),
        ("fox<unk>es", "fox es"),
        ("stop!", "stop!"),
        ("three < four", "three < four"),
        ("빨간 여우 [50]", "빨간 여우"),
    ],
)
def test_what_was_said_stays(text, cleaned):
    assert fillers.clean(text) == cleaned
    assert fillers.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("language", "filler", "idea"),
    [
        ("de", "äh die", "die Burg"), ("de-AT", "Und", "und Schnee"), ("fr", "euh le", "le chat"),
        ("es", "pues", "un zorro"), ("it", "il", "il gatto"), ("pt", "um", "um gato"),
        ("zh", "嗯", "狐狸"), ("zh_CN", "嗯 啊", "红 狐狸"), ("ko", "음 그", "여우"),
        ("xx", "hmm", "the"),
    ],
)  # fmt: skip
def test_fillers_are_of_a_language(language, filler, idea):
    assert fillers.clean(filler, language) == ""
    assert fillers.clean(idea, language) == idea


def test_fillers_between_words_change_nothing_for_the_endpointer():
    assert fillers.meant("the red fox") == fillers.meant("red um fox the")


def test_marks_are_told_from_words():
    assert fillers.is_mark("[50]")
    assert not fillers.is_mark("fox")


def test_every_language_of_the_catalogue_has_a_list():
    root = Path(__file__).resolve().parents[2]
    catalogue = json.loads((root / "bootstrap" / "catalogue.json").read_text(encoding="utf-8"))
    lists = json.loads((root / "s2i" / "speech" / "fillers.json").read_text(encoding="utf-8"))
    spoken = {one["language"] for one in _entries(catalogue) if "language" in one}
    assert spoken
    assert spoken <= set(lists)


def _entries(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from _entries(one)
