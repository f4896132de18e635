"""`run.py` without an idea: serve the page until Ctrl-C, or find the one that runs already."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path
from typing import Any, NoReturn

from s2i import log, terminal
from s2i.errors import EXIT_CANCELLED, EXIT_MADE, MissingError, OutputError, S2IError
from s2i.locks import FileLock
from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.web.app import create_app
from s2i.web.http_server import Server
from s2i.web.services import Recognisers, Services
from s2i.web.wiring import wired

LOCK_NAME = "server.lock"
INFO_NAME = "server.json"
FIRST_SECONDS = 15.0  # that a first start may take until it answers
END_SECONDS = 2.5  # that ending may take


def serve(
    store: SettingsStore,
    *,
    port: int | None = None,
    open_browser: bool = True,
    recognisers: Recognisers | None = None,
) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code. Where one runs already, say its address.

    `port` None: 5000 or the next free one. `recognisers` are made from the settings where not
    given, and closed at the end. Raises S2IError where no port is to be had, or where the first
    one doesn't answer.
    """
    settings = store.current
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        lock = FileLock(settings.data / LOCK_NAME)
        alone = lock.try_acquire()
    except OSError as error:
        raise OutputError(
            "no-data-folder",
            f"The folder {settings.data} can't be written ({error.strerror or error}).",
            hint="Make it writable, or choose another place with S2I_HOME.",
        ) from error
    if not alone:
        return _join(settings, open_browser)
    clean = False
    try:
        services = wired(store, recognisers)
        server = Server(create_app(services), services)
        try:
            server.start(port)
            _note(settings, server, services.hub.boot)
            terminal.say(f"SpeechToImage is at {server.url} (Ctrl-C ends it)")
            if services.desk.moved_aside:
                where = services.desk.moved_aside
                terminal.say(f"Note: the journal was damaged; it is kept as {where}.")
            services.begin()
            if open_browser:
                _open(server.url)
            _wait(server)
        except KeyboardInterrupt:
            terminal.say("\nEnding ...")
        finally:
            clean = _end(server, services)
            with contextlib.suppress(OSError):
                (settings.data / INFO_NAME).unlink(missing_ok=True)
    finally:
        lock.release()
    if not clean:
        # A model is still being loaded, in native code that can't be told to stop; Python's own
        # end would wait for it.
        leave(EXIT_MADE)
    return EXIT_MADE


def _wait(server: Server) -> None:
    # In slices: a signal between two looks of the interpreter wouldn't interrupt a wait without
    # an end, and on Windows none does.
    while not server.stopped.wait(0.5):
        pass
    raise S2IError(
        "server-ended",
        "The server ended by itself.",
        hint=f"Start it again; if it stays, report it with {log.place()}.",
        retryable=True,
    )


def _end(server: Server, services: Services) -> bool:
    """End all; False where something goes on that can't be ended."""
    until = time.monotonic() + END_SECONDS
    try:
        server.stop()
        clean: list[bool] = []
        ending = threading.Thread(
            target=lambda: clean.append(services.close()), name="ending", daemon=True
        )
        ending.start()
        ending.join(max(0.5, until - time.monotonic()))
        return clean == [True]
    except KeyboardInterrupt:
        leave(EXIT_CANCELLED)  # asked twice


def leave(code: int) -> NoReturn:
    """End this process at once."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _note(settings: Settings, server: Server, boot: str) -> None:
    """Leave word for a second start; without it the server is merely not found."""
    path = settings.data / INFO_NAME
    spare = path.with_suffix(".new")
    text = json.dumps({"pid": os.getpid(), "port": server.port, "url": server.url, "boot": boot})
    try:
        spare.write_text(text, encoding="utf-8")
        spare.replace(path)
    except OSError as error:
        terminal.say(f"Note: {path} can't be written ({error.strerror or error}).")


def _join(settings: Settings, open_browser: bool) -> int:
    path = settings.data / INFO_NAME
    until = time.monotonic() + FIRST_SECONDS
    while True:
        url = _alive(path)
        if url:
            terminal.say(f"SpeechToImage is running already, at {url}")
            if open_browser:
                _open(url)
            return EXIT_MADE
        if time.monotonic() > until:
            raise MissingError(
                "server-silent",
                "SpeechToImage is running already, but doesn't answer.",
                hint=f"End {_who(path)} and start again.",
                retryable=True,
            )
        time.sleep(0.2)


def _alive(path: Path) -> str | None:
    """The address of the server that `path` tells of, if it answers and is the one."""
    info = _read(path)
    port, boot = info.get("port"), info.get("boot")
    if not isinstance(port, int) or not isinstance(boot, str):
        return None
    url = f"http://127.0.0.1:{port}/"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "api/status", timeout=2.0) as response:
            told = json.loads(response.read(1 << 20))
    except (OSError, ValueError, urllib.error.URLError):
        return None
    return url if isinstance(told, dict) and told.get("boot") == boot else None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _who(path: Path) -> str:
    pid = _read(path).get("pid")
    return f"the process {pid}" if isinstance(pid, int) else "it"


def _open(url: str) -> None:
    try:
        opened = _has_desktop() and webbrowser.open(url)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        terminal.say(f"No browser could be opened; open it yourself: {url}")


def _has_desktop() -> bool:
    """Without one, `webbrowser` would start a text browser in this very terminal, and wait."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
