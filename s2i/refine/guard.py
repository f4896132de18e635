"""Whether what a model made of an idea is worth keeping. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from s2i.refine.template import Template
from s2i.refine.words import content_words, stem, stems, words

_REFUSAL = re.compile(
    r"\b(?:i'?m sorry|i am sorry|as an ai|as a language model|i can(?:no|')t|i am unable|"
    r"i'm unable|i won't)\b",
    re.IGNORECASE,
)
COPIED_RUN = 6  # consecutive words of an example that nobody says by chance
LOOP_COUNT = 4


def objection(said: str, idea: str, phrases: Sequence[str], template: Template) -> str | None:
    """Why the phrases should not be used, in words for a warning; None where they are good.

    `said` is the model's own text, `phrases` what cleaning left of it.
    """
    if _REFUSAL.search(said):
        return "the model refused"
    if _loops(said):
        return "the model repeated itself"
    if _copied(idea, phrases, template):
        return "the model copied an example"
    new = {stem(word) for phrase in phrases for word in content_words(phrase)} - stems(idea)
    if len(new) < template.limits.new_words:
        return f"the model added {len(new) or 'no'} usable new word{'s' * (len(new) != 1)}"
    return None


def _loops(said: str) -> bool:
    """A content word or a pair of words over and over, as small models do when they get stuck."""
    found = words(said)
    counts = Counter(stem(word) for word in content_words(said))
    pairs = Counter(pairwise(found))
    return any(count > LOOP_COUNT for count in counts.values()) or any(
        count >= LOOP_COUNT for count in pairs.values()
    )


def _copied(idea: str, phrases: Sequence[str], template: Template) -> bool:
    """A long run of words, or two or more whole phrases, out of one example."""
    mine = words(", ".join(phrases))
    runs = {tuple(mine[at : at + COPIED_RUN]) for at in range(len(mine) - COPIED_RUN + 1)}
    own = words(idea)
    lowered = {phrase.lower() for phrase in phrases if len(words(phrase)) > 1}
    for example in template.examples:
        if words(example.idea) == own:
            continue  # the very idea of an example may get its words
        theirs = words(example.prompt)
        if any(
            tuple(theirs[at : at + COPIED_RUN]) in runs
            for at in range(len(theirs) - COPIED_RUN + 1)
        ):
            return True
        known = {part.strip().lower() for part in example.prompt.split(",")[1:]}
        if len(known & lowered) >= 3:
            return True
        # The example's subject in a picture of something else.
        subject = stems(example.idea) - stems(idea)
        if len(subject) > 1 and subject <= {stem(word) for word in mine}:
            return True
    return False
