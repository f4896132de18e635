"""Where a headless run's spoken words come from: a sound file, standard input, the microphone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

from s2i.errors import Cancelled, InputError
from s2i.events import StageEmit
from s2i.settings import Settings
from s2i.speech.audio import Reader, decode
from s2i.speech.base import Transcript
from s2i.speech.endpointing import Verdict
from s2i.speech.microphone import Microphone
from s2i.speech.pool import Recognisers
from s2i.speech.utterance import Utterance

Say = Callable[[str], None]
"""Takes a sentence for people."""

Meter = Callable[[float], None]
"""Takes the microphone's level in dBFS."""

_POLL = 0.05  # seconds between looks at the cancel flag


class Source(Protocol):
    """The pipeline's source of speech."""

    def listen(self, emit: StageEmit, cancel: threading.Event) -> Transcript: ...


@contextmanager
def opened(
    audio: str | None, settings: Settings, *, say: Say, meter: Meter | None = None
) -> Iterator[Source]:
    """The file `audio` ("-": standard input), or the microphone where that is None: opened, with
    the language's recogniser loaded and warm.

    Raises InputError (the file, the device), MissingError (no recogniser, no PortAudio),
    SpeechError (no microphone).
    """
    with closing(Recognisers(settings.home, settings)) as recognisers:
        pool = recognisers.pool(settings.language)
        say(str(recognisers.status().get("reason", "")))
        if audio is None:
            with Microphone(settings.device or None) as microphone:
                say(f"Speak now ({microphone.device.name}); it stops when you do.")
                yield _Spoken(microphone, recognisers, settings, say, meter)
            return
        rate = pool.model.sample_rate
        with decode(_source(audio), rate) as reader:
            yield _Recorded(reader, rate, recognisers, settings)


class _Recorded:
    """A file is one utterance, pauses and all, up to the cap."""

    def __init__(
        self, reader: Reader, rate: int, recognisers: Recognisers, settings: Settings
    ) -> None:
        self._reader, self._rate = reader, rate
        self._recognisers, self._settings = recognisers, settings

    def listen(self, emit: StageEmit, cancel: threading.Event) -> Transcript:
        utterance = self._recognisers.open(
            self._settings.language, self._rate, emit=emit, endpoint=False, decoded=True
        )
        with _given_back(utterance), _closed_on(cancel, self._reader.close):
            for chunk in self._reader:
                if utterance.feed(chunk) is Verdict.CAP and self._reader.length is not None:
                    break  # its length tells what is left out: no need to decode an hour
            if cancel.is_set():
                raise Cancelled
            return self._with_warnings(utterance.finish())

    def _with_warnings(self, said: Transcript) -> Transcript:
        warnings = [*said.warnings, *self._reader.warnings]
        left = (self._reader.length or 0.0) - said.seconds
        if said.ended == Verdict.CAP.value and left >= 1.0:
            warnings = [f"{self._reader.name} is {left:.0f} seconds longer than the longest "
                        f"utterance of {said.seconds:.0f}; they were left out."]  # fmt: skip
        return replace(said, warnings=tuple(warnings))


class _Spoken:
    """The microphone: the endpointer decides when the speaker has finished."""

    def __init__(
        self,
        microphone: Microphone,
        recognisers: Recognisers,
        settings: Settings,
        say: Say,
        meter: Meter | None,
    ) -> None:
        self._microphone, self._recognisers = microphone, recognisers
        self._settings, self._say, self._meter = settings, say, meter

    def listen(self, emit: StageEmit, cancel: threading.Event) -> Transcript:
        microphone = self._microphone
        utterance = self._recognisers.open(self._settings.language, microphone.rate, emit=emit)
        with _given_back(utterance), _closed_on(cancel, microphone.close):
            for block in microphone:
                if self._meter is not None:
                    self._meter(microphone.level)
                if utterance.feed(block) is not Verdict.GOING:
                    break
            if cancel.is_set():
                raise Cancelled
            if note := microphone.note():
                self._say(note)
            said = utterance.finish()
        if microphone.overruns:
            lost = f"This machine was too slow for the microphone {microphone.overruns} times."
            said = replace(said, warnings=(*said.warnings, f"{lost} Words may be missing."))
        return said


def _source(audio: str) -> Path | BinaryIO:
    if audio != "-":
        return Path(audio).expanduser()
    if sys.stdin is None:
        raise InputError("no-stdin", "There is no standard input to read the sound from.")
    return sys.stdin.buffer


@contextmanager
def _given_back(utterance: Utterance) -> Iterator[None]:
    """Whatever happens, the utterance's decoder goes back."""
    try:
        yield
    except BaseException:
        utterance.cancel()
        raise


@contextmanager
def _closed_on(cancel: threading.Event, close: Callable[[], None]) -> Iterator[None]:
    """Close what is waited for as soon as the user cancels."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_POLL):
            if cancel.is_set():
                close()
                return

    watcher = threading.Thread(target=watch, name="cancel of speech", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
