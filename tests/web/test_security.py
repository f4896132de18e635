"""Who is let in: Host, Origin, token, Sec-Fetch-Site; and the headers on every answer."""

from __future__ import annotations

from typing import Any

import pytest

from s2i.web.refusals import Forbidden
from s2i.web.security import Guard, is_loopback
from tests.web.conftest import Running

ASKED: dict[str, Any] = {
    "host": "127.0.0.1:5000",
    "origin": None,
    "site": None,
    "mode": None,
    "method": "POST",
    "path": "/api/utterances",
    "scheme": "http",
    "remote": "127.0.0.1",
    "token": "",
}


def refusal(guard: Guard, **changed: Any) -> str:
    """The code with which a request is refused, '' where it is let in."""
    try:
        guard.check(**{**ASKED, **changed})
    except Forbidden as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:5000", "localhost", "LOCALHOST:5000", "[::1]:5000", "localhost:8080"],
)
def test_own_names_are_answered(host: str) -> None:
    assert refusal(Guard(), host=host) == ""


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:5000",
        "127.0.0.1.evil.example",
        "localhost.evil.example:5000",
        "127.0.0.1@evil.example",
        "localhost:5000:5000",
        "localhost:99999999",
        "localhost, evil.example",
        "localhost:5000\n",
        "localhost.",
        "0.0.0.0:5000",
        "[::1",
        "127.1",
        "ⅼocalhost",
        " localhost",
    ],
)
def test_other_names_are_refused(host: str) -> None:
    assert refusal(Guard(), host=host) == "bad-host"


def test_more_names_can_be_allowed() -> None:
    assert refusal(Guard(["Laptop.local"]), host="laptop.local:5000") == ""


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:5001",
        "http://localhost:5000",
        "https://127.0.0.1:5000",
        "http://127.0.0.1:5000.evil.example",
        "http://127.0.0.1:5000/",
    ],
)
def test_other_origins_are_refused_even_with_the_token(origin: str) -> None:
    guard = Guard()
    assert refusal(guard, origin=origin, token=guard.token) == "bad-origin"


def test_our_origin_needs_the_token() -> None:
    guard = Guard()
    ours = "http://127.0.0.1:5000"
    assert refusal(guard, origin=ours) == "bad-token"
    assert refusal(guard, origin=ours, token="x") == "bad-token"
    assert refusal(guard, origin=ours, token=Guard().token) == "bad-token"
    assert refusal(guard, origin=ours, token="\udce9é") == "bad-token"
    assert refusal(guard, origin=ours, token=guard.token) == ""
    assert refusal(guard, origin=ours, method="GET", path="/") == ""
    assert refusal(guard, origin=ours, method="GET", path="/static/app.js") == ""
    assert refusal(guard, origin=ours, method="GET", path="/static") == "bad-token"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_other_sites_get_no_image_and_no_stream(site: str) -> None:
    guard = Guard()
    for path in ("/api/events", "/api/status", "/static/app.js"):
        asked = {"method": "GET", "path": path, "token": guard.token}
        assert refusal(guard, site=site, mode="no-cors", **asked) == "other-site"
        assert refusal(guard, site=site, mode="navigate", **asked) == "other-site"
    assert refusal(guard, site=site, mode="navigate", method="GET", path="/") == ""
    assert refusal(guard, site=site, mode="navigate", method="POST", path="/") == "other-site"
    assert refusal(guard, site=site, mode="no-cors", method="GET", path="/") == "other-site"


def test_the_page_itself_is_let_in() -> None:
    for site in ("same-origin", "none"):
        assert refusal(Guard(), site=site, method="GET", path="/api/events") == ""


@pytest.mark.parametrize("remote", ["192.168.1.20", "", "fe80::1%eth0", "::ffff:10.0.0.1"])
def test_from_elsewhere_the_token_is_needed_always(remote: str) -> None:
    guard = Guard()
    assert refusal(guard, remote=remote) == "bad-token"
    assert refusal(guard, remote=remote, token=guard.token) == ""


def test_loopback() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]))
    assert not any(map(is_loopback, ["", "10.0.0.1", "::", "localhost"]))


def test_over_the_wire(web: Running) -> None:
    ours = f"http://127.0.0.1:{web.port}"
    body = '{"sample_rate": 16000}'

    def post(**headers: str) -> tuple[int, str]:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        answer = web.client.ask("POST", "/api/utterances", body, named)
        return answer.status, "" if answer.status == 201 else answer.code

    assert post() == (201, "")
    assert post(Host="evil.example") == (403, "bad-host")
    assert post(Origin="https://evil.example", X_S2I_Token=web.token) == (403, "bad-origin")
    assert post(Origin="null") == (403, "bad-origin")
    assert post(Origin=ours) == (403, "bad-token")
    assert post(Origin=ours, X_S2I_Token=web.token) == (201, "")
    assert post(Sec_Fetch_Site="cross-site") == (403, "other-site")
    # a header that WSGI can't tell from the real one
    underscored = web.client.ask(
        "POST", "/api/utterances", body, {"Origin": ours, "X_S2I_Token": web.token}
    )
    assert underscored.code == "bad-token"
    # the query is for what can't send headers, and never for what changes something
    in_query = web.client.ask("POST", f"/api/utterances?token={web.token}", body, {"Origin": ours})
    assert in_query.code == "bad-token"
    assert web.client.get(f"/api/status?token={web.token}", Origin=ours).status == 200
    assert len(web.fake.made) == 2


def test_no_host_at_all(web: Running) -> None:
    assert b" 403 " in web.client.raw(b"GET / HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize("path", ["/", "/api/status", "/nothing", "/api/utterances"])
def test_headers_on_every_answer(web: Running, path: str) -> None:
    headers = web.client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Set-Cookie" not in headers
    assert "cheroot" not in headers["Server"].lower()


def test_the_token_is_nowhere_to_be_read(web: Running) -> None:
    for path in ("/", "/api/status", "/nothing", f"/nothing?token={web.token}"):
        assert web.token.encode() not in web.client.get(path).body
