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
import ssl
import threading
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from types import TracebackType

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
from tests.fakes.hub_server import Server

__all__ = [
    "COMMIT",
    "Drop",
    "FakeHub",
    "Fault",
    "Hold",
    "HubFile",
    "LoginPage",
    "Redirect",
    "Seen",
    "Status",
    "TooMuch",
    "Truncate",
    "WholeAgain",
    "WrongBytes",
    "WrongRange",
]

COMMIT = "c" * 40


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    path: str
    range: str | None
    authorization: str | None
    if_range: str | None = None


@dataclass
class HubFile:
    """A file on the hub; `etag` is its SHA-256."""

    data: bytes
    commit: str
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        self.etag = hashlib.sha256(self.data).hexdigest()


class FakeHub:
    """The server; a context manager. `url` goes into HF_ENDPOINT, `index_url` to pip."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.served = 0  # bytes of files that went out, before any that a dead client lost
        self.etags: dict[str, str] = {}
        """By the end of a path: the ETag of the bytes, where it isn't that of the file."""
        self.holding = threading.Event()
        self.release = threading.Event()
        self.files: dict[tuple[str, str], HubFile] = {}
        self.wheels: dict[str, bytes] = {}
        self._script: dict[tuple[str, str], list[Fault]] = {}
        self._lock = threading.Lock()
        self._server = Server(self)
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

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.tls = context

    @property
    def url(self) -> str:
        return f"http{'s' if self._server.tls else ''}://127.0.0.1:{self._server.server_port}"

    @property
    def index_url(self) -> str:
        return f"{self.url}/simple/"

    def add(self, repo: str, path: str, data: bytes, revision: str = COMMIT) -> str:
        """Put a file on the hub; its sha256."""
        found = HubFile(data, revision)
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

    def note(self, method: str, path: str, headers: Message) -> None:
        """A request comes in."""
        names = ("Range", "Authorization", "If-Range")
        self.requests.append(Seen(method, path, *(headers.get(name) for name in names)))

    def count(self, size: int) -> None:
        with self._lock:
            self.served += size

    def next_fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for (verb, name), faults in self._script.items():
                if verb == method and path.endswith(name) and faults:
                    return faults.pop(0)
        return None
