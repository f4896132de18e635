"""GET /api/events against the real server."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from s2i.events import Event, EventType
from tests.web.conftest import Running, Start


def say(web: Running, text: str, job: str = "a") -> None:
    web.hub(Event(EventType.REFINE_DELTA, {"text": text}, job))


def test_events_come_and_resume(web: Running) -> None:
    with web.client.events() as stream:
        assert stream.response.headers["Content-Type"].startswith("text/event-stream")
        assert stream.response.headers["Cache-Control"] == "no-store"
        say(web, "1")
        name, kind, told = stream.next()
        assert (kind, told["data"], told["job"]) == ("refine-delta", {"text": "1"}, "a")
    say(web, "2")
    with web.client.events(Last_Event_ID=name) as stream:
        assert stream.hello[2]["resumed"] is True
        assert stream.next()[2]["data"] == {"text": "2"}
    with web.client.events(f"/api/events?last={name}") as stream:
        assert stream.next()[2]["data"] == {"text": "2"}
    with web.client.events(Last_Event_ID="0123-7") as stream:
        assert stream.hello[2]["resumed"] is False


def test_one_job(web: Running) -> None:
    with web.client.events("/api/events?job=b") as stream:
        say(web, "1", "a")
        say(web, "2", "b")
        assert stream.next()[2]["data"] == {"text": "2"}
    assert web.client.get("/api/events?job=").code == "bad-job"


def test_thirty_listeners_hear_the_same(start: Start) -> None:
    web = start(streams=32)
    streams = [web.client.events() for _ in range(30)]
    for number in range(20):
        say(web, str(number))
    for stream in streams:
        heard = [stream.next()[2]["data"]["text"] for _ in range(20)]
        assert heard == [str(number) for number in range(20)]
    # and the rest of the API still answers
    assert web.client.get("/api/status").json["streams"] == {"open": 30, "limit": 32}
    for stream in streams:
        stream.close()


def test_too_many_streams(start: Start) -> None:
    web = start(streams=2, heartbeat=0.05)
    streams = [web.client.events() for _ in range(2)]
    refused = web.client.get("/api/events")
    assert (refused.status, refused.code) == (503, "too-many-streams")
    assert int(refused.headers["Retry-After"]) > 0
    # listeners that have gone are noticed by their heartbeat
    for stream in streams:
        stream.close()
    until = time.monotonic() + 10
    while web.hub.streams and time.monotonic() < until:
        time.sleep(0.02)
    assert web.hub.streams == 0
    web.client.events().close()


def test_a_fourth_stream_of_a_session_ends_its_first(web: Running) -> None:
    path = "/api/events?session=5f3a"
    streams = [web.client.events(path) for _ in range(4)]
    assert streams[0].line() == "retry: 30000"
    with pytest.raises(EOFError):
        streams[0].next()
    say(web, "1")
    for stream in streams[1:]:
        assert stream.next()[2]["data"] == {"text": "1"}
    for stream in streams:
        stream.close()
    assert web.client.get("/api/events?session=" + "x" * 200).code == "bad-session"


def test_what_is_announced_comes_over_the_wire(web: Running) -> None:
    with web.client.events() as stream:
        web.hub.announce("status", {"recogniser": {"state": "loading"}})
        _, kind, told = stream.next()
        assert (kind, told["job"]) == ("status", None)
        assert told["data"] == {"recogniser": {"state": "loading"}}


def test_heartbeat_on_the_wire(start: Start) -> None:
    web = start(heartbeat=0.05)
    with web.client.events() as stream:
        assert stream.line().startswith(":")


def test_head_opens_no_stream(web: Running) -> None:
    assert web.client.ask("HEAD", "/api/events").status == 200
    assert web.hub.streams == 0


def test_stop_ends_open_streams(start: Start) -> None:
    web = start(streams=32)
    streams = [web.client.events() for _ in range(20)]
    stopping = threading.Thread(target=web.server.stop)
    stopping.start()
    for stream in streams:
        with pytest.raises(EOFError):
            stream.next()
        stream.close()
    stopping.join(10)
    assert not stopping.is_alive()
    with pytest.raises(OSError):  # noqa: PT011 - refused here, reset there
        web.client.get("/")


def test_a_listener_that_never_reads_holds_nobody_up(start: Start) -> None:
    web = start(streams=4)
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", web.port))
        stuck.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stuck.recv(100)
        with web.client.events() as stream:
            for number in range(40):
                say(web, f"{number}:" + "x" * 500_000)
                assert stream.next()[2]["data"]["text"].startswith(f"{number}:")
