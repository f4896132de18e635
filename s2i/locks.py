"""A lock between processes that the operating system drops when its holder dies.

Kill, crash or power cut: nothing is left to clean up, because the lock belongs to an open file and
not to the file's existence. The file itself stays (removing it would let two holders in, one on
the old file and one on the new).
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_SECONDS = 0.1
_REMIND_SECONDS = 1.0

if sys.platform == "win32":
    import msvcrt

    # Far behind the end of any lock file: the locked byte can't be read by others, so a file that
    # also holds text stays readable.
    _LOCKED_BYTE = 1 << 30

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        # flock and not lockf: a lockf lock is lost as soon as anything in this process closes the
        # same file, and doesn't keep two threads apart.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """An exclusive lock on `path`, which is created where missing (its folder must exist).

    Holds between processes and between threads alike; not re-entrant. Errors of the file system
    (folder missing or not writable, no locks on a network drive) come out as OSError.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Take the lock if it is free: True, else False at once."""
        if self._descriptor is not None:
            raise RuntimeError(f"{self.path} is already locked by this very object")
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                taken = _try_lock(descriptor)
                current = self._is_current(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            if taken and current:
                self._descriptor = descriptor
                return True
            os.close(descriptor)
            if current:
                return False
            # The file was removed or replaced meanwhile: the lock that counts is the new file's.

    def acquire(
        self, timeout: float | None = None, on_wait: Callable[[float], object] | None = None
    ) -> None:
        """Wait for the lock and take it.

        `timeout` in seconds (None: for ever), else TimeoutError. `on_wait` is called with the
        seconds waited so far: first (0.0) when the lock turns out to be taken, then once a second.
        """
        began = time.monotonic()
        next_call = 0.0
        while not self.try_acquire():
            waited = time.monotonic() - began
            if timeout is not None and waited >= timeout:
                raise TimeoutError(f"{self.path} was still locked after {timeout:g} s")
            if on_wait is not None and waited >= next_call:
                on_wait(waited if next_call else 0.0)
                next_call = waited + _REMIND_SECONDS
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Give the lock up. Harmless where it isn't held."""
        if self._descriptor is not None:
            # Closing is what unlocks, on every system; a child that was handed `fileno()` keeps
            # the lock until it ends too.
            os.close(self._descriptor)
            self._descriptor = None

    def fileno(self) -> int:
        """The open file, for `subprocess.Popen(pass_fds=…)`: the child then shares the lock.

        POSIX only; there the lock is free again when the last holder has ended.
        """
        if self._descriptor is None:
            raise ValueError(f"{self.path} isn't locked")
        return self._descriptor

    def _is_current(self, descriptor: int) -> bool:
        """Whether the locked file is still the one at `path` (somebody may have removed it)."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
