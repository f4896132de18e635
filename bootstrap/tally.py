"""How fast a download is and how long it still takes, for one file and for all. No I/O."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 8.0
_SAMPLE_SECONDS = 0.2


class Rate:
    """Bytes per second over the last seconds, so that a stall shows and an old peak doesn't."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()

    def start(self, done: int) -> None:
        """Begin to measure; the first `done` bytes are none of this run's."""
        self._samples.clear()
        self._samples.append((self._clock(), done))

    def add(self, done: int) -> None:
        """So many bytes are there now."""
        now = self._clock()
        if (
            self._samples
            and now - self._samples[-1][0] < _SAMPLE_SECONDS
            and len(self._samples) > 1
        ):
            self._samples[-1] = (self._samples[-1][0], done)
        else:
            self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[1][0] >= WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def per_second(self) -> float:
        """Bytes per second; 0.0 before anything can be said."""
        if not self._samples:
            return 0.0
        began, first = self._samples[0]
        seconds = self._clock() - began
        return max(0.0, (self._samples[-1][1] - first) / seconds) if seconds > 0.05 else 0.0

    def left(self, bytes_left: int | None) -> float | None:
        """Seconds for so many bytes; None where that can't be told."""
        rate = self.per_second
        return bytes_left / rate if bytes_left is not None and rate > 0 else None


class Tally:
    """Bytes fetched over several files, against a plan of bytes in all (None: there was none)."""

    def __init__(self, rate: Rate | None = None) -> None:
        self.total: int | None = None
        self.rate = rate or Rate()
        self._before = 0  # of files that have ended
        self._done = 0  # of the file under way

    def plan(self, total: int) -> None:
        """Begin anew with so many bytes to fetch."""
        self.total, self._before, self._done = total, 0, 0

    def begin(self, there: int) -> None:
        """A file begins (again), of which so much is there."""
        self._done = there
        self.rate.start(self.done)

    def update(self, done: int) -> None:
        """So much of the file is there now."""
        self._done = done
        self.rate.add(self.done)

    def end(self) -> None:
        """The file is complete: what was fetched of it stays counted."""
        self._before, self._done = self.done, 0

    @property
    def done(self) -> int:
        """Bytes of all files."""
        return self._before + self._done

    @property
    def seconds_left(self) -> float | None:
        """For the rest of the plan; None where that can't be told."""
        return None if self.total is None else self.rate.left(max(0, self.total - self.done))
