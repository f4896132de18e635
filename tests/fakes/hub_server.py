"""The fake hub's HTTP: what it answers, and how it misbehaves."""

from __future__ import annotations

import contextlib
import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.fakes.hub_faults import (
    Drop,
    Fault,
    Hold,
    LoginPage,
    Redirect,
    Status,
    TooMuch,
    Truncate,
    WholeAgain,
    WrongBytes,
    WrongRange,
)

if TYPE_CHECKING:
    from tests.fakes.hub import FakeHub, HubFile


class Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no request outlives its test
    block_on_close = True

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the request's own thread, where a client that breaks off harms nobody."""
        if self.tls is not None:
            request.settimeout(20)
            request = self.tls.wrap_socket(request, server_side=True)
        with contextlib.closing(request) if self.tls else contextlib.nullcontext():
            super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed or give up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20  # s; a kept connection must not hold up the end of a test for ever
    server: Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        hub.note(self.command, path, self.headers)
        # A connection per request: none is left open when the test ends.
        self.close_connection = True
        fault = hub.next_fault(self.command, path)
        if isinstance(fault, Status):
            self._status(fault)
        elif isinstance(fault, LoginPage):
            self._send(200, b"<!DOCTYPE html><title>Welcome to our Wi-Fi</title>", "text/html")
        elif path.startswith("/simple/"):
            self._index(path)
        elif path.startswith("/files/"):
            self._wheel(path.removeprefix("/files/"), fault)
        elif path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            self._resolve(path, fault)
        else:
            self._send(200, b"a hub", "text/plain")

    def _resolve(self, path: str, fault: Fault | None) -> None:
        repo, rest = path.lstrip("/").split("/resolve/", 1)
        revision, name = rest.split("/", 1)
        repos = {key[0] for key in self.server.hub.files}
        if repo not in repos:
            return self._status(Status(404, "RepoNotFound"))
        found = self.server.hub.files.get((repo, name))
        if found is None:
            return self._status(Status(404, "EntryNotFound"))
        if revision not in {found.commit, "main"}:
            return self._status(Status(404, "RevisionNotFound"))
        if isinstance(fault, Redirect):
            return self._redirect(fault, found)
        return self._file(
            found.data, fault, {"X-Repo-Commit": found.commit, "ETag": f'"{found.etag}"'}
        )

    def _redirect(self, fault: Redirect, found: HubFile) -> None:
        self.send_response(302)
        self.send_header("Location", fault.to)
        self.send_header("X-Repo-Commit", found.commit)
        self.send_header("X-Linked-ETag", f'"{found.etag}"')
        self.send_header("X-Linked-Size", str(len(found.data)))
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _wheel(self, name: str, fault: Fault | None) -> None:
        data = self.server.hub.wheels.get(name)
        if data is None:
            return self._status(Status(404))
        return self._file(data, fault, {})

    def _file(self, data: bytes, fault: Fault | None, headers: dict[str, str]) -> None:
        if isinstance(fault, WrongBytes):
            data = bytes(len(data))
        if isinstance(fault, Truncate):
            data = data[: int(len(data) * fault.fraction)]
        for end, etag in self.server.hub.etags.items():
            if urlsplit(self.path).path.endswith(end):
                headers = {**headers, "ETag": etag}
        asked = self.headers["Range"]
        start = 0
        if asked and asked.startswith("bytes=") and not isinstance(fault, WholeAgain):
            start = int(asked.removeprefix("bytes=").split("-")[0])
        if self.headers["If-Range"] not in {None, headers.get("ETag")}:
            start = 0
        if start > len(data):
            return self._status(Status(416))
        begin = 0 if isinstance(fault, WrongRange) else start
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        for key, value in headers.items():
            self.send_header(key, value)
        if not isinstance(fault, TooMuch):
            self.send_header("Content-Length", str(len(data) - begin))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return None
        stop = len(data)
        if isinstance(fault, Drop | Hold):
            stop = int(len(data) * fault.fraction)
        return self._body(data, begin, stop, fault)

    def _body(self, data: bytes, begin: int, stop: int, fault: Fault | None) -> None:
        for at in range(begin, stop, 1 << 20):
            piece = memoryview(data)[at : min(stop, at + (1 << 20))]
            self.wfile.write(piece)
            self.server.hub.count(len(piece))
        if isinstance(fault, TooMuch):
            self.wfile.write(data)
        if isinstance(fault, Hold):
            self.wfile.flush()
            self.server.hub.holding.set()
            self.server.hub.release.wait(60)

    def _api(self, rest: str) -> None:
        repo, _, what = rest.partition("/revision/")
        if what:
            files = [key for key in self.server.hub.files if key[0] == repo]
            if not files:
                return self._status(Status(404, "RepoNotFound"))
            sha = self.server.hub.files[files[0]].commit
            return self._json({"id": repo, "sha": sha})
        repo, _, what = rest.partition("/tree/")
        if repo not in {owner for owner, _ in self.server.hub.files}:
            return self._status(Status(404, "RepoNotFound"))
        listed = [
            {"type": "file", "path": path, "size": len(item.data), "oid": item.etag}
            for (owner, path), item in self.server.hub.files.items()
            if owner == repo
        ]
        return self._json(listed) if what else self._status(Status(404, "RepoNotFound"))

    def _index(self, path: str) -> None:
        project = path.removeprefix("/simple/").strip("/")
        links = [
            f'<a href="/files/{name}">{name}</a>'
            for name in self.server.hub.wheels
            if name.split("-")[0].replace("_", "-") == project
        ]
        if not links:
            return self._status(Status(404))
        page = "<!DOCTYPE html><html><body>" + "".join(links) + "</body></html>"
        return self._send(200, page.encode(), "text/html")

    def _status(self, fault: Status) -> None:
        self.send_response(fault.status)
        if fault.code:
            self.send_header("X-Error-Code", fault.code)
        if fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def _json(self, data: Any) -> None:
        self._send(200, json.dumps(data).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
