"""Jobs that wait for a thread or have one: first come, first served, a few at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from s2i import log
from s2i.engines.base import Engine
from s2i.errors import Cancelled, S2IError
from s2i.pipeline import Run
from s2i.stages import close_engine


@dataclass(eq=False)
class Place:
    """A job's place. `ready`: a worker may take it; `taken`: one has, or it was called off."""

    run: Run
    engine: Engine
    ready: bool = False
    taken: bool = False


class JobQueue:
    """Runs what it is given on at most `workers` threads; holds at most `limit` jobs.

    May be used from any thread. No lock is held while a job runs or ends.
    """

    def __init__(self, workers: int, limit: int) -> None:
        self._workers_wanted = workers
        self._limit = limit
        self._workers: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._places: dict[str, Place] = {}  # in the order in which they came
        self._coming = 0
        self._closed = False

    @contextmanager
    def room(self) -> Iterator[None]:
        """Keep room for a job that is being made. Raises S2IError (`busy`) where there is none."""
        with self._changed:
            if self._closed:
                raise _stopping()
            if len(self._places) + self._coming >= self._limit:
                raise S2IError(
                    "busy",
                    f"{self._limit} pictures are waiting already.",
                    hint="Wait for some of them, or cancel some.",
                    retryable=True,
                )
            self._coming += 1
        try:
            yield
        finally:
            with self._changed:
                self._coming -= 1

    def add(self, run: Run, engine: Engine) -> Place:
        """Take a job in; it doesn't start before `release`. `engine` is closed at its end."""
        place = Place(run, engine)
        with self._changed:
            self._places[run.id] = place
        return place

    def release(self, place: Place) -> None:
        """Let it start. Raises S2IError (`busy`) where everything ends: the job then has failed."""
        with self._changed:
            closed = self._closed
            if not closed:
                place.ready = True
                self._hire()
                self._changed.notify()
        if closed:
            self._drop(place, _ended())
            raise _stopping()

    def leave(self, place: Place) -> None:
        """It is over."""
        close_engine(place.engine)
        with self._changed:
            self._places.pop(place.run.id, None)

    def cancel(self, job: str) -> bool:
        """Stop it, or end it here and now where it hasn't begun; False where it isn't here."""
        with self._changed:
            place = self._places.get(job)
            if place is None:
                return False
            waiting = place.ready and not place.taken
            place.taken = place.taken or waiting
            place.run.cancel.set()
        if waiting:
            self._drop(place, Cancelled())
        return True

    def jobs(self) -> list[str]:
        """The ids, first come first."""
        with self._changed:
            return [*self._places]

    def ahead(self, job: str) -> int | None:
        """How many jobs come before one that waits, 0 for one that runs, None: isn't here."""
        with self._changed:
            place = self._places.get(job)
            if place is None:
                return None
            return 0 if place.taken else list(self._places).index(job)

    def close(self, seconds: float) -> None:
        """Cancel all jobs and wait at most `seconds` for them. Idempotent.

        What has waited for its turn fails, so that it can be tried again.
        """
        with self._changed:
            self._closed = True
            places = list(self._places.values())
            waiting = [place for place in places if place.ready and not place.taken]
            for place in waiting:
                place.taken = True
            self._changed.notify_all()
        for place in places:
            place.run.cancel.set()
        for place in waiting:
            self._drop(place, _ended())
        until = time.monotonic() + seconds
        for thread in self._workers:
            thread.join(max(0.0, until - time.monotonic()))

    def _hire(self) -> None:
        """One more worker, where all may be at work; with the lock held."""
        at_work = sum(place.taken for place in self._places.values())
        if len(self._workers) < min(self._workers_wanted, at_work + 1):
            name = f"job-{len(self._workers) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._workers.append(thread)
            thread.start()

    def _work(self) -> None:
        while (place := self._next()) is not None:
            try:
                place.run.run()
            except Cancelled:
                pass
            except S2IError as error:
                log.failure(error)  # announced and written down already
            finally:
                self.leave(place)

    def _next(self) -> Place | None:
        """Wait for a job to do; None: no more will come."""
        with self._changed:
            while not self._closed:
                for place in self._places.values():
                    if place.ready and not place.taken:
                        place.taken = True
                        return place
                self._changed.wait()
        return None

    def _drop(self, place: Place, why: S2IError) -> None:
        try:
            place.run.drop(why)
        finally:
            self.leave(place)


def _ended() -> S2IError:
    return S2IError(
        "program-ended",
        "The program was ended before this one's turn came.",
        hint="Try it again.",
        retryable=True,
    )


def _stopping() -> S2IError:
    return S2IError("busy", "The program is ending.", hint="Start it again.", retryable=True)
