"""How much memory this process has in use, and giving back what was freed."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path

_STATM = Path("/proc/self/statm")
_LARGEST = 32 * 2**20  # bytes between two looks; what is more isn't a recogniser's doing


def resident() -> int | None:
    """Bytes of memory in use (resident set); None where this can't be told cheaply."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def trim() -> None:
    """Give freed memory back to the system, where the C library can (glibc).

    Without it 200 of the 250 MB that a retired Vosk recogniser held stayed with the process.
    """
    if sys.platform.startswith("linux"):
        release = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if release is not None:
            release(0)


class Growth:
    """Shares this process's growth out among decoders: each pays for what came since anyone's
    last look. `per_second` in bytes is charged instead where memory can't be measured.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._lock = threading.Lock()
        self._last = resident()
        self.total = 0

    def charge(self, seconds: float) -> int:
        """Bytes that whoever has just decoded `seconds` of audio pays for."""
        with self._lock:
            now = resident()
            if now is None or self._last is None:
                grown = int(seconds * self._per_second)
            else:
                # Growth of other parts of the program may slip in, but not a whole model.
                grown = now - self._last if 0 < now - self._last <= _LARGEST else 0
                self._last = now
            self.total += grown
            return grown

    def refund(self, grown: int) -> None:
        """A decoder that was charged `grown` bytes is gone."""
        with self._lock:
            self.total -= grown
            self._last = resident()
