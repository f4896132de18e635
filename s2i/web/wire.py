"""What cheroot leaves open on the wire, closed: slow senders, wild lengths, plain-text errors.

Found by reading and trying cheroot 11.1:

* its time-out is per `recv`, so one byte a second holds a thread for ever;
* it reads what an answer left unread of a body into memory, whatever its length says;
* of a chunked body it keeps whole chunks in memory, and takes what was left unread of one for the
  next request;
* it closes while the sender still sends, so that the sender sees a reset and not the 413.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from typing import Any

from cheroot.makefile import MakeFile, StreamReader
from cheroot.server import (
    HeaderReader,
    HTTPConnection,
    HTTPRequest,
    KnownLengthRFile,
)

from s2i.web.security import API_HEADERS

GRACE = 15.0  # s for a request's head, and for a sender who pauses
SLOWEST = 1000  # bytes per second of a body; the slowest live audio stream has about 3000
MAX_HEAD = 32 << 10  # bytes
MAX_LEFT = 1 << 20  # bytes of an unread body that are read away to keep the connection
MAX_LINGER_BYTES = 256 << 20
LINGER = 3.0  # s in which a sender may notice that the answer has come already
_BLOCK = 64 << 10
_log = logging.getLogger(__name__)


class Reader(StreamReader):
    """A socket's reading side that gives up on a request which comes too slowly."""

    def __init__(self, sock: Any, mode: str, bufsize: int) -> None:
        super().__init__(sock, mode, bufsize)
        self._began: float | None = None
        self._taken = 0

    def begin(self) -> None:
        """A request begins with the next byte."""
        self._began = None
        self._taken = 0

    def read(self, size: int | None = None, /) -> bytes:
        """At most `size` bytes, fewer only at the end. TimeoutError for too slow a sender."""
        if size is None or size < 0:
            raise ValueError("the number of bytes to read must be said")
        blocks: list[bytes] = []
        while size > 0:
            block = self.read1(size)
            if not block:
                break
            blocks.append(block)
            size -= len(block)
            self._check(len(block))
        self.bytes_read += sum(map(len, blocks))
        return b"".join(blocks)

    def _check(self, more: int) -> None:
        now = time.monotonic()
        if self._began is None:
            self._began = now
        self._taken += more
        if now - self._began > GRACE + self._taken / SLOWEST:
            raise TimeoutError("timed out")  # the words by which cheroot knows a time-out


