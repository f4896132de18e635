"""What recognisers say when nobody spoke: tokens such as `[50]`, and a lone "the" or "huh". Pure.

Small models hear a breath or silence as the shortest frequent word of their language
(alphacep/vosk-api's known complaint); which words those are is data: fillers.json, by language.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

# [50] [noise] [UNK], <unk> <s> </s> <sil>, ++NOISE++, !SIL: Kaldi's and Sphinx's own marks. No
# recogniser writes brackets that a person spoke.
_TOKENS = re.compile(r"\[[^\[\]\s]*\]|<[^<>\s]*>|\+\+[^+\s]+\+\+|(?<!\S)!\w+")
_VARIANT = re.compile(r"(?<=\w)\(\d+\)")  # PocketSphinx: the second pronunciation is "read(2)"
_EDGES = ".,;:!?…。，、！？·'\"-–—"
DEFAULT_LANGUAGE = "en"


def clean(text: str, language: str = DEFAULT_LANGUAGE) -> str:
    """What was said, without a recogniser's marks; '' where only fillers of `language` are left.

    Fillers between other words stay: they are what was said. `language` may carry a region.
    """
    words = _words(text)
    return " ".join(words) if _meant(words, language) else ""


def meant(text: str, language: str = DEFAULT_LANGUAGE) -> tuple[str, ...]:
    """The words of `text` that aren't fillers: when these change, somebody is speaking."""
    return _meant(_words(text), language)


def is_mark(word: str) -> bool:
    """Whether `word` is nothing but a recogniser's mark, such as `[50]` or `<unk>`."""
    return not _words(word)


def _words(text: str) -> list[str]:
    return _VARIANT.sub("", _TOKENS.sub(" ", text)).split()


def _meant(words: list[str], language: str) -> tuple[str, ...]:
    fillers = _fillers(language)
    bare = (word.strip(_EDGES).lower() for word in words)
    return tuple(word for word in bare if word and word not in fillers)


@lru_cache(maxsize=32)
def _fillers(language: str) -> frozenset[str]:
    lists = _lists()
    base = re.split("[-_]", language.lower(), maxsplit=1)[0]
    return lists["any"] | lists.get(base, frozenset())


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    path = Path(__file__).with_name("fillers.json")
    data = json.loads(path.read_text(encoding="utf-8"))
    return {language: frozenset(words) for language, words in data.items()}
