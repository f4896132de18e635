"""cheroot, set up so that streams, keep-alive and the end work: facts measured on 11.1.

* Its limit of ten idle connections makes every further POST reconnect: none is set.
* Each event stream holds a thread, and the number of threads is fixed: streams and clients are
  counted in.
* Its `stop` waits for ever for a handler that doesn't end: streams are ended first, it runs in a
  thread of its own, and all its threads are daemons (a thread's child is one if it is one).
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import time
from typing import Any

from cheroot import wsgi
from flask import Flask

from s2i.errors import InputError, MissingError
from s2i.web import wire
from s2i.web.services import Services

HOST = "127.0.0.1"
PORT = 5000
PORTS = 50  # tried one after the other
CLIENTS = 16  # pages and programs at work at once
STOP_SECONDS = 3.0
_log = logging.getLogger(__name__)


class _Cheroot(wsgi.Server):
    keep_alive_conn_limit: Any = None
    max_request_header_size = wire.MAX_HEAD
    ConnectionClass = wire.Connection

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Into our log instead of the terminal."""
        _log.log(level, "%s", msg, exc_info=traceback)

    @classmethod
    def prepare_socket(cls, *args: Any, **kwargs: Any) -> socket.socket:
        """The listening socket; on Windows nobody else may bind its port as well."""
        made: socket.socket = super().prepare_socket(*args, **kwargs)
        if sys.platform == "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        return made

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: Any) -> socket.socket:
        """Bind it, or close it: cheroot forgets one that can't be bound."""
        try:
            socket_.bind(bind_addr)
        except BaseException:
            socket_.close()
            raise
        return socket_


class Server:
    """The application on a loopback port. `stop` never hangs."""

    def __init__(self, app: Flask, services: Services, *, clients: int = CLIENTS) -> None:
        self._app = app
        self._services = services
        self._threads = services.hub.max_streams + 2 * clients + 8
        self._cheroot: _Cheroot | None = None
        self.stopped = threading.Event()
        """Set when it no longer serves, whoever ended it."""

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._cheroot is not None  # noqa: S101 - only after start
        return int(self._cheroot.bind_addr[1])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}/"

    def start(self, port: int | None = None) -> None:
        """Listen on `port` (0: any free one; None: 5000 or the next free one).

        Raises InputError where a port that was asked for is taken or can't be, MissingError where
        no port is free.
        """
        if port is not None and not 0 <= port <= 65535:
            raise InputError(
                "bad-port", f"{port} is not a port.", hint="Choose 1024 to 65535, or leave it out."
            )
        # cheroot would take a socket from systemd instead of ours, whatever it is bound to
        os.environ.pop("LISTEN_PID", None)
        wanted = range(PORT, PORT + PORTS) if port is None else (port,)
        for number in wanted:
            if number and _answers(number):
                continue
            if self._listen(number):
                return
        if port is not None:
            raise InputError(
                "port-taken",
                f"Port {port} can't be used: another program has it, or it is reserved.",
                hint="Choose another --port, or leave it out.",
            )
        raise MissingError(
            "no-port",
            f"None of the ports {PORT} to {PORT + PORTS - 1} is free.",
            hint="Choose one with --port.",
        )

    def stop(self) -> None:
        """End: streams and utterances first, then the rest. Returns after 3 s at the latest."""
        self._services.quiesce()
        if self._cheroot is not None:
            ending = threading.Thread(target=self._cheroot.stop, name="server-stop", daemon=True)
            ending.start()
            until = time.monotonic() + STOP_SECONDS
            while ending.is_alive() and time.monotonic() < until:
                _knock(self.port)
                ending.join(0.05)
            if ending.is_alive():
                _log.warning("a request was still at work when the server ended")
        self.stopped.set()

    def _listen(self, port: int) -> bool:
        server = _Cheroot(
            (HOST, port),
            self._app,
            numthreads=self._threads,
            server_name="SpeechToImage",
            request_queue_size=128,
            timeout=10,
            shutdown_timeout=1,
        )
        ready = threading.Event()
        failed: list[Exception] = []

        def work() -> None:
            try:
                server.prepare()
            except Exception as error:  # noqa: BLE001 - handed to the caller's thread
                failed.append(error)
                return
            finally:
                ready.set()
            try:
                server.serve()
            except Exception as error:  # noqa: BLE001 - a worker's last error; the log has to have it
                _log.error("the server ended", exc_info=error)
            finally:
                self.stopped.set()

        threading.Thread(target=work, name="server", daemon=True).start()
        ready.wait()
        if failed:
            if isinstance(failed[0], OSError):
                return False
            raise failed[0]
        self._cheroot = server
        return True


def _knock(port: int) -> None:
    """Wake the thread that accepts: it looks for the end only twice a second."""
    with contextlib.suppress(OSError), socket.socket() as knocking:
        knocking.settimeout(0.05)
        knocking.connect((HOST, port))


def _answers(port: int) -> bool:
    """Whether somebody listens there on any loopback address.

    macOS lets us bind 127.0.0.1:5000 beside AirPlay's *:5000; `localhost` then leads to AirPlay.
    """
    if sys.platform == "win32":
        return False  # a closed port answers only after two seconds there
    for family, host in ((socket.AF_INET, HOST), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.settimeout(0.3)
                probe.connect((host, port))
                return True
        except TimeoutError:
            return True  # there, but too busy to answer
        except (OSError, OverflowError):
            continue
    return False