class ChunkedBody:
    """A chunked body, read in blocks; ValueError where it isn't one."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._left = 0
        self._first = True
        self.closed = False  # whether the body has been read to its end

    def read(self, size: int | None = None) -> bytes:
        """At most `size` bytes, `b""` at the end."""
        wanted = _BLOCK if size is None or size < 0 else size
        blocks: list[bytes] = []
        while wanted and not self.closed:
            if not self._left:
                self._next_chunk()
                continue
            block = self._source.read(min(wanted, self._left, _BLOCK))
            if not block:
                raise ValueError("the body ended in the middle of a chunk")
            self._left -= len(block)
            wanted -= len(block)
            blocks.append(block)
        return b"".join(blocks)

    def readline(self, size: int | None = None) -> bytes:
        """A line of at most `size` bytes; bytewise, nothing here needs it to be quick."""
        line = bytearray()
        while (size is None or size < 0 or len(line) < size) and not line.endswith(b"\n"):
            byte = self.read(1)
            if not byte:
                break
            line += byte
        return bytes(line)

    def _next_chunk(self) -> None:
        if not self._first and self._line():
            raise ValueError("a chunk is longer than it says")
        self._first = False
        size = self._line().split(b";", 1)[0].strip()
        if not size or len(size) > 15 or size.strip(b"0123456789abcdefABCDEF"):
            raise ValueError("a chunk's size isn't a number")
        self._left = int(size, 16)
        if not self._left:
            while self._line():
                pass  # trailers mean nothing here
            self.closed = True

    def _line(self) -> bytes:
        line: bytes = self._source.readline(_BLOCK)
        if not line.endswith(b"\r\n"):
            raise ValueError("a line of the chunked body has no end")
        return line[:-2]


class _Headers(HeaderReader):
    """X_S2I_Token must not pass for X-S2I-Token. (cheroot's own class for it takes str only.)"""

    def _allow_header(self, key_name: bytes) -> bool:
        return b"_" not in key_name


class Request(HTTPRequest):
    """A request whose body is bounded in time and memory; errors are JSON as everywhere."""

    header_reader = _Headers()

    def read_request_headers(self) -> bool:
        """Read the headers; False where they can't be trusted."""
        if not super().read_request_headers():  # type: ignore[no-untyped-call]  # cheroot's stubs
            return False
        length = self.inheaders.get(b"Content-Length")
        if length is not None and not (length.isdigit() and len(length) < 16):
            self.simple_response("400 Bad Request", "Malformed Content-Length Header.")
            return False
        if length is not None and b"Transfer-Encoding" in self.inheaders:
            self.simple_response("400 Bad Request", "A body has a length or chunks, not both.")
            return False
        return True

    def respond(self) -> None:
        """Call the application and write its answer."""
        if self.chunked_read:
            self.rfile = ChunkedBody(self.conn.rfile)
        else:
            length = int(self.inheaders.get(b"Content-Length", 0))
            self.rfile = KnownLengthRFile(self.conn.rfile, length)
        self.server.gateway(self).respond()
        if self.chunked_write and self.method != b"HEAD":
            self.conn.wfile.write(b"0\r\n\r\n")
        if self.close_connection:
            self._linger()

    def send_headers(self) -> None:
        """Send the head; what is left of the body may end the connection instead of being read."""
        refused = int(self.status[:3]) >= 400
        if self.chunked_read:
            if not self.rfile.closed and (refused or not self._read_away_chunks()):
                self.close_connection = True
        elif self.rfile.remaining > (0 if refused else MAX_LEFT):
            self.close_connection = True
        super().send_headers()

    def simple_response(self, status: str, msg: str = "") -> None:
        """An error from below the application, as JSON."""
        code, _, name = str(status).partition(" ")
        body = json.dumps(
            {
                "error": {
                    "code": name.lower().replace(" ", "-") or "error",
                    "message": msg or f"{name}.",
                    "hint": "",
                }
            }
        ).encode("ascii")
        head = [f"HTTP/1.1 {code} {name}", "Connection: close"]
        head += [f"{key}: {value}" for key, value in API_HEADERS.items()]
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
        self.close_connection = True
        try:
            self.conn.wfile.write("\r\n".join(head).encode("latin-1") + body)
        except OSError as error:
            _log.info("the sender of a bad request had gone: %s", error)

    def _read_away_chunks(self) -> bool:
        try:
            for _ in range(MAX_LEFT // _BLOCK):
                if self.rfile.closed:
                    return True
                self.rfile.read(_BLOCK)
        except (ValueError, OSError):
            return False
        return bool(self.rfile.closed)

    def _linger(self) -> None:
        """Let a sender who is still sending read the answer before the connection goes.

        Closing with bytes unread resets the connection, and the answer is lost with it.
        """
        ends = time.monotonic() + LINGER
        taken = 0
        if isinstance(self.rfile, ChunkedBody):
            if self.rfile.closed:
                return
        elif not self.rfile.remaining:
            return
        try:
            if self.server.ssl_adapter is None:  # TLS has an end of its own to send
                self.conn.socket.shutdown(socket.SHUT_WR)
            self.conn.socket.settimeout(LINGER)
            while taken < MAX_LINGER_BYTES and time.monotonic() < ends:
                block = self.rfile.read(_BLOCK)
                if not block:
                    return
                taken += len(block)
        except (ValueError, OSError):
            pass  # it has gone, or says nonsense: nothing is owed any more


class Connection(HTTPConnection):
    """A connection whose reading side has a clock."""

    RequestHandlerClass = Request

    def __init__(self, server: Any, sock: Any, makefile: Any = MakeFile) -> None:
        super().__init__(server, sock, makefile)
        if makefile is MakeFile:
            self.rfile = Reader(sock, "rb", _BLOCK)

    def communicate(self) -> Any:
        """Serve one request."""
        if isinstance(self.rfile, Reader):
            self.rfile.begin()
        return super().communicate()  # type: ignore[no-untyped-call]  # cheroot's stubs
