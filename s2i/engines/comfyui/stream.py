"""The server's websocket: connect, feature flags first, pings, frames in."""

from __future__ import annotations

import logging
import socket
import time
from urllib.parse import quote

import websocket

from s2i.engines.comfyui.http import HttpClient, ServerUnreachable
from s2i.engines.comfyui.messages import Message, parse_binary, parse_text

_log = logging.getLogger(__name__)

FEATURE_FLAGS = '{"type":"feature_flags","data":{"supports_preview_metadata":true}}'
MAX_FRAME = 512 * 2**20  # bytes; SaveImageWebsocket sends whole PNGs


class StreamClosed(ServerUnreachable):
    """The websocket couldn't be opened, or is gone. `/queue` and `/history` know the truth."""


class _BoundedSocket(websocket.WebSocket):
    """A WebSocket that doesn't fill the memory with a frame that never ends."""

    taken = 0

    def _recv(self, bufsize: int) -> bytes:
        data: bytes = super()._recv(bufsize)  # type: ignore[no-untyped-call]  # theirs
        self.taken += len(data)
        if self.taken > MAX_FRAME:
            raise websocket.WebSocketProtocolException("frame too long")
        return data


class Stream:
    """One open websocket; read by one thread. `last_heard` is monotonic, in seconds."""

    def __init__(self, client: HttpClient, client_id: str, timeout: float = 2.0) -> None:
        """Connect, send the feature flags. Raises StreamClosed, EngineUnavailable (certificate)."""
        sock = client.open_socket(timeout)
        self._socket = _BoundedSocket(
            enable_multithread=False,
            skip_utf8_validation=True,  # a frame that is no text is left out, not the end of it all
        )
        header = (
            [f"Authorization: {client.address.authorization}"]
            if client.address.authorization is not None
            else []
        )
        try:
            sock.settimeout(timeout)
            self._socket.connect(  # type: ignore[no-untyped-call]  # theirs
                client.address.websocket_url(f"/ws?clientId={quote(client_id)}"),
                socket=sock,
                timeout=timeout,
                header=header,
                suppress_origin=True,  # a foreign Origin is answered with 403
                host=client.address.netloc,
                redirect_limit=0,  # another host would be given the password
            )
            # the server looks for them in the very first frame only
            self._socket.send(FEATURE_FLAGS)
        except websocket.WebSocketBadStatusException as error:
            sock.close()
            raise StreamClosed(
                "comfyui-websocket",
                f"The websocket of {client.address} can't be opened (HTTP {error.status_code}).",
            ) from error
        except (websocket.WebSocketException, OSError, ValueError) as error:
            sock.close()
            raise StreamClosed(
                "comfyui-websocket",
                f"The websocket of {client.address} can't be opened ({type(error).__name__}).",
            ) from error
        self.last_heard = time.monotonic()

    def receive(self, timeout: float) -> Message | None:
        """The next message; None where none came in `timeout` seconds. Raises StreamClosed."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                opcode, data = self._socket.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException:
                return None  # half a frame stays in websocket-client's buffer for the next call
            except (websocket.WebSocketException, OSError, ValueError) as error:
                raise StreamClosed(
                    "comfyui-websocket", f"The websocket closed ({type(error).__name__})."
                ) from error
            self.last_heard = time.monotonic()
            self._socket.taken = 0
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return parse_text(data.decode("utf-8", errors="replace"))
            if opcode == websocket.ABNF.OPCODE_BINARY:
                return parse_binary(data)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                raise StreamClosed("comfyui-websocket", "The server closed the websocket.")

    def ping(self) -> None:
        """Ask for a sign of life; the server sends none by itself. Raises StreamClosed."""
        try:
            self._socket.settimeout(1.0)
            self._socket.ping()
        except (websocket.WebSocketException, OSError) as error:
            raise StreamClosed("comfyui-websocket", "The websocket closed.") from error

    def close(self) -> None:
        """Close fully: a second socket of our client id would fall silent else. Never raises."""
        try:
            self._socket.close(timeout=0.2)
        except (websocket.WebSocketException, OSError) as error:
            _log.debug("closing the websocket: %r", error)
        sock: socket.socket | None = self._socket.sock
        if sock is not None:
            sock.close()
