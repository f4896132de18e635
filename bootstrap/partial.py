"""What is there of a download: `<name>.part`, and beside it `<name>.part.json`, which says of what.

The hash of what is there is computed anew from the file itself, so a part never has to be trusted:
whatever was cut off, lost or altered, the hash at the end tells.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from bootstrap.progress import Progress

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Note:
    """Which file a part is of. `url`: without secrets; `etag`: of the file, as its host names it;
    `validator`: what If-Range takes, as the server that sent the bytes gave it; size in bytes."""

    url: str
    etag: str | None
    size: int | None
    validator: str | None = None


def part_path(target: Path) -> Path:
    """Where the part of a file lies until it is whole."""
    return target.with_name(target.name + ".part")


def note_path(target: Path) -> Path:
    """Where the note on the part lies."""
    return target.with_name(target.name + ".part.json")


def part_files(folder: Path) -> set[Path]:
    """Parts in a folder, with their notes."""
    return {item for item in folder.glob("*.part*") if item.name.endswith((".part", ".part.json"))}


def discard(target: Path) -> None:
    """Remove a part and its note. Raises OSError."""
    note_path(target).unlink(missing_ok=True)  # first: a part without a note counts as nothing
    part_path(target).unlink(missing_ok=True)


class Partial:
    """The part of `target`, for one process at a time. `length` and `digest` grow with `write`.

    digest: SHA-256 so far. blob: the SHA-1 that git gives the file, where that is asked for.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = part_path(target)
        self.note: Note | None = None
        self.length = 0
        self.found = 0  # bytes that lay there before this object wrote any
        self.digest = hashlib.sha256()
        self.blob: Any = None
        self._stream: FileIO | None = None

    def begin(self, note: Note, progress: Progress, *, git: bool = False) -> None:
        """Be ready to write: go on after what is there of this very file, else start anew.

        git: whether the file's blob hash is wanted too. Raises OSError.
        """
        if self.note is not None and _same(self.note, note):
            return  # a further attempt in the same process: all is known
        there = _read(self.target)
        if there is None or not _same(there, note) or not self._take(note, progress, git=git):
            self.restart(note, git=git)
        else:
            self.note = there

    def restart(self, note: Note, *, git: bool | None = None) -> None:
        """Throw away what is there and begin with an empty part. Raises OSError."""
        git = self.blob is not None if git is None else git
        self.close()
        discard(self.target)
        self._save(note)
        self.path.touch()
        self._reset(note.size, git=git)
        self.found = 0

    def learn(self, validator: str | None) -> None:
        """Remember what If-Range takes for these bytes. Raises OSError."""
        if self.note is not None and validator != self.note.validator:
            self._save(Note(self.note.url, self.note.etag, self.note.size, validator))

    def write(self, data: bytes) -> None:
        """Append. Where the disk takes only some of it, that much is kept; raises OSError."""
        view = memoryview(data)
        if self._stream is None:
            # Unbuffered: what was written survives the death of this process.
            self._stream = self.path.open("ab", buffering=0)
        while view:
            count = self._stream.write(view)
            self._count(view[:count])
            view = view[count:]

    def close(self) -> None:
        """Let go of the file. More may be written later."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def finish(self) -> None:
        """The part is whole: it takes the file's name. Raises OSError."""
        self.close()
        with self.path.open("rb+") as stream:
            os.fsync(stream.fileno())
        self.path.replace(self.target)
        note_path(self.target).unlink(missing_ok=True)

    def _take(self, note: Note, progress: Progress, *, git: bool) -> bool:
        """Read what is there; False where there is nothing of use."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return False
        if not size or (note.size is not None and size > note.size):
            return False
        self._reset(note.size, git=git)
        progress.begin(f"Checking what is there of {self.target.name}", size)
        try:
            with self.path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    self._count(chunk)
                    progress.update(self.length)
        finally:
            progress.end()
        self.found = self.length
        return True

    def _reset(self, size: int | None, *, git: bool) -> None:
        self.length = 0
        self.digest = hashlib.sha256()
        self.blob = hashlib.sha1(b"blob %d\0" % (size or 0)) if git else None  # noqa: S324 - git's

    def _count(self, data: bytes | memoryview) -> None:
        self.digest.update(data)
        if self.blob is not None:
            self.blob.update(data)
        self.length += len(data)

    def _save(self, note: Note) -> None:
        place = note_path(self.target)
        new = place.with_name(place.name + ".new")
        new.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
        new.replace(place)
        self.note = note


def _same(there: Note, wanted: Note) -> bool:
    """Whether bytes of the one are bytes of the other. Without an etag nobody could tell."""
    return wanted.etag is not None and (there.url, there.etag, there.size) == (
        wanted.url,
        wanted.etag,
        wanted.size,
    )


def _read(target: Path) -> Note | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(note_path(target).read_text(encoding="utf-8"))
        return Note(data["url"], data["etag"], data["size"], data["validator"])
    return None
