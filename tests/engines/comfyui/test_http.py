"""Doors, pages that are no ComfyUI, silence, cut-off answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from s2i.engines.base import PaintRequest
from s2i.engines.comfyui.address import parse_address
from s2i.engines.comfyui.http import HttpClient, ServerUnreachable
from s2i.errors import Cancelled, EngineUnavailable
from tests.fakes.comfyui import Script

from .conftest import Rig

REQUEST = PaintRequest("fox", None, 1)


def refusal(rig: Rig, url: str | None = None, token: str | None = None) -> EngineUnavailable:
    """What plan() says; available() must agree."""
    engine = rig.engine(url, token)
    there = engine.available()
    assert not there.ready
    with pytest.raises(EngineUnavailable) as caught:
        engine.plan(REQUEST)
    if caught.value.code != "comfyui-timeout":
        assert there.details["code"] == caught.value.code
    return caught.value


def test_available_tells_version_and_previews(rig: Callable[..., Rig]) -> None:
    there = rig().engine().available()
    assert there.ready
    assert there.details == {"version": "0.3.64", "previews": True}
    blind = rig(Script(previews=False)).engine().available()
    assert blind.details["previews"] is False
    assert "--preview-method" in blind.reason


def test_nobody_there(rig: Callable[..., Rig]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = refusal(rig(), f"http://127.0.0.1:{free.getsockname()[1]}")
    assert error.code == "comfyui-refused"
    assert "--comfyui" in error.hint


def test_no_such_host(rig: Callable[..., Rig]) -> None:
    there = rig().engine("http://host.invalid:8188").available()
    assert not there.ready


def test_a_page_that_is_not_comfyui(rig: Callable[..., Rig]) -> None:
    assert refusal(rig(Script(html=True))).code == "not-comfyui"


def test_json_that_is_not_comfyui(rig: Callable[..., Rig]) -> None:
    one = rig(Script(failures={"GET /system_stats": [404] * 3}, checkpoints=[]))
    error = refusal(one, f"{one.fake.url}/api/api")
    assert error.code == "not-comfyui"


@pytest.mark.parametrize("script", [Script(basic=("me", "se:cret")), Script(bearer="se:cret")])
def test_a_locked_door(rig: Callable[..., Rig], script: Script) -> None:
    one = rig(script)
    error = refusal(one)
    assert error.code == "comfyui-auth"
    assert "wants a password" in error.message
    assert "S2I_COMFYUI_TOKEN" in error.hint
    wrong = refusal(one, token="wr0ng")
    assert "doesn't accept" in wrong.message
    assert "wr0ng" not in f"{wrong.message}{wrong.hint}"


def test_the_keys_open_it_for_http_and_websocket(rig: Callable[..., Rig]) -> None:
    for script, url, token in (
        (
            Script(basic=("me", "se:cret"), step_seconds=0),
            "http://me:se%3Acret@127.0.0.1:{}/",
            None,
        ),
        (Script(bearer="se:cret", step_seconds=0), "http://127.0.0.1:{}", "se:cret"),
    ):
        one = rig(script)
        job = one.job(one.engine(url.format(one.fake.port), token))
        result = job.paint()
        assert len(result.images) == 1
        assert not result.warnings
        everything = f"{job.events}{job.remembered}{result.details}{job.engine!r}"
        assert "cret" not in everything
        assert "127.0.0.1" in job.remembered[0]["server"]
        assert any(r.path == "/ws" and r.status == 101 for r in one.fake.requests)


def test_no_origin_is_ever_sent(rig: Callable[..., Rig]) -> None:
    one = rig()
    one.job().paint()
    assert one.fake.requests
    assert all("origin" not in r.headers for r in one.fake.requests)


def test_behind_a_path_of_a_proxy(rig: Callable[..., Rig]) -> None:
    one = rig(Script(prefix="/comfy", step_seconds=0))
    assert one.job(one.engine(one.fake.url + "/")).paint().images
    assert one.job(one.engine(one.fake.url + "/api")).paint().images
    assert {r.path for r in one.fake.requests} >= {"/api/ws", "/ws", "/api/prompt", "/prompt"}


def test_redirects_are_not_followed(rig: Callable[..., Rig]) -> None:
    other = rig()
    one = rig(Script(redirect=f"{other.fake.url}/login?return=secret"))
    error = refusal(one, token="t0ken")
    assert error.code == "comfyui-redirect"
    assert "/login" in error.message
    assert "secret" not in error.message
    assert not other.fake.requests


def test_a_server_that_never_answers(rig: Callable[..., Rig]) -> None:
    there = rig(Script(stall=True)).engine().available()
    assert not there.ready
    assert "doesn't answer" in there.reason


def test_tls_where_there_is_none(rig: Callable[..., Rig]) -> None:
    one = rig()
    assert refusal(one, one.fake.url.replace("http", "https")).code == "comfyui-tls"


def test_busy_for_a_moment(rig: Callable[..., Rig]) -> None:
    one = rig(Script(failures={"GET /object_info/CheckpointLoaderSimple": [503]}))
    assert one.engine().plan(REQUEST).width == 512


@pytest.fixture
def raw() -> Iterator[Callable[[bytes], str]]:
    """A server that answers one connection after the other with the same bytes."""
    listeners = []

    def serve(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def work() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with sock:
                    sock.recv(65536)
                    sock.sendall(answer)

        threading.Thread(target=work, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
)
def test_broken_http(raw: Callable[[bytes], str], answer: bytes) -> None:
    client = HttpClient(parse_address(raw(answer)))
    with pytest.raises(ServerUnreachable) as caught:
        client.request("GET", "/queue", timeout=5)
    assert caught.value.sent
    assert caught.value.retryable


def test_an_answer_that_never_ends_is_given_up(raw: Callable[[bytes], str]) -> None:
    client = HttpClient(parse_address(raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)))
    with pytest.raises(EngineUnavailable) as caught:
        client.request("GET", "/queue", limit=4000)
    assert caught.value.code == "comfyui-answer-too-long"
    assert client.request("GET", "/queue", limit=5000).body == b"x" * 5000


def test_waiting_can_be_given_up(rig: Callable[..., Rig]) -> None:
    one = rig(Script(stall=True))
    client = HttpClient(parse_address(one.fake.url))

    def stop() -> None:
        if one.fake.requests:
            raise Cancelled

    with pytest.raises(Cancelled):
        client.request("GET", "/queue", timeout=60, stop=stop)


def test_kept_connections_are_used_again_and_replaced(rig: Callable[..., Rig]) -> None:
    one = rig()
    client = HttpClient(parse_address(one.fake.url))
    for _ in range(3):
        assert client.request("GET", "/queue").status == 200
    assert len(one.fake._open) == 1
    one.fake.restart()
    assert client.request("GET", "/queue").status == 200
    client.close()
