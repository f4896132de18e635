"""From what a model said to phrases of a prompt. Pure.

Models of this size add what nobody asked for: preambles, labels, quotation marks, markdown,
thoughts aloud, sentences about "the image", and a last phrase that the token limit cut off.
"""

from __future__ import annotations

import re
import unicodedata

from s2i.refine.contradictions import IdeaFacts
from s2i.refine.template import Template
from s2i.refine.words import (
    FUNCTION_WORDS,
    SIZES,
    UNFINISHED,
    content_words,
    parts,
    stem,
    stems,
    words,
)
from s2i.text import CONTROL_TOKENS, strip_unseen

MAX_PHRASE_WORDS = 14

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>\n]{0,80}>", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,200}\)")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"^\W*(?:(?:sure|certainly|of course|okay|ok|absolutely|great|alright|yes)\b"
    r"[^:\n]{0,120}?[!:.]\s*"
    r"|here(?:'s|’s| is| are)\b[^:\n]{0,120}:\s*"
    r"|(?:i(?:'ll| will| can| would)|let me)\b[^:\n]{0,120}:\s*)+",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|(?<=[\s,;.(\[]))\W{0,3}"
    r"(?:(?:image|final|refined|expanded|full|detailed|stable diffusion)\s+)?"
    r"(?:prompt|description|output|answer|result|caption|idea|setting|lighting|light|colou?rs?|"
    r"style|mood|scene|subject|background|composition|quality|details?)\s*[*_]{0,2}\s*:\s*",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*_`#>|~\\{}\[\]•●▪·“”„«»\"]+|(?<!\w)['’‘]|['’‘](?!\w)")
_BULLET = re.compile(r"^\s*(?:[-–—+]|\d{1,2}[.)])\s+", re.MULTILINE)
_BREAK = re.compile(r"\s*(?:[,;:\n\r!?]|\.(?!\d)|\s[-–—]{1,2}\s|[()])\s*")
_META = re.compile(
    r"\b(?:i|i'm|i'll|you|your|we|our|us|me|my|please|sorry|cannot|can't|unable|assistant|user|ai|"
    r"prompts?|captions?|words?|idea|generate[ds]?|generator|request|example|following|"
    r"hashtags?|image|illustrates?|depict(?:s|ed|ing)?|describes?|"
    r"titled?|it|it's|he|she|they|he's|she's|is|are|was|were|be|seems?|looks? like)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:(?:and|or|but|then|also|plus|featuring|including|showing)\s+)+", re.IGNORECASE
)


def spoken(idea: str) -> str:
    """The idea as the prompt begins with it: one line, no closing punctuation."""
    return idea.strip().rstrip(" ,.;:!?…-–—").strip() or idea.strip()


def clean(
    said: str,
    idea: str,
    template: Template,
    facts: IdeaFacts,
    *,
    finished: bool,
    max_words: int,
) -> list[str]:
    """The phrases of `said` that may follow the idea, in order, at most `max_words` in all.

    `facts` are the idea's, and learn of each phrase that is kept. `finished` tells that the model
    stopped of its own accord; otherwise its last phrase is taken for cut off.
    """
    kept: list[str] = []
    own = stems(idea)
    seen = set(own)
    unwanted = {stem(word) for word in template.unwanted} - own
    room = max_words
    for phrase in _candidates(said, idea, finished=finished):
        fresh = {stem(word) for word in content_words(phrase)}
        length = len(words(phrase))
        if not fresh or length > MAX_PHRASE_WORDS or not _sensible(phrase):
            continue
        if fresh & unwanted or _repeats(phrase, fresh, seen, idea, kept) or facts.against(phrase):
            continue
        if length > room:
            break
        facts.accept(phrase)
        kept.append(phrase)
        seen |= fresh
        room -= length
    return kept


def _candidates(said: str, idea: str, *, finished: bool) -> list[str]:
    """Phrases in order, stripped of what isn't prompt text; the cut-off one is left out."""
    text = _THOUGHT.sub(" ", said)
    text = CONTROL_TOKENS.sub("\n", text)  # the end of a turn: what follows is no part of a phrase
    text = _LINK.sub(r"\1", _TAG.sub(" ", text))
    text = _ADDRESS.sub(" ", _BULLET.sub("", text))
    text = _PREAMBLE.sub("", text.lstrip())
    text = _LABEL.sub(", ", _MARKUP.sub(" ", text))
    # A model that starts over repeats the idea: what follows counts, not the repetition.
    if len(words(idea)) > 1:
        again = rf"(?<!\w){re.escape(spoken(idea))}(?!\w)"
        text = re.sub(again, " , ", text, flags=re.IGNORECASE)
    pieces = _BREAK.split(text)
    if not finished and pieces:
        pieces.pop()  # empty where the text ends with a comma, else the phrase cut off
    phrases = [_LEAD.sub("", " ".join(strip_unseen(piece).split())) for piece in pieces]
    return [_end(phrase) for phrase in phrases]


def _end(phrase: str) -> str:
    """The phrase without dangling function words: "a barn with a" → "a barn"."""
    tokens = phrase.strip(" -–—/&+=").split()
    while tokens and tokens[-1].lower().strip("'’") in UNFINISHED:
        tokens.pop()
    return " ".join(tokens)


def _sensible(phrase: str) -> bool:
    """Words in Latin letters about what is to be seen, and no word said over and over."""
    if _META.search(phrase) or phrase.count("/") > 1 or "=" in phrase:
        return False
    if any(char.isalpha() and not _latin(char) for char in phrase):
        return False
    if any(unicodedata.category(char) in ("So", "Cn", "Co") for char in phrase):
        return False
    said = parts(phrase)
    if all(word in FUNCTION_WORDS or word in SIZES or word.isdigit() for word in said):
        return False
    return (
        not any(said.count(word) > 1 for word in content_words(phrase))
        and max(len(word) for word in said) <= 24
    )


def _latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("LATIN", "MODIFIER", "FEMININE", "MASCULINE"))


def _repeats(phrase: str, fresh: set[str], seen: set[str], idea: str, kept: list[str]) -> bool:
    """Half of it or more is the idea's, or a phrase's before it, or three words in a row are."""
    if not fresh - seen:
        return True
    if any(len(fresh & stems(other)) * 2 >= len(fresh) for other in (idea, *kept)):
        return True
    return bool(_triples(phrase) & _triples(" ".join([idea, *kept])))


def _triples(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return set(zip(found, found[1:], found[2:], strict=False))
