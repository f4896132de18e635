"""What the tests of the downloader share."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrap import hub, partial
from bootstrap.catalogue import HubSource
from bootstrap.progress import Progress
from tests.bootstrap.conftest import REVISION, Said, made_up_gguf
from tests.fakes.hub import FakeHub

DATA = made_up_gguf()
SHA256 = hashlib.sha256(DATA).hexdigest()
SOURCE = HubSource("me/models", "alpha.gguf", REVISION)


def fetch(target: Path, said: Progress | None = None, **more: object) -> str:
    """alpha.gguf from the fake hub, with three more goes and no pauses; its SHA-256."""
    settings: dict[str, object] = {"sha256": SHA256, "pauses": (0.0,) * 3, **more}
    return hub.fetch(SOURCE, target, size=len(DATA), progress=said or Said(), **settings)  # type: ignore[arg-type] # what a test changes


def at(server: FakeHub) -> str:
    """alpha.gguf's address at another server, which goes by another name than the hub's."""
    return f"{server.url.replace('127.0.0.1', 'localhost')}/me/models/resolve/{REVISION}/alpha.gguf"


def until_there(target: Path, size: int) -> None:
    """Wait until a part has so many bytes."""
    part = partial.part_path(target)
    until(lambda: part.exists() and part.stat().st_size == size)


def until(ready: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    pause = threading.Event()
    for _ in range(6000):
        if ready():
            return
        pause.wait(0.01)
    pytest.fail("it never came")
