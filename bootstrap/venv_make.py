"""Make an empty Python environment with pip in it, in two steps whose every word is logged.

`python -m venv` alone would hide why it failed to bring pip in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import IO

from bootstrap import child
from bootstrap.environment import base_python, clean_environment
from bootstrap.first_run_refusals import PYTHON_DOWNLOADS
from bootstrap.pip_failures import explain
from bootstrap.pip_progress import duration
from bootstrap.pip_runner import this_host
from bootstrap.status_line import StatusLine
from bootstrap.venv_state import Venv
from s2i.errors import MissingError

# Errors that `explain` knows better than the sentence below.
_OF_THE_MACHINE = {"disk-full", "path-too-long", "not-writable"}


def make(venv: Venv, status: StatusLine, log: IO[str], keep_open: Sequence[int]) -> None:
    """Make the environment in `venv.folder`, beside what is there. Raises MissingError."""
    began = time.monotonic()
    # `venv` refuses a link, such as one to a drive with more room
    folder = venv.folder.resolve() if venv.folder.is_symlink() else venv.folder
    for python, module, arguments in (
        (base_python(), "venv", ["--without-pip", str(folder)]),
        (str(venv.python), "ensurepip", ["--upgrade", "--default-pip"]),
    ):
        said: list[str] = []
        code = child.run_module(
            python,
            module,
            arguments,
            clean_environment(),
            on_line=said.append,
            on_tick=lambda: status.update(
                f"      making it [{duration(time.monotonic() - began)}]", topic="making"
            ),
            log=log,
            keep_open=keep_open,
        )
        status.clear()
        if code:
            raise _failed(venv, said)


def _failed(venv: Venv, said: Sequence[str]) -> MissingError:
    known = explain(said, "a Python environment", str(venv.log), this_host())
    if known.code in _OF_THE_MACHINE:
        return known
    last = next((line.strip() for line in reversed(said) if line.strip()), "no reason given")
    return MissingError(
        "venv-failed",
        f"A Python environment couldn't be made in {venv.folder}: {last}",
        hint=f"Try Python 3.12 from {PYTHON_DOWNLOADS}. All of it is in {venv.log}.",
    )
