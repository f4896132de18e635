"""Child processes that leave nothing behind: each with its group, ended as one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Child:
    """A program with all that it starts. Its output goes into a file, for when it fails."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def said(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-1500:]

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def stop(self, patience: float = 10.0) -> None:
        """Ask it to end; after `patience` seconds make it."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.signal(signal.SIGKILL)  # what it started and left
        self._process.wait(10)

    def until(self, ready: Callable[[], T | None], seconds: float = 60.0) -> T:
        """Wait until `ready` gives something; AssertionError with its output where it doesn't."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.alive:
            found = ready()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{self.log.name} isn't ready: {self.said()}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens on that port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def lacking(*programs: str) -> list[str]:
    """Those of `programs` (names or paths) that aren't installed."""
    return [name for name in programs if not shutil.which(name)]
