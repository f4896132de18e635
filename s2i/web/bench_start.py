"""How long the program takes from its start until it can hear, with everything on disk."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.errors import MissingError
from s2i.settings import ROOT, Settings

PATIENCE = 120.0  # s for one start
LOOK = 0.02  # s between questions
NOBODY = "http://127.0.0.1:9"  # no ComfyUI: nothing listens on discard


@dataclass(frozen=True)
class Start:
    """Seconds from starting the process: until it `answered`, until it was `ready` to hear."""

    answered: float
    ready: float
    recogniser: str


def measure(settings: Settings, refiner: Path, runs: int) -> list[Start]:
    """Start `runs` times with the models of `settings.home` in a home of its own.

    One more start comes first: it reads the files into memory. Raises MissingError where it can't
    get ready.
    """
    with tempfile.TemporaryDirectory(prefix="s2i-bench-") as folder:
        settings.models.mkdir(parents=True, exist_ok=True)
        try:
            (Path(folder) / "models").symlink_to(settings.models, target_is_directory=True)
        except OSError as error:  # Windows wants a privilege for it
            raise MissingError(
                "no-link",
                f"The folder models/ can't be linked ({error.strerror or error}).",
                hint="On Windows, switch the developer mode on.",
            ) from error
        given = environment(settings, Path(folder), refiner)
        return [_once(Path(folder), given) for _ in range(runs + 1)][1:]


def environment(settings: Settings, home: Path, refiner: Path) -> dict[str, str]:
    """The child's: nothing of the caller's settings but what decides on speech."""
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith("S2I_")},
        "S2I_HOME": str(home),
        "S2I_LANGUAGE": settings.language,
        "S2I_RECOGNISER": settings.recogniser,
        "S2I_REFINER": str(refiner),
        "S2I_COMFYUI_URL": NOBODY,
    }


def _once(home: Path, given: Mapping[str, str]) -> Start:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with (home / "said.log").open("wb") as said:
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "s2i", "--no-open", "--port", str(port)],
            cwd=ROOT,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            return _watch(child, port, begun, home / "said.log")
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _watch(child: subprocess.Popen[bytes], port: int, begun: float, log: Path) -> Start:
    answered: float | None = None
    while child.poll() is None and time.perf_counter() - begun < PATIENCE:
        status = _status(port)
        now = time.perf_counter() - begun
        if status is not None:
            answered = now if answered is None else answered
            heard = status["recogniser"]
            if heard["state"] == "ready":
                return Start(answered, now, str(heard["recogniser"]))
            if heard["state"] != "loading":
                raise MissingError("bench-failed", f"It can't hear: {heard['reason']}")
        time.sleep(LOOK)
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise MissingError("bench-failed", f"The server didn't get ready: {' '.join(last)}")


def _status(port: int) -> Any:
    """GET /api/status; None while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/status")
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
