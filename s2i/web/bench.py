"""What the page and its server cost on this machine: the figures of `run.py bench --only page`.

The server is the real one on a free port, with a recogniser that hears at once (the tests' fake):
what is measured is ours alone. Streams are read by a process of its own, as pages do.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from s2i.errors import MissingError, S2IError
from s2i.events import Event, EventType
from s2i.settings import ROOT, Settings
from s2i.settings_store import SettingsStore
from s2i.web import bench_home, bench_start
from s2i.web.app import create_app
from s2i.web.bench_readers import delays_of
from s2i.web.http_server import Server
from s2i.web.hub import Hub
from s2i.web.services import Services
from s2i.web.wiring import wired

PICTURES = 2000  # in the gallery
PAGES = 30  # that listen at once
ROUNDS, EVENTS = 5, 20  # of spaced events, with many listeners and with one in turn
APART = 0.04  # s between events
MOST_STARTS = 7
READER_SECONDS = 60.0
WORDS = r'"word (\d+)"'
PARTIAL = r'word(\d+)", "settled"'  # what the fake recogniser says after each piece

Say = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """A median (or count), the most it should be, and what it was measured over."""

    name: str
    value: float
    target: float
    unit: str
    note: str


def measure(settings: Settings, runs: int, say: Say) -> list[Figure]:
    """All figures. What can't be measured here is left out, and `say` is told why.

    Raises MissingError where the folder tests/ is missing.
    """
    figures: list[Figure] = []

    def attempt(part: Callable[[], list[Figure]]) -> None:
        try:
            figures.extend(part())
        except S2IError as error:
            say(f"  left out: {error.message} {error.hint}".rstrip())

    busy = _busy()
    if busy:
        say(f"  {busy}")
    attempt(lambda: _start(settings, min(runs, MOST_STARTS), say))
    with tempfile.TemporaryDirectory(prefix="s2i-bench-") as folder:
        home = Path(folder)
        say(f"  making {PICTURES} pictures ...")
        bench_home.fill(home, PICTURES)
        with serving(home) as (server, services):
            attempt(lambda: streams(server.port, services.hub))
            attempt(lambda: speech(server.port, services.hub))
            attempt(lambda: _page(home, server, services, runs))
    return figures


def _busy() -> str:
    """A sentence where other programs want more of the processor than there is, else ''."""
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0  # Windows has none
    if load < cores:
        return ""
    return f"the machine is busy (load {load:.1f}, {cores} cores): an idle one is quicker"


@contextmanager
def serving(home: Path) -> Iterator[tuple[Server, Services]]:
    """The server with all its parts but the models; nothing of the caller's settings."""
    try:
        from tests.fakes.recogniser import FakeRecognisers
    except ImportError as error:
        raise MissingError(
            "no-tests", "The folder tests/ is missing.", hint="Measure in a full clone."
        ) from error
    settings = Settings(
        home=home, engine="storyboard", comfyui_url=bench_start.NOBODY, refine=False
    )
    services = wired(SettingsStore.around(settings), FakeRecognisers())
    server = Server(create_app(services), services)
    try:
        server.start(0)
        yield server, services
    finally:
        server.stop()
        services.close()


def _start(settings: Settings, runs: int, say: Say) -> list[Figure]:
    from bootstrap import models

    refiner = models.ensure_refiner(settings.home, "smollm2-135m", say)
    found = bench_start.measure(settings, refiner.path, runs)
    answered = statistics.median(one.answered for one in found)
    ready = statistics.median(one.ready for one in found)
    note = f"starts: {runs}, {found[0].recogniser}, the page is there after {answered:.2f} s"
    return [Figure("start to ready to listen", ready, 2, "s", note)]


def streams(
    port: int, hub: Hub, *, pages: int = PAGES, rounds: int = ROUNDS, events: int = EVENTS
) -> list[Figure]:
    """What an event takes to the last of many pages, beyond what it takes to one alone."""
    many: list[float] = []
    one: list[float] = []
    for _ in range(rounds):  # in turn: a machine whose speed drifts treats both alike
        many += _published(port, hub, pages, events)
        one += _published(port, hub, 1, events)
    cost = (statistics.median(many) - statistics.median(one)) * 1000
    note = (
        f"{rounds * events} events each, {spread(many)} for the last of {pages}, "
        f"{spread(one)} for one alone"
    )
    return [Figure(f"{pages} pages listening, per event", cost, 10, "ms", note)]


