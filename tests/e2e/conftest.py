"""Browsers, the server and a microphone. Browsers start when a test first needs them, and stay."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from s2i.locks import FileLock
from tests import sound_system
from tests.e2e import browsers as kinds
from tests.e2e.browsers import ENGINES, Browser
from tests.e2e.microphone import Microphone, make_clip
from tests.e2e.page import Page
from tests.e2e.proxy import Proxy
from tests.e2e.served import Served
from tests.fakes.comfyui import FakeComfyUI, Script

# Read here, once: the tests themselves see no S2I_ variable.
_REQUIRED = bool(os.environ.get("S2I_REQUIRE_BROWSERS"))
_SOUND = frozenset({"PULSE_SERVER", "XDG_RUNTIME_DIR"})
_SHOTS = os.environ.get("S2I_SCREENSHOTS", "")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "e2e: the page in a real browser, against the real server")
    config.addinivalue_line("markers", "engines(*names): only in these browsers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, and put those of one engine together: so a worker needs few browsers."""
    here = Path(__file__).parent
    places = [place for place, item in enumerate(items) if here in item.path.parents]
    ours = [items[place] for place in places]
    for item in ours:
        item.add_marker(pytest.mark.e2e)
        # Three browsers, sound and a language model on what may be two busy cores: what fails
        # twice in a row is wrong.
        item.add_marker(pytest.mark.flaky(reruns=1))
    for place, item in zip(places, sorted(ours, key=_engine), strict=True):
        items[place] = item


def _engine(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    return str(call.params.get("engine", "")) if call else ""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("engines")
        names = only.args if only else ENGINES
        metafunc.parametrize("engine", [pytest.param(name, marks=_skipped(name)) for name in names])


def _skipped(engine: str) -> list[pytest.MarkDecorator]:
    """Before anything is started for it."""
    reason = kinds.missing(engine)
    return [pytest.mark.skip(reason=reason)] if reason and not _REQUIRED else []


def _give_up(reason: str) -> None:
    if _REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def comfyui() -> Iterator[FakeComfyUI]:
    """The image engine: with previews, quick."""
    with FakeComfyUI(Script(step_seconds=0.05)) as fake:
        yield fake


@pytest.fixture(scope="session")
def start_server(
    tmp_path_factory: pytest.TempPathFactory, starter_gguf: Path
) -> Iterator[Callable[..., Served]]:
    """Start a server of a test's own: `start_server(comfyui=URL, S2I_REFINE="off", …)`."""
    with ExitStack() as stack:

        def start(comfyui: str = "http://127.0.0.1:9", **environment: str) -> Served:
            made = Served(tmp_path_factory.mktemp("home"), comfyui, **environment)
            stack.callback(made.stop)
            return made

        yield start


@pytest.fixture(scope="session")
def served(start_server: Callable[..., Served], comfyui: FakeComfyUI) -> Served:
    """The server that most tests share, warm."""
    made = start_server(comfyui.url)
    made.ready("recogniser", "refiner", "engine")
    return made


@pytest.fixture(scope="session")
def quick(start_server: Callable[..., Served], comfyui: FakeComfyUI) -> Served:
    """One that refines nothing: what is spoken to it leaves the processor to the next test."""
    made = start_server(comfyui.url, S2I_REFINE="off")
    made.ready("recogniser", "engine")
    return made


class Kept:
    """The browsers of this process, each started once."""

    def __init__(self, folder: Callable[[str], Path]) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._open: dict[tuple[str, bool], Browser] = {}
        self._sound: sound_system.SoundSystem | None = None

    def get(self, engine: str, dark: bool = False) -> Browser:
        # What can't change its mind while it runs is there twice.
        key = (engine, dark and engine == "webkit")
        if key not in self._open:
            sound = {} if engine == "chromium" else self.sound().environment
            led = {name: sound[name] for name in _SOUND if name in sound}
            made = kinds.KINDS[engine](self._folder(engine), led, dark=key[1])
            self._open[key] = made
            self._stack.callback(made.close)
        browser = self._open[key]
        browser.set_dark(dark)
        return browser

    def sound(self) -> sound_system.SoundSystem:
        if self._sound is None:
            self._sound = self._stack.enter_context(sound_system.running(self._folder("sound")))
        return self._sound

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    made = Kept(tmp_path_factory.mktemp)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def page_of(
    kept: Kept, shared_folder: Path, tmp_path: Path
) -> Iterator[Callable[[str, str, bool], Page]]:
    """`page_of(engine, url, dark)`: a page that isn't open yet, 1280 by 800.

    One test at a time has an engine, in whichever worker: two cores can't play sound to more.
    """
    with ExitStack() as stack:

        def make(engine: str, url: str, dark: bool = False) -> Page:
            reason = kinds.missing(engine)
            if reason:
                _give_up(reason)
            lock = FileLock(shared_folder / f"{engine}.lock")
            lock.acquire()
            stack.callback(lock.release)
            browser = kept.get(engine, dark)
            browser.size(1280, 800)
            shots = Path(_SHOTS or tmp_path / "shots").absolute()
            made = Page(browser, url, shots, wanted=bool(_SHOTS))
            stack.callback(made.leave)
            return made

        yield make


@pytest.fixture
def page(engine: str, served: Served, page_of: Callable[..., Page]) -> Page:
    """The shared server's page, in each engine in turn."""
    return page_of(engine, served.url)


@pytest.fixture
def quick_page(engine: str, quick: Served, page_of: Callable[..., Page]) -> Page:
    """The quick server's page, in each engine in turn."""
    return page_of(engine, quick.url)


@pytest.fixture
def proxied(
    engine: str, quick: Served, page_of: Callable[..., Page]
) -> Iterator[tuple[Page, Proxy]]:
    """The same, with a network in between that can be pulled."""
    proxy = Proxy(quick.port)
    try:
        yield page_of(engine, proxy.url), proxy
    finally:
        proxy.close()


@pytest.fixture
def microphone(engine: str, kept: Kept, clip: Path) -> Iterator[Microphone]:
    """The microphone of `engine`, with the clip in it."""
    made = Microphone(kept.get(engine), None if engine == "chromium" else kept.sound())
    made.load(clip)
    yield made
    made.hush()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """microphone.IDEA as flite speaks it."""
    path = tmp_path_factory.mktemp("speech") / "fox.wav"
    if not make_clip(path):
        _give_up("not installed: flite")
    return path
