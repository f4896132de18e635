"""llama-cpp-python: ready-made where its project publishes a wheel that fits, else from source.

The Python package index has its source alone, whose build takes minutes and a compiler. Its
authors publish wheels on an index of their own (https://llama-cpp-python.readthedocs.io).
"""

from __future__ import annotations

import os
import re
import threading
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from bootstrap.pip_failures import no_compiler
from bootstrap.pip_runner import Pip, has_compiler, pip_environment, this_host
from s2i.errors import MissingError, NetworkError

PROJECT = "llama-cpp-python"
DEFAULT_INDEX = "https://abetlen.github.io/llama-cpp-python/whl/cpu"
_PROBE_SECONDS = 3.0
_PAGE_BYTES = 8_000_000
# Without it, the part for pictures as input is compiled too: a quarter of the build, never used.
_CMAKE_ARGS = "-DLLAVA_BUILD=OFF"

# Loads the native libraries; a wheel made for another libc or CPU fails here.
_IMPORTS = "import llama_cpp; llama_cpp.llama_backend_init()"
_SATISFIED = """
import sys
from importlib.metadata import version
from pip._vendor.packaging.requirements import Requirement
wanted = Requirement(sys.argv[1])
if wanted.marker is None or wanted.marker.evaluate():
    sys.exit(not wanted.specifier.contains(version(wanted.name), prereleases=True))
"""


def requirement(file: Path) -> str | None:
    """The line of a requirements file that asks for llama-cpp-python; None where none does."""
    for line in file.read_text("utf-8-sig").splitlines():
        wanted = re.sub(r"(^|\s)#.*", "", line).strip()
        name = re.match(r"[A-Za-z0-9._-]+", wanted)
        if name and re.sub(r"[-_.]+", "-", name[0]).lower() == PROJECT:
            return re.split(r"\s--", wanted)[0].strip()
    return None


def is_satisfied(pip: Pip, wanted: str) -> bool:
    """Whether what is installed meets the requirement `wanted` and loads."""
    return pip.runs(_SATISFIED, wanted) and pip.runs(_IMPORTS)


def install(pip: Pip, wanted: str) -> None:
    """Install `wanted`, the quickest way that works here. Raises MissingError."""
    if _from_wheels(pip, wanted):
        return
    if not has_compiler() and not pip.has_cached_wheel(PROJECT):
        _without_compiler(pip, wanted)
        return
    pip.status.line("      from its source, which takes minutes the first time on a machine")
    pip.install([wanted], PROJECT, build_environment())
    if pip.runs(_IMPORTS):
        return
    # pip may have taken it from its cache, where a wheel for another processor can lie.
    pip.status.line("      what pip's cache had doesn't run on this machine; building it anew")
    pip.forget_cached(PROJECT)
    pip.install(["--force-reinstall", "--no-deps", wanted], PROJECT, build_environment())
    if not pip.runs(_IMPORTS):
        raise MissingError(
            "llama-broken",
            f"{PROJECT} was built, but doesn't load on this machine.",
            hint=f"The end of {pip.log.name} says why.",
        )


def build_environment() -> dict[str, str]:
    """pip's environment for the build; the user's own CMAKE_ARGS stay and win."""
    variables = pip_environment()
    given = variables.get("CMAKE_ARGS", "")
    if "LLAVA_BUILD" not in given:
        variables["CMAKE_ARGS"] = f"{given} {_CMAKE_ARGS}".strip()
    return variables


def wheel_index() -> str | None:
    """The index of ready-made wheels: the project's own or S2I_LLAMA_INDEX ("off": None)."""
    given = os.environ.get("S2I_LLAMA_INDEX", "").strip()
    if given.lower() == "off":
        return None
    index = (given or DEFAULT_INDEX).rstrip("/")
    if not re.match(r"https?://[^/\s]+", index):
        raise MissingError(
            "bad-index",
            f"S2I_LLAMA_INDEX is no web address: {index}.",
            hint=f"Leave it unset, set it to an address such as {DEFAULT_INDEX}, or to off.",
        )
    return index


def answers(index: str, seconds: float = _PROBE_SECONDS) -> bool:
    """Whether the index answers within `seconds` and has wheels of llama-cpp-python at all."""
    found = threading.Event()

    def ask() -> None:
        try:
            url = f"{index}/{PROJECT}/"
            with urllib.request.urlopen(url, timeout=seconds) as page:  # noqa: S310 - checked in wheel_index
                if b".whl" in page.read(_PAGE_BYTES):
                    found.set()
        except (OSError, ValueError, HTTPException):
            pass  # no answer, or none of use: the source is the way
        finally:
            done.set()

    # In a thread, since a time-out of urlopen covers neither the look-up of the name nor a server
    # that sends a byte now and then.
    done = threading.Event()
    threading.Thread(target=ask, name="wheel index", daemon=True).start()
    done.wait(seconds)
    return found.is_set()


def _from_wheels(pip: Pip, wanted: str) -> bool:
    """Try the index of ready-made wheels; False where that leads nowhere."""
    index = wheel_index()
    if index is None or os.environ.get("PIP_NO_INDEX", "0").lower() not in {"", "0", "false", "no"}:
        return False
    host = urlsplit(index).hostname or index
    pip.status.update(f"      asking {host} for a ready-made one")
    if not answers(index):
        pip.status.line(f"      {host} has no ready-made one in reach")
        return False
    only_wheels = ["--only-binary", PROJECT, "--extra-index-url", index]
    try:
        pip.install([*only_wheels, wanted], PROJECT)
    except MissingError as error:
        if error.code == "disk-full":
            raise
        pip.status.line(f"      {host} has no ready-made one that fits")
        return False
    if pip.runs(_IMPORTS):
        return True
    pip.status.line("      the ready-made one doesn't run on this machine")
    pip.uninstall(PROJECT)
    return False


def _without_compiler(pip: Pip, wanted: str) -> None:
    """Install a wheel from the user's own indexes, if they have one. Raises MissingError."""
    pip.status.line("      no compiler here: looking for a ready-made one elsewhere")
    try:
        pip.install(["--only-binary", PROJECT, wanted], PROJECT)
    except NetworkError:
        raise
    except MissingError as error:
        if error.code != "no-such-package":
            raise
        raise no_compiler(PROJECT, this_host()) from error
