"""Where a model lies until it is whole: locked, checked for room, moved into place in one step.

    models/.staging/<name>/              a fetch under way, or one that was cut off
    models/.staging/<name>/<file>.part   what came so far (bootstrap.partial)
    models/.staging/<name>/incomplete.json   what it was, for `doctor`
    models/.staging/<name>.lock          held by the process that fetches it

Who holds the lock owns the staging folder, so one that is found unlocked was left by a process
that stopped or was killed. Its parts are gone on with; anything else in it is thrown away.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bootstrap import machine, partial, unpack, verify
from bootstrap.control import Control
from bootstrap.hub_errors import disk_error
from bootstrap.progress import Progress, size_text
from s2i.errors import MissingError, ModelMissing
from s2i.locks import FileLock

MARGIN_BYTES = 200 * 10**6  # a disk that is full to the brim serves nobody
MARKER = "incomplete.json"
FILES = "files"  # of a model that is a whole folder


def install(
    home: Path,
    target: Path,
    name: str,
    *,
    source: object,
    needed: int,
    keep: str,
    progress: Progress,
    work: Callable[[Path], None],
    control: Control | None = None,
) -> None:
    """Run `work` on a staging folder, alone among processes, unless `target` is there and marked.

    needed: bytes on disk for it all. keep: the file or folder in the staging folder that is worth
    keeping when `work` fails (besides its parts): what it has fetched.
    Raises what `work` raises, MissingError (disk), Cancelled while waiting for another process.
    """
    root = home / "models" / ".staging"
    staging = root / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f"{name}.lock")
        lock.acquire(on_wait=_waiting(name, progress, control or Control()))
        try:
            if verify.read_mark(target) is not None:
                return
            _prune(staging, keep)
            check_room(home, needed - _bytes(staging), name)
            _begin(staging, name, source, needed)
            _run(work, staging, keep)
        finally:
            lock.release()
    except OSError as error:
        raise disk_error(error, name) or MissingError(
            "file-error",
            f"{name} couldn't be put in place ({error.strerror or error}).",
            hint="Close what may be using it, then run 'python run.py setup' again.",
        ) from error


def _run(work: Callable[[Path], None], staging: Path, keep: str) -> None:
    try:
        work(staging)
    except ModelMissing:  # what came is no good
        unpack.remove_tree(staging)
        raise
    except BaseException:
        _prune(staging, keep)
        raise
    unpack.remove_tree(staging)


def into_place(staged: Path, target: Path) -> None:
    """Move a file or folder to `target`, replacing what is there. Raises OSError."""
    for item in staged.rglob("*") if staged.is_dir() else (staged,):
        if item.is_file():
            _flush(item)
    verify.mark_path(target).unlink(missing_ok=True)
    if target.is_dir():  # a broken folder is in the way; os.replace won't replace those
        target.replace(staged.parent / "replaced")
    staged.replace(target)


def leftovers(home: Path) -> list[tuple[str, int]]:
    """Fetches that were cut off: (name, bytes kept); those under way aren't among them."""
    found: list[tuple[str, int]] = []
    for staging in _staged(home):
        with _try_lock(home, staging.name) as taken:
            if taken and staging.is_dir():
                found.append((staging.name, _bytes(staging)))
    return found


def kept_bytes(home: Path, name: str) -> int:
    """Bytes that an earlier fetch of this name left, which another will go on with."""
    return _bytes(home / "models" / ".staging" / name)


def sweep(home: Path) -> int:
    """Remove what stopped fetches left behind and nobody can go on with; how many of them.

    Those under way stay. Raises OSError.
    """
    swept = 0
    for staging in _staged(home):
        with _try_lock(home, staging.name) as taken:
            if taken and staging.is_dir() and not _worth_keeping(staging):
                unpack.remove_tree(staging)
                swept += 1
    return swept


def _worth_keeping(staging: Path) -> bool:
    """Whether a fetch of whatever this was could go on with it."""
    return any(staging.rglob("*.part")) or (staging / FILES).is_dir()


def discard(home: Path, name: str) -> int:
    """Throw away what an earlier fetch of this name left; how many bytes. Raises OSError.

    0 too where one is under way: that one stays.
    """
    staging = home / "models" / ".staging" / name
    if not staging.is_dir():
        return 0
    with _try_lock(home, name) as taken:
        if not taken:
            return 0
        size = _bytes(staging)
        unpack.remove_tree(staging)
        return size


def check_room(home: Path, needed: int, what: str) -> None:
    """Raise MissingError unless `needed` bytes and a margin are free."""
    free = machine.free_disk(home)
    if free is not None and free < needed + MARGIN_BYTES:
        raise MissingError(
            "disk-full",
            f"{what} needs {size_text(needed + MARGIN_BYTES)} of disk space, "
            f"but only {size_text(free)} are free in {home}.",
            hint="Make room, or set S2I_HOME to a folder on a larger disk, then run setup again.",
        )


def _begin(staging: Path, name: str, source: object, needed: int) -> None:
    staging.mkdir(exist_ok=True)  # Windows keeps a file that an orphaned pip still writes
    note = {"name": name, "from": str(source), "bytes": needed, "began": time.time()}
    (staging / MARKER).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _prune(staging: Path, keep: str) -> None:
    """Leave only what a further fetch can go on with; nothing, where that is nothing."""
    if not staging.is_dir():
        return
    worth = {item for item in partial.part_files(staging) if item.name.startswith(keep)}
    whole = staging / keep
    if not whole.exists() and not any(
        item.suffix == ".part" and item.stat().st_size for item in worth
    ):
        unpack.remove_tree(staging)
        return
    for item in staging.iterdir():
        if item in worth or item == whole or item.name == MARKER:
            continue
        if item.is_dir():
            unpack.remove_tree(item)
        else:
            with contextlib.suppress(OSError):  # in use still: the next time
                item.unlink()


def _flush(path: Path) -> None:
    """Onto the disk before the mark says so: a power cut must not leave a hollow file."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _waiting(name: str, progress: Progress, control: Control) -> Callable[[float], None]:
    def call(waited: float) -> None:
        control.check()
        if not waited:
            progress.say(f"Another process is fetching {name}; waiting for it.")
            progress.begin(f"Waiting for {name}", None)

    return call


def _staged(home: Path) -> list[Path]:
    root = home / "models" / ".staging"
    if not root.is_dir():
        return []
    return [item for item in sorted(root.iterdir()) if item.is_dir()]


@contextlib.contextmanager
def _try_lock(home: Path, name: str) -> Iterator[bool]:
    lock = FileLock(home / "models" / ".staging" / f"{name}.lock")
    taken = lock.try_acquire()
    try:
        yield taken
    finally:
        if taken:
            lock.release()


def _bytes(staging: Path) -> int:
    """What is kept there, without the small files that describe it."""
    total = 0
    for item in staging.rglob("*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            if item.suffix != ".json" and item.is_file():
                total += item.stat().st_size
    return total
