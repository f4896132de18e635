"""A model's decoders: warm, used again and again, no more of them at once than there are seats."""

from __future__ import annotations

import contextlib
import random
import struct
import threading
from typing import Any, Protocol, runtime_checkable

from s2i.errors import S2IError, SpeechError
from s2i.speech.base import Decoder, Model

LIMIT = 8  # utterances at once
_FAINT = 400  # of 32767; noise reaches more of a recogniser than silence does


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> None: ...


class Seats:
    """How many may speak at once, over all languages."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many speak now."""
        return self._taken

    def take(self) -> None:
        """Raises S2IError (`busy`)."""
        with self._lock:
            if self._taken >= self.limit:
                raise S2IError(
                    "busy",
                    f"{self.limit} people are speaking already, as many as this machine takes.",
                    hint="Try again in a moment.",
                    retryable=True,
                )
            self._taken += 1

    def leave(self) -> None:
        """One has ended."""
        with self._lock:
            self._taken -= 1


class DecoderPool:
    """The decoders of one model. The one used last is taken first: it is the warmest."""

    def __init__(self, model: Model, seats: Seats | None = None) -> None:
        self.model = model
        self.seats = seats or Seats()
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []
        self._busy = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether it gives no more decoders."""
        return self._closed

    def warm(self) -> None:
        """Have one decoder ready that has decoded a second of faint noise: up to 1 s.

        Raises SpeechError.
        """
        decoder = self.model.decoder()
        try:
            decoder.accept(_faint_noise(self.model.sample_rate))
            decoder.reset()
        except S2IError:
            _close(decoder)
            raise
        with self._lock:
            self._idle.append(decoder)

    def take(self) -> Decoder:
        """A decoder that is ready. Raises S2IError (`busy`), SpeechError."""
        self.seats.take()
        try:
            with self._lock:
                if self._closed:
                    raise SpeechError("closed", "Speech recognition has been closed.")
                self._busy += 1
                if self._idle:
                    return self._idle.pop()
            try:
                return self.model.decoder()
            except BaseException:
                with self._lock:
                    self._busy -= 1
                raise
        except BaseException:
            self.seats.leave()
            raise

    def give(self, decoder: Decoder) -> None:
        """Take it back, mid-utterance or finished. A worn one is replaced when next needed."""
        try:
            decoder.reset()
            keep = not decoder.worn()
        except Exception:  # noqa: BLE001 - whatever ails it, others get another one
            keep = False
        with self._lock:
            keep = keep and not self._closed
            if keep:
                self._idle.append(decoder)
                self._busy -= 1
        if keep:
            self.seats.leave()
        else:
            self.discard(decoder)

    def discard(self, decoder: Decoder) -> None:
        """Never use it again."""
        with self._lock:
            self._busy -= 1
        self.seats.leave()
        _close(decoder)

    def status(self) -> dict[str, Any]:
        """As JSON types."""
        with self._lock:
            return {
                "language": self.model.language,
                "recogniser": self.model.recogniser,
                "model": self.model.name,
                "speaking": self._busy,
                "warm": len(self._idle),
            }

    def close(self) -> None:
        """Free what is idle; what is in use is freed when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for decoder in idle:
            _close(decoder)
        self.model.close()


def _close(decoder: Decoder) -> None:
    if isinstance(decoder, _Closable):
        with contextlib.suppress(Exception):  # it is given up either way
            decoder.close()


def _faint_noise(samples: int) -> bytes:
    noise = random.Random(1)
    return struct.pack(f"<{samples}h", *(noise.randint(-_FAINT, _FAINT) for _ in range(samples)))
