"""What a recogniser is, and what it answers. Adding one: a file like vosk.py, a registry line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Word:
    """A recognised word: start and end in seconds from the utterance's begin.

    `confidence` is 0 to 1, None where the recogniser has none.
    """

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True)
class Heard:
    """What is understood so far: `settled` won't change any more, `tail` still may."""

    settled: str
    tail: str

    @property
    def text(self) -> str:
        """Both, as one text."""
        return f"{self.settled} {self.tail}".strip()


@dataclass(frozen=True)
class Result:
    """A decoder's last word on an utterance; alternatives are whole texts, best first."""

    words: tuple[Word, ...]
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """A finished utterance. `seconds` is the audio's length; `ended` says why it ended:

    finish (the caller said so), silence (after speech), cap (too long: what came in time counts).
    """

    text: str
    words: tuple[Word, ...]
    alternatives: tuple[str, ...]
    language: str
    recogniser: str
    model: str
    seconds: float
    ended: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


class Decoder(Protocol):
    """A native recogniser at work on one utterance; one thread at a time. Input is checked."""

    def accept(self, pcm: bytes) -> Heard:
        """Take whole samples of mono s16le at the model's `sample_rate`."""
        ...

    def finish(self) -> Result:
        """End the utterance; `reset` makes it ready for the next."""
        ...

    def reset(self) -> None:
        """Forget the utterance, finished or not."""
        ...

    def worn(self) -> bool:
        """Whether its memory has grown so far that a fresh one should take its place."""
        ...


@runtime_checkable
class Recording(Protocol):
    """A decoder that hears more where nobody waits for words while they are spoken."""

    def record(self) -> None:
        """The coming utterance is a recording."""
        ...


class Model(Protocol):
    """A loaded model of one language, shared by all its decoders."""

    recogniser: str
    name: str
    language: str
    sample_rate: int  # Hz that its decoders want

    def decoder(self) -> Decoder:
        """A new decoder. Raises SpeechError."""
        ...

    def close(self) -> None:
        """Free its memory."""
        ...
