"""Which recogniser to take: the best that is there, and what would be better. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from s2i.errors import InputError, MissingError
from s2i.speech.base import Model

AUTO = "auto"


@dataclass(frozen=True)
class Offer:
    """A recogniser that can be had: `load` loads its model and may raise S2IError."""

    recogniser: str
    model: str
    load: Callable[[], Model]


Offers = Mapping[str, Callable[[str, Path], Offer]]
"""Recognisers by name, best first; each raises MissingError where it can't be had."""


@dataclass(frozen=True)
class Choice:
    """What was taken and why; `better` is a sentence on what to do for a better one, or ''."""

    offer: Offer
    reason: str
    better: str = ""


def choose(language: str, wanted: str, home: Path, offers: Offers) -> list[Choice]:
    """What can be had, best first: never empty.

    `wanted` is a name out of `offers` or "auto". Raises InputError for another name, MissingError
    where nothing can be had.
    """
    if wanted != AUTO and wanted not in offers:
        raise InputError(
            "unknown-recogniser",
            f"There is no speech recogniser '{wanted[:40]}'.",
            hint=f"Choose {AUTO} or one of {', '.join(offers)}.",
        )
    found: list[Choice] = []
    missed: list[MissingError] = []
    for name, make in offers.items():
        if wanted not in {AUTO, name}:
            continue
        try:
            offer = make(language, home)
        except MissingError as error:
            missed.append(error)
            continue
        why = " ".join(error.message for error in missed)
        better = next((error.hint for error in missed if error.hint), "")
        reason = f"{why} Speech is recognised by {name} ({offer.model})."
        found.append(Choice(offer, reason.strip(), better and f"For better recognition: {better}"))
    if found:
        return found
    first = missed[0]
    raise MissingError(
        first.code,
        f"Speech can't be recognised in the language '{language[:40]}': {first.message}",
        hint=first.hint,
    ) from first
