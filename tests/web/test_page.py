"""GET / as a browser asks, and the page's files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from s2i.web import page
from s2i.web.app import create_app
from s2i.web.page import STATIC, TYPES
from tests.web.client import Answer
from tests.web.conftest import Running

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


def browse(web: Running, language: str = "en", **headers: str) -> Answer:
    return web.client.get("/", Accept=BROWSER, Accept_Language=language, **headers)


def test_a_browser_gets_the_page(web: Running) -> None:
    answer = browse(web)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"  # its token is this start's
    assert "Accept" in answer.headers["Vary"]
    assert f'<meta name="s2i-token" content="{web.token}">' in answer.body.decode()


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0, */*", ""])
def test_a_program_gets_the_api(web: Running, accept: str) -> None:
    answer = web.client.get("/", Accept=accept)
    assert "GET /api/status" in answer.json["api"]
    assert web.token.encode() not in answer.body


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("fr", "fr"), ("fr-CH, en;q=0.5", "fr"), ("en-GB", "en"), ("de, fr;q=0.8, en;q=0.9", "en"),
        ("tlh", "en"), ("", "en"), ("*", "en"), ("fr;q=0, en", "en"), ("../../x", "en"),
        ('"><script>', "en"),
    ],
)  # fmt: skip
def test_its_language_is_the_browsers(web: Running, asked: str, language: str) -> None:
    assert f'<html lang="{language}">' in browse(web, asked).body.decode()


def test_all_that_the_page_names_is_there(web: Running) -> None:
    text = browse(web).body.decode()
    named = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert named
    for path in named:
        assert path.startswith("/static/"), "another host, or a path that is not covered"
        assert web.client.get(path).status == 200, path


def test_no_inline_script_or_style(web: Running) -> None:
    """The policy forbids them, so that nothing that somebody said can become one."""
    text = browse(web).body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_its_type(web: Running, name: str) -> None:
    answer = web.client.get(f"/static/{name}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == TYPES[Path(name).suffix]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.body == (STATIC / name).read_bytes()


def test_an_unchanged_file_is_not_sent_again(web: Running) -> None:
    first = web.client.get(f"/static/{FILES[0]}")
    again = web.client.get(f"/static/{FILES[0]}", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    other = web.client.get(f"/static/{FILES[0]}", If_None_Match='"other"')
    assert other.status == 200
    head = web.client.ask("HEAD", f"/static/{FILES[0]}")
    assert (head.status, head.body) == (200, b"")


def test_javascript_is_javascript_whatever_the_system_thinks() -> None:
    assert TYPES[".js"].startswith("text/javascript")
    assert {Path(name).suffix for name in FILES} <= set(TYPES)


@pytest.mark.parametrize(
    "path",
    [
        "/static", "/static/", "/static/js", "/static/js/", "/static/nothing.js",
        "/static/../run.py", "/static/..%2frun.py", "/static/..%2Frun.py", "/static/%2e%2e/run.py",
        "/static/..%5crun.py", "/static/..\\run.py", "/static/js/..%2f..%2frun.py",
        "/static/....//run.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd",
        "/static/C:%5cWindows%5cwin.ini", "/static/icon.svg%00", "/static/icon.svg%00.js",
        "/static/icon.svg::$DATA", "/static/icon.svg.", "/static/icon.svg%20", "/static/icon.svg/",
        "/static/ICON.SVG", "/static/.gitignore", "/static/con.js", "/static/nul.css",
        "/static/" + "a" * 3000 + ".js", "/static/" + "a/" * 99 + "b.js", "/static/é.js",
        "/static/%ff.js", "/templates/index.html", "/run.py",
    ],
)  # fmt: skip
def test_nothing_else_is_served(web: Running, path: str) -> None:
    sent = path.encode("utf-8") if not path.isascii() else path.encode("ascii")
    answer = web.client.raw(
        b"GET " + sent + f" HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\n".encode()
        + b"Connection: close\r\n\r\n"
    )  # fmt: skip
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}, answer[:300]
    for secret in (b"root:", b"import ", b"<svg", b"<html"):
        assert secret not in answer


def test_a_link_out_of_the_folder_leads_nowhere(
    web: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "own.js").write_text("1")
    (tmp_path / "secret.js").write_text("secret")
    try:
        (folder / "out.js").symlink_to(tmp_path / "secret.js")
        (folder / "up").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links here")
    monkeypatch.setattr(page, "STATIC", folder)
    assert web.client.get("/static/own.js").status == 200
    for path in ("/static/out.js", "/static/up/secret.js"):
        assert web.client.get(path).status == 404


def test_another_sites_page_gets_no_file(web: Running) -> None:
    for path in ("/static/icon.svg", "/"):
        answer = web.client.get(path, Accept=BROWSER, Sec_Fetch_Site="cross-site")
        assert answer.code == "other-site"
    followed = browse(web, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert followed.status == 200  # a link or a bookmark
    assert browse(web, Host="evil.example").code == "bad-host"


def test_a_page_that_is_missing_is_said(tmp_path: Path, web: Running) -> None:
    app: Flask = create_app(web.services)
    app.template_folder = str(tmp_path)
    answer = app.test_client().get(
        "/", headers={"Accept": BROWSER, "Host": "127.0.0.1"},
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
    )  # fmt: skip
    told = answer.get_json()["error"]
    assert (answer.status_code, told["code"]) == (500, "no-page")
    assert "templates/index.html" in told["message"]
    assert told["hint"]


def test_what_is_text_goes_compressed_to_who_takes_that(web: Running) -> None:
    plain = web.client.get("/static/css/base.css")
    packed = web.client.get("/static/css/base.css", Accept_Encoding="br, gzip;q=0.8")
    refused = web.client.get("/static/css/base.css", Accept_Encoding="gzip;q=0")
    assert "Content-Encoding" not in plain.headers
    assert refused.body == plain.body
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    again = web.client.get(
        "/static/css/base.css", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]
    )
    assert (again.status, again.body) == (304, b"")


def test_the_whole_page_is_small(web: Running) -> None:
    """Everything that a browser fetches to show it, as it goes over the wire: 100 KB at most."""
    text = browse(web).body
    fetched = [name for name in FILES if not name.startswith("lang/")]
    languages = [name for name in FILES if name.startswith("lang/")]
    sizes = {
        name: len(web.client.get(f"/static/{name}", Accept_Encoding="gzip").body) for name in FILES
    }
    largest = max(sizes[name] for name in languages)
    assert len(text) + sum(sizes[name] for name in fetched) + largest <= 100_000
