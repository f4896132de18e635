"""Make the project's environment, or mend it: one step after the other, each of them shown.

The order is such that a kill at any moment leaves something the next run recognises: a marker is
there before anything is changed, the stamp is written last and the marker removed after that.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from bootstrap import llama_wheel, venv_make
from bootstrap.first_run_refusals import PYTHON_DOWNLOADS, check_python, explain_refusal
from bootstrap.pip_progress import duration
from bootstrap.pip_runner import Pip
from bootstrap.status_line import StatusLine
from bootstrap.venv_probe import probe
from bootstrap.venv_state import (
    REQUIREMENTS,
    Venv,
    fault,
    read_stamp,
    still_installed,
    write_stamp,
)
from s2i.errors import EXIT_CANCELLED, EXIT_MISSING, MissingError
from s2i.locks import FileLock

_OLDEST = (3, 10)
_NEWEST_TRIED = (3, 13)
# Finds the project's packages from wherever the program or a child of it is started. A relative
# line, since Python reads the file in an encoding that depends on the system.
_PATH_FILE = "speech_to_image.pth"


def make_ready(venv: Venv, requirements: Sequence[str]) -> int:
    """Make `venv` hold everything that `requirements` (files in the project) name.

    Returns 0, or the exit code with which the program has to end; what to say is said by then.
    """
    status = StatusLine(sys.stderr)
    try:
        with _ended_by_signals():
            _in_turn(venv, requirements, status)
    except KeyboardInterrupt:
        status.clear()
        status.line("Stopped. Start it again to go on; what was half-made is made anew.")
        return EXIT_CANCELLED
    except MissingError as error:
        return _refuse(status, error.message, error.hint)
    except OSError as error:
        return _refuse(status, *explain_refusal(error, venv))
    return 0


def _refuse(status: StatusLine, sentence: str, hint: str) -> int:
    status.clear()
    status.line(f"Error: {sentence}")
    if hint:
        status.line(f"       {hint}")
    return EXIT_MISSING


def _in_turn(venv: Venv, requirements: Sequence[str], status: StatusLine) -> None:
    """Wait until no other run works on the environment, then do what is left to do."""
    lock = FileLock(venv.lock)

    def waiting(seconds: float) -> None:
        text = f"Another run is setting this project up; waiting for it [{duration(seconds)}]"
        status.update(text, topic="waiting")

    try:
        lock.acquire(on_wait=waiting)
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        # a network drive without locks: go on without one
    try:
        reason = fault(venv, requirements)
        if reason is not None:
            keep_open = [lock.fileno()] if lock.held and sys.platform != "win32" else []
            _Installation(venv, requirements, status, reason, keep_open).run()
    finally:
        lock.release()


class _Installation:
    """One go at making the environment, with the lock held."""

    def __init__(
        self,
        venv: Venv,
        requirements: Sequence[str],
        status: StatusLine,
        reason: str,
        keep_open: Sequence[int],
    ) -> None:
        self.venv = venv
        self.requirements = requirements
        self.status = status
        self.reason = reason
        self.keep_open = keep_open

    def run(self) -> None:
        """Do all steps. Raises MissingError, OSError."""
        began = time.monotonic()
        for name in self.requirements:
            if not (self.venv.root / name).is_file():
                raise MissingError(
                    "incomplete-project",
                    f"{name} is missing from {self.venv.root}.",
                    hint="Get the whole project again (git checkout, or unpack the whole archive).",
                )
        made_anew = self._must_be_made()
        if made_anew:
            check_python(self.venv.root)
            self._empty()
        else:
            self.venv.unfinished.write_text("installing\n", "utf-8")
        self._announce(made_anew)
        with self.venv.log.open("w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"Python {sys.version} on {sys.platform}; {self.reason}\n")
            self._steps(made_anew, log)
        self.venv.unfinished.unlink(missing_ok=True)
        self.status.line(f"Ready after {duration(time.monotonic() - began)}.")

    def _steps(self, made_anew: bool, log: IO[str]) -> None:
        wanted = llama_wheel.requirement(self.venv.root / REQUIREMENTS)
        count = made_anew + (wanted is not None) + len(self.requirements)
        titles = iter(range(1, count + 1))

        def step(title: str) -> None:
            self.status.line(f"[{next(titles)}/{count}] {title}")

        if made_anew:
            step(f"a Python environment of the project's own ({_version()})")
            venv_make.make(self.venv, self.status, log, self.keep_open)
        found = probe(self.venv)
        if found is None or not found["pip"]:
            raise MissingError(
                "venv-broken",
                f"The new environment in {self.venv.folder} doesn't work.",
                hint=f"Install Python anew from {PYTHON_DOWNLOADS} and start it again.",
            )
        pip = Pip(self.venv.python, found["pip"], self.status, log, self.keep_open)
        try:
            if wanted is not None:
                step("llama-cpp-python, which runs the language model")
                if not llama_wheel.is_satisfied(pip, wanted):
                    llama_wheel.install(pip, wanted)
            for name in self.requirements:
                step(f"the packages of {name}")
                pip.install(["-r", str(self.venv.root / name)], f"a package of {name}")
        except MissingError:
            # Nothing was touched, or pip had finished with what it touched: no need to start over.
            if not pip.left_half_done:
                self.venv.unfinished.unlink(missing_ok=True)
            raise
        self._finish(found)

    def _must_be_made(self) -> bool:
        """Whether the environment can't be used even as a start. Raises MissingError."""
        venv = self.venv
        if not venv.folder.exists():
            if venv.folder.is_symlink():
                raise MissingError(
                    "venv-link",
                    f"{venv.folder} is a link to {venv.folder.readlink()}, which isn't there.",
                    hint="Connect that drive, or remove the link, and start it again.",
                )
            return True
        if not venv.folder.is_dir() or not _is_ours(venv):
            raise MissingError(
                "venv-foreign",
                f"{venv.folder} is there, but it is no Python environment.",
                hint="Move it away or rename it, and start it again.",
            )
        if venv.unfinished.exists():
            return True
        try:
            read_stamp(venv)
        except ValueError:
            return True
        found = probe(venv)
        if found is None or not found["pip"]:
            self.reason = "its Python doesn't work"
            return True
        version = tuple(map(int, found["version"].split(".")[:2]))
        if version < _OLDEST:
            self.reason = f"its Python is {found['version']}, too old"
            return True
        return False

    def _announce(self, made_anew: bool) -> None:
        log = self.venv.log
        if not made_anew:
            self.status.line(f"Bringing {self.venv.folder} up to date: {self.reason}. Log: {log}")
        elif self.reason == "it isn't set up yet":
            self.status.line(f"Setting the project up, once; it takes some minutes. Log: {log}")
        else:
            self.status.line(f"Making {self.venv.folder} anew: {self.reason}. Log: {log}")
        if made_anew and sys.version_info[:2] > _NEWEST_TRIED:
            self.status.line(
                f"Note: {_version()} is newer than what this is tested with (3.10 to 3.13)."
                " Should a package not fit it: delete .venv and start with Python 3.13."
            )

    def _empty(self) -> None:
        """Remove what is in .venv, so that at each moment it is recognisably ours."""
        folder, marker = self.venv.folder, self.venv.unfinished
        folder.mkdir(exist_ok=True)
        marker.write_text("installing\n", "utf-8")
        for entry in list(folder.iterdir()):
            if entry == marker:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _finish(self, found: dict[str, str]) -> None:
        """Make the project's packages importable, then vouch for all of it."""
        purelib = Path(found["purelib"])
        way_up = os.path.relpath(Path(found["prefix"]).parent, purelib)
        (purelib / _PATH_FILE).write_text(f"{way_up}\n", "utf-8")
        write_stamp(self.venv, {*self.requirements, *still_installed(self.venv)}, found)


def _is_ours(venv: Venv) -> bool:
    """Whether the folder is an environment, or the beginnings of one: else it is left alone."""
    marks = (venv.config, venv.stamp, venv.unfinished)
    return any(mark.exists() for mark in marks) or not any(venv.folder.iterdir())


def _version() -> str:
    return f"Python {sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A closed terminal or a `kill` ends us as Ctrl-C does: the children first."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before: list[tuple[int, Callable[[int, FrameType | None], object] | int | None]] = []
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            before.append((number, signal.signal(number, end)))
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
