"""One utterance of a sender: where it stands, and what it may still be asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from s2i.errors import Conflict, S2IError
from s2i.events import StageEmit
from s2i.speech.base import Transcript
from s2i.speech.endpointing import Verdict
from s2i.web.refusals import Gone


class Hearing(Protocol):
    """An utterance of s2i.speech."""

    def feed(self, pcm: bytes) -> Verdict: ...
    def finish(self) -> Transcript: ...
    def cancel(self) -> None: ...


class Pieces(Protocol):
    """A recording in pieces: s2i.speech.audio.Reader. `warnings` is complete after the last."""

    @property
    def warnings(self) -> Sequence[str]: ...
    def __iter__(self) -> Iterator[bytes]: ...


class Recognisers(Protocol):
    """What opens them: s2i.speech.pool.Recognisers."""

    def open(
        self,
        language: str,
        sample_rate: int,
        *,
        emit: StageEmit,
        endpoint: bool = True,
        decoded: bool = False,
    ) -> Hearing: ...
    def status(self) -> dict[str, Any]: ...
    def close(self) -> None: ...


@dataclass
class Entry:
    """An utterance that a sender has open, or had. Whoever changes it holds its `lock`."""

    id: str
    hearing: Hearing | None = None  # None: its recogniser has gone back
    state: str = "listening"  # listening | finished | failed | cancelled | abandoned
    next_seq: int = 0
    text: str = ""
    transcript: Transcript | None = None
    error: S2IError | None = None
    touched: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def check_gap(self, seq: int) -> None:
        """Raise Conflict where a piece before number `seq` hasn't come."""
        if seq > self.next_seq:
            raise Conflict(
                "missing-chunk",
                f"Piece {self.next_seq} of the audio hasn't come.",
                hint="Send it, and then what follows.",
                missing=self.next_seq,
            )

    def refuse_closed(self, abandoned: float) -> None:
        """Raise Gone where it was cancelled, or nothing came for `abandoned` seconds."""
        if self.state == "cancelled":
            raise Gone("cancelled", "This utterance was cancelled.", hint="Begin a new one.")
        if self.state == "abandoned":
            raise Gone(
                "abandoned",
                f"Nothing came for {abandoned:g} seconds, so this utterance was closed.",
                hint="Begin a new one.",
            )

    def answer(self) -> dict[str, Any]:
        """The transcript as its sender gets it; only where there is one."""
        assert self.transcript is not None  # noqa: S101 - the callers have made sure
        return {**self.transcript.to_dict(), "id": self.id, "state": self.state}

    def to_dict(self) -> dict[str, Any]:
        """What its sender is told."""
        shown: dict[str, Any] = {
            "id": self.id,
            "state": self.state,
            "next_seq": self.next_seq,
            "text": self.transcript.text if self.transcript else self.text,
        }
        if self.transcript:
            shown["ended"] = self.transcript.ended
        if self.error:
            shown["error"] = {
                "code": self.error.code,
                "message": self.error.message,
                "hint": self.error.hint,
            }
        return shown
