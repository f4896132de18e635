"""The language model of a program that goes on: loaded in the background, changed while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bootstrap import models
from bootstrap.progress import Progress, line
from s2i import log, refiner_choice, terminal
from s2i.errors import Cancelled, InputError, MissingError, RefineError, S2IError
from s2i.events import StageEmit
from s2i.refine.worker import State
from s2i.settings import Settings

if TYPE_CHECKING:
    from s2i.refine.refiner import Refined, Refiner

_POLL = 0.05  # s between looks at a model that loads, or at a flag to cancel
_TELL = 1.0  # s between words on a download
CLOSE_SECONDS = 2.0


@dataclass(eq=False)
class _Held:
    """One choice of a model: settled when `done` is set, then with a refiner or an error."""

    wanted: tuple[str, str]
    done: threading.Event = field(default_factory=threading.Event)
    found: models.RefinerFile | None = None
    refiner: Refiner | None = None
    error: S2IError | None = None
    word: str = ""  # what is being done while it isn't settled
    better: str = ""
    users: int = 0
    retired: bool = False


class KeptRefiner:
    """Keeps the model that the settings name, and hands it to one job after another.

    `settings` is asked each time; `on_change` is called, from any thread, when status() has
    changed; `say` takes sentences on what a first start fetches and checks.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        on_change: Callable[[], None],
        *,
        say: Callable[[str], None] = terminal.say,
    ) -> None:
        self._settings = settings
        self._on_change = on_change
        self._say = say
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._retiring: set[_Held] = set()
        self._closed = False
        self._told: dict[str, Any] = {}
        self.hashes: dict[str, str] = {}
        """sha256 by name of every model that was used; grows."""

    def start(self) -> None:
        """Begin to load, where refining is wanted. Returns at once."""
        self.use()

    def use(self) -> None:
        """The settings may have changed: load another model, or put this one away."""
        settings = self._settings()
        with self._lock:
            self._follow(settings)
        self._tell()

    def tool(self) -> Tool | None:
        """What a job refines with; None where refining is off. Never waits."""
        return Tool(self) if self._settings().refine else None

    def name(self) -> str:
        """What the model is called; before that is known, what was asked for."""
        held = self._held
        return held.found.id if held and held.found else self._settings().refiner

    def status(self) -> dict[str, Any]:
        """{state: off|loading|ready|missing|failed, name, reason, better}."""
        settings, held = self._settings(), self._held
        if not settings.refine:
            reason = "The prompt is your words as they are."
            return {"state": "off", "name": None, "reason": reason, "better": ""}
        told = {"name": self.name(), "better": held.better if held else ""}
        if held is None or not held.done.is_set():
            word = held.word if held else ""
            return {"state": "loading", "reason": word or "The language model is loading.", **told}
        if held.error is not None:
            gone = isinstance(held.error, MissingError) and held.error.code != "model-broken"
            reason = f"{held.error.message} {held.error.hint}".strip()
            return {"state": "missing" if gone else "failed", "reason": reason, **told}
        assert held.found is not None  # noqa: S101 - settled without an error
        notes = refiner_choice.remarks(held.found, settings.language)
        reason = " ".join([f"Prompts are written by {held.found.name}.", *notes])
        return {"state": "ready", "reason": reason, **told}

    def close(self) -> bool:
        """Unload; what runs is stopped. False where a model still loads: that can't be stopped,
        and the process may only end the hard way (`os._exit`) until it has."""
        with self._lock:
            self._closed = True
            held, self._held = self._held, None
            left = [item for item in (held, *self._retiring) if item is not None]
        ending = [
            threading.Thread(target=_put_away, args=(item,), name="refiner-end", daemon=True)
            for item in left
        ]
        for thread in ending:
            thread.start()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in ending)

    def take(self) -> _Held:
        """The model in force, in use from now on; one that failed is tried again."""
        settings = self._settings()
        with self._lock:
            if self._closed:
                raise _closed()
            if self._held is not None and self._held.done.is_set() and self._held.error:
                self._retire(self._held)
            self._follow(settings)
            if self._held is None:  # refining was put off between `tool` and now
                self._begin(settings)
            assert self._held is not None  # noqa: S101 - begun above
            self._held.users += 1
            return self._held

    def leave(self, held: _Held, error: S2IError | None) -> None:
        """A refinement is over. After an `error` of the model's the next one loads it anew."""
        broke = isinstance(error, RefineError | MissingError)
        with self._lock:
            held.users -= 1
            if broke and not self._closed and not held.retired:
                held.error = error
            self._close_unused()
        if broke:
            self._tell()

    def _tell(self) -> None:
        now = self.status()
        with self._lock:
            changed, self._told = now != self._told, now
        if changed:
            self._on_change()

    def _follow(self, settings: Settings) -> None:
        wanted = _wanted(settings) if settings.refine else None
        if self._closed or (self._held.wanted if self._held else None) == wanted:
            return
        if self._held is not None:
            self._retire(self._held)
        if wanted is not None:
            self._begin(settings)

    def _begin(self, settings: Settings) -> None:
        held = self._held = _Held(_wanted(settings))
        threading.Thread(
            target=self._load, args=(held, settings), name="refiner-load", daemon=True
        ).start()

    def _retire(self, held: _Held) -> None:
        held.retired = True
        self._retiring.add(held)
        self._held = None
        self._close_unused()

    def _close_unused(self) -> None:
        """Free what nobody uses any more. One that still loads does it when it is settled."""
        for held in [item for item in self._retiring if not item.users and item.done.is_set()]:
            self._retiring.discard(held)
            threading.Thread(
                target=_put_away, args=(held,), name="refiner-end", daemon=True
            ).start()

    def _load(self, held: _Held, settings: Settings) -> None:
        try:
            found = models.ensure_refiner(settings.home, settings.refiner, _Told(self, held))
            with self._lock:
                if self._closed or held.retired:
                    return
                held.found = found
                if found.sha256:
                    self.hashes[found.id] = found.sha256
                held.refiner = refiner_choice.start(found, settings)
                held.word = f"{found.name} is loading."
            self._tell()
            while (status := held.refiner.status).state is State.LOADING:
                time.sleep(_POLL)
            held.error = status.error
            held.better = refiner_choice.better(settings.home)
        except S2IError as error:
            held.error = error
        except Exception as error:  # noqa: BLE001 - nobody above catches it; jobs must be told
            log.failure(error)
            held.error = RefineError(
                "refiner-failed",
                f"The language model can't be loaded ({type(error).__name__}).",
                hint=f"'python run.py doctor' says what is wrong; the log is {log.place()}.",
            )
        finally:
            if held.error is not None:
                log.failure(held.error)
            with self._lock:
                held.done.set()
                self._close_unused()
            self._tell()

    def tell(self, held: _Held, word: str, *, aloud: bool) -> None:
        """What is being done to get the model."""
        held.word = word
        if aloud:
            self._say(word)
        if held is self._held:
            self._tell()


