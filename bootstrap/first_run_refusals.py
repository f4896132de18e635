"""Why no environment can be made with this Python, or in this place: a sentence and the way out."""

from __future__ import annotations

import errno
import importlib.util
import os
import struct
import sys
from pathlib import Path

from bootstrap.venv_state import Venv
from s2i.errors import MissingError

PYTHON_DOWNLOADS = "https://www.python.org/downloads/"


def check_python(root: Path) -> None:
    """Raise MissingError where this Python can't make an environment at all."""
    number = f"{sys.version_info[0]}.{sys.version_info[1]}"
    lacking = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if lacking:
        raise MissingError(
            "no-venv",
            f"This Python ({sys.executable}, {number}) lacks the module {lacking[0]}.",
            hint=f"Debian, Ubuntu: sudo apt install python{number}-venv. Elsewhere: install Python"
            f" from {PYTHON_DOWNLOADS}. Then start it again.",
        )
    if sys.platform == "win32" and struct.calcsize("P") < 8:
        raise MissingError(
            "32-bit-python",
            f"This Python ({sys.executable}) is a 32-bit one; the packages need a 64-bit one.",
            hint=f"Install the 64-bit Python 3.12 from {PYTHON_DOWNLOADS} and start it again.",
        )
    if os.pathsep in str(root):
        raise MissingError(
            "bad-folder",
            f"Python can't make an environment in a folder with {os.pathsep} in its path: {root}.",
            hint="Rename that folder and start it again.",
        )


def explain_refusal(error: OSError, venv: Venv) -> tuple[str, str]:
    """A sentence and the way out for what the file system refuses."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full.", "Make about 2 GB of room and start it again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        what = error.filename or venv.root
        return (
            f"{what} can't be written to ({error.strerror}).",
            f"Make {venv.root} writable, or copy the project to a folder of yours. On Windows:"
            " close other programs that use it.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return f"The path {venv.root} is too long.", "Move the project to a shorter one."
    return f"{error.filename or venv.folder}: {error.strerror or error}.", f"The log is {venv.log}."
