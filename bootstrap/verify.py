"""Vouching for models: contents, hash, probe load, and the mark that remembers it.

A mark lies beside its model as `<name>.ok.json` and counts while size and time of change are the
same: {"size", "mtime_ns", "sha256", "probed_by"}. So a vouched model costs one stat to trust.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrap import probe
from bootstrap.progress import Progress, size_text
from s2i.errors import ModelMissing

SETUP_HINT = "Run 'python run.py setup' to fetch it anew."
_CHUNK = 1 << 20

Prober = Callable[[str, Path], probe.ProbeResult]
"""Probes ("gguf" or "vosk") a path in a child process."""

VOSK_FILES: tuple[tuple[str, ...], ...] = (
    ("am/final.mdl",),
    ("conf/mfcc.conf",),
    ("conf/model.conf",),
    ("graph/HCLG.fst", "graph/HCLr.fst"),
    ("graph/HCLG.fst", "graph/Gr.fst"),
    ("ivector/final.ie",),
)
"""What a Vosk model must hold; of each group one file."""


@dataclass(frozen=True)
class Mark:
    """That a model was vouched for. `probed_by`: the loader and its version."""

    size: int
    mtime_ns: int
    sha256: str | None
    probed_by: str


def stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in ns, of a folder: sum and latest. Raises OSError."""
    if not path.is_dir():
        found = path.stat()
        return found.st_size, found.st_mtime_ns
    stats = [item.stat() for item in sorted(path.rglob("*")) if item.is_file()]
    return sum(item.st_size for item in stats), max((item.st_mtime_ns for item in stats), default=0)


def mark_path(path: Path) -> Path:
    """Where the mark of a model lies."""
    return path.with_name(path.name + ".ok.json")


def read_mark(path: Path, mark_file: Path | None = None) -> Mark | None:
    """The mark of the model at `path` if it still holds, else None. Never raises."""
    try:
        data = json.loads((mark_file or mark_path(path)).read_text(encoding="utf-8"))
        mark = Mark(data["size"], data["mtime_ns"], data["sha256"], data["probed_by"])
        return mark if (mark.size, mark.mtime_ns) == stamp(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_mark(
    path: Path, *, sha256: str | None, probed_by: str, mark_file: Path | None = None
) -> Mark:
    """Remember that the model at `path` was vouched for. Raises OSError."""
    size, mtime_ns = stamp(path)
    mark = Mark(size, mtime_ns, sha256, probed_by)
    place = mark_file or mark_path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    part.write_text(json.dumps(asdict(mark), indent=1) + "\n", encoding="utf-8")
    part.replace(place)
    return mark


def sha256_of(path: Path, progress: Progress | None = None, what: str = "") -> str:
    """The file's SHA-256 as 64 hex digits. Raises OSError."""
    progress = progress or Progress()
    progress.begin(f"Checking {what or path.name}", path.stat().st_size)
    digest = hashlib.sha256()
    done = 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                progress.update(done)
    finally:
        progress.end()
    return digest.hexdigest()


def check_hash(path: Path, wanted: str, progress: Progress | None = None) -> None:
    """Raise ModelMissing with both hashes unless the file's SHA-256 is `wanted`."""
    found = sha256_of(path, progress)
    if found != wanted:
        raise ModelMissing(
            "hash-differs",
            f"{path.name} isn't the file it should be: its SHA-256 is {found}, expected {wanted}.",
            hint=SETUP_HINT,
        )


def is_it(path: Path, wanted: str | None, progress: Progress | None = None) -> bool:
    """Whether the file is there and hashes to `wanted`: a run that was stopped late left it."""
    return wanted is not None and path.is_file() and sha256_of(path, progress) == wanted


def glance_gguf(path: Path, size: int | None = None) -> None:
    """Raise ModelMissing where a look at the file's outside says that it is no GGUF.

    `size`: what it should be, in bytes, where that is known.
    """
    if path.is_dir():
        raise _broken(path, "is a folder, not a model file")
    try:
        found = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64)
    except FileNotFoundError as error:
        raise _broken(path, "isn't there") from error
    except OSError as error:
        raise _broken(path, f"can't be read ({error.strerror})") from error
    if found == 0:
        raise _broken(path, "is empty")
    if looks_like_html(head):
        raise _broken(path, "is a web page, not a model (a login page of the network?)")
    if head[:4] != b"GGUF":
        raise _broken(path, "is no GGUF model file")
    if size is not None and found != size:
        short = "cut short" if found < size else "too long"
        raise _broken(path, f"is {short}: {found} bytes ({size_text(found)}) instead of {size}")


def looks_like_html(head: bytes) -> bool:
    """Whether a file's first bytes are those of a web page."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def check_vosk_contents(folder: Path) -> None:
    """Raise ModelMissing unless the folder holds what a Vosk model needs, nothing of it empty."""
    for group in VOSK_FILES:
        there = [folder / name for name in group if (folder / name).is_file()]
        if not there:
            raise _broken(folder, f"is no whole Vosk model: {group[-1]} is missing")
        if all(item.stat().st_size == 0 for item in there):
            raise _broken(folder, f"is no whole Vosk model: {group[-1]} is empty")


def check_probe(kind: str, path: Path, name: str, prober: Prober = probe.run) -> str:
    """Probe-load a model in a child process; what vouched for it. Raises ModelMissing."""
    result = prober(kind, path)
    if not result.ok:
        raise ModelMissing(
            "model-broken", f"The model {name} can't be used: {result.reason}.", hint=SETUP_HINT
        )
    return f"{'llama-cpp-python' if kind == 'gguf' else kind} {result.version}".strip()


def _broken(path: Path, what: str) -> ModelMissing:
    return ModelMissing("model-broken", f"The model {path.name} {what}.", hint=SETUP_HINT)
