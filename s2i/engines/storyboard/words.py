"""A prompt's text as plain words: no weights, no emoji, phrases apart, negated parts out. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_CHARS = 4000  # what comes after this in a prompt doesn't change the scene
MAX_TOKENS = 400

_ANGLE_TAG = re.compile(r"<[^<>]{0,200}>")  # <lora:name:0.8> and control tokens
_WEIGHT = re.compile(r":\s*\d+(?:\.\d+)?(?=\s*[)\]])")  # (red fox:1.2)
_BREAK = re.compile(r"[,.;:!?|\n\r…。、，！？；]+(?:\s|$|(?<=[。、，！？；\n\r|]))")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_OF_A_KIND = re.compile(
    r"^\W*(?:(?:an?|the)\s+)?(?:[\w-]+\s+){0,4}?"
    r"(?:paintings?|illustrations?|photos?|photographs?|pictures?|drawings?|images?|renderings?|"
    r"renders?|sketch|portraits?|watercolou?rs?|posters?|close-?up|view|scene)\s+(?:of|with|showing)\s+",
    re.IGNORECASE,
)
_NEGATIONS = frozenset({"without", "no", "not", "never", "nor", "neither", "minus", "excluding"})
_NEGATION_ENDS = frozenset(
    {"but", "with", "under", "in", "on", "at", "over", "near", "beside", "by", "is", "are",
     "walking", "standing", "behind", "through", "across", "during", "only", "just"}
)  # fmt: skip


@dataclass(frozen=True)
class Phrase:
    """One phrase of a prompt: its words in lower case, and the same words as they were typed."""

    words: tuple[str, ...]
    text: str


def plain(text: str) -> str:
    """`text` without weights, tags and invisible characters; emoji become their Unicode names.

    '(red fox:1.2) 🌙' → 'red fox crescent moon'. At most MAX_CHARS characters come back.
    """
    text = _ANGLE_TAG.sub(" ", text[:MAX_CHARS])
    text = _WEIGHT.sub("", text)
    pieces: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if char in "\n\r\t":
            pieces.append("\n" if char != "\t" else " ")
        elif char in '()[]{}*_`"“”„«»#~^=<>\\':
            pieces.append(" ")
        elif category == "So":
            pieces.append(_emoji_name(char))
        elif category in ("Cc", "Cf", "Cs", "Co", "Cn", "Sk") or "\ufe00" <= char <= "\ufe0f":
            continue
        else:
            pieces.append(char)
    lines = (" ".join(line.split()) for line in "".join(pieces)[:MAX_CHARS].split("\n"))
    return "\n".join(line for line in lines if line)


def _emoji_name(char: str) -> str:
    name = unicodedata.name(char, "").lower()
    if not name or "symbol letter" in name or "dingbat" in name:
        return " "
    return f" {name.replace(' face', '').replace('-', ' ')} "


def phrases(text: str) -> tuple[Phrase, ...]:
    """The phrases of `text` (already `plain`), split at commas, full stops and line ends.

    'A painting of' and its like at the front of a phrase comes after it as a phrase of its own.
    """
    found: list[Phrase] = []
    total = 0
    for raw in _BREAK.split(text):
        kind = _OF_A_KIND.match(raw.strip())
        front = kind.group() if kind else ""
        for part in (raw.strip()[len(front) :], front):
            words = tuple(_word(match.group()) for match in _WORD.finditer(part))
            words = words[: max(0, MAX_TOKENS - total)]
            total += len(words)
            if words:
                found.append(Phrase(words, " ".join(part.split())))
    return tuple(found)


def _word(raw: str) -> str:
    word = unicodedata.normalize("NFC", raw).lower().replace("’", "'")
    return word[:-2] if word.endswith("'s") else word


def affirmed(words: tuple[str, ...]) -> tuple[str | None, ...]:
    """`words` with those that a 'without', 'no' or 'not' takes away replaced by None.

    A negation reaches to the end of its phrase or to a word that starts something new:
    'a beach without people or cars under a moon' keeps beach and moon.
    """
    kept: list[str | None] = []
    negated = False
    for index, word in enumerate(words):
        if word in _NEGATIONS or (word == "free" and words[index + 1 : index + 2] == ("of",)):
            negated = True
        elif word in _NEGATION_ENDS:
            negated = False
        kept.append(None if negated else word)
    return tuple(kept)


def singulars(word: str, irregular: dict[str, str]) -> tuple[str, ...]:
    """What `word` may be the plural of, likeliest first; empty where it can't be a plural."""
    if word in irregular:
        return (irregular[word],)
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return ()
    found = [word[:-1]]
    if word.endswith("ies"):
        found.insert(0, word[:-3] + "y")
    elif word.endswith("ves"):
        found += [word[:-3] + "f", word[:-3] + "fe"]
    elif word.endswith("es"):
        found.append(word[:-2])
    return tuple(found)