def _published(port: int, hub: Hub, pages: int, events: int) -> list[float]:
    """Of each event the seconds until the last of the pages had it."""
    sent: dict[int, float] = {}
    with readers(port, pages, events, WORDS) as result:
        for number in range(events):
            time.sleep(APART)
            sent[number] = time.perf_counter()
            hub(Event(EventType.REFINE_DELTA, {"text": f"word {number}"}, "bench"))
        delays = delays_of(sent, result())
    drain(hub)
    return delays


def speech(port: int, hub: Hub, *, pieces: int = ROUNDS * EVENTS) -> list[Figure]:
    """From a piece of audio posted to its words at a page that listens.

    The recogniser has to be the tests' fake, which takes no time.
    """
    from tests.fakes.recogniser import SPEECH

    sent: dict[int, float] = {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:

        def post(path: str, body: bytes) -> dict[str, object]:
            connection.request("POST", f"/api/utterances{path}", body)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise S2IError(
                    "bench-failed", f"The server refused a piece of audio: {text[:200]!r}"
                )
            found: dict[str, object] = json.loads(text)
            return found

        with readers(port, 1, pieces, PARTIAL) as result:
            name = post("", json.dumps({"sample_rate": 16000, "endpoint": False}).encode())["id"]
            for number in range(pieces):
                time.sleep(APART)
                sent[number] = time.perf_counter()
                post(f"/{name}/audio?seq={number}", SPEECH)
            delays = delays_of(sent, result())
        post(f"/{name}/cancel", b"")
    finally:
        connection.close()
    drain(hub)
    value = statistics.median(delays) * 1000
    note = f"{pieces} pieces of 0.1 s, a recogniser that takes no time, {spread(delays)}"
    return [Figure("audio posted to words at a page", value, 20, "ms", note)]


def _page(home: Path, server: Server, services: Services, runs: int) -> list[Figure]:
    from s2i.web import bench_page

    with bench_page.chromium(server.url) as page:
        loads = bench_page.loads(page, max(3, min(runs, 9)))
        idle = bench_page.idle(page)
        painted = bench_page.painted(page, home, services)
    latency = statistics.median(painted) * 1000
    return [
        Figure(
            "event in the server to pixels", latency, 50, "ms",
            f"{len(painted)} events in Chromium, {spread(painted)}",
        ),
        Figure(
            f"a page with {PICTURES} pictures", statistics.median(loads.warm), 1, "s",
            f"{len(loads.warm)} loads without the browser's cache, first {bench_page.TILES} tiles "
            f"decoded; {loads.first:.2f} s the very first time",
        ),
        Figure(
            "an idle page's CPU", idle.cpu, 0.01, "s/s",
            f"Chromium's own count of its main thread over {bench_page.IDLE:g} s",
        ),
        Figure("an idle page's requests", idle.requests, 0, "", f"in {bench_page.IDLE:g} s"),
        Figure("an idle page's animations", idle.animations, 0, "", "running ones"),
    ]  # fmt: skip


@contextmanager
def readers(
    port: int, count: int, events: int, pattern: str
) -> Iterator[Callable[[], dict[int, float]]]:
    """A child that listens on `count` streams; what is given waits for its result.

    Raises MissingError where it can't listen.
    """
    command = [sys.executable, "-m", "s2i.web.bench_readers"]
    child = subprocess.Popen(
        [*command, str(port), str(count), str(events), pattern],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what is wrong it says on the other; Ctrl-C is ours to tell
        text=True,
    )
    assert child.stdout is not None  # noqa: S101 - PIPE was asked for
    try:
        said = child.stdout.readline().strip()
        if said != "ready":
            raise MissingError(
                "bench-failed", f"Event streams can't be read ({said or 'no word'})."
            )

        def result() -> dict[int, float]:
            try:
                text, _ = child.communicate(timeout=READER_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise S2IError("bench-failed", "Reading event streams never ended.") from error
            return {int(number): at for number, at in json.loads(text or "{}").items()}

        yield result
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()


def drain(hub: Hub, seconds: float = 5.0) -> None:
    """Until those who have gone are noticed: a vanished listener shows on the second write."""
    until = time.monotonic() + seconds
    while hub.streams and time.monotonic() < until:
        hub.announce("settings", {})
        time.sleep(0.02)


def spread(delays: Sequence[float]) -> str:
    """Median and worst of seconds, in ms."""
    return f"{statistics.median(delays) * 1000:.1f} ms (worst {max(delays) * 1000:.1f})"
