"""Below the application: what hostile and clumsy clients send."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from s2i.web import wire
from tests.fakes.recogniser import SPEECH
from tests.web.conftest import Running, Start

HEAD = b"Host: localhost\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n" + HEAD + b"\r\n",
        b"get / HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\n" + HEAD + b"\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"CONNECT evil.example:80 HTTP/1.1\r\n" + HEAD + b"\r\n",
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 1_0\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    ],
)
def test_what_is_no_request_gets_a_json_error(web: Running, request_bytes: bytes) -> None:
    answer = web.client.raw(request_bytes)
    status = int(answer.split()[1])
    assert 400 <= status <= 505
    assert status != 500
    assert b'{"error": {"code": "' in answer
    assert b"nosniff" in answer
    assert web.client.get("/").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-5\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc",
        b"3\r\nabcdef\r\n0\r\n\r\n",
        b"fffffffffffffff0\r\nabc",
        b"5;x=y\nabcde\r\n0\r\n\r\n",
    ],
)
def test_bad_chunks(web: Running, body: bytes) -> None:
    name = web.client.begin()
    head = f"POST /api/utterances/{name}/audio?seq=0 HTTP/1.1\r\nHost: localhost\r\n".encode()
    answer = web.client.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b'"bad-body"' in answer
    assert web.client.audio(name, 0, SPEECH).status == 200


def test_a_body_that_ends_early(web: Running) -> None:
    name = web.client.begin()
    head = f"POST /api/utterances/{name}/audio?seq=0 HTTP/1.1\r\nHost: localhost\r\n".encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as peer:
        peer.sendall(head + b"Content-Length: 100\r\n\r\n" + bytes(50))
        peer.shutdown(socket.SHUT_WR)
        assert b" 400 " in peer.recv(4096)
    assert web.client.audio(name, 0, SPEECH).json["next_seq"] == 1


def test_nothing_of_a_refused_body_is_taken_for_a_request(web: Running) -> None:
    inner = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for path in (b"/nothing", b"/api/utterances"):
        size = hex(len(inner))[2:].encode()
        head = b"POST " + path + b" HTTP/1.1\r\nConnection: close\r\n" + HEAD
        for body in (
            b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + inner + b"\r\n0\r\n\r\n",
            b"Content-Length: " + str(len(inner)).encode() + b"\r\n\r\n" + inner,
        ):
            assert web.client.raw(head + body).count(b"HTTP/1.1 ") == 1


def test_two_requests_on_one_connection(web: Running) -> None:
    body = b'{"sample_rate": 16000}'
    one = b"POST /api/utterances HTTP/1.1\r\n" + HEAD
    chunked = one + b"Transfer-Encoding: chunked\r\n\r\n16\r\n" + body + b"\r\n0\r\n\r\n"
    known = one + b"Content-Length: 22\r\n\r\n" + body
    last = b"GET / HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n"
    answer = web.client.raw(chunked + known + last)
    assert answer.count(b"HTTP/1.1 201") == 2
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("part", ["head", "known", "chunked"])
def test_a_byte_at_a_time_is_cut_off(
    web: Running, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(wire, "GRACE", 0.4)  # 15 s is long for a test
    name = web.client.begin()
    line = f"POST /api/utterances/{name}/audio?seq=0 HTTP/1.1\r\nHost: localhost\r\n".encode()
    start = {
        "head": line,
        "known": line + b"Content-Length: 100000\r\n\r\n",
        "chunked": line + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n",
    }[part]
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as peer:
        peer.sendall(start)
        done = threading.Event()

        def drip() -> None:
            try:
                while not done.wait(0.05):
                    peer.sendall(b"x")
            except OSError:
                pass  # cut off: what is waited for

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = peer.recv(4096)
        done.set()
        dripping.join(10)
    assert b" 408 " in answer.split(b"\r\n")[0]
    assert web.client.audio(name, 0, SPEECH).status == 200


def test_silent_connections_starve_nobody(start: Start) -> None:
    web = start(streams=4)  # 20 threads in all
    silent = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(15)]
    try:
        assert web.client.get("/").status == 200
    finally:
        for peer in silent:
            peer.close()


def test_stop_with_a_body_on_its_way(start: Start) -> None:
    web = start()
    name = web.client.begin()
    head = f"POST /api/utterances/{name}/audio?seq=0 HTTP/1.1\r\nHost: localhost\r\n".encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as peer:
        peer.sendall(head + b"Content-Length: 1000\r\n\r\nabc")
        time.sleep(0.1)
        stopping = threading.Thread(target=web.server.stop)
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive()
    assert web.fake.open_now == 0


def test_stop_while_the_recogniser_is_stuck(start: Start) -> None:
    web = start()
    name = web.client.begin()
    web.fake.gate.clear()
    sending = threading.Thread(target=_try, args=(web, name))
    sending.start()
    time.sleep(0.1)
    web.server.stop()
    assert web.server.stopped.is_set()
    web.fake.gate.set()
    sending.join(20)
    assert not sending.is_alive()


def _try(web: Running, name: str) -> None:
    with contextlib.suppress(OSError):  # it may get no answer; that it ends is what counts
        web.client.audio(name, 0, SPEECH)
