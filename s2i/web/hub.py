"""The event hub: what happens goes out to every page that listens, and can be asked for again.

One history for all; a listener is only a place in it. So publishing never waits for anybody, a
slow listener costs no memory, and one that falls out of the history is told to look anew.

Beside a job's events it carries the page's own, by `announce`.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from s2i.errors import S2IError
from s2i.events import Event, EventType

HEARTBEAT = 8.0  # s; a listener that has vanished shows on the second write
MAX_STREAMS = 40
MAX_OF_SESSION = 3  # a browser opens six connections to a host; fetches need some of them
MAX_HISTORY = 2000  # events
MAX_HISTORY_BYTES = 16 << 20
RETRY = 1000  # ms after which a browser comes back
RETRY_PUT_OUT = 30_000  # ms; sooner, four tabs of one session would put each other out for ever

T = TypeVar("T")
Fold = Callable[[Event], None]

_PARTIAL = EventType.STT_PARTIAL.value
_PAINTING = tuple(
    kind.value
    for kind in (
        EventType.GENERATE_QUEUED,
        EventType.GENERATE_PROGRESS,
        EventType.GENERATE_PREVIEW,
    )
)
_REPLACED = frozenset({_PARTIAL, *_PAINTING, "status", "settings"})
"""Of these only the newest of a job matters: an older one leaves the history."""

_ENDS: dict[str, tuple[str, ...]] = {
    EventType.STT_END.value: (_PARTIAL,),
    EventType.GENERATE_END.value: _PAINTING,
    EventType.JOB_END.value: (_PARTIAL, *_PAINTING),
}
"""After which none of them matters any more."""

_log = logging.getLogger(__name__)


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

    `fold` gets each event under the hub's lock, before it goes out: what it builds up belongs to
    the id that `snapshot` returns. It must be quick and mustn't publish.
    """

    def __init__(
        self,
        fold: Fold | None = None,
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
        self._fold = fold
        self._changed = threading.Condition()
        self._history: OrderedDict[int, _Frame] = OrderedDict()
        self._latest: dict[tuple[str | None, str, frozenset[str]], int] = {}
        self._bytes = 0
        self._number = 0
        self._lost = 0  # the newest number that left the history without a newer in its stead
        self._streams = 0
        self._sessions: dict[str, list[Stream]] = {}
        self._closed = False

    def __call__(self, event: Event) -> None:
        """Publish; never waits for a listener and never raises."""
        text = _block(event.type.value, event.to_json())
        with self._changed:
            if self._fold is not None:
                try:
                    self._fold(event)
                except Exception:  # noqa: BLE001 - whoever emits mustn't suffer for it
                    _log.exception("An event couldn't be taken into account")
            self._publish(event.type.value, event.job, text)

    def announce(self, name: str, data: Mapping[str, Any], job: str | None = None) -> None:
        """Publish what isn't a stage's event: `status`, `settings`, `job-queued`, ...

        `data` is plain JSON. Never waits for a listener.
        """
        told = {"type": name, "job": job, "time": time.time(), "data": data}
        text = _block(name, json.dumps(told, ensure_ascii=False))
        # A status tells the parts that changed: it replaces an older one of the same parts.
        parts = frozenset(data) if name == "status" else frozenset[str]()
        with self._changed:
            self._publish(name, job, text, parts)

    def snapshot(self, make: Callable[[], T]) -> tuple[str, T]:
        """The newest event's id and what `make` returns, with no event coming between the two.

        A stream from that id on goes on where the snapshot ends. `make` must be quick.
        """
        with self._changed:
            return self.id_of(self._number), make()

    def _publish(
        self, name: str, job: str | None, text: bytes, parts: frozenset[str] = frozenset()
    ) -> None:
        if self._closed:
            return
        self._number += 1
        for kind in _ENDS.get(name, ()):
            self._forget(self._latest.pop((job, kind, frozenset()), 0))
        if name in _REPLACED:
            key = (job, name, parts)
            self._forget(self._latest.get(key, 0))
            self._latest[key] = self._number
        frame = _Frame(self._number, job, f"id: {self.id_of(self._number)}\n".encode() + text)
        self._history[self._number] = frame
        self._bytes += len(frame.body)
        self._trim()
        self._changed.notify_all()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        with self._changed:
            return self._streams

    def listen(self, *, last_id: str = "", job: str | None = None, session: str = "") -> Stream:
        """A stream of SSE bytes from after `last_id`, or from now on where that is unknown.

        Of one `session` at most MAX_OF_SESSION are open: one more ends its oldest. Raises
        TooManyStreams. The caller closes it.
        """
        with self._changed:
            mine = self._sessions.get(session, [])
            if session and len(mine) >= MAX_OF_SESSION:
                self.release(mine[0])
            if self._streams >= self.max_streams:
                raise TooManyStreams(self.max_streams)
            place = self._number_of(last_id)
            at = self._number if place is None else place
            stream = Stream(self, at, job, session, resumed=place is not None)
            self._streams += 1
            if session:
                self._sessions.setdefault(session, []).append(stream)
            return stream

    def close(self) -> None:
        """End all streams, and take no more events."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def id_of(self, number: int) -> str:
        """The id that goes over the wire."""
        return f"{self.boot}-{number}"

    def wait(self, stream: Stream, after: int) -> tuple[list[_Frame], int] | None:
        """Frames after `after` and the place then reached; None: over, or fallen behind.

        No frames: a heartbeat is due.
        """
        until = time.monotonic() + self._heartbeat
        with self._changed:
            while True:
                if self._closed or not stream.open or after < self._lost:
                    return None
                frames = self._after(after, stream.job)
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

    def release(self, stream: Stream) -> None:
        """Take its place away; harmless when that was done already."""
        with self._changed:
            if not stream.open:
                return
            stream.open = False
            self._streams -= 1
            mine = self._sessions.get(stream.session, [])
            if stream in mine:
                mine.remove(stream)
                if not mine:
                    del self._sessions[stream.session]
            self._changed.notify_all()

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
    """One listener: an iterator of SSE bytes. Ends when the hub closes, when it has fallen behind,
    or when newer ones of its session took its place.
    """

    def __init__(self, hub: Hub, at: int, job: str | None, session: str, *, resumed: bool) -> None:
        self.job = job
        self.session = session
        self.open = True  # the hub's to change
        self._hub = hub
        self._closed = False
        self._parts = self._run(at, resumed)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._parts)

    def close(self) -> None:
        """Give the place up; harmless when it was already."""
        self._closed = True
        self._hub.release(self)

    def _run(self, at: int, resumed: bool) -> Iterator[bytes]:
        hub = self._hub
        # `resumed` false tells the page to fetch the state anew: it may have missed something.
        hello = json.dumps({"boot": hub.boot, "resumed": resumed})
        yield f"retry: {RETRY}\nid: {hub.id_of(at)}\nevent: hello\ndata: {hello}\n\n".encode()
        while (step := hub.wait(self, at)) is not None:
            frames, at = step
            yield b"".join(frame.body for frame in frames) if frames else b": still here\n\n"
        if not self.open and not self._closed:
            yield f"retry: {RETRY_PUT_OUT}\n\n".encode()


def _block(name: str, text: str) -> bytes:
    # JSON has no raw line break in it, so one `data:` line is enough.
    return f"event: {name}\ndata: {text}\n\n".encode()