class Tool:
    """What the pipeline takes for a refiner: waits for the model where it still loads."""

    def __init__(self, kept: KeptRefiner) -> None:
        self._kept = kept
        self.name = kept.name()

    def refine(self, idea: str, *, seed: int, emit: StageEmit, cancel: threading.Event) -> Refined:
        """As Refiner.refine. Raises ModelMissing, NetworkError, RefineError, InputError,
        Cancelled."""
        while True:
            held = self._kept.take()
            error: S2IError | None = None
            try:
                while not held.done.wait(_POLL):
                    if cancel.is_set():
                        raise Cancelled
                if held.error is not None:
                    raise held.error
                if held.refiner is not None:
                    self.name = held.refiner.name
                    return held.refiner.refine(idea, seed=seed, emit=emit, cancel=cancel)
                # another model was chosen before this one was loaded: wait for that one
            except (Cancelled, InputError):
                raise
            except S2IError as failure:
                error = failure
                raise
            finally:
                self._kept.leave(held, error)


class _Told(Progress):
    """Checks and downloads of a model, as words of the status."""

    def __init__(self, kept: KeptRefiner, held: _Held) -> None:
        self._kept = kept
        self._held = held
        self._what = ""
        self._total: int | None = None
        self._began = self._told = 0.0

    def say(self, text: str) -> None:
        self._kept.tell(self._held, text, aloud=True)

    def begin(self, what: str, total: int | None) -> None:
        self._what, self._total = what, total
        self._began = self._told = time.monotonic()

    def update(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told >= _TELL:
            self._told = now
            word = line(self._what, done, self._total, now - self._began)
            self._kept.tell(self._held, word, aloud=False)


def _wanted(settings: Settings) -> tuple[str, str]:
    return str(settings.home), settings.refiner


def _put_away(held: _Held) -> None:
    if held.refiner is not None:
        held.refiner.close()


def _closed() -> RefineError:
    return RefineError(
        "refiner-closed",
        "The language model was put away before the prompt was ready.",
        hint="Try again.",
        retryable=True,
    )
