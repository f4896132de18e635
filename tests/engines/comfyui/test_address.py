from __future__ import annotations

import base64

import pytest

from s2i.engines.comfyui.address import parse_address
from s2i.errors import InputError


@pytest.mark.parametrize(
    ("url", "shown", "path"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188", "/queue"),
        ("127.0.0.1:8188", "http://127.0.0.1:8188", "/queue"),
        (" localhost ", "http://localhost", "/queue"),
        ("https://example.org/comfy/", "https://example.org/comfy", "/comfy/queue"),
        ("https://example.org:443", "https://example.org", "/queue"),
        ("ws://h:1/a/b", "http://h:1/a/b", "/a/b/queue"),
        ("http://[::1]:8188/", "http://[::1]:8188", "/queue"),
        ("http://h:1/api", "http://h:1/api", "/api/queue"),
        ("http://h:1/?x=1#y", "http://h:1", "/queue"),
    ],
)
def test_what_people_write(url: str, shown: str, path: str) -> None:
    address = parse_address(url)
    assert str(address) == shown
    assert address.path("/queue") == path


def test_websocket_urls() -> None:
    assert parse_address("http://h:1/p").websocket_url("/ws") == "ws://h:1/p/ws"
    assert parse_address("https://h").websocket_url("/ws") == "wss://h/ws"


@pytest.mark.parametrize(
    "url",
    ["", "http://", "ftp://h", "http://h:0", "http://h:99999", "http://h:x", "http://a b",
     "http://h/\r\nX: y", "http://[::1", "http://h/é", "http://..", "http://a..b",
     f"http://{'a' * 64}"],
)  # fmt: skip
def test_bad_addresses_are_one_sentence(url: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_address(url)
    assert caught.value.code == "bad-url"
    assert caught.value.hint


def test_basic_auth_is_decoded_and_never_shown() -> None:
    address = parse_address("https://m%40x:p%2Fw%3A@h/c", token="unused")
    assert address.authorization == "Basic " + base64.b64encode(b"m@x:p/w:").decode()
    assert "p/w" not in f"{address}{address!r}"
    assert "Basic" not in repr(address)
    assert str(address) == "https://h/c"


def test_a_token_becomes_a_bearer_header_and_is_never_shown() -> None:
    address = parse_address("http://h:1", " tok-en== ")
    assert address.authorization == "Bearer tok-en=="
    assert "tok" not in f"{address}{address!r}"


@pytest.mark.parametrize("token", ["a b", "a\nb", "é"])
def test_a_bad_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_address("http://h:1", token)
    assert token not in str(caught.value)


def test_where_a_secret_would_be_exposed() -> None:
    assert parse_address("http://u:p@192.168.1.5:8188").exposes_secret
    assert not parse_address("https://u:p@example.org").exposes_secret
    assert not parse_address("http://u:p@127.0.0.1:8188").exposes_secret
    assert not parse_address("http://192.168.1.5:8188").exposes_secret
