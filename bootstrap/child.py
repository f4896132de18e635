"""Run a long child: its lines are read as they come, all is logged, nothing of it survives us."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_TICK_SECONDS = 0.5
_GRACE_SECONDS = 5.0


def run_module(
    python: str,
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    on_line: Callable[[str], object],
    on_tick: Callable[[], object],
    log: IO[str],
    keep_open: Sequence[int] = (),
) -> int:
    """Run `python -m module arguments…` and return its exit code.

    `on_line` gets each line of its output and errors; `on_tick` is called at least twice a second,
    so that a display stays alive. `keep_open` are file descriptors the child is to share (a lock:
    POSIX). Whatever ends this function early (Ctrl-C too) ends the child and its children first,
    and where this process is killed they end too. OSError where `python` can't be started.
    """
    log.write(f"$ {_masked(' '.join((python, '-m', module, *arguments)))}\n")
    log.flush()
    # A group of its own: compilers are ended with it, and Ctrl-C comes to us alone.
    group = 0
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP
    posix = sys.platform != "win32"
    child = subprocess.Popen(
        [python, str(Path(__file__).with_name("minded.py")), module, *arguments],
        env=dict(environment),
        stdin=subprocess.PIPE,  # open as long as we live: see minded.py
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=posix,
        creationflags=group,
        pass_fds=tuple(keep_open) if posix else (),
    )
    try:
        for line in _lines(child, on_tick):
            if not line.startswith("Progress "):  # pip's count of bytes, many a second
                log.write(f"{_masked(line)}\n")
            on_line(line)
        code = child.wait()
    except BaseException:
        _end(child)
        raise
    finally:
        if child.stdin is not None:
            child.stdin.close()
    log.write(f"(exit code {code})\n")
    log.flush()
    return code


def _masked(text: str) -> str:
    """`text` without the passwords of web addresses."""
    return re.sub(r"//[^/@\s]+@", "//***@", text) if "@" in text else text


def _lines(child: subprocess.Popen[str], on_tick: Callable[[], object]) -> Iterator[str]:
    """The child's lines as they come; `on_tick` is called in between."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        assert child.stdout is not None  # noqa: S101 - Popen was given a pipe
        with child.stdout as pipe:
            for line in pipe:
                lines.put(line.rstrip("\r\n"))
        lines.put(None)

    threading.Thread(target=read, name="child output", daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            on_tick()
            # A grandchild that lives on may hold the pipe open for ever.
            if child.poll() is not None and lines.empty():
                return
            continue
        if line is None:
            return
        yield line
        on_tick()


def _end(child: subprocess.Popen[str]) -> None:
    """End the child and everything it started: first asked, then forced."""
    # As Ctrl-C would: pip then removes its temporary folders, hundreds of megabytes of them.
    _signal(child, signal.SIGINT)
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal(child, getattr(signal, "SIGKILL", signal.SIGINT))
        child.wait()


def _signal(child: subprocess.Popen[str], number: int) -> None:
    if sys.platform == "win32":
        # Windows ends one process only; taskkill follows the tree.
        taskkill = os.path.expandvars(r"%SystemRoot%\System32\taskkill.exe")
        subprocess.run(
            [taskkill, "/T", "/F", "/PID", str(child.pid)], capture_output=True, check=False
        )
    else:
        with contextlib.suppress(ProcessLookupError):  # all of them have ended
            os.killpg(child.pid, number)
