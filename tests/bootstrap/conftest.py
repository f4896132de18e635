"""What the tests of models and downloads share: a fake hub and a catalogue that points to it."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bootstrap import catalogue as catalogues
from bootstrap.catalogue import Catalogue
from bootstrap.probe import ProbeResult
from bootstrap.progress import Progress
from tests.fakes.hub import FakeHub

REVISION = "a" * 40
CLEARED = (
    *("HF_HUB_OFFLINE", "S2I_STAYS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE"),
    *("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "S2I_MODEL_FOLDERS"),
    *("HF_HUB_DOWNLOAD_TIMEOUT", "S2I_REFINER", "S2I_LANGUAGE", "S2I_HOME"),
)


def made_up_gguf(size: int = 200_000, seed: int = 1) -> bytes:
    """Bytes that begin like a GGUF and hold no model."""
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


def approve(kind: str, path: Path) -> ProbeResult:
    """A prober for files that hold no model: the download is what is tested."""
    assert path.exists()
    return ProbeResult(True, version=f"tested {kind}")


@dataclass
class Said(Progress):
    """Progress that remembers."""

    lines: list[str] = field(default_factory=list)
    begun: list[tuple[str, int | None]] = field(default_factory=list)
    done: dict[str, list[int]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.lines.append(text)

    def begin(self, what: str, total: int | None) -> None:
        self.begun.append((what, total))
        self.done.setdefault(what, [])

    def update(self, done: int) -> None:
        self.done[self.begun[-1][0]].append(done)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass
class World:
    """A home, a hub and a catalogue of small files on it."""

    home: Path
    hub: FakeHub
    path: Path
    data: dict[str, Any]

    def save(self) -> Catalogue:
        """Write the catalogue where S2I_CATALOGUE points, and load it."""
        self.path.write_text(json.dumps(self.data), encoding="utf-8")
        return catalogues.load()

    def refiner(self, name: str, data: bytes, **changes: Any) -> dict[str, Any]:
        """Put a refiner onto the hub and into the catalogue."""
        self.hub.add("me/models", f"{name}.gguf", data, REVISION)
        item = {
            "id": name,
            "name": name.title(),
            "file": f"{name}.gguf",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "licence": "Apache-2.0",
            "memory_bytes": 2 * len(data),
            "hub": {"repo": "me/models", "path": f"{name}.gguf", "revision": REVISION},
            **changes,
        }
        self.data["refiners"].append(item)
        self.save()
        return item

    def speech(self, name: str, data: bytes, **changes: Any) -> dict[str, Any]:
        """Put a zip with a Vosk model onto the hub and into the catalogue."""
        self.hub.add("me/voices", f"en/{name}.zip", data)
        item = {
            "name": name,
            "language": "en",
            "language_name": "English",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "licence": "Apache-2.0",
            "hub": {"repo": "me/voices", "path": f"en/{name}.zip", "revision": "main"},
            **changes,
        }
        self.data["speech"].append(item)
        self.save()
        return item

    @property
    def environment(self) -> dict[str, str]:
        """For child processes: the environment as the test has it."""
        return dict(os.environ)

    def left_behind(self) -> list[str]:
        """What lies in the staging folder but lock files."""
        root = self.home / "models" / ".staging"
        return [item.name for item in root.rglob("*") if item.suffix != ".lock"]

    @property
    def parts(self) -> dict[str, int]:
        """Parts of files that wait to be gone on with, with their sizes in bytes."""
        root = self.home / "models" / ".staging"
        return {item.name: item.stat().st_size for item in root.rglob("*.part")}


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> World:
    """Home, hub and a catalogue whose first refiner 'alpha' is default, small and starter."""
    for name in CLEARED:
        monkeypatch.setenv(name, "")  # so that what the program sets is undone too
        monkeypatch.delenv(name)
    user = tmp_path / "user"  # nobody's models, settings of pip or access keys
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("USERPROFILE", str(user))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("PIP_INDEX_URL", hub.index_url)
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("S2I_CATALOGUE", str(tmp_path / "catalogue.json"))
    data = {
        "default_refiner": "alpha",
        "small_refiner": "alpha",
        "starter_refiner": "alpha",
        "refiners": [],
        "speech": [],
    }
    made = World(tmp_path / "home", hub, tmp_path / "catalogue.json", data)
    made.home.mkdir()
    made.refiner("alpha", made_up_gguf())
    return made


@pytest.fixture
def target(world: World, tmp_path: Path) -> Path:
    """Where a test of the downloader wants alpha.gguf."""
    assert world.hub.files  # it is there
    return tmp_path / "alpha.gguf"


@pytest.fixture
def cdn() -> Iterator[FakeHub]:
    """Another server, which has alpha.gguf too."""
    with FakeHub() as server:
        server.add("me/models", "alpha.gguf", made_up_gguf(), REVISION)
        yield server
