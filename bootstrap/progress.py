"""Progress of long work: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

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

    def update(self, done: int) -> None:
        """So many bytes are done, counted from the start. Cheap; call it often."""

    def end(self) -> None:
        """The piece of work ended, well or badly. Idempotent."""


class ConsoleProgress(Progress):
    """A bar of rich's on standard error where that is a terminal, else lines through `say`."""

    def __init__(self, say: Say = say_on_stderr) -> None:
        self._say = say
        self._live = bool(getattr(sys.stderr, "isatty", lambda: False)())
        self._bar: Any = None
        self._task: Any = None
        self._what = ""
        self._total: int | None = None
        self._began = self._said = 0.0

    def say(self, text: str) -> None:
        """One sentence, above the bar where one is shown."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            self._say(text)

    def begin(self, what: str, total: int | None) -> None:
        """Show a new bar, or be ready to say a line."""
        self.end()
        self._what, self._total = what, total
        self._began = self._said = time.monotonic()
        if self._live:
            self._start_bar()

    def update(self, done: int) -> None:
        """Move the bar, or say a line if the last is some seconds old."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
        elif not self._live and time.monotonic() - self._said >= LINE_SECONDS:
            now = time.monotonic()
            self._said = now
            self._say(line(self._what, done, self._total, now - self._began))

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

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
        self._task = self._bar.add_task(self._what, total=self._total)
        self._bar.start()


def line(what: str, done: int, total: int | None, seconds: float) -> str:
    """Progress in words; `seconds` since the work began."""
    text = f"{what}: {size_text(done)}"
    rate = done / seconds if seconds > 0 else 0.0
    if total:
        text += f" of {size_text(total)} ({min(100, 100 * done // total)} %)"
    if rate > 0:
        text += f", {size_text(round(rate))}/s"
        if total and done < total:
            text += f", about {max(1, round((total - done) / rate))} s left"
    return text


def as_progress(given: Progress | Say | None) -> Progress:
    """A Progress out of what a caller has: one already, a function that says lines, or nothing."""
    if given is None:
        return Progress()
    return given if isinstance(given, Progress) else ConsoleProgress(given)
