"""What a job asks of those who hear the words, write the prompt and paint the picture.

What the last of them does is in s2i.engines.base.
"""

from __future__ import annotations

import threading
from typing import Protocol

from s2i.engines.base import Engine
from s2i.events import StageEmit
from s2i.speech.base import Transcript


class Refined(Protocol):
    """What the refiner answers (see s2i.refine.refiner.Refined)."""

    @property
    def prompt(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def template_version(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...


class RefinerLike(Protocol):
    """What the pipeline asks of a refiner."""

    name: str

    def refine(
        self, idea: str, *, seed: int, emit: StageEmit, cancel: threading.Event
    ) -> Refined: ...


class SpeechSource(Protocol):
    """Where spoken words come from: a file, a microphone, a stream that was recorded."""

    def listen(self, emit: StageEmit, cancel: threading.Event) -> Transcript:
        """The words; blocks, emits stt-start, stt-partial and stt-end. Raises SpeechError,
        InputError (audio that can't be used), Cancelled."""
        ...


def close_engine(engine: Engine) -> None:
    """Some engines keep connections open; others have nothing to close."""
    close = getattr(engine, "close", None)
    if close is not None:
        close()
