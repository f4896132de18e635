"""Every model: what is there, what could be, and what is in use. Reads names, sizes and marks."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bootstrap import catalogue as catalogues
from bootstrap import downloads, machine, models, own_models, staging, verify
from bootstrap.catalogue import Catalogue, RefinerEntry, SpeechEntry
from s2i.settings import Settings

THERE, ELSEWHERE, UNFINISHED, AVAILABLE = "there", "elsewhere", "unfinished", "available"


@dataclass(frozen=True)
class Row:
    """One model. Sizes in bytes.

    kind: "refiner" or "speech". state: "there" (ours), "elsewhere" (found on this machine, used
    where it lies), "unfinished" (`bytes_there` of it) or "available" (can be fetched).
    checked: hash or probe vouched for it. path and sha256 are None where there is none.
    """

    kind: str
    id: str
    name: str
    state: str
    in_use: bool
    checked: bool
    bytes: int
    bytes_there: int
    memory_bytes: int
    licence: str
    source: str
    language: str
    path: str | None
    sha256: str | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def rows(settings: Settings) -> list[Row]:
    """Refiners, then speech models: those on this machine, then those that could be fetched."""
    catalogue = catalogues.load()
    home = settings.home
    used = likely_refiner(home, settings.refiner, catalogue)
    there = models.installed_refiners(home, catalogue)
    ids = {item.id for item in there}
    found = [_refiner(home, item, catalogue, used) for item in there]
    found += [_fetchable(home, entry) for entry in catalogue.refiners if entry.id not in ids]
    hears = models.installed_speech(home, settings.language)
    own = own_models.speech(home)
    speech = [_speech(home, entry, hears) for entry in (*own, *catalogue.speech)]
    return found + sorted(speech, key=lambda row: row.state == AVAILABLE)


def likely_refiner(home: Path, wanted: str, catalogue: Catalogue) -> Path | None:
    """The file that a run would take, as far as that can be told without checking it."""
    there = models.installed_refiners(home, catalogue)
    if wanted != models.AUTO:
        named = [item.path for item in there if wanted in {item.id, item.path.name}]
        return named[0] if named else Path(wanted).expanduser().absolute()
    if len(there) > 1:
        there = models.by_memory(there, catalogue, machine.memory())
    return there[0].path if there else None


def _refiner(home: Path, item: models.RefinerFile, catalogue: Catalogue, used: Path | None) -> Row:
    entry = catalogue.by_file(item.path.name)
    size = 0
    with contextlib.suppress(OSError):  # gone meanwhile
        size = item.path.stat().st_size
    own = own_models.source_of(item.path)
    return Row(
        kind="refiner",
        id=item.id,
        name=item.name,
        state=ELSEWHERE if item.where else THERE,
        in_use=item.path == used,
        checked=item.sha256 is not None,
        bytes=size,
        bytes_there=size,
        memory_bytes=models.memory_need(item, catalogue),
        licence=entry.licence if entry else "its own",
        source=item.where or own or (str(entry.source) if entry else "yours"),
        language="",
        path=str(item.path),
        sha256=item.sha256,
    )


def _fetchable(home: Path, entry: RefinerEntry) -> Row:
    kept = staging.kept_bytes(home, entry.id)
    return Row(
        kind="refiner",
        id=entry.id,
        name=entry.name,
        state=UNFINISHED if kept else AVAILABLE,
        in_use=False,
        checked=False,
        bytes=entry.download_bytes,
        bytes_there=kept,
        memory_bytes=entry.memory_bytes,
        licence=entry.licence,
        source=str(entry.source),
        language="",
        path=None,
        sha256=entry.sha256,
    )


def _speech(home: Path, entry: SpeechEntry, hears: SpeechEntry | None) -> Row:
    path = downloads.speech_path(home, entry)
    there = path.is_dir()
    kept = 0 if there else staging.kept_bytes(home, entry.name)
    state = THERE if there else (UNFINISHED if kept else AVAILABLE)
    return Row(
        kind="speech",
        id=entry.name,
        name=entry.language_name,
        state=state,
        in_use=hears is not None and hears.name == entry.name,
        checked=verify.read_mark(path) is not None,
        bytes=verify.stamp(path)[0] if there else entry.download_bytes,
        bytes_there=kept,
        memory_bytes=entry.memory_bytes,
        licence=entry.licence,
        source=str(entry.source),
        language=entry.language,
        path=str(path) if there else None,
        sha256=entry.sha256,
    )
