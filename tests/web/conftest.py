"""The real server on a free port, with a recogniser that hears what a test writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.web.app import create_app
from s2i.web.http_server import Server
from s2i.web.hub import Hub
from s2i.web.listening import Listening
from s2i.web.live import Live
from s2i.web.services import Services
from tests.fakes.recogniser import FakeRecognisers
from tests.web.client import Client

NOBODY = "http://127.0.0.1:9"  # no ComfyUI: nothing listens on discard


class Running:
    """A server that runs, what is behind it, and a client."""

    def __init__(
        self,
        home: Path,
        *,
        abandoned: float,
        heartbeat: float,
        streams: int,
        store: SettingsStore | Settings | None,
    ) -> None:
        self.fake = FakeRecognisers()
        self.live = Live()
        self.hub = Hub(self.live, heartbeat=heartbeat, max_streams=streams)
        self.services = Services(
            store or Settings(home=home, comfyui_url=NOBODY, refine=False),
            self.fake,
            live=self.live,
            hub=self.hub,
            listening=Listening(self.fake, self.hub, abandoned=abandoned),
        )
        self.server = Server(create_app(self.services), self.services, clients=4)
        self.server.start(0)
        self.port = self.server.port
        self.client = Client(self.port)
        self.token = self.services.guard.token

    def close(self) -> None:
        self.fake.gate.set()
        self.server.stop()
        self.services.close()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server with times of the test's own."""
    before = set(threading.enumerate())
    running: list[Running] = []

    def begin(
        *,
        abandoned: float = 30.0,
        heartbeat: float = 8.0,
        streams: int = 8,
        store: SettingsStore | Settings | None = None,
    ) -> Running:
        made = Running(
            tmp_path, abandoned=abandoned, heartbeat=heartbeat, streams=streams, store=store
        )
        running.append(made)
        return made

    yield begin
    for item in running:
        item.close()
    until = time.monotonic() + 10
    while left := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
        assert time.monotonic() < until, f"{left} are still there"
        time.sleep(0.01)


@pytest.fixture
def web(start: Start) -> Running:
    """A server as it comes."""
    return start()
