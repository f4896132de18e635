"""Which image engine can paint now: looked at while somebody looks, and told when it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from s2i import log
from s2i.engines import registry
from s2i.engines.base import Availability
from s2i.errors import EngineUnavailable, S2IError
from s2i.settings import Settings
from s2i.url_secrets import hide_password

INTERVAL = 3.0  # s; a ComfyUI that comes or goes shows after that at the latest
_COMFYUI = "comfyui"


class Watcher:
    """Asks the engines while `watched()` says that somebody listens, and never otherwise.

    `on_change` gets the new status, from the watcher's own thread or from who asked.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        watched: Callable[[], bool],
        on_change: Callable[[dict[str, Any]], None],
        *,
        interval: float = INTERVAL,
    ) -> None:
        self._settings = settings
        self._watched = watched
        self._on_change = on_change
        self._interval = interval
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._woken = False
        self._closed = False
        self._looking = threading.Lock()
        self._asked: tuple[Any, ...] | None = None  # what the answer was for
        self._at = 0.0  # when, on the monotonic clock
        self._answer: dict[str, Any] = {}
        self._comfyui = ""

    def wake(self) -> None:
        """Look at once: a page has come, or the settings have changed. Returns at once."""
        with self._changed:
            if self._closed:
                return
            self._woken = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watching", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def status(self) -> dict[str, Any]:
        """{state: ready|missing, wanted, name, placeholder, reason, better, address, version,
        previews}: the last answer; where there is none that is fresh it takes up to 1 s."""
        if not self._fresh(self._settings()):
            self._look(again=False)
        return self._answer

    def comfyui(self) -> str:
        """Why ComfyUI can't paint now; '' where it can. Up to 1 s where nobody asked it yet."""
        settings = self._settings()
        if settings.engine in {"auto", _COMFYUI}:
            self.status()
            return self._comfyui
        return _ask(_COMFYUI, settings)[0].reason_missing

    def close(self) -> None:
        """Ask no more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(2.0)  # a probe ends within 1 s

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not (self._woken or self._closed):
                    self._changed.wait()  # nobody listens: no wake-ups either
                if self._closed:
                    return
                self._woken = False
            try:
                self._look(again=True)
            except Exception as error:  # noqa: BLE001 - the next look may go well; a dead watcher never tells
                log.failure(error)
            self._pause()

    def _pause(self) -> None:
        """Wait until it is time to look again, or until it is asked for."""
        until = time.monotonic() + self._interval
        with self._changed:
            while not (self._woken or self._closed):
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
        # Asked after the pause: who woke us may have begun to listen since.
        if self._watched():
            with self._changed:
                self._woken = True

    def _look(self, *, again: bool) -> None:
        with self._looking:
            settings = self._settings()
            if not again and self._fresh(settings):
                return  # another thread has just found out
            before = self._answer
            self._answer, self._comfyui = look(settings)
            self._asked, self._at = _key(settings), time.monotonic()
            # The first answer is told to who asks: a page asks for the whole status when it comes.
            changed = bool(before) and before != self._answer
        if changed and not self._closed:
            self._on_change(self._answer)

    def _fresh(self, settings: Settings) -> bool:
        return self._asked == _key(settings) and time.monotonic() - self._at < 2 * self._interval


class _Asked:
    """An engine (None where it can't be had), its answer, and why it can't be had."""

    def __init__(self, engine: Any, state: Availability, error: S2IError | None) -> None:
        self.engine = engine
        self.state = state
        self.error = error

    @property
    def reason_missing(self) -> str:
        """Why it can't paint; '' where it can."""
        return "" if self.state.ready else self.state.reason


def look(settings: Settings) -> tuple[dict[str, Any], str]:
    """(the status, why ComfyUI can't paint or ''). As `registry.choose` would choose; never
    raises."""
    wanted = settings.engine
    answer: dict[str, Any] = {
        "state": "missing",
        "wanted": wanted,
        "name": None,
        "placeholder": False,
        "reason": "",
        "better": "",
        "address": None,
        "version": None,
        "previews": None,
    }
    missed: list[str] = []
    better = comfyui = ""
    for name in registry.ENGINES if wanted == "auto" else (wanted,):
        asked, hint = _ask(name, settings)
        if name == _COMFYUI:
            address = getattr(asked.engine, "address", None)
            answer["address"] = str(address) if address else hide_password(settings.comfyui_url)
            comfyui = asked.reason_missing
        if asked.state.ready:
            answer.update(
                state="ready",
                name=name,
                placeholder=asked.engine.placeholder,
                reason=" ".join([*missed, asked.state.reason]),
                better=better if asked.engine.placeholder else "",
                version=asked.state.details.get("version") if name == _COMFYUI else None,
                previews=asked.state.details.get("previews") if name == _COMFYUI else None,
            )
            return answer, comfyui
        if wanted == "auto" and isinstance(asked.error, EngineUnavailable):
            continue  # not part of this installation: nothing that anybody misses
        missed.append(asked.state.reason)
        if hint and not better:
            better = (
                f"For a real picture: {hint[:1].lower()}{hint[1:]}" if wanted == "auto" else hint
            )
    answer.update(reason=" ".join(missed), better=better)
    return answer, comfyui


def _ask(name: str, settings: Settings) -> tuple[_Asked, str]:
    """Its answer, and what would make it better."""
    try:
        engine = registry.make(name, settings)
    except S2IError as error:  # an address that can't be, or no such engine here
        return _Asked(None, Availability(False, error.message), error), error.hint
    except Exception as error:  # noqa: BLE001 - one engine's broken package must not hide all else
        log.failure(error)
        why = f"The image engine {name} can't be loaded ({type(error).__name__})."
        hint = "'python run.py doctor' says what is wrong."
        return _Asked(None, Availability(False, why), None), hint
    try:
        state = engine.available()
    finally:
        close = getattr(engine, "close", None)
        if close is not None:
            close()
    return _Asked(engine, state, None), str(state.details.get("hint", ""))


def _key(settings: Settings) -> tuple[Any, ...]:
    return settings.engine, settings.comfyui_url, settings.comfyui_token
