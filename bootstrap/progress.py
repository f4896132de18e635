"""Progress of long work: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from bootstrap.tally import Rate, Tally

LINE_SECONDS = 5.0  # without a terminal, progress is a line at most this often

Say = Callable[[str], None]
"""Takes one line for people."""


def size_text(size: int) -> str:
    """Bytes for people, decimal as shops and browsers count: '98 MB', '1.1 GB'."""
    if size >= 999_500_000:
        return f"{size / 1e9:.1f} GB"
    if size >= 999_500:
        return f"{size / 1e6:.0f} MB"
    return f"{max(1, round(size / 1e3))} kB" if size else "0 kB"


def say_on_stderr(text: str) -> None:
    """One line on standard error, whatever its encoding; a closed stream is no error."""
    stream = sys.stderr
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass  # the reader has gone; the work goes on


class Progress:
    """Silent; the base of what shows something. One piece of work at a time."""

    def say(self, text: str) -> None:
        """One sentence for people."""

    def begin(self, what: str, total: int | None) -> None:
        """A piece of work begins; `total` in bytes, None where it isn't known."""

    def plan(self, total: int) -> None:
        """So many bytes will be fetched in all, over several files."""

    def fetching(self, what: str, total: int | None, there: int) -> None:
        """Like `begin`, for bytes that come over the network; `there` of them came earlier."""
        self.begin(what, total)
        if there:
            self.update(there)

    def update(self, done: int) -> None:
        """So many bytes are done, counted from the start. Cheap; call it often."""

    def end(self) -> None:
        """The piece of work ended, well or badly. Idempotent."""


class ConsoleProgress(Progress):
    """A bar of rich's on standard error where that is a terminal, else lines through `say`.

    Where several files are planned, a second bar shows them all.
    """

    def __init__(self, say: Say = say_on_stderr) -> None:
        self._say = say
        self._live = bool(getattr(sys.stderr, "isatty", lambda: False)())
        self._bar: Any = None
        self._task: Any = None
        self._whole: Any = None
        self._what = ""
        self._total: int | None = None
        self._done = 0
        self._said = 0.0
        self._rate = Rate()
        self._tally = Tally()
        self._is_fetch = False

    def say(self, text: str) -> None:
        """One sentence, above the bar where one is shown."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            self._say(text)

    def plan(self, total: int) -> None:
        """So many bytes will be fetched in all."""
        self._tally.plan(total)

    def begin(self, what: str, total: int | None) -> None:
        """Show a new bar, or be ready to say a line."""
        self._start(what, total, 0, is_fetch=False)

    def fetching(self, what: str, total: int | None, there: int) -> None:
        """The same for bytes that come over the network; `there` of them came earlier."""
        self._tally.begin(there)
        self._start(what, total, there, is_fetch=True)

    def update(self, done: int) -> None:
        """Move the bar, or say a line if the last is some seconds old."""
        self._done = done
        self._rate.add(done)
        if self._is_fetch:
            self._tally.update(done)
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
            if self._whole is not None:
                self._bar.update(self._whole, completed=self._tally.done)
        elif not self._live and time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            rate = self._rate.per_second
            self._say(words(self._what, done, self._total, rate) + self._in_all())

    def end(self) -> None:
        """Take the bar away."""
        if self._is_fetch and self._total is not None and self._done >= self._total:
            self._tally.end()
        self._is_fetch = False
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._whole = None

    def _start(self, what: str, total: int | None, there: int, *, is_fetch: bool) -> None:
        self.end()
        self._what, self._total, self._done, self._is_fetch = what, total, there, is_fetch
        self._said = time.monotonic()
        self._rate.start(there)
        if self._live:
            self._start_bar()

    def _in_all(self) -> str:
        all_of, left = self._tally.total, self._tally.seconds_left
        if not self._is_fetch or all_of is None or all_of <= (self._total or 0):
            return ""
        text = f"; {size_text(self._tally.done)} of {size_text(all_of)} in all"
        return text if left is None else f"{text}, about {time_text(left)} left"

    def _start_bar(self) -> None:
        # Imported here: rich takes longer to import than most runs of this module need.
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
        from rich.progress import Progress as Bars
        from rich.progress import TimeRemainingColumn as Remaining

        self._bar = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            Remaining(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._task = self._bar.add_task(self._what, total=self._total, completed=self._done)
        if self._is_fetch and (self._tally.total or 0) > (self._total or 0):
            done = self._tally.done
            self._whole = self._bar.add_task("In all", total=self._tally.total, completed=done)
        self._bar.start()


def line(what: str, done: int, total: int | None, seconds: float) -> str:
    """Progress in words; `seconds` since the work began."""
    return words(what, done, total, done / seconds if seconds > 0 else 0.0)


def words(what: str, done: int, total: int | None, rate: float) -> str:
    """Progress in words; `rate` in bytes per second, 0 where it isn't known."""
    text = f"{what}: {size_text(done)}"
    if total:
        text += f" of {size_text(total)} ({min(100, 100 * done // total)} %)"
    if rate > 0:
        text += f", {size_text(round(rate))}/s"
        if total and done < total:
            text += f", about {time_text((total - done) / rate)} left"
    return text


def time_text(seconds: float) -> str:
    """A time for people: '8 s', '3 min', '1 h 20 min'."""
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def as_progress(given: Progress | Say | None) -> Progress:
    """A Progress out of what a caller has: one already, a function that says lines, or nothing."""
    if given is None:
        return Progress()
    return given if isinstance(given, Progress) else ConsoleProgress(given)
