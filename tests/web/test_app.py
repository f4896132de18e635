"""What every address has in common: errors as JSON, methods, paths, sizes."""

from __future__ import annotations

import pytest

from s2i import __version__
from s2i.errors import InputError, S2IError
from s2i.web import answers
from tests.web.conftest import Running

PATHS = [
    "/",
    "/static/{id}",
    "/api/status",
    "/api/settings",
    "/api/jobs",
    "/api/jobs/{id}",
    "/api/jobs/{id}/cancel",
    "/api/jobs/{id}/restore",
    "/api/jobs/{id}/images/{n}",
    "/api/utterances",
    "/api/utterances/{id}",
    "/api/utterances/{id}/audio",
    "/api/utterances/{id}/finish",
    "/api/utterances/{id}/cancel",
    "/api/transcriptions",
    "/api/events",
    "/api/workflows",
    "/api/workflows/{id}",
]


def test_the_root_names_the_whole_api(web: Running) -> None:
    told = web.client.get("/").json
    assert told["version"] == __version__
    assert {line.split()[1] for line in told["api"]} == set(PATHS)
    assert all(told["api"].values())


def test_status(web: Running) -> None:
    web.services.reports["more"] = lambda: {"name": "none"}
    told = web.client.get("/api/status").json
    assert told["version"] == __version__
    assert told["boot"] == web.hub.boot
    assert told["recogniser"]["recogniser"] == "fake"
    assert told["utterances"] == {"open": 0, "abandoned_after": 30.0}
    assert told["streams"]["open"] == 0
    assert told["limits"]["file_bytes"] == 200 << 20
    assert told["more"] == {"name": "none"}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api",
        "/api/",
        "/api/status/",
        "//api/status",
        "/api//status",
        "/../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/static/../../run.py",
        "/static/app.py",
        "/%00",
        "/%",
        "/api/utterances/..%2f..%2fstatus",
        "/API/STATUS",
        "/" + "a" * 20_000,
        "/api/status;x",
    ],
)
def test_unknown_paths(web: Running, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = web.client.ask(method, path)
        assert answer.status in {400, 404, 405}, path  # 400: //api is another host's to HTTP
        assert answer.code
        assert b"root:" not in answer.body


@pytest.mark.parametrize("path", PATHS)
def test_wrong_methods(web: Running, path: str) -> None:
    allowed = web.client.ask("OPTIONS", path.replace("{n}", "0")).headers["Allow"].split(", ")
    for method in {"PUT", "DELETE", "PATCH", "TRACE", "BREW"} - set(allowed):
        answer = web.client.ask(method, path.replace("{n}", "0"))
        assert (answer.status, answer.code) == (405, "method-not-allowed")
        assert answer.headers["Allow"]


def test_head_and_options(web: Running) -> None:
    got, head = web.client.get("/"), web.client.ask("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    missing = web.client.ask("HEAD", "/nothing")
    assert (missing.status, missing.body) == (404, b"")
    options = web.client.ask("OPTIONS", "/api/utterances")
    assert options.status == 200
    assert "POST" in options.headers["Allow"]
    # and no word that lets another site's preflight pass
    assert not [name for name in options.headers if name.lower().startswith("access-control")]
    preflight = web.client.ask(
        "OPTIONS", "/api/utterances", headers={"Origin": "https://evil.example"}
    )
    assert preflight.status == 403


def test_large_requests_to_anywhere(web: Running) -> None:
    big = bytes(5 << 20)
    json_path = web.client.post("/api/utterances", big)
    assert (json_path.status, json_path.code) == (413, "too-large")
    for path in ("/nothing", "/api/status"):
        assert web.client.post(path, big).status in {404, 405}


def test_a_defect_is_a_sentence(web: Running) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    web.services.reports["broken"] = broken
    answer = web.client.get("/api/status")
    assert (answer.status, answer.code) == (500, "internal")
    assert b"secret" not in answer.body
    assert b"Zero" not in answer.body


def test_statuses() -> None:
    assert answers.status_of(InputError("x", "x")) == 400
    assert answers.status_of(S2IError("x", "x")) == 500
    assert answers.status_of(S2IError("busy", "x")) == 503
