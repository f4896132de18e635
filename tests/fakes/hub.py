"""A Hugging Face hub and a package index on loopback: scriptable, recording.

Speaks what huggingface_hub 0.36 to 2.x asks: HEAD and GET of /{owner}/{repo}/resolve/{rev}/{path}
with X-Repo-Commit, ETag (sha256), Content-Length and ranges; revision and tree of a repository.
Beside it a "simple" index of wheels, for pip.

    with FakeHub() as hub:
        hub.add("me/models", "a.gguf", data, revision="…40 hex…")
        hub.script("GET", "a.gguf", Drop(0.5), Status(503))   # one fault per request, then sound
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c" * 40


@dataclass(frozen=True)
class Status:
    """Answer with a status; `code` is X-Error-Code (EntryNotFound, GatedRepo, …)."""

    status: int
    code: str = ""
    retry_after: int | None = None


@dataclass(frozen=True)
class Drop:
    """Announce the whole file, close the connection after this fraction of it."""

    fraction: float


@dataclass(frozen=True)
class Truncate:
    """Announce and send only this fraction, as if that were all."""

    fraction: float


@dataclass(frozen=True)
class Hold:
    """Send this fraction, set `hub.holding`, then nothing until `hub.release` is set."""

    fraction: float


@dataclass(frozen=True)
class WrongBytes:
    """The right number of bytes, all of them zero."""


@dataclass(frozen=True)
class LoginPage:
    """A web page with status 200, as captive portals answer anything."""


Fault = Status | Drop | Truncate | Hold | WrongBytes | LoginPage


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class _File:
    data: bytes
    commit: str
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        self.etag = hashlib.sha256(self.data).hexdigest()


class FakeHub:
    """The server; a context manager. `url` goes into HF_ENDPOINT, `index_url` to pip."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.holding = threading.Event()
        self.release = threading.Event()
        self.files: dict[tuple[str, str], _File] = {}
        self.wheels: dict[str, bytes] = {}
        self._script: dict[tuple[str, str], list[Fault]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> FakeHub:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def index_url(self) -> str:
        return f"{self.url}/simple/"

    def add(self, repo: str, path: str, data: bytes, revision: str = COMMIT) -> str:
        """Put a file on the hub; its sha256."""
        found = _File(data, revision)
        self.files[repo, path] = found
        return found.etag

    def add_wheel(self, name: str, data: bytes) -> None:
        """Put a wheel into the index, by its file name."""
        self.wheels[name] = data

    def script(self, method: str, name: str, *faults: Fault) -> None:
        """The next requests of this method whose path ends in `name` meet these faults."""
        with self._lock:
            self._script.setdefault((method, name), []).extend(faults)

    def seen(self, method: str, name: str = "") -> list[Seen]:
        """Recorded requests of this method whose path ends in `name`."""
        return [
            item for item in self.requests if item.method == method and item.path.endswith(name)
        ]

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for (verb, name), faults in self._script.items():
                if verb == method and path.endswith(name) and faults:
                    return faults.pop(0)
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close waits for them: no request outlives its test
    block_on_close = True

    def __init__(self, hub: FakeHub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed or give up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20  # s; a kept connection must not hold up the end of a test for ever
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        hub.requests.append(
            Seen(self.command, path, self.headers["Range"], self.headers["Authorization"])
        )
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
        return self._file(found.data, fault, {"X-Repo-Commit": found.commit, "ETag": found.etag})

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
        start = 0
        asked = self.headers["Range"]
        if asked and asked.startswith("bytes="):
            start = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        stop = len(data)
        if isinstance(fault, Drop | Hold):
            stop = int(len(data) * fault.fraction)
        self.wfile.write(data[start:stop])
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
