"""Ask an environment's own Python what it is: the sure way, in a child process."""

from __future__ import annotations

import json
import subprocess
import sys

from bootstrap.environment import clean_environment
from bootstrap.venv_state import Venv

_SECONDS = 60.0
_QUESTIONS = """
import json, os, sys, sysconfig
from importlib.metadata import version, PackageNotFoundError
try:
    pip = version("pip")
    import pip as _
except (ImportError, PackageNotFoundError):
    pip = ""
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "base": getattr(sys, "_base_executable", "") or sys.executable,
    "prefix": sys.prefix,
    "purelib": sysconfig.get_path("purelib"),
    "platlib": sysconfig.get_path("platlib"),
    "pip": pip,
}))
"""


def probe(venv: Venv) -> dict[str, str] | None:
    """version, base, purelib, platlib and pip (its version, "" without pip) of the environment.

    `base` is the Python it was made from, as `venv_state.fault` compares it. None where its Python
    doesn't run or isn't in this environment at all.
    """
    try:
        done = subprocess.run(
            [str(venv.python), "-I", "-c", _QUESTIONS],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=True,
        )
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    found = {str(key): str(value) for key, value in answer.items()}
    if not venv.folder.samefile(found["prefix"]):
        return None
    if sys.platform != "win32":
        found["base"] = str(venv.python.resolve())
    return found
