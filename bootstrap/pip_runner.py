"""pip in the project's environment: quiet about itself, loud about how far it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from bootstrap import child
from bootstrap.environment import clean_environment
from bootstrap.pip_failures import Host, explain, is_network
from bootstrap.pip_progress import PipProgress, duration
from bootstrap.status_line import StatusLine
from s2i.errors import MissingError

# Settings of the user's that would install into another place, or nothing, or hide what happens.
_UNWANTED = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_PYTHON",
    "PIP_DRY_RUN",
    "PIP_REQUIREMENT",
    "PIP_QUIET",
    "PIP_VERBOSE",
    "PIP_PROGRESS_BAR",
    "PIP_REPORT",
)

# pip counts bytes line by line from this version on.
_RAW_PROGRESS = (24, 1)

# What is kept in memory for `explain`; the log has everything.
_LINES_KEPT = 3000


class Pip:
    """pip of one environment, with the display and the log of this installation."""

    def __init__(
        self, python: Path, version: str, status: StatusLine, log: IO[str], keep_open: Sequence[int]
    ) -> None:
        self.python = python
        self.log = log
        self.status = status
        # a call failed after it had begun to change the environment
        self.left_half_done = False
        self._keep_open = keep_open
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        self._bar = ["--progress-bar", "raw" if numbers >= _RAW_PROGRESS else "off"]

    def install(
        self, arguments: Sequence[str], what: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """`pip install` `arguments`; `what` names them for people. Raises MissingError.

        Where the network fails after something came through it, it is tried once more.
        """
        fetched, error = self._try(arguments, what, environment)
        if error is not None and fetched and is_network(error):
            self.status.line("      a download broke off; trying once more")
            _, error = self._try(arguments, what, environment)
        if error is not None:
            raise error

    def uninstall(self, project: str) -> None:
        """Remove an installed package."""
        self._quietly("uninstall", "--yes", project)

    def has_cached_wheel(self, project: str) -> bool:
        """Whether pip's cache holds a wheel of `project` that was built on this machine."""
        return ".whl" in self._quietly("cache", "list", project.replace("-", "_"))

    def forget_cached(self, project: str) -> None:
        """Remove the wheels of `project` that were built on this machine from pip's cache."""
        self._quietly("cache", "remove", project.replace("-", "_"))

    def runs(self, code: str, *arguments: str) -> bool:
        """Whether the environment's Python runs `code` to its end without an error."""
        done = subprocess.run(
            [str(self.python), "-I", "-c", code, *arguments],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode:
            self.log.write(f"{done.stdout}(exit code {done.returncode})\n")
        return done.returncode == 0

    def _quietly(self, *arguments: str) -> str:
        """What a short pip command prints."""
        done = subprocess.run(
            [str(self.python), "-m", "pip", *arguments],
            env=pip_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        self.log.write(f"$ pip {' '.join(arguments)}\n{done.stdout}(exit code {done.returncode})\n")
        return done.stdout

    def _try(
        self, arguments: Sequence[str], what: str, environment: Mapping[str, str] | None
    ) -> tuple[bool, MissingError | None]:
        progress = PipProgress()
        lines: list[str] = []
        began = time.monotonic()

        def take(line: str) -> None:
            progress.feed(line)
            lines.append(line)
            if len(lines) > _LINES_KEPT:
                del lines[: _LINES_KEPT // 2]

        def show() -> None:
            passed = duration(time.monotonic() - began)
            self.status.update(
                f"      {progress.describe()} [{passed}]", progress.fraction, progress.activity
            )

        code = child.run_module(
            str(self.python),
            "pip",
            ["install", "-v", "--prefer-binary", *self._bar, *arguments],
            environment or pip_environment(),
            on_line=take,
            on_tick=show,
            log=self.log,
            keep_open=self._keep_open,
        )
        self.status.clear()
        if code == 0:
            return progress.fetched, None
        self.left_half_done = self.left_half_done or progress.installing
        return progress.fetched, explain(lines, what, str(Path(self.log.name)), this_host())


def pip_environment() -> dict[str, str]:
    """Environment variables for pip: the user's indexes, proxies and caches count, and

    a network that is down is noticed in seconds instead of minutes (the user's own settings of
    retries and time-outs win), messages are in English for `explain`, and nothing is asked.
    """
    variables = {k: v for k, v in clean_environment().items() if k not in _UNWANTED}
    variables.update(
        PIP_USER="0",
        PIP_NO_INPUT="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PYTHONUNBUFFERED="1",
        PYTHONIOENCODING="utf-8",
        LC_MESSAGES="C",
    )
    variables.pop("LC_ALL", None)
    if "LC_ALL" in os.environ:
        variables["LC_CTYPE"] = os.environ["LC_ALL"]
    variables.setdefault("PIP_RETRIES", "1")
    if "PIP_TIMEOUT" not in variables:
        variables.setdefault("PIP_DEFAULT_TIMEOUT", "15")
    return variables


def this_host() -> Host:
    """What advice about this machine depends on."""
    names = {
        "apt-get": "apt",
        "dnf": "dnf",
        "pacman": "pacman",
        "zypper": "zypper",
        "apk": "apk",
    }
    found = next((names[command] for command in names if shutil.which(command)), "")
    return Host(sys.platform, found, has_compiler())


def has_compiler() -> bool:
    """Whether a C and a C++ compiler seem to be there. True where it can't be told."""
    if os.environ.get("CC") and os.environ.get("CXX"):
        return True
    if sys.platform == "win32":
        # CMake finds Visual Studio by its installer, not by PATH.
        programs = os.environ.get("PROGRAMFILES(X86)", r"C:\Program Files (x86)")
        studio = Path(programs, "Microsoft Visual Studio", "Installer", "vswhere.exe")
        return studio.exists() or any(map(shutil.which, ("cl", "gcc", "clang", "clang-cl")))
    if sys.platform == "darwin":
        # /usr/bin/cc is always there and only asks to install the real one.
        select = subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, check=False)
        return select.returncode == 0
    c = any(map(shutil.which, ("cc", "gcc", "clang", "icx")))
    return c and any(map(shutil.which, ("c++", "g++", "clang++", "icpx")))
