"""One piece of work, several who watch: the terminal, one page and another.

shared = SharedProgress()
leave = shared.listen(page)          # called at once with how things stand, then on changes
downloads.fetch_refiner(home, entry, shared, control=control)
leave()
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from bootstrap.progress import Progress
from bootstrap.tally import Rate, Tally

EVERY_SECONDS = 0.25  # listeners are told of mere growth at most this often


@dataclass(frozen=True)
class Report:
    """How things stand. Sizes in bytes, speeds in bytes/s, times in seconds, None: not known.

    state: "idle", "fetching", "working" (checking, unpacking, waiting), "paused" or "cancelled".
    what: the piece of work, for people; said: the last sentence for people. all_…: over all files
    of the plan.
    """

    state: str = "idle"
    what: str = ""
    done: int = 0
    total: int | None = None
    speed: float | None = None
    seconds_left: float | None = None
    all_done: int = 0
    all_total: int | None = None
    all_seconds_left: float | None = None
    said: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


Listener = Callable[[Report], None]


class SharedProgress(Progress):
    """Tells any number of listeners, from the thread that does the work. Thread-safe."""

    def __init__(self, *others: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        """others: each is told everything too, such as a ConsoleProgress."""
        self._others = others
        self._clock = clock
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._report = Report()
        self._steered = ""  # "paused" or "cancelled", where a Control says so
        self._rate = Rate(clock)
        self._tally = Tally(Rate(clock))
        self._is_fetch = False
        self._told = 0.0

    @property
    def report(self) -> Report:
        """How things stand now."""
        with self._lock:
            state = self._steered if self._steered else self._report.state
            return replace(self._report, state=state)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` how things stand, now and from now on; what it returns ends that.

        A listener must be quick and must not raise.
        """
        with self._lock:
            self._listeners.append(listener)
            listener(self.report)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    def steered(self, state: str) -> None:
        """What a Control's `on_change` says."""
        with self._lock:
            self._steered = "" if state == "running" else state
            self._tell()

    def say(self, text: str) -> None:
        """One sentence for people."""
        for other in self._others:
            other.say(text)
        with self._lock:
            self._set(said=text)

    def plan(self, total: int) -> None:
        """So many bytes will be fetched in all."""
        for other in self._others:
            other.plan(total)
        with self._lock:
            self._tally.plan(total)
            self._set(all_done=0, all_total=total, all_seconds_left=None)

    def begin(self, what: str, total: int | None) -> None:
        """A piece of work begins that fetches nothing."""
        for other in self._others:
            other.begin(what, total)
        with self._lock:
            self._start("working", what, total, 0)

    def fetching(self, what: str, total: int | None, there: int) -> None:
        """Bytes begin to come over the network."""
        for other in self._others:
            other.fetching(what, total, there)
        with self._lock:
            self._tally.begin(there)
            self._start("fetching", what, total, there)

    def update(self, done: int) -> None:
        """So many bytes are done."""
        for other in self._others:
            other.update(done)
        with self._lock:
            self._rate.add(done)
            if self._is_fetch:
                self._tally.update(done)
            if self._clock() - self._told >= EVERY_SECONDS:
                self._set(**self._measured(done))
            else:
                self._report = replace(self._report, done=done)

    def end(self) -> None:
        """The piece of work ended."""
        for other in self._others:
            other.end()
        with self._lock:
            whole = self._report.total is not None and self._report.done >= self._report.total
            if self._is_fetch and whole:
                self._tally.end()
            if self._report.state != "idle":
                self._is_fetch = False
                self._set(state="idle", speed=None, seconds_left=None)

    def _start(self, state: str, what: str, total: int | None, there: int) -> None:
        self._is_fetch = state == "fetching"
        self._rate.start(there)
        self._set(state=state, what=what, done=there, total=total, speed=None, seconds_left=None)

    def _measured(self, done: int) -> dict[str, Any]:
        total = self._report.total
        return {
            "done": done,
            "speed": round(self._rate.per_second),
            "seconds_left": _rounded(self._rate.left(None if total is None else total - done)),
            "all_done": self._tally.done,
            "all_seconds_left": _rounded(self._tally.seconds_left),
        }

    def _set(self, **changes: Any) -> None:
        self._report = replace(self._report, **{"all_done": self._tally.done, **changes})
        self._tell()

    def _tell(self) -> None:
        self._told = self._clock()
        for listener in tuple(self._listeners):
            listener(self.report)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
