"""The recognisers by name, best first. A new one is a file beside vosk.py and a line here."""

from __future__ import annotations

from pathlib import Path

from s2i.errors import MissingError, SpeechError
from s2i.speech import choice
from s2i.speech.base import Model
from s2i.speech.choice import AUTO, Choice, Offer


def _vosk(language: str, home: Path) -> Offer:
    from s2i.speech import vosk

    return vosk.offer(language, home)


def _pocketsphinx(language: str, home: Path) -> Offer:
    from s2i.speech import pocketsphinx

    return pocketsphinx.offer(language, home)


RECOGNISERS: choice.Offers = {
    "vosk": _vosk,
    "pocketsphinx": _pocketsphinx,
}
"""In the order in which `auto` prefers them. Imported when asked for, not before."""


def choose(
    language: str, wanted: str = AUTO, *, home: Path, offers: choice.Offers = RECOGNISERS
) -> Choice:
    """What would be used, without loading it. Quick. Raises InputError, MissingError."""
    return choice.choose(language, wanted, home, offers)[0]


def load(
    language: str, wanted: str = AUTO, *, home: Path, offers: choice.Offers = RECOGNISERS
) -> Model:
    """The model of a language ("en", "fr-FR"), loaded: 0.5 to 2 s.

    With "auto" one that doesn't load is passed over. Raises InputError, MissingError, SpeechError.
    """
    first: MissingError | SpeechError | None = None
    for found in choice.choose(language, wanted, home, offers):
        try:
            return found.offer.load()
        except (MissingError, SpeechError) as error:
            first = first or error
    assert first is not None  # noqa: S101 - there was at least one, and it didn't load
    raise first
