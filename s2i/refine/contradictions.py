"""What a phrase says against the idea: other colours, other numbers, what was ruled out. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from s2i.refine.words import (
    FUNCTION_WORDS,
    MANY,
    colour,
    content_words,
    is_palette,
    number,
    parts,
    stem,
)

_Value = TypeVar("_Value", str, int)

Exclusive = Mapping[str, tuple[frozenset[str], ...]]

_NEGATION = re.compile(
    r"\b(?:without|with no|no|not|never|minus|except|isn't|aren't|doesn't have)\b([^,.;:!?]*)",
    re.IGNORECASE,
)
_COLOUR_TALK = frozenset({"colour", "colours", "color", "colors", "palette", "hue", "hues"})


class IdeaFacts:
    """What an idea fixes, read once and compared with many phrases."""

    def __init__(self, idea: str, exclusive: Exclusive) -> None:
        """`exclusive` is the template's: word sets of which no two go together."""
        self._exclusive = exclusive
        self.negated = _negated(idea)
        said = _NEGATION.sub(" ", idea)
        # What was ruled out must not count as said: "no snow" doesn't make it winter.
        self._taken = _sets_of(said, exclusive)
        self.colours = _bound(said, colour)
        self.numbers = _bound(said, number)
        self._counts = {count for word in parts(said) if (count := number(word)) and count > 1}
        # One set of colours is enough, and colours that were said leave no room for others.
        self._palette_taken = any(colour(word) for word in parts(said))
        self._grey = bool(
            {"monochrome", "greyscale", "grayscale", "sepia"} & set(parts(said))
        ) or "black and white" in " ".join(parts(said))

    def against(self, phrase: str) -> str | None:
        """Why `phrase` contradicts the idea or a phrase accepted before, in a word; else None."""
        found = parts(phrase)
        meant = {stem(word) for word in found}
        shades = {shade for word in found if (shade := colour(word))}
        if meant & self.negated:
            return "ruled out"
        if _NEGATION.search(phrase):
            return "negation"  # an image model paints what is named, "no" or not
        if (
            self._wrong_in_grey(found, shades)
            or self._wrong_colour(phrase, meant, shades)
            or (self._palette_taken and is_palette(phrase))
        ):
            return "colour"
        if self._wrong_number(found):
            return "number"
        return self._wrong_topic(phrase)

    def _wrong_in_grey(self, found: list[str], shades: set[str]) -> bool:
        return self._grey and bool(shades - {"black", "white", "grey"} or _COLOUR_TALK & set(found))

    def _wrong_topic(self, phrase: str) -> str | None:
        """The topic on which `phrase` is at odds with what is said so far, or with itself."""
        for topic, mine in _sets_of(phrase, self._exclusive).items():
            taken = self._taken.get(topic)
            if not taken & mine if taken else len(mine) > 1:
                return topic
        return None

    def accept(self, phrase: str) -> None:
        """Let `phrase` bind the phrases after it."""
        self._palette_taken = self._palette_taken or is_palette(phrase)
        for topic, mine in _sets_of(phrase, self._exclusive).items():
            self._taken.setdefault(topic, mine)

    def _wrong_colour(self, phrase: str, meant: set[str], shades: set[str]) -> bool:
        bound = _bound(phrase, colour)
        for noun, mine in self.colours.items():
            other = bound.get(noun, set()) or (
                shades if noun in meant and len(meant) <= 4 else set()
            )
            if other and not other & mine:
                return True
        return False

    def _wrong_number(self, found: list[str]) -> bool:
        """Another number than the idea's where it has one, or a crowd of a single thing."""
        others = {count for word in found if (count := number(word)) and count > 1}
        if self._counts and others - self._counts:
            return True
        for place, word in enumerate(found):
            noun = stem(word)
            if noun not in self.numbers:
                continue
            mine = self.numbers[noun]
            before = found[max(0, place - 3) : place]
            counts = {count for other in before if (count := number(other)) is not None}
            if counts and not counts & mine:
                return True
            if mine == {1} and (MANY & set(before) or {"another", "other"} & set(before)):
                return True
            if mine == {1} and word != noun and not counts:  # "foxes" for "a fox"
                return True
        return False


def _negated(idea: str) -> set[str]:
    """Stems of what the idea rules out: the words after "without", "no", "not"."""
    return {
        stem(word) for match in _NEGATION.finditer(idea) for word in content_words(match.group(1))
    }


def _sets_of(text: str, exclusive: Exclusive) -> dict[str, set[int]]:
    """Per topic, which of its word sets `text` touches."""
    found = parts(text)
    line = f" {' '.join(found)} "
    result: dict[str, set[int]] = {}
    for topic, sets in exclusive.items():
        touched = {
            index
            for index, members in enumerate(sets)
            if any(f" {member} " in line for member in members)
        }
        if touched:
            result[topic] = touched
    return result


def _bound(text: str, read: Callable[[str], _Value | None]) -> dict[str, set[_Value]]:
    """Which noun carries which colours or numbers: the content words right after one.

    "a small red fox" binds red to fox; a function word or a comma ends the reach, save that of
    "of" in "a pair of boots".
    """
    result: dict[str, set[_Value]] = {}
    for clause in re.split(r"[,.;:!?]", text.lower()):
        held: set[_Value] = set()
        run: list[str] = []
        for word in parts(clause):
            value = read(word)
            if value is not None:
                if run:
                    _bind(result, run, held)
                    run, held = [], set()
                held.add(value)
            elif word not in FUNCTION_WORDS:
                run.append(word)
            elif word != "and" and (word != "of" or run):
                _bind(result, run, held)
                run, held = [], set()
        _bind(result, run, held)
    return result


def _bind(result: dict[str, set[_Value]], run: list[str], held: set[_Value]) -> None:
    """Either of the two next words can be the noun ("red fur coat"); a colour never is."""
    if held:
        for word in [word for word in run if colour(word) is None][:2]:
            result.setdefault(stem(word), set()).update(held)
