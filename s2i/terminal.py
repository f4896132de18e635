"""The terminal as a listener: people's text and progress on standard error."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from typing import Any, TextIO

from s2i.errors import S2IError
from s2i.events import Event
from s2i.job import Outcome

QUIET_SECONDS = 10.0  # without a terminal, progress is a line at most this often
METER_BARS, METER_FLOOR = 10, 60.0  # the level meter: dB below full scale where it is empty
_ERASE_LINE = "\r\x1b[2K"


def say(text: str = "") -> None:
    """One line to people, whatever their terminal's encoding."""
    write(sys.stderr, text + "\n")


def write(stream: TextIO, text: str) -> None:
    """Write, replacing what the stream's encoding can't hold; a closed stream is no error."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        pass  # the reader has gone; the picture still comes


def print_json(data: dict[str, Any]) -> None:
    """One JSON object on standard output, ASCII so that any pipe takes it."""
    write(sys.stdout, json.dumps(data) + "\n")


def show_error(error: S2IError) -> None:
    """The sentence and the way out."""
    say(f"Error: {error.message}")
    if error.hint:
        say(f"  {error.hint}")


class Terminal:
    """Shows a job's events as they come. Call from the job's thread; `close()` when it ended."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = bool(getattr(self._stream, "isatty", lambda: False)())
        self._bar: Any = None
        self._task: Any = None
        self._said = 0.0
        self._mid_line = False
        self._words = ""
        self._dbfs: float | None = None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Take an event; never raises."""
        with self._lock:
            handler = getattr(self, "_" + event.type.value.replace("-", "_"), None)
            if handler is not None:
                handler(event.data)

    def close(self) -> None:
        """End the line and the bar, if any."""
        with self._lock:
            self._end_line()
            self._stop_bar()

    def level(self, dbfs: float) -> None:
        """Show how loud the microphone is (dBFS, 0 is full scale) before the live words."""
        with self._lock:
            self._dbfs = dbfs
            self._show_live()

    def _stt_start(self, data: Any) -> None:
        self._words = ""
        self._text(f"Listening with {data['recogniser']}, language {data['language']}\n")

    def _stt_partial(self, data: Any) -> None:
        self._words = data["text"]
        self._show_live()

    def _stt_end(self, data: Any) -> None:
        self._erase_live()
        self._dbfs = None
        self._text(f"Heard: {data['text']}\n")

    def _show_live(self) -> None:
        if not self._live:
            return
        meter = ""
        if self._dbfs is not None:
            lit = max(
                0, min(METER_BARS, round((self._dbfs + METER_FLOOR) / METER_FLOOR * METER_BARS))
            )
            meter = "#" * lit + "." * (METER_BARS - lit) + " "
        room = max(10, shutil.get_terminal_size().columns - len(meter) - 1)
        words = self._words if len(self._words) <= room else "..." + self._words[-(room - 3) :]
        self._text(f"{_ERASE_LINE}{meter}{words}")
        self._mid_line = True

    def _erase_live(self) -> None:
        if self._live and self._mid_line:
            self._text(_ERASE_LINE)
            self._mid_line = False

    def _refine_start(self, data: Any) -> None:
        self._text(f"Writing the prompt with {data['model']}:\n  ")
        self._mid_line = True

    def _refine_delta(self, data: Any) -> None:
        self._text(data["text"])

    def _refine_end(self, data: Any) -> None:
        self._end_line()
        self._text(f"Prompt: {data['prompt']}\n")

    def _generate_start(self, data: Any) -> None:
        what = "Drawing a storyboard" if data["placeholder"] else f"Painting with {data['engine']}"
        # an engine whose workflow takes the size from elsewhere says 0
        size = f", {data['width']}x{data['height']}" if data["width"] else ""
        self._text(f"{what}{size}, seed {data['seed']}\n")
        self._said = time.monotonic()

    def _generate_queued(self, data: Any) -> None:
        if data.get("position"):
            plural = "s" if data["position"] != 1 else ""
            self._text(f"Waiting: {data['position']} job{plural} before ours\n")

    def _generate_progress(self, data: Any) -> None:
        fraction = float(data.get("fraction") or 0.0)
        if self._live:
            self._start_bar()
            self._bar.update(
                self._task, completed=fraction, description=str(data.get("node") or "painting")
            )
        elif time.monotonic() - self._said >= QUIET_SECONDS and fraction < 1.0:
            self._said = time.monotonic()
            eta = data.get("eta")
            left = f", about {round(eta)} s left" if eta else ""
            self._text(f"{round(fraction * 100)} %{left}\n")

    def _generate_end(self, data: Any) -> None:
        self._stop_bar()

    def _error(self, data: Any) -> None:
        self._end_line()
        self._stop_bar()

    def _start_bar(self) -> None:
        if self._bar is not None:
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            Remaining(),
            console=Console(file=self._stream),
            transient=True,
        )
        self._task = self._bar.add_task("painting", total=1.0)
        self._bar.start()

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _end_line(self) -> None:
        if self._mid_line:
            self._text("\n")
            self._mid_line = False

    def _text(self, text: str) -> None:
        write(self._stream, text)


def closing_line(outcome: Outcome, better: str) -> str:
    """What was made, and where it is only a storyboard, what would make a real picture."""
    count = len(outcome.images)
    what = "picture" if count == 1 else f"{count} pictures"
    line = f"Done: {what}, {outcome.size}, seed {outcome.seed}, {outcome.timings['total']:.1f} s."
    if outcome.placeholder:
        line += f" This is a storyboard, a placeholder, not a generated picture. {better}".rstrip()
    return line


class JsonLines:
    """Every event as a JSON line on standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def __call__(self, event: Event) -> None:
        """Take an event; never raises."""
        write(self._stream, event.to_json() + "\n")
