"""Warm decoders, used again and again; models by language, loaded once."""

from __future__ import annotations

import contextlib
import random
import struct
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from s2i.errors import S2IError, SpeechError
from s2i.speech import choice, registry
from s2i.speech.base import Decoder, Model

if TYPE_CHECKING:
    from s2i.events import StageEmit
    from s2i.settings import Settings
    from s2i.speech.utterance import Utterance

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


@dataclass
class _Place:
    lock: threading.Lock = field(default_factory=threading.Lock)
    pool: DecoderPool | None = None


class Recognisers:
    """Every language's recogniser: loaded when first asked for, then kept. For many threads.

    `offers` stands in for the registry's recognisers.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        *,
        limit: int = LIMIT,
        offers: choice.Offers = registry.RECOGNISERS,
    ) -> None:
        self._home = home
        self._settings = settings
        self._offers = offers
        self._seats = Seats(limit)
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._closed = False

    def open(
        self,
        language: str,
        sample_rate: int,
        *,
        emit: StageEmit | None = None,
        endpoint: bool = True,
        decoded: bool = False,
        cap: float = 60.0,
        no_speech: float = 8.0,
    ) -> Utterance:
        """Begin an utterance; the first in a language waits for its model (1 to 3 s).

        Raises S2IError: `busy`; InputError for a rate that can't be; MissingError, SpeechError.
        """
        from s2i.speech.pcm import check_rate
        from s2i.speech.utterance import Utterance

        check_rate(sample_rate)
        return Utterance(
            self.pool(language),
            sample_rate,
            emit=emit,
            silence=self._settings.silence,
            cap=cap,
            no_speech=no_speech,
            endpoint=endpoint,
            decoded=decoded,
        )

    def pool(self, language: str) -> DecoderPool:
        """The decoders of a language, its model loaded and one of them warm.

        Raises InputError, MissingError, SpeechError.
        """
        code = language.strip().lower().replace("_", "-").split("-")[0]
        # Asked first, so that codes of no language leave nothing behind.
        registry.choose(code, self._settings.recogniser, home=self._home, offers=self._offers)
        with self._lock:
            self._refuse_closed()
            place = self._places.setdefault(code, _Place())
        with place.lock:  # others of this language wait for the load, other languages don't
            if place.pool is None:
                model = registry.load(
                    code, self._settings.recogniser, home=self._home, offers=self._offers
                )
                pool = DecoderPool(model, self._seats)
                try:
                    pool.warm()
                except S2IError:
                    model.close()
                    raise
                place.pool = pool
                with self._lock:
                    closed = self._closed
                if closed:
                    pool.close()
                    self._refuse_closed()
            return place.pool

    def status(self) -> dict[str, Any]:
        """As JSON types: what the chosen language is recognised with, why, and what is loaded."""
        with self._lock:
            pools = [place.pool for place in self._places.values() if place.pool is not None]
        found: dict[str, Any] = {
            "language": self._settings.language,
            "ready": False,
            "recogniser": None,
            "model": None,
            "better": "",
        }
        try:
            chosen = registry.choose(
                self._settings.language,
                self._settings.recogniser,
                home=self._home,
                offers=self._offers,
            )
            found.update(
                ready=True,
                recogniser=chosen.offer.recogniser,
                model=chosen.offer.model,
                reason=chosen.reason,
                better=chosen.better,
            )
        except S2IError as error:
            found.update(reason=f"{error.message} {error.hint}".strip())
        return {
            **found,
            "speaking": self._seats.taken,
            "limit": self._seats.limit,
            "loaded": [pool.status() for pool in pools],
        }

    def close(self) -> None:
        """Free all models; what is being said is freed at its end."""
        with self._lock:
            self._closed = True
            places = list(self._places.values())
        for place in places:
            if place.pool is not None:
                place.pool.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise SpeechError("closed", "Speech recognition has been closed.")


def _close(decoder: Decoder) -> None:
    if isinstance(decoder, _Closable):
        with contextlib.suppress(Exception):  # it is given up either way
            decoder.close()


def _faint_noise(samples: int) -> bytes:
    noise = random.Random(1)
    return struct.pack(f"<{samples}h", *(noise.randint(-_FAINT, _FAINT) for _ in range(samples)))
