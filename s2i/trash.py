"""Deleted jobs: their pictures go once the time to undo it is over, and only ever ours."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import Any

from s2i import provenance, thumbs
from s2i.errors import S2IError
from s2i.job_view import pictures_of
from s2i.journal import UNDO_SECONDS, Journal
from s2i.journal_record import JobRecord


def purge(journal: Journal, output: Path, cache: Path, now: float) -> list[str]:
    """Remove for good what was deleted long enough before `now` (s since the epoch); the ids.

    A picture's file goes if it lies in `output`, our own folder, and is still the one that the job
    made; any other is only forgotten. Never raises for a file: what can't be removed stays.
    Raises OutputError where the journal can't be used.
    """
    gone: list[str] = []
    for record in journal.deleted_before(now - UNDO_SECONDS):
        if record.deleted is None or not journal.forget(record.id, record.deleted):
            continue  # it was restored meanwhile
        _remove_pictures(record, output)
        thumbs.forget(cache, record.id)
        gone.append(record.id)
    return gone


def find_picture(picture: dict[str, Any], output: Path) -> Path | None:
    """The file of a picture that a job noted, None where there is none.

    Where the whole project folder was moved, it is found in the `output` of today.
    """
    noted = Path(str(picture["path"]))
    if _is_file(noted):
        return noted
    moved = output / noted.parent.name / noted.name
    return moved if _is_file(moved) and _is_below(moved, output) else None


def _remove_pictures(record: JobRecord, output: Path) -> None:
    for picture in pictures_of(record):
        path = find_picture(picture, output)
        if path is not None and _is_below(path, output) and _is_made_by(path, record.id):
            with contextlib.suppress(OSError):
                path.unlink()
            if path.parent != output:
                with contextlib.suppress(OSError):  # others are in it
                    path.parent.rmdir()


def _is_below(path: Path, folder: Path) -> bool:
    """Whether the file itself lies there: a link's folder counts, not where it leads."""
    try:
        return path.parent.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def _is_made_by(path: Path, job: str) -> bool:
    """Somebody may have put another picture in its place, or painted over it."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        return (provenance.read(path.read_bytes()) or {}).get("job") == job
    except (OSError, S2IError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or holds a NUL
        return False
