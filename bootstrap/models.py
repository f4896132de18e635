"""Which models are there, which one to take, and what would be better. Fast where marks hold."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import downloads, elsewhere, hub, machine, speech_models, verify
from bootstrap.catalogue import Catalogue, RefinerEntry
from bootstrap.machine import Memory
from bootstrap.progress import Progress, Say, as_progress, size_text
from s2i.errors import ModelMissing, NetworkError

AUTO = "auto"

# Asked for here, like the refiners.
installed_speech = speech_models.installed_speech
vouch_speech = speech_models.vouch_speech
check_speech = speech_models.check_speech


@dataclass(frozen=True)
class RefinerFile:
    """A language model on disk that was vouched for (or, from installed_refiners, may be).

    sha256 is None where it was never computed; `note` is a sentence on why this one was taken
    where that needs saying, else "". `where`: whose folder it lies in where that isn't ours, in
    words; such a file is read only.
    """

    path: Path
    id: str
    name: str
    sha256: str | None
    note: str = ""
    where: str = ""


def installed_refiners(home: Path, catalogue: Catalogue | None = None) -> list[RefinerFile]:
    """Model files on this machine, best first, unchecked; sha256 where a mark holds.

    Ours come first, in the catalogue's order, then files of the user's own below `home`, then
    those of other programs (bootstrap.elsewhere). The starter is always last.
    """
    catalogue = catalogue or catalogues.load()
    files = _own_files(home)
    known = [entry for entry in catalogue.refiners if entry.file in files]
    own = [path for name, path in files.items() if catalogue.by_file(name) is None]
    listed = [_listed(files[entry.file], entry) for entry in known]
    listed += [_listed(path, None) for path in own]
    listed += [
        _listed(found.path, found.entry, elsewhere.mark_file(home, found.path), found.where)
        for found in elsewhere.find(home, catalogue)
        if found.entry.file not in files
    ]
    return sorted(listed, key=lambda item: item.id == catalogue.starter_id)


def _own_files(home: Path) -> dict[str, Path]:
    try:
        found = sorted((home / "models" / "refiners").iterdir())
    except OSError:
        return {}
    return {item.name: item for item in found if item.suffix == ".gguf"}


def best_refiner(
    home: Path,
    wanted: str = AUTO,
    memory: Memory | None = None,
    progress: Progress | Say | None = None,
) -> RefinerFile | None:
    """The model to refine with, vouched for; None where none is there.

    wanted: "auto" (the best that fits in memory, else the smallest), an id of the catalogue, the
    name of a file in models/refiners/ or the path of a .gguf. memory: None asks the machine.
    A marked file is trusted at once; another is hashed (where its hash is known) and probed.
    Raises ModelMissing where the one asked for is broken or unknown; with "auto" a broken one is
    passed over.
    """
    catalogue = catalogues.load()
    if wanted != AUTO:
        chosen = _explicit(home, wanted, catalogue, as_progress(progress))
        if chosen is not None:
            hub.stay_offline()
        return chosen
    candidates = installed_refiners(home, catalogue)
    if len(candidates) > 1:
        candidates = by_memory(candidates, catalogue, memory or machine.memory())
    broken = ""
    for candidate in candidates:
        try:
            entry = catalogue.by_file(candidate.path.name)
            found = _vouched(home, candidate, entry, as_progress(progress))
        except ModelMissing as error:
            broken = broken or f"{error.message} {error.hint}"
            continue
        note = " ".join(part for part in (broken, candidate.note) if part)
        hub.stay_offline()
        return replace(found, note=note)
    return None


def ensure_refiner(
    home: Path, wanted: str = AUTO, progress: Progress | Say | None = None
) -> RefinerFile:
    """What a run without questions refines with: the best that is there, else the starter.

    Never fetches more than the starter (about 98 MB), and says so when it does.
    Raises ModelMissing, NetworkError, MissingError (disk).
    """
    shown = as_progress(progress)
    found = best_refiner(home, wanted, progress=shown)
    if found is not None:
        return found
    catalogue = catalogues.load()
    starter = catalogue.starter
    if wanted not in {AUTO, starter.id}:
        entry = catalogue.refiner(wanted)
        raise ModelMissing(
            "model-missing",
            f"The language model {entry.id} isn't there.",
            hint=f"'python run.py setup --refiner {entry.id}' fetches it "
            f"({size_text(entry.download_bytes)}).",
        )
    shown.say(
        f"No language model is there yet: fetching the starter {starter.name} "
        f"({size_text(starter.download_bytes)}, {starter.source})."
    )
    try:
        path = downloads.fetch_refiner(home, starter, shown)
    except NetworkError as error:
        raise NetworkError(
            error.code,
            f"No language model is there, and the starter can't be fetched: {error.message}",
            hint=f"{error.hint} '--no-refine' paints your words as they are.".strip(),
            retryable=error.retryable,
        ) from error
    return RefinerFile(path, starter.id, starter.name, starter.sha256)


def check_refiner(home: Path, item: RefinerFile, progress: Progress) -> RefinerFile:
    """Hash a language model and try it out again, whatever its mark says. Raises ModelMissing."""
    entry = catalogues.load().by_file(item.path.name)
    return _check(
        item, entry, progress, elsewhere.mark_file(home, item.path) if item.where else None
    )


def improvement(home: Path, language: str, memory: Memory | None = None) -> str:
    """One line on what `setup` would add, with sizes; empty where there is nothing to add."""
    catalogue = catalogues.load()
    parts: list[str] = []
    there = {item.id for item in installed_refiners(home, catalogue)} - {catalogue.starter_id}
    if not there:
        entry = fitting_refiner(catalogue, memory or machine.memory())
        parts.append(f"a better prompt writer, {entry.name} ({size_text(entry.download_bytes)})")
    speech = catalogue.speech_for(language)
    if speech and installed_speech(home, language) is None:
        size = size_text(speech[0].download_bytes)
        parts.append(f"better {speech[0].language_name} speech recognition ({size})")
    if not parts:
        return ""
    return f"'python run.py setup' would add {' and '.join(parts)}."


def fitting_refiner(catalogue: Catalogue, memory: Memory | None) -> RefinerEntry:
    """What `setup` fetches: the default, or the small one where memory is short.

    Measured against all memory, not what is free at the moment: half of it, because the system,
    a browser and an image engine want theirs.
    """
    if memory is None or catalogue.default.memory_bytes <= memory.total // 2:
        return catalogue.default
    return catalogue.small


def _listed(
    path: Path, entry: RefinerEntry | None, mark_file: Path | None = None, where: str = ""
) -> RefinerFile:
    mark = verify.read_mark(path, mark_file)
    return RefinerFile(
        path=path,
        id=entry.id if entry else path.stem,
        name=entry.name if entry else path.stem,
        sha256=mark.sha256 if mark else None,
        where=where,
    )


def memory_need(item: RefinerFile, catalogue: Catalogue) -> int:
    """Bytes that it takes while it works; 0 where its file is gone."""
    entry = catalogue.by_file(item.path.name)
    if entry:
        return entry.memory_bytes
    with contextlib.suppress(OSError):
        # The ratio of memory to file is that of the measured default model.
        return int(1.65 * item.path.stat().st_size)
    return 0


def by_memory(
    candidates: list[RefinerFile], catalogue: Catalogue, memory: Memory | None
) -> list[RefinerFile]:
    """Those that fit first, then the others, smallest first, each with a note that says so."""
    if memory is None:
        return candidates

    def need(item: RefinerFile) -> int:
        return memory_need(item, catalogue)

    fits = [item for item in candidates if need(item) <= memory.available]
    rest = sorted((item for item in candidates if item not in fits), key=need)
    if not rest or candidates[0] in fits:
        return fits + rest
    short = (
        f"{candidates[0].id} needs {size_text(need(candidates[0]))} of memory and "
        f"{size_text(memory.available)} are free, so a smaller model is used."
    )
    return [
        replace(item, note=short) if item is not candidates[0] else item for item in fits + rest
    ]


def _explicit(
    home: Path, wanted: str, catalogue: Catalogue, progress: Progress
) -> RefinerFile | None:
    for item in installed_refiners(home, catalogue):
        if wanted in {item.id, item.path.name}:
            return _vouched(home, item, catalogue.by_file(item.path.name), progress)
    if any(entry.id == wanted for entry in catalogue.refiners):
        return None
    path = Path(wanted).expanduser().absolute()
    if path.suffix.lower() != ".gguf" and not path.exists():
        ids = ", ".join(entry.id for entry in catalogue.refiners)
        raise ModelMissing(
            "unknown-refiner",
            f"There is no language model '{wanted[:80]}'.",
            hint=f"Choose auto, a .gguf file, or one of {ids}.",
        )
    mark_file = elsewhere.mark_file(home, path)
    mark = verify.read_mark(path, mark_file)
    item = RefinerFile(path, path.stem, path.stem, mark.sha256 if mark else None)
    return item if mark else _check(item, None, progress, mark_file)


def _vouched(
    home: Path, item: RefinerFile, entry: RefinerEntry | None, progress: Progress
) -> RefinerFile:
    mark_file = elsewhere.mark_file(home, item.path) if item.where else None
    if verify.read_mark(item.path, mark_file):
        return item
    return _check(item, entry, progress, mark_file)


def _check(
    item: RefinerFile, entry: RefinerEntry | None, progress: Progress, mark_file: Path | None
) -> RefinerFile:
    try:
        verify.glance_gguf(item.path, entry.bytes if entry else None)
        progress.say(f"Checking {item.path.name}, once.")
        if entry:
            verify.check_hash(item.path, entry.sha256, progress)
            sha256 = entry.sha256
        else:
            sha256 = verify.sha256_of(item.path, progress)
        probed_by = verify.check_probe("gguf", item.path, item.path.name)
    except ModelMissing as error:
        raise ModelMissing(error.code, error.message, hint=_way_out(entry)) from error
    except OSError as error:
        raise ModelMissing(
            "model-broken", f"{item.path} can't be read ({error}).", hint=_way_out(entry)
        ) from error
    _mark(item.path, sha256, probed_by, mark_file)
    return replace(item, sha256=sha256)


def _way_out(entry: RefinerEntry | None) -> str:
    if entry is None:
        return "Copy the file anew, or leave the choice out: 'auto' takes what is there."
    return f"'python run.py setup --refiner {entry.id}' fetches it anew."


def _mark(path: Path, sha256: str | None, probed_by: str, mark_file: Path | None) -> None:
    with contextlib.suppress(
        OSError
    ):  # a read-only folder: the model is good all the same, only checked again next time
        verify.write_mark(path, sha256=sha256, probed_by=probed_by, mark_file=mark_file)
