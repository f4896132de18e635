"""A recogniser that hears what the test writes: a scriptable, recording stand-in for the pool.

Of each piece it "hears" one word from its script; a piece of `SILENCE` ends the utterance.
"""

from __future__ import annotations

import threading
from typing import Any

from s2i.errors import InputError, S2IError, SpeechError
from s2i.events import EventType, StageEmit
from s2i.settings import Settings
from s2i.speech.base import Transcript, Word
from s2i.speech.endpointing import Verdict
from s2i.speech.pcm import check_pcm, check_rate

SILENCE = bytes(640)
NOTHING = b"\x01\x00" * 320  # nobody has said anything: NO_SPEECH
BREAK = b"\x02\x00" * 320  # the recogniser breaks
DEFECT = b"\x03\x00" * 320  # ... in a way that nobody foresaw
SPEECH = b"\x10\x00\x20\x01" * 800  # 0.1 s at 16 kHz


class FakeUtterance:
    """One utterance; `fed` holds what it was given."""

    def __init__(self, owner: FakeRecognisers, language: str, rate: int, emit: StageEmit) -> None:
        self.fed: list[bytes] = []
        self.language = language
        self.rate = rate
        self.state = "open"
        self.ended = "finish"
        self.endpoint = True
        self.decoded = False
        self._owner = owner
        self._emit = emit
        self._words: list[str] = []
        self._guard = threading.Lock()
        emit(EventType.STT_START, recogniser="fake", language=language)

    def feed(self, pcm: bytes) -> Verdict:
        """Hear a word."""
        if not self._guard.acquire(blocking=False):
            self._owner.overlaps += 1
            raise AssertionError("two threads feed one utterance")
        try:
            check_pcm(pcm, self.rate)
            self._owner.gate.wait(20)
            self.fed.append(pcm)
            if pcm == SILENCE:
                self.ended = "silence"
                return Verdict.SILENCE
            if pcm == NOTHING:
                self.ended = "no-speech"
                return Verdict.NO_SPEECH
            if pcm == BREAK:
                raise SpeechError("decoder-broke", "The recogniser broke.", hint="Say it again.")
            if pcm == DEFECT:
                raise ZeroDivisionError("secret detail")
            self._words.append(f"word{len(self._words)}")
            self._emit(EventType.STT_PARTIAL, text=" ".join(self._words), settled="", tail="")
            return Verdict.GOING
        finally:
            self._guard.release()

    def finish(self) -> Transcript:
        """What was heard."""
        self._close("finished")
        if self.ended == "no-speech":
            raise SpeechError("no-speech", "Nobody said anything.", hint="Speak up.")
        words = tuple(Word(text, i / 10, (i + 1) / 10, 0.5) for i, text in enumerate(self._words))
        text = " ".join(self._words)
        self._emit(EventType.STT_END, text=text, words=[])
        seconds = sum(map(len, self.fed)) / 2 / self.rate
        return Transcript(text, words, (), self.language, "fake", "m", seconds, self.ended)

    def cancel(self) -> None:
        """Forget it."""
        self._close("cancelled")

    def _close(self, state: str) -> None:
        if self.state == "open":
            self.state = state
            self._owner.left()


class FakeRecognisers:
    """The pool. `gate` cleared: feeding waits; `refusal` set: opening raises it.

    Like the real one it takes `limit` at once, and has a status that a setting may change.
    """

    def __init__(self, limit: int = 8) -> None:
        self.limit = limit
        self.used: list[Settings] = []
        self.state = "ready"
        self.made: list[FakeUtterance] = []
        self.open_now = 0
        self.overlaps = 0
        self.closed = False
        self.refusal: S2IError | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def left(self) -> None:
        """One has ended."""
        with self._lock:
            self.open_now -= 1

    def use(self, settings: Settings) -> None:
        """Remember them."""
        self.used.append(settings)

    def warm(self) -> None:
        """There is nothing to load."""

    def open(
        self,
        language: str,
        sample_rate: int,
        *,
        emit: StageEmit,
        endpoint: bool = True,
        decoded: bool = False,
    ) -> FakeUtterance:
        """A new utterance."""
        check_rate(sample_rate)
        if language == "xx":
            raise InputError("bad-language", "There is no language 'xx'.", hint="Try en.")
        if self.refusal:
            raise self.refusal
        with self._lock:
            if self.open_now >= self.limit:
                raise S2IError("busy", f"{self.limit} speak.", hint="Wait.", retryable=True)
            self.open_now += 1
        made = FakeUtterance(self, language, sample_rate, emit)
        made.endpoint = endpoint
        made.decoded = decoded
        self.made.append(made)
        return made

    def status(self) -> dict[str, Any]:
        """What the status page shows."""
        return {
            "state": self.state,
            "ready": self.state == "ready",
            "recogniser": "fake",
            "model": "fake-model",
            "reason": "Speech is recognised by fake (fake-model).",
            "better": "",
            "speaking": self.open_now,
            "limit": self.limit,
        }

    def close(self) -> None:
        """Count it."""
        self.closed = True
