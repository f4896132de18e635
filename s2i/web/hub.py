"""The event hub: what happens goes out to every page that listens, and can be asked for again.

One history for all; a listener is only a place in it. So publishing never waits for anybody, a
slow listener costs no memory, and one that falls out of the history is told to look anew.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from s2i.errors import S2IError
from s2i.events import Event, EventType

HEARTBEAT = 8.0  # s; a listener that has vanished shows on the second write
MAX_STREAMS = 40
MAX_HISTORY = 2000  # events
MAX_HISTORY_BYTES = 16 << 20
RETRY = 1000  # ms after which a browser comes back

_PAINTING = (EventType.GENERATE_QUEUED, EventType.GENERATE_PROGRESS, EventType.GENERATE_PREVIEW)
_REPLACED = frozenset({EventType.STT_PARTIAL, *_PAINTING})
"""Of these only the newest of a job matters: an older one leaves the history."""

_ENDS: dict[EventType, tuple[EventType, ...]] = {
    EventType.STT_END: (EventType.STT_PARTIAL,),
    EventType.GENERATE_END: _PAINTING,
    EventType.JOB_END: (EventType.STT_PARTIAL, *_PAINTING),
}
"""After which none of them matters any more."""


class TooManyStreams(S2IError):
    """As many event streams are open as the server has threads for. HTTP 503."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "too-many-streams",
            f"{limit} pages are listening already.",
            hint="Close a few of them.",
            retryable=True,
        )


@dataclass(frozen=True)
class _Frame:
    number: int
    job: str | None
    body: bytes


class Hub:
    """Takes events (it is an `Emit`) and streams them. May be used from any thread.

    `heartbeat` is in seconds. Ids are `<boot>-<n>`: after a restart of the server a plain counter
    would begin anew, and browsers would skip what they take for known.
    """

    def __init__(
        self,
        *,
        heartbeat: float = HEARTBEAT,
        max_streams: int = MAX_STREAMS,
        max_history: int = MAX_HISTORY,
        max_history_bytes: int = MAX_HISTORY_BYTES,
    ) -> None:
        self.boot = secrets.token_hex(6)
        self.max_streams = max_streams
        self._heartbeat = heartbeat
        self._max_history = max_history
        self._max_bytes = max_history_bytes
        self._changed = threading.Condition()
        self._history: OrderedDict[int, _Frame] = OrderedDict()
        self._latest: dict[tuple[str | None, EventType], int] = {}
        self._bytes = 0
        self._number = 0
        self._lost = 0  # the newest number that left the history without a newer in its stead
        self._streams = 0
        self._closed = False

    def __call__(self, event: Event) -> None:
        """Publish; never waits for a listener and never raises."""
        # JSON has no raw line break in it, so one `data:` line is enough.
        text = f"event: {event.type.value}\ndata: {event.to_json()}\n\n".encode()
        with self._changed:
            if self._closed:
                return
            self._number += 1
            for kind in _ENDS.get(event.type, ()):
                self._forget(self._latest.pop((event.job, kind), 0))
            if event.type in _REPLACED:
                self._forget(self._latest.get((event.job, event.type), 0))
                self._latest[event.job, event.type] = self._number
            frame = _Frame(
                self._number, event.job, f"id: {self.id_of(self._number)}\n".encode() + text
            )
            self._history[self._number] = frame
            self._bytes += len(frame.body)
            self._trim()
            self._changed.notify_all()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        with self._changed:
            return self._streams

    def listen(self, *, last_id: str = "", job: str | None = None) -> Stream:
        """A stream of SSE bytes from after `last_id`, or from now on where that is unknown.

        Raises TooManyStreams. The caller closes it.
        """
        with self._changed:
            if self._streams >= self.max_streams:
                raise TooManyStreams(self.max_streams)
            place = self._number_of(last_id)
            self._streams += 1
            at = self._number if place is None else place
        return Stream(self, at, job, resumed=place is not None)

    def close(self) -> None:
        """End all streams, and take no more events."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def id_of(self, number: int) -> str:
        """The id that goes over the wire."""
        return f"{self.boot}-{number}"

    def wait(self, after: int, job: str | None) -> tuple[list[_Frame], int] | None:
        """Frames after `after` and the place then reached; None: over, or fallen behind.

        No frames: a heartbeat is due.
        """
        until = time.monotonic() + self._heartbeat
        with self._changed:
            while True:
                if self._closed or after < self._lost:
                    return None
                frames = self._after(after, job)
                left = until - time.monotonic()
                if frames or left <= 0:
                    return frames, self._number
                after = self._number
                self._changed.wait(left)

    def _after(self, number: int, job: str | None) -> list[_Frame]:
        found: list[_Frame] = []
        for frame in reversed(self._history.values()):
            if frame.number <= number:
                break
            if job is None or frame.job == job:
                found.append(frame)
        return found[::-1]

    def release(self) -> None:
        """A stream has ended."""
        with self._changed:
            self._streams -= 1

    def _number_of(self, last_id: str) -> int | None:
        boot, _, number = last_id.rpartition("-")
        if boot != self.boot or not (number.isascii() and number.isdigit()) or len(number) > 15:
            return None
        found = int(number)
        return found if self._lost <= found <= self._number else None

    def _forget(self, number: int) -> None:
        frame = self._history.pop(number, None)
        if frame is not None:
            self._bytes -= len(frame.body)

    def _trim(self) -> None:
        while len(self._history) > self._max_history or (
            self._bytes > self._max_bytes and len(self._history) > 1
        ):
            number, frame = self._history.popitem(last=False)
            self._bytes -= len(frame.body)
            self._lost = number
        if len(self._latest) > 4 * self._max_history:
            self._latest = {
                key: number for key, number in self._latest.items() if number in self._history
            }


class Stream:
    """One listener: an iterator of SSE bytes. Ends when the hub closes or it has fallen behind."""

    def __init__(self, hub: Hub, at: int, job: str | None, *, resumed: bool) -> None:
        self._hub = hub
        self._job = job
        self._open = True
        self._parts = self._run(at, resumed)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Give the place up; harmless when it was already."""
        if self._open:
            self._open = False
            self._hub.release()

    def _run(self, at: int, resumed: bool) -> Iterator[bytes]:
        hub = self._hub
        # `resumed` false tells the page to fetch the state anew: it may have missed something.
        hello = json.dumps({"boot": hub.boot, "resumed": resumed})
        yield f"retry: {RETRY}\nid: {hub.id_of(at)}\nevent: hello\ndata: {hello}\n\n".encode()
        while (step := hub.wait(at, self._job)) is not None:
            frames, at = step
            yield b"".join(frame.body for frame in frames) if frames else b": still here\n\n"
