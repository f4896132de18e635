"""Every language's recogniser: its model loaded once, changed when settings or models change."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2i.errors import S2IError, SpeechError
from s2i.speech import choice, registry
from s2i.speech.base import Model
from s2i.speech.choice import Choice
from s2i.speech.decoders import LIMIT, DecoderPool, Seats
from s2i.speech.pcm import check_rate

if TYPE_CHECKING:
    from s2i.events import StageEmit
    from s2i.settings import Settings
    from s2i.speech.utterance import Utterance

_PATIENCE = 10.0  # s that closing waits for a model that is being loaded
_Key = tuple[str, str, str]  # what was asked for, and the best recogniser and model there were


@dataclass
class _Load:
    """A model on its way. Who else wants it waits for `done`."""

    key: _Key
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


@dataclass
class _Place:
    """A language. `key` tells what its pool was chosen from: another one, and it is replaced."""

    key: _Key | None = None
    pool: DecoderPool | None = None
    load: _Load | None = None
    failed: tuple[_Key, S2IError] | None = None


@dataclass(frozen=True)
class _State:
    """Where the chosen language's recogniser stands."""

    state: str
    language: str
    recogniser: str | None = None
    model: str | None = None
    reason: str = ""
    better: str = ""


class Recognisers:
    """Every language's recogniser: loaded when first asked for, then kept. For many threads.

    `on_change` is called without locks, from any thread, when `status` has another state or
    recogniser than before; it must be quick. `offers` stands in for the registry's recognisers.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        *,
        limit: int = LIMIT,
        offers: choice.Offers = registry.RECOGNISERS,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._offers = offers
        self._on_change = on_change
        self._seats = Seats(limit)
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._warming: threading.Thread | None = None
        self._wanted = False  # to be warmed, by a thread that has yet to see it
        self._keep_warm = False
        self._told: _State | None = None
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
        from s2i.speech.utterance import Utterance

        check_rate(sample_rate)
        while True:
            pool = self.pool(language)
            try:
                return Utterance(
                    pool,
                    sample_rate,
                    emit=emit,
                    silence=self._settings.silence,
                    cap=cap,
                    no_speech=no_speech,
                    endpoint=endpoint,
                    decoded=decoded,
                )
            except SpeechError:
                # Settings changed between the two lines: the next pool is another one.
                if not pool.closed or self._closed:
                    raise

    def pool(self, language: str) -> DecoderPool:
        """The decoders of a language, its model loaded and one of them warm.

        A model that was installed meanwhile, or another choice, replaces the one that is loaded.
        Raises InputError, MissingError, SpeechError.
        """
        code = _code(language)
        while True:
            # Asked first, so that codes of no language leave nothing behind.
            wanted = self._settings.recogniser
            key = _key_of(wanted, self._choose(code, wanted))
            with self._lock:
                self._refuse_closed()
                place = self._places.setdefault(code, _Place())
                if place.pool is not None and place.key == key:
                    return place.pool
                load, mine = place.load, place.load is None
                if load is None:
                    load = place.load = _Load(key)
            if mine:
                return self._load(code, place, load)
            load.done.wait()  # others of this language wait for the load, other languages don't
            if isinstance(load.error, S2IError) and load.key == key:
                raise load.error

    def use(self, settings: Settings) -> None:
        """Take other settings from the next utterance on; those that go on keep theirs.

        What is needed next is loaded in the background; what isn't any more is freed.
        """
        with self._lock:
            before, self._settings = self._settings, settings
            same = (_code(before.language), before.recogniser) == (
                _code(settings.language),
                settings.recogniser,
            )
            dropped = [] if same else self._drop(_code(before.language), settings)
        for pool in dropped:
            pool.close()
        if not same:
            self.warm()

    def warm(self) -> None:
        """Have the chosen language's model loaded in the background, now and after changes."""
        with self._lock:
            self._keep_warm = self._wanted = True
            if self._warming is None and not self._closed:
                self._warming = threading.Thread(
                    target=self._warm, name="loading speech", daemon=True
                )
                self._warming.start()
        self._tell()

    def status(self) -> dict[str, Any]:
        """As JSON types: what the chosen language is recognised with, why, and what is loaded.

        `state`: ready, loading (it is there, but its model isn't in memory yet), missing, failed.
        """
        now = self._state()
        with self._lock:
            pools = [place.pool for place in self._places.values() if place.pool is not None]
        return {
            "language": now.language,
            "state": now.state,
            "ready": now.state in {"ready", "loading"},
            "recogniser": now.recogniser,
            "model": now.model,
            "reason": now.reason,
            "better": now.better,
            "speaking": self._seats.taken,
            "limit": self._seats.limit,
            "loaded": [pool.status() for pool in pools],
        }

    def close(self) -> None:
        """Free all models; what is being said is freed at its end."""
        with self._lock:
            self._closed = True
            pools = [place.pool for place in self._places.values() if place.pool is not None]
            warming = self._warming
        for pool in pools:
            pool.close()
        if warming is not None and warming is not threading.current_thread():
            warming.join(_PATIENCE)

    def _choose(self, code: str, wanted: str) -> Choice:
        return registry.choose(code, wanted, home=self._home, offers=self._offers)

    def _load(self, code: str, place: _Place, load: _Load) -> DecoderPool:
        pool: DecoderPool | None = None
        try:
            self._tell()
            model = registry.load(code, load.key[0], home=self._home, offers=self._offers)
            pool = DecoderPool(model, self._seats)
            pool.warm()
        except BaseException as error:
            if pool is not None:
                pool.close()
            told = error if isinstance(error, S2IError) else _broken(load.key, error)
            with self._lock:
                load.error = told
                place.load = None
                place.failed = (load.key, told)
            load.done.set()
            self._tell()
            if told is error or not isinstance(error, Exception):
                raise
            raise told from error
        with self._lock:
            before, place.pool, place.key = place.pool, pool, load.key
            place.load = place.failed = None
            closed = self._closed
        load.done.set()
        if before is not None:
            before.close()
        if closed:
            pool.close()
            self._refuse_closed()
        self._tell()
        return pool

    def _drop(self, former: str, settings: Settings) -> list[DecoderPool]:
        """Pools that these settings don't want: of another choice, or of the former language."""
        dropped: list[DecoderPool] = []
        for code, place in self._places.items():
            if place.pool is None or place.key is None:
                continue
            left = code == former and code != _code(settings.language)
            if left or place.key[0] != settings.recogniser:
                dropped.append(place.pool)
                place.pool = place.key = None
        return dropped

    def _warm(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._wanted:
                    self._warming = None
                    return
                self._wanted = False
            # `status` tells what went wrong, and whoever speaks gets it as an answer.
            with contextlib.suppress(S2IError):
                self.pool(self._settings.language)

    def _state(self) -> _State:
        settings = self._settings
        code = _code(settings.language)
        try:
            chosen = self._choose(code, settings.recogniser)
        except S2IError as error:
            return _State("missing", settings.language, reason=_sentences(error))
        key = _key_of(settings.recogniser, chosen)
        said = partial(
            _State,
            language=settings.language,
            recogniser=chosen.offer.recogniser,
            model=chosen.offer.model,
            reason=chosen.reason,
            better=chosen.better,
        )
        with self._lock:
            place = self._places.get(code, _Place())
            if place.pool is not None and place.key == key:
                return _corrected(said("ready"), place.pool.model)
            if place.failed is not None and place.failed[0] == key and place.load is None:
                return said("failed", reason=_sentences(place.failed[1]))
            late = self._keep_warm and not (self._wanted or self._warming or place.load)
        if late and not self._closed:  # a model was installed since
            self.warm()
        return said("loading")

    def _tell(self) -> None:
        if self._on_change is None or self._closed:
            return
        now = self._state()
        with self._lock:
            changed, self._told = now != self._told, now
        if changed:
            self._on_change()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise SpeechError("closed", "Speech recognition has been closed.")


def _code(language: str) -> str:
    return language.strip().lower().replace("_", "-").split("-")[0]


def _key_of(wanted: str, chosen: Choice) -> _Key:
    return wanted, chosen.offer.recogniser, chosen.offer.model


def _sentences(error: S2IError) -> str:
    return f"{error.message} {error.hint}".strip()


def _corrected(said: _State, model: Model) -> _State:
    """`auto` passes over what doesn't load: say what is at work in its stead."""
    if (said.recogniser, said.model) == (model.recogniser, model.name):
        return said
    reason = (
        f"{said.recogniser} ({said.model}) doesn't load. "
        f"Speech is recognised by {model.recogniser} ({model.name})."
    )
    return replace(said, recogniser=model.recogniser, model=model.name, reason=reason)


def _broken(key: _Key, error: BaseException) -> SpeechError:
    return SpeechError(
        "model-failed",
        f"The speech model {key[2]} couldn't be loaded ({error}).",
        hint="'python run.py doctor' checks the installation.",
    )
