"""vocabulary.json is data that people may edit: it has to hold together."""

from __future__ import annotations

import json
import random

from s2i.engines.storyboard.layout import TABLE_SHAPES
from s2i.engines.storyboard.paint_ground import GROUNDS
from s2i.engines.storyboard.palette import light_of
from s2i.engines.storyboard.reading import _GROUND_ORDER as GROUND_ORDER
from s2i.engines.storyboard.scene import Scene
from s2i.engines.storyboard.shapes import SHAPES
from s2i.engines.storyboard.vocabulary import FILE, LONGEST, vocabulary
from s2i.engines.storyboard.words import singulars

DATA = json.loads(FILE.read_text(encoding="utf-8"))
INSIDE = {"room", "cave", "underwater"}


def test_every_subject_has_a_shape_and_a_home() -> None:
    for key, subject in DATA["subjects"].items():
        assert subject["shape"] in SHAPES, key
        assert subject.get("home", "meadow") in DATA["grounds"], key
        assert subject.get("place", "ground") in {"ground", "far", "sky", "water", "hover"}, key
        assert 0.1 < subject["size"] < 0.9, key


def test_every_shape_is_used() -> None:
    assert {s["shape"] for s in DATA["subjects"].values()} == set(SHAPES)
    assert set(SHAPES) >= TABLE_SHAPES


def test_there_are_subjects_enough() -> None:
    assert len(DATA["subjects"]) > 100
    assert len(SHAPES) > 60


def test_every_ground_and_time_can_be_painted() -> None:
    assert set(DATA["grounds"]) == set(GROUND_ORDER) == set(GROUNDS) | INSIDE
    for time in DATA["times"]:
        light_of(Scene("", time=time), random.Random(1))


def test_colours_are_colours() -> None:
    colours = [*DATA["colours"].values(), *(s["colour"] for s in DATA["subjects"].values())]
    assert all(len(rgb) == 3 and all(0 <= part <= 255 for part in rgb) for rgb in colours)


def test_words_are_as_the_matcher_needs_them() -> None:
    for word in vocabulary().index:
        assert word == word.lower().strip(), word
        assert 1 <= len(word.split(" ")) <= LONGEST, word


def test_a_plural_entry_never_hides_what_its_singular_stands_for() -> None:
    """The exact word wins over its singular: 'fireworks' as sky alone would lose the night."""
    book = vocabulary()
    for word, entries in book.index.items():
        *front, last = word.split(" ")
        for candidate in singulars(last, book.irregular):
            hidden = book.index.get(" ".join([*front, candidate]), ())
            assert set(hidden) <= set(entries), (word, candidate)


def test_irregular_plurals_lead_somewhere() -> None:
    single = {word.split(" ")[-1] for word in vocabulary().index}
    for plural, word in DATA["irregular"].items():
        assert singulars(plural, DATA["irregular"]) == (word,)
    assert len(single & set(DATA["irregular"].values())) > 30
