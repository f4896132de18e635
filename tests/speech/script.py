"""A decoder that hears what the test writes, and remembers how it was used."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from s2i.errors import SpeechError
from s2i.events import EventType
from s2i.speech.base import Decoder, Heard, Result, Word

LOUD = b"\x00\x40\x00\xc0" * 800  # 0.1 s at 16 kHz
QUIET = b"\x01\x00\xff\xff" * 800


class ScriptDecoder:
    """Each accepted piece of sound adds the script's next word; QUIET adds none."""

    def __init__(self, model: ScriptModel) -> None:
        self.model = model
        self.heard: list[str] = []
        self.taken = 0  # bytes
        self.resets = 0
        self.closed = False
        self.worn_out = False

    def accept(self, pcm: bytes) -> Heard:
        self.model.gate.wait(20)
        if self.model.broken is not None:
            raise self.model.broken
        self.taken += len(pcm)
        if pcm != QUIET[: len(pcm)] and len(self.heard) < len(self.model.script):
            self.heard.append(self.model.script[len(self.heard)])
        return Heard(" ".join(self.heard[:-1]), " ".join(self.heard[-1:]))

    def finish(self) -> Result:
        words = tuple(Word(w, i / 10, (i + 1) / 10, 0.5) for i, w in enumerate(self.heard))
        return Result(words, self.model.alternatives)

    def reset(self) -> None:
        self.resets += 1
        self.heard = []

    def worn(self) -> bool:
        return self.worn_out

    def close(self) -> None:
        self.closed = True


@dataclass
class ScriptModel:
    """Makes such decoders; `made` keeps them."""

    script: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    broken: Exception | None = None
    recogniser: str = "script"
    name: str = "script-model"
    language: str = "en"
    sample_rate: int = 16_000
    made: list[ScriptDecoder] = field(default_factory=list)
    closed: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def decoder(self) -> Decoder:
        if self.closed:
            raise SpeechError("model-closed", "It is closed.")
        self.made.append(ScriptDecoder(self))
        return self.made[-1]

    def close(self) -> None:
        self.closed = True


class Events:
    """A StageEmit that remembers."""

    def __init__(self) -> None:
        self.all: list[tuple[EventType, dict[str, Any]]] = []

    def __call__(self, kind: EventType, **data: Any) -> None:
        self.all.append((kind, data))

    @property
    def kinds(self) -> list[str]:
        return [kind.value for kind, _ in self.all]

    @property
    def partials(self) -> list[str]:
        return [data["text"] for kind, data in self.all if kind is EventType.STT_PARTIAL]
