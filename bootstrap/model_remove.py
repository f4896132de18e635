"""`models remove`: a model of ours, or what came of one so far. Others' files are never touched."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import inventory, own_models, staging, unpack, verify
from bootstrap.inventory import ELSEWHERE, THERE, Row
from bootstrap.progress import size_text
from s2i.errors import InputError, MissingError
from s2i.locks import FileLock
from s2i.settings import Settings


@dataclass(frozen=True)
class Removal:
    """What would go. `said`: a sentence on it; `remove` does it and returns the bytes freed."""

    id: str
    said: str
    remove: Callable[[], int]


def find(settings: Settings, what: str, *, sure: bool) -> Removal:
    """What is meant. Raises InputError: no such model, not ours, or in use and not `sure`."""
    home = settings.home
    for row in inventory.rows(settings):
        if what not in {row.id, Path(row.path or "").name} or row.state not in {THERE, ELSEWHERE}:
            continue
        if row.state == ELSEWHERE:
            raise InputError(
                "not-ours",
                f"{row.id} belongs to {row.source} ({row.path}), so it is left alone.",
                hint="Remove it there.",
            )
        if row.in_use and not sure:
            raise InputError(
                "in-use",
                f"{row.id} is the model in use.",
                hint=f"'python run.py models remove {row.id} --yes' removes it all the same.",
            )
        return _removal(home, row)
    for name, size in staging.leftovers(home):
        if name == what:
            said = f"{size_text(size)} of an unfinished download of {name}"
            return Removal(name, said, lambda: staging.discard(home, what))
    raise InputError(
        "not-there",
        f"No model '{what[:80]}' is there.",
        hint="'python run.py models' lists what there is.",
    )


def _removal(home: Path, row: Row) -> Removal:
    path = Path(row.path or "")
    return Removal(row.id, f"{row.id}, {size_text(row.bytes)}, {path}", lambda: _remove(home, row))


def _remove(home: Path, row: Row) -> int:
    path = Path(row.path or "")
    folder = home / "models" / ".staging"
    away = folder / f"{path.name}.removed"  # a folder, so that `setup` sweeps what a kill leaves
    try:
        away.mkdir(parents=True, exist_ok=True)
        entry = catalogues.load().by_file(path.name)
        name = entry.id if entry is not None else path.name
        lock = FileLock(folder / f"{name}.lock")
        if not lock.try_acquire():
            raise InputError(
                "being-fetched",
                f"{row.id} is being fetched by another process.",
                hint="Wait until that is done, then try again.",
            )
        with contextlib.closing(_Releasing(lock)):
            verify.mark_path(path).unlink(missing_ok=True)
            unpack.remove_tree(away / path.name)
            # In one step, so that nobody loads a model of which half is gone.
            path.replace(away / path.name)
            own_models.note_path(path).unlink(missing_ok=True)
    except OSError as error:
        raise MissingError(
            "not-removed",
            f"{row.id} can't be removed ({error.strerror or error}).",
            hint="Close the program that uses it, or give yourself write permission, "
            "then try again.",
        ) from error
    finally:
        unpack.remove_tree(away)
    return row.bytes


class _Releasing:
    def __init__(self, lock: FileLock) -> None:
        self._lock = lock

    def close(self) -> None:
        self._lock.release()
