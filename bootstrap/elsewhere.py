"""Models of the catalogue that other programs have on this machine: found, never touched.

Looked at are the hub library's cache, LM Studio's folders and those that S2I_MODEL_FOLDERS (or
model_folders in the settings file) names. A file counts where its name and size are the
catalogue's; before it is used its hash is computed, and the mark of that is kept under our own
models/, because folders of others aren't ours to write in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bootstrap.catalogue import Catalogue, HubSource, RefinerEntry
from s2i import settings
from s2i.errors import InputError

_MAX_DEPTH = 4  # publisher/model/file, and one more
_MAX_FILES = 20_000  # of a folder that somebody named; a home full of other things is no shelf


@dataclass(frozen=True)
class Found:
    """A file that is, by name and size, one of the catalogue's. `where`: whose folder, in words."""

    entry: RefinerEntry
    path: Path
    where: str


def mark_file(home: Path, path: Path) -> Path:
    """Where the mark of a model outside our folders is kept."""
    key = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return home / "models" / "refiners" / ".elsewhere" / f"{path.stem}-{key}.ok.json"


def find(home: Path, catalogue: Catalogue) -> list[Found]:
    """The catalogue's refiners outside `home`, each once, in the catalogue's order. Never raises.

    Reads names and sizes only.
    """
    found: dict[str, Found] = {}
    for entry in catalogue.refiners:
        path = _in_hub_cache(entry)
        if path is not None:
            found[entry.id] = Found(entry, path, "the hub's cache")
    by_file = {entry.file: entry for entry in catalogue.refiners if entry.id not in found}
    for folder, where in _shelves(home):
        if not by_file:
            break
        for path in _files(folder, set(by_file)):
            wanted = by_file.get(path.name)
            if wanted is not None and _is_size(path, wanted.bytes):
                found[wanted.id] = Found(wanted, path, where)
                del by_file[path.name]
    return [found[entry.id] for entry in catalogue.refiners if entry.id in found]


def hub_cache() -> Path:
    """The hub library's cache, as the library itself finds it."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(home).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface/hub"


def folders_named(home: Path) -> list[Path]:
    """Folders that the user named: S2I_MODEL_FOLDERS, else model_folders in the settings file."""
    text = os.environ.get("S2I_MODEL_FOLDERS", "")
    if text.strip():
        return [_absolute(part) for part in text.split(os.pathsep) if part.strip()]
    with contextlib.suppress(InputError):  # a broken settings file is told of where it is used
        given = settings.read_file(home / "data" / settings.FILE_NAME).get("model_folders", [])
        parts = given.split(os.pathsep) if isinstance(given, str) else given
        if isinstance(parts, list):
            return [_absolute(part) for part in parts if isinstance(part, str) and part.strip()]
    return []


def _absolute(text: str) -> Path:
    with contextlib.suppress(RuntimeError):  # "~stranger": there is no such user
        return Path(text.strip()).expanduser().absolute()
    return Path(text.strip()).absolute()


def _shelves(home: Path) -> Iterator[tuple[Path, str]]:
    for folder in folders_named(home):
        yield folder, str(folder)
    with contextlib.suppress(RuntimeError):  # no home folder can be told
        user = Path.home()
        pointer = user / ".lmstudio-home-pointer"
        with contextlib.suppress(OSError, ValueError):
            yield _absolute(pointer.read_text(encoding="utf-8")) / "models", "LM Studio"
        for name in (".lmstudio/models", ".cache/lm-studio/models"):
            yield user / name, "LM Studio"


def _in_hub_cache(entry: RefinerEntry) -> Path | None:
    """The file in the cache: models--owner--name/snapshots/<revision>/<path>, a link to a blob."""
    if not isinstance(entry.source, HubSource):
        return None
    with contextlib.suppress(OSError, RuntimeError):
        folder = hub_cache() / f"models--{entry.source.repo.replace('/', '--')}" / "snapshots"
        for snapshot in sorted(folder.iterdir()):
            path = snapshot / entry.source.path
            if _is_size(path, entry.bytes):
                return path.absolute()
    return None


def _files(folder: Path, names: set[str]) -> Iterator[Path]:
    """Files of these names in a folder and what lies in it, some levels deep."""
    seen = 0
    for place, inside, files in os.walk(folder):  # errors are passed over, links not followed
        depth = len(Path(place).relative_to(folder).parts)
        inside[:] = sorted(inside) if depth < _MAX_DEPTH else []
        seen += len(files)
        if seen > _MAX_FILES:
            return
        yield from (Path(place) / name for name in sorted(names.intersection(files)))


def _is_size(path: Path, size: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False
