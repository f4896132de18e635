"""What the server does to its jobs when nobody asks: fetch what was cut off, empty the bin."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from s2i import log, trash
from s2i.engines.base import Engine
from s2i.errors import Cancelled, S2IError
from s2i.events import Emit, Event, EventType
from s2i.job import JobState
from s2i.journal import Journal
from s2i.recovery import recover
from s2i.settings import Settings

FIRST_PAUSE, LONGEST_PAUSE = 15.0, 300.0  # s between looks at what can't be told yet


class Housekeeping:
    """One thread in the background, asleep without an end where there is nothing to wait for.

    A job that was settled is told to `emit` as its job-end. May be used from any thread.
    """

    def __init__(
        self,
        journal: Journal,
        settings: Callable[[], Settings],
        make: Callable[[str, Settings], Engine],
        emit: Emit,
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._make = make
        self._emit = emit
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._due = False
        self._left: dict[str, str] = {}  # job → why it can't be settled yet
        self._given_up: set[str] = set()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        with self._changed:
            self._due = True
            if self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def sweep(self) -> None:
        """Something was deleted: look whether anything may go for good."""
        self.start()

    def reason(self, job: str) -> str:
        """Why a cut-off job isn't settled yet; empty for any other."""
        with self._changed:
            return self._left.get(job, "")

    def give_up(self, job: str) -> bool:
        """Settle a cut-off job as cancelled; False where it is none. Raises OutputError."""
        with self._changed:
            if self._left.pop(job, None) is None:
                return False
            self._given_up.add(job)
        self._journal.finish(
            job, JobState.CANCELLED, error={"stage": "generate", **Cancelled().to_dict()}
        )
        self._tell(job)
        return True

    def close(self, seconds: float) -> None:
        """End, within `seconds` where nothing holds it up."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            with self._changed:
                self._due = False
            try:
                self._settle()
                settings = self._settings()
                trash.purge(self._journal, settings.output, settings.data / "thumbs", time.time())
            except S2IError as error:
                log.failure(error)  # the journal's; whoever asks for a job is told
            with self._changed:
                waiting = bool(self._left)
                self._changed.wait_for(
                    lambda: self._due or self._ending.is_set(), pause if waiting else None
                )
            pause = min(2 * pause, LONGEST_PAUSE) if waiting else FIRST_PAUSE

    def _settle(self) -> None:
        settings = self._settings()
        with self._changed:
            again = list(self._left)
        found = recover(
            self._journal,
            lambda name: self._make(name, settings),
            settings.output,
            self._ending,
            again=again,
        )
        for item in found:
            with self._changed:
                if item.job in self._given_up:
                    continue
                if item.waiting:
                    self._left[item.job] = item.reason
                    continue
                self._left.pop(item.job, None)
            self._tell(item.job)

    def _tell(self, job: str) -> None:
        record = self._journal.get(job)
        if record is None:
            return
        event = Event(EventType.JOB_END, {"state": record.state.value}, job)
        self._journal.record(event)
        self._emit(event)
