"""The words that the storyboard can paint, out of vocabulary.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from s2i.engines.storyboard.colour import RGB
from s2i.engines.storyboard.words import singulars

FILE = Path(__file__).with_name("vocabulary.json")
LONGEST = 4  # words of the longest entry

_TABLES = ("times", "sky", "weather", "grounds", "backdrops", "seasons", "styles", "poses")


@dataclass(frozen=True)
class Match:
    """Words `start` to `end` (exclusive) of a phrase stand for `key` in table `table`."""

    table: str
    key: str
    start: int
    end: int
    plural: bool


@dataclass(frozen=True)
class Vocabulary:
    """vocabulary.json, with an index from words to what they stand for."""

    index: Mapping[str, tuple[tuple[str, str], ...]]
    colours: Mapping[str, RGB]
    numbers: Mapping[str, int]
    sizes: Mapping[str, float]
    irregular: dict[str, str]
    style_words: frozenset[str]
    subjects: Mapping[str, Mapping[str, Any]]

    def matches(self, words: tuple[str | None, ...]) -> tuple[Match, ...]:
        """Everything that `words` stand for, in order; at each place the longest entry wins.

        None (a word that a negation took away) matches nothing.
        """
        found: list[Match] = []
        start = 0
        while start < len(words):
            start = self._match_at(words, start, found)
        return tuple(found)

    def _match_at(self, words: tuple[str | None, ...], start: int, found: list[Match]) -> int:
        for length in range(min(LONGEST, len(words) - start), 0, -1):
            group = words[start : start + length]
            if None in group:
                continue
            *front, last = (word for word in group if word is not None)
            for number, candidate in enumerate((last, *singulars(last, self.irregular))):
                entry = self.index.get(" ".join((*front, candidate)))
                if entry is None:
                    continue
                end = start + length
                found += [Match(table, key, start, end, number > 0) for table, key in entry]
                return end
        return start + 1


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The vocabulary that ships with the program, read once."""
    return build(json.loads(FILE.read_text(encoding="utf-8")))


def build(data: dict[str, Any]) -> Vocabulary:
    """A Vocabulary out of the content of vocabulary.json."""
    index: dict[str, list[tuple[str, str]]] = {}

    def add(words: list[str], table: str, key: str) -> None:
        for word in words:
            entries = index.setdefault(word, [])
            if (table, key) not in entries:
                entries.append((table, key))

    for table in _TABLES:
        for key, words in data[table].items():
            add(words, table, key)
    for key, subject in data["subjects"].items():
        add(subject["words"], "subjects", key)
    for colour in data["colours"]:
        add([colour], "colours", colour)
    add(data["neutral"], "neutral", "")
    add(data["ignore"], "ignore", "")
    return Vocabulary(
        index={word: tuple(entries) for word, entries in index.items()},
        colours={name: (rgb[0], rgb[1], rgb[2]) for name, rgb in data["colours"].items()},
        numbers=data["numbers"],
        sizes=data["sizes"],
        irregular=data["irregular"],
        style_words=frozenset(data["style_words"]),
        subjects=data["subjects"],
    )
