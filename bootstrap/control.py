"""Pause, go on, stop: what others may do to work that is under way, from any thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from s2i.errors import Cancelled


class Control:
    """Shared by the worker, which asks it between its steps, and by whoever steers.

    `on_change` is called with "paused", "running" or "cancelled", by the thread that asked for it.
    """

    def __init__(self, on_change: Callable[[str], None] = lambda _: None) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._cancelled = False
        self._interrupt: Callable[[], None] | None = None
        self._on_change = on_change

    @property
    def state(self) -> str:
        """ "running", "paused" or "cancelled"."""
        if self._cancelled:
            return "cancelled"
        return "paused" if self._paused else "running"

    def pause(self) -> None:
        """Stop soon, keep what is there, and wait for `resume`."""
        self._set(paused=True)

    def resume(self) -> None:
        """Go on."""
        self._set(paused=False)

    def cancel(self) -> None:
        """End soon with Cancelled. What is there is kept, so that another run can go on."""
        self._set(cancelled=True)

    def check(self) -> None:
        """Raise Cancelled where that was asked for."""
        if self._cancelled:
            raise Cancelled("Stopped.")

    def wait_while_paused(self) -> None:
        """Return when nobody wants a pause (any more). Raises Cancelled."""
        with self._changed:
            while self._paused and not self._cancelled:
                self._changed.wait()
        self.check()

    def sleep(self, seconds: float) -> None:
        """Wait, but not beyond a `cancel`. Raises Cancelled."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled, timeout=seconds)
        self.check()

    @contextlib.contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While this lasts, `interrupt` is called once where a pause or an end is asked for.

        It must make a blocking call of the worker's return, and may be called from any thread.
        """
        with self._changed:
            self._interrupt = interrupt
            wanted = self._paused or self._cancelled
        if wanted:
            self._break_off()
        try:
            yield
        finally:
            with self._changed:
                self._interrupt = None

    def _set(self, *, paused: bool | None = None, cancelled: bool | None = None) -> None:
        with self._changed:
            before = self.state
            self._paused = self._paused if paused is None else paused
            self._cancelled = self._cancelled or bool(cancelled)
            after = self.state
            self._changed.notify_all()
        if after != before:
            self._on_change(after)
        if after != "running":
            self._break_off()

    def _break_off(self) -> None:
        with self._changed:
            interrupt, self._interrupt = self._interrupt, None
            if interrupt is not None:  # under the lock: never after `interruptible` has ended
                interrupt()
