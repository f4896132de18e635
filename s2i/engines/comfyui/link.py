"""The websocket as a thing that may be gone: opened, dropped, opened again with the same id."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from s2i.engines.comfyui.http import HttpClient, ServerUnreachable
from s2i.engines.comfyui.messages import Message
from s2i.engines.comfyui.stream import Stream, StreamClosed

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Timing:
    """Seconds. Tests make them small; nothing here ends a job that the server still has."""

    tick: float = 0.2  # longest wait before the user's cancel is looked at
    poll: float = 0.5  # between two questions while there is no websocket
    silent: float = 4.0  # silence of the websocket after which we ping and ask /queue
    reconnect: float = 0.2  # first wait before the websocket is opened again; doubles to 4 s
    patience: float = 120.0  # for a server that doesn't answer at all after our prompt was queued
    take_back: float = 1.0  # for removing our prompt after a cancel


class Link:
    """At most one open websocket; read by one thread."""

    def __init__(self, client: HttpClient, client_id: str, timing: Timing) -> None:
        self.client_id = client_id
        self.drops = 0  # how often it was lost so far
        self.why = ""  # why it couldn't be opened the last time
        self.ever = False  # whether it was ever open
        self._client, self._timing = client, timing
        self._stream: Stream | None = None
        self._retry_at = 0.0
        self._wait = timing.reconnect

    @property
    def alive(self) -> bool:
        return self._stream is not None

    def due(self) -> bool:
        """Whether it is time to try opening again."""
        return self._stream is None and time.monotonic() >= self._retry_at

    def open(self) -> bool:
        """Try to connect; False where it can't be now. Raises EngineUnavailable (certificate)."""
        try:
            self._stream = Stream(self._client, self.client_id)
        except ServerUnreachable as error:
            self.why = error.message
            self._retry_at = time.monotonic() + self._wait
            self._wait = min(self._wait * 2, 4.0)
            _log.debug("no websocket, next try in %.1f s: %s", self._wait, error)
            return False
        self.ever = True
        return True

    def receive(self, timeout: float) -> Message | None:
        """The next message, None for none. Raises StreamClosed where it is lost (fully closed)."""
        if self._stream is None:
            raise StreamClosed("comfyui-websocket", self.why or "The websocket isn't open.")
        try:
            message = self._stream.receive(timeout)
        except StreamClosed:
            self.drop()
            raise
        if message is not None:
            self._wait = self._timing.reconnect
        return message

    def heard(self) -> float:
        """When anything last came, monotonic."""
        return self._stream.last_heard if self._stream is not None else 0.0

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._stream is not None:
            try:
                self._stream.ping()
            except StreamClosed:
                self.drop()

    def drop(self) -> None:
        """Close fully, to be opened again."""
        self.drops += 1
        self.close()
        self._retry_at = time.monotonic() + self._wait
        self._wait = min(self._wait * 2, 4.0)

    def close(self) -> None:
        """Close for good. Never raises."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
