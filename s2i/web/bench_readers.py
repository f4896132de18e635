"""Event streams read in a process of their own: when did the last of them have each event?

`python -m s2i.web.bench_readers PORT STREAMS EVENTS PATTERN` opens STREAMS streams, says "ready",
and ends when each has had event EVENTS - 1, or when nothing has come for a while. PATTERN is a
regular expression whose one group is an event's number, from 0.

What it prints then is JSON: of each number that all streams have had, the time at which the last
of them had it. The clock is time.perf_counter, which all processes of a machine share (Python's
manual says: system-wide).
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter

from s2i.errors import S2IError

QUIET = 20.0  # s without an event after which no more is awaited
_TAIL = 200  # bytes that a number with what is around it never has
_BLOCK = 1 << 16


class Numbers:
    """Finds numbered events in a stream of bytes, however it was cut."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = re.compile(pattern)
        self._rest = b""

    def feed(self, block: bytes) -> list[int]:
        """The numbers that are whole with this block, each once."""
        data = self._rest + block
        end = 0
        found = []
        for match in self._pattern.finditer(data):
            found.append(int(match[1]))
            end = match.end()
        self._rest = data[max(end, len(data) - _TAIL) :]
        return found


class Board:
    """Who has had what. `last()` tells when the last of `streams` had each event."""

    def __init__(self, streams: int) -> None:
        self._streams = streams
        self._seen: Counter[int] = Counter()
        self._at: dict[int, float] = {}

    def saw(self, number: int, at: float) -> None:
        """One stream has had event `number` at `at` (s)."""
        self._seen[number] += 1
        self._at[number] = max(at, self._at.get(number, at))

    def all_had(self, number: int) -> bool:
        """Whether all streams have had event `number`."""
        return self._seen[number] >= self._streams

    def last(self) -> dict[int, float]:
        """Only of events that all have had."""
        return {n: at for n, at in self._at.items() if self.all_had(n)}


def delays_of(sent: dict[int, float], had: dict[int, float]) -> list[float]:
    """Seconds of each event until it, or a newer one that replaced it, was had.

    Where machines are slow, a page gets (or draws) only the newest of some types. Raises S2IError
    where the last one never came.
    """
    delays = []
    since: float | None = None
    for number in sorted(sent, reverse=True):
        since = had.get(number, since)
        if since is None:
            raise S2IError("bench-failed", "The last of the events never came.")
        delays.append(since - sent[number])
    return delays[::-1]


def request(port: int, number: int) -> bytes:
    """What a page asks for its stream with; each as a browser's session of its own."""
    return (
        f"GET /api/events?session=bench-{number} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n"
    ).encode("ascii")


def connect(port: int, number: int) -> socket.socket:
    """An open stream, its hello read. Raises OSError where the server refuses it."""
    made = socket.create_connection(("127.0.0.1", port), timeout=QUIET)
    try:
        made.sendall(request(port, number))
        head = b""
        while b"event: hello" not in head:
            block = made.recv(_BLOCK)
            head += block
            if not block or not head.startswith(b"HTTP/1.1 200"[: len(head)]):
                raise OSError(f"no stream: {head[:80].decode('latin-1')}")
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def listen(opened: list[socket.socket], events: int, pattern: bytes) -> dict[int, float]:
    """Read until all have had event `events` - 1, or nothing has come for QUIET seconds."""
    board = Board(len(opened))
    with selectors.DefaultSelector() as selector:
        for one in opened:
            selector.register(one, selectors.EVENT_READ, Numbers(pattern))
        until = time.perf_counter() + QUIET
        while not board.all_had(events - 1) and time.perf_counter() < until and selector.get_map():
            for key, _ in selector.select(1.0):
                block = key.fileobj.recv(_BLOCK)  # type: ignore[union-attr]  # sockets alone are registered
                at = time.perf_counter()
                if not block:
                    selector.unregister(key.fileobj)
                for number in key.data.feed(block):
                    board.saw(number, at)
                    until = at + QUIET
    return board.last()


def main(port: int, streams: int, events: int, pattern: str) -> None:
    """Open, say so, listen, tell."""
    opened: list[socket.socket] = []
    try:
        opened += [connect(port, number) for number in range(streams)]
        print("ready", flush=True)  # noqa: T201 - what the parent waits for
        found = listen(opened, events, pattern.encode())
    finally:
        for one in opened:
            one.close()
    print(json.dumps(found), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    except OSError as why:
        print(why, flush=True)  # noqa: T201 - instead of "ready"
        sys.exit(1)
