"""Who works on which jobs: a lock for each process, which the operating system drops with it."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

from s2i.locks import FileLock


class Owner:
    """This process among those that use the journal in `folder`. May be used by many threads."""

    def __init__(self, folder: Path) -> None:
        self.id = uuid.uuid4().hex
        self._folder = folder / "owners"
        self._guard = threading.Lock()
        self._lock: FileLock | None = None

    def show(self) -> None:
        """Let others see that it lives, from the first job on. Raises OSError."""
        with self._guard:
            if self._lock is None:
                path = self._path(self.id)
                path.parent.mkdir(exist_ok=True)
                lock = FileLock(path)
                lock.try_acquire()
                self._lock = lock

    def is_alive(self, owner: str) -> bool:
        """Whether the process that was `owner` still is; a dead one's lock file is removed."""
        path = self._path(owner)
        if not path.exists():
            return False
        lock = FileLock(path)
        if not lock.try_acquire():
            return True
        lock.release()
        path.unlink(missing_ok=True)
        return False

    def release(self) -> None:
        """It works on nothing any more. Idempotent."""
        with self._guard:
            if self._lock is not None:
                self._lock.release()
                self._path(self.id).unlink(missing_ok=True)
                self._lock = None

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"
