"""Progress on standard error: one changing line on a terminal, else a line now and then."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TextIO

# Without a terminal: never silent for longer than this, and a line for every such leap.
_EVERY_SECONDS = 10.0
_LEAP = 0.05
# ... but no flood of them where a fast machine leaps every second.
_AT_MOST_EVERY_SECONDS = 2.0


class StatusLine:
    """`line` stays, `update` is replaced by what comes after it.

    Works with any stream, also one that is closed (None), that can't print accents or whose reader
    has gone: what can't be shown is left out.
    """

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream is not None and stream.isatty()
        self._transient = 0  # characters of the changing line that are on the terminal now
        self._shown_at = clock()
        self._shown_fraction: float | None = None
        self._shown_topic = ""

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._write(f"{self._erase()}{text}\n")
        self._shown_at, self._shown_fraction, self._shown_topic = self._clock(), None, ""

    def update(self, text: str, fraction: float | None = None, topic: str = "") -> None:
        """Show what is going on now. `fraction` of it is done; `topic` is what it is about."""
        if self._terminal:
            width = self._width()
            shown = text if len(text) < width else f"{text[: width - 4]}..."
            self._write(f"{self._erase()}{shown}")
            self._transient = len(shown)
        elif self._is_due(fraction, topic or text):
            self._write(f"{text}\n")
            self._shown_at, self._shown_fraction = self._clock(), fraction
            self._shown_topic = topic or text

    def clear(self) -> None:
        """Remove the changing line."""
        self._write(self._erase())

    def _is_due(self, fraction: float | None, topic: str) -> bool:
        silent = self._clock() - self._shown_at
        if silent >= _EVERY_SECONDS:
            return True
        if silent < _AT_MOST_EVERY_SECONDS:
            return False
        leapt = fraction is not None and fraction - (self._shown_fraction or 0.0) >= _LEAP
        return leapt or topic != self._shown_topic

    def _erase(self) -> str:
        if not self._transient:
            return ""
        blank, self._transient = " " * self._transient, 0
        return f"\r{blank}\r"

    def _width(self) -> int:
        try:
            return max(
                20, os.get_terminal_size(self._stream.fileno()).columns if self._stream else 80
            )
        except (OSError, ValueError):
            return 80

    def _write(self, text: str) -> None:
        if self._stream is None or not text:
            return
        encoding = self._stream.encoding or "ascii"
        try:
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):  # the reader has gone, or it was closed
            self._stream = None
