"""Requests to one server: keep-alive, time-outs, cancellation, typed errors, size limits.

Straight to the address given: no proxy of the environment, no redirect followed (so that no
password goes to another host), no Origin header (ComfyUI answers 403 to a foreign one).
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from s2i.engines.comfyui.address import Address
from s2i.errors import EngineUnavailable

MAX_JSON = 64 * 2**20  # bytes; /object_info with hundreds of custom nodes is about 10 MB
MAX_IMAGE = 512 * 2**20  # bytes; a 16384 px PNG of noise would be about 800 MB, a real one 100
_IDLE_SECONDS = 4.0  # an older kept connection may have been closed by the other side: open anew
_TICK = 0.1  # s between two looks at `stop` while waiting for bytes

Stop = Callable[[], None]
"""Called while a request waits; raises (Cancelled) to give the request up."""


class ServerUnreachable(EngineUnavailable):
    """No whole answer came: refused, timed out, cut off. Worth asking again.

    `sent` is True where the server may have got the request all the same.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", sent: bool = False) -> None:
        super().__init__(code, message, hint=hint, retryable=True)
        self.sent = sent


@dataclass(frozen=True)
class Response:
    """One whole answer. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("JSON nested too deeply") from None

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


class HttpClient:
    """Requests to one server; may be used by several threads. Close it when done."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        return f"HttpClient({self.address})"

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def open_socket(self, timeout: float) -> socket.socket:
        """A connected socket (TLS where the address says so), without Nagle's delay.

        Raises ServerUnreachable, EngineUnavailable (certificate).
        """
        with _explained(self.address, sent=False):
            sock = socket.create_connection((self.address.host, self.address.port), timeout)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.address.tls:
                    if self._tls is None:
                        self._tls = ssl.create_default_context()
                    sock = self._tls.wrap_socket(sock, server_hostname=self.address.host)
            except BaseException:
                sock.close()
                raise
            return sock

    def request(
        self,
        method: str,
        route: str,
        *,
        body: bytes | None = None,
        kind: str = "application/json",
        timeout: float = 10.0,
        limit: int = MAX_JSON,
        stop: Stop | None = None,
    ) -> Response:
        """Send one request and read the whole answer, of any status.

        `kind`: the body's content type; `timeout`: seconds without a byte; `limit`: bytes of
        the answer's. A request on a kept connection that the server had closed meanwhile is sent
        once more, if it is a GET.
        Raises ServerUnreachable, EngineUnavailable (certificate, too long), what `stop` raises.
        """

        def exchange(connection: http.client.HTTPConnection) -> Response:
            return self._exchange(
                connection,
                method,
                route,
                body=body,
                kind=kind,
                timeout=timeout,
                limit=limit,
                stop=stop,
            )

        connection, reused = self._take(timeout)
        try:
            response = exchange(connection)
        except ServerUnreachable:
            connection.close()
            if not (reused and method == "GET"):
                raise
            connection = self._connect(timeout)
            try:
                response = exchange(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # http.client drops it where the server said "close"
            with self._lock:
                self._idle.append((time.monotonic(), connection))
        return response

    def _take(self, timeout: float) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < _IDLE_SECONDS:
                    return connection, True
                connection.close()
        return self._connect(timeout), False

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.address.netloc)
        connection.sock = self.open_socket(min(timeout, 3.0))
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        route: str,
        *,
        body: bytes | None,
        kind: str,
        timeout: float,
        limit: int,
        stop: Stop | None,
    ) -> Response:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = kind
        if self.address.authorization is not None:
            headers["Authorization"] = self.address.authorization
        raw = connection.sock
        raw.settimeout(timeout)

        def respond(_: Any, *args: Any, **named: Any) -> http.client.HTTPResponse:
            shim: Any = _Readable(raw, timeout, stop)  # HTTPResponse asks it for makefile() alone
            return http.client.HTTPResponse(shim, *args, **named)

        connection.response_class = respond  # type: ignore[assignment]  # a factory does as well
        with _explained(self.address, sent=True):
            try:
                connection.request(method, self.address.path(route), body=body, headers=headers)
            except (BrokenPipeError, ConnectionResetError):
                if body is None or len(body) < 65536:
                    raise
                # a server that refuses a big body answers (413) and closes before it has it all
            answer = connection.getresponse()
            with closing(answer):
                data = answer.read(limit + 1)
            if len(data) > limit:
                raise EngineUnavailable(
                    "comfyui-answer-too-long",
                    f"{self.address} sent more than {limit >> 20} MB where that can't be.",
                )
            # http.client's read(n) doesn't complain of a body that ends early
            declared = answer.getheader("Content-Length", "")
            if declared.isdigit() and len(data) < int(declared):
                raise http.client.IncompleteRead(data, int(declared) - len(data))
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, fields, data)


class _Readable:
    """What HTTPResponse reads from: a socket whose waiting can be given up at any time."""

    def __init__(self, sock: socket.socket, timeout: float, stop: Stop | None) -> None:
        self._reader = _PatientReader(sock, timeout, stop)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader, 65536)


class _PatientReader(io.RawIOBase):
    """recv in short turns: looks at `stop` in between, times out after `timeout` s of silence."""

    def __init__(self, sock: socket.socket, timeout: float, stop: Stop | None) -> None:
        super().__init__()
        self._sock, self._timeout, self._stop = sock, timeout, stop
        # http.client closes its socket once it knows that the answer ends with the connection;
        # an open file of the socket keeps it usable until the body is read
        self._hold = sock.makefile("rb", buffering=0)

    def close(self) -> None:
        if not self.closed:
            self._hold.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        deadline = time.monotonic() + self._timeout
        self._sock.settimeout(min(_TICK, self._timeout))
        while True:
            if self._stop is not None:
                self._stop()
            try:
                return self._sock.recv_into(buffer)
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise


@contextmanager
def _explained(address: Address, *, sent: bool) -> Iterator[None]:
    """Network failures as errors of ours."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise EngineUnavailable(
            "comfyui-certificate",
            f"The TLS certificate of {address} isn't trusted ({error.verify_message}).",
            hint="Add its authority to this machine's trust store, or set SSL_CERT_FILE to it.",
        ) from error
    except ssl.SSLError as error:
        raise EngineUnavailable(
            "comfyui-tls",
            f"{address} doesn't speak TLS as it should.",
            hint="Is it http:// rather than https://?",
        ) from error
    except TimeoutError as error:
        raise ServerUnreachable(
            "comfyui-timeout", f"ComfyUI at {address} doesn't answer.", hint=START_HINT, sent=sent
        ) from error
    except socket.gaierror as error:
        raise ServerUnreachable(
            "comfyui-unknown-host",
            f"The host name {address.host} isn't known.",
            hint="Check the address given with --comfyui.",
        ) from error
    except ConnectionRefusedError as error:
        raise ServerUnreachable(
            "comfyui-refused", f"No ComfyUI runs at {address}.", hint=START_HINT
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerUnreachable(
            "comfyui-cut-off",
            f"The connection to ComfyUI at {address} failed ({type(error).__name__}).",
            hint=START_HINT,
            sent=sent,
        ) from error


START_HINT = "Start ComfyUI, or give its address with --comfyui URL."
