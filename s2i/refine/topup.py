"""Completing a prompt from banks of phrases, only where a kind of phrase is missing. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from s2i.refine.contradictions import IdeaFacts
from s2i.refine.template import Bank, Template
from s2i.refine.words import parts, stem, stems, words


def missing_kinds(idea: str, phrases: Sequence[str], template: Template) -> list[str]:
    """The banks of which neither the idea nor a phrase shows a sign, in the template's order."""
    found = set(parts(", ".join([idea, *phrases])))
    found |= {stem(word) for word in found}
    return [name for name, bank in template.banks.items() if not bank.signs & found]


def top_up(
    idea: str, phrases: Sequence[str], template: Template, facts: IdeaFacts, seed: int
) -> list[str]:
    """`phrases` with one phrase for each kind that is missing.

    Then more, until there are `min_words` in all and more new ones than the guard asks for.

    Which phrase depends on `seed` and `idea`; one that contradicts the idea or brings no new word
    is passed over.
    """
    result = list(phrases)
    for kind in missing_kinds(idea, result, template):
        _add(template.banks[kind], f"{seed}:{kind}:{idea}", idea, result, facts)
    for kind in list(template.banks) * 3:
        if _enough(idea, result, template):
            break
        _add(template.banks[kind], f"{seed}:{kind}:{idea}", idea, result, facts)
    return result


def _enough(idea: str, phrases: Sequence[str], template: Template) -> bool:
    new = set(words(", ".join(phrases))) - set(words(idea))
    total = len(words(", ".join([idea, *phrases])))
    return total >= template.limits.min_words and len(new) > template.limits.new_words


def _add(bank: Bank, draw: str, idea: str, result: list[str], facts: IdeaFacts) -> None:
    """Append the first phrase of `bank` that fits, starting at a place that `draw` decides."""
    digest = hashlib.blake2b(draw.encode(), digest_size=4).digest()
    start = int.from_bytes(digest, "big") % len(bank.phrases)
    seen = stems(", ".join([idea, *result]))
    for phrase in (*bank.phrases[start:], *bank.phrases[:start]):
        if not stems(phrase) <= seen and phrase not in result and not facts.against(phrase):
            facts.accept(phrase)
            result.append(phrase)
            return
