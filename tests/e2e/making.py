"""What tests of making pictures share: an idea typed, an engine that waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.page import HANG, Page
from tests.e2e.served import Served
from tests.fakes.comfyui import FakeComfyUI

READY = "document.querySelector('#idea') && document.querySelector('.status .state')"
DONE = (
    "document.querySelector('.picture')?.naturalWidth > 0"
    " && !document.querySelector('.see').hidden && !document.querySelector('.made-of').hidden"
)
PREVIEW = "document.querySelector('.preview')?.checkVisibility()"


class Hold:
    """Keeps the fake ComfyUI where it is until `go`, an interrupt, or its end."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self.came = threading.Event()

    def __call__(self, fake: FakeComfyUI, _: Any) -> None:
        life, end = fake.life, time.monotonic() + 4 * HANG
        self.came.set()
        while not self._go.wait(0.01) and fake.life == life and time.monotonic() < end:
            if fake.interrupt.is_set():
                return

    def go(self) -> None:
        self._go.set()


@contextmanager
def held(fake: FakeComfyUI, moment: str = "step:4") -> Iterator[Hold]:
    """The next job that comes to `moment` waits there."""
    hold = Hold()
    fake.on(moment, hold)
    try:
        yield hold
    finally:
        hold.go()


def type_idea(page: Page, text: str) -> None:
    """Type it into an empty box, and send it."""
    page.js("document.querySelector('#idea').select()")
    page.type("#idea", text)
    page.keys("enter")


def until_job(served: Served, job: str, *states: str) -> dict[str, Any]:
    """The job, once the server says that it is in one of `states`."""
    end = time.monotonic() + HANG
    while True:
        found: dict[str, Any] = served.ask(f"/api/jobs/{job}")
        if found["state"] in states:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def make(served: Served, text: str, **more: Any) -> dict[str, Any]:
    """A job that is done, made without a page."""
    job = served.ask("/api/jobs", {"text": text, **more})
    return until_job(served, job["id"], "done")


def newest(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.ask("/api/jobs?limit=1")["jobs"][0]
    return found
