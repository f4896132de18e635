"""A model that is a folder of files on a hub, such as the local engine's: fetched as one.

What came of it stays until all of it is there: the next run fetches only the files that are
missing, and goes on in the middle of the one that was under way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from bootstrap import hub, staging, verify
from bootstrap.catalogue import HubSource
from bootstrap.control import Control
from bootstrap.progress import Progress
from bootstrap.transfer import RETRY_PAUSES
from s2i.errors import ModelMissing


@dataclass(frozen=True)
class FolderListing:
    """Files of a hub's repository: what there is to fetch. Sizes in bytes."""

    source: HubSource
    files: tuple[tuple[str, int], ...]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(size for _, size in self.files)


def look(source: HubSource, wanted: Sequence[str] = ("*",)) -> FolderListing:
    """What a repository holds of `wanted` (patterns as in "unet/*"), below the source's path.

    Raises NetworkError; ModelMissing where it holds nothing of it, or a name that no folder takes.
    """
    found = [
        (path, size)
        for path, size in hub.listing(source)
        if any(fnmatchcase(path, pattern) for pattern in wanted)
    ]
    if not found:
        raise ModelMissing(
            "nothing-to-fetch",
            f"{source.repo} at {hub.shown_endpoint()} holds nothing of what is needed.",
            hint="Check the repository's name and version.",
        )
    for path, _ in found:
        parts = PurePosixPath(path).parts
        if ".." in parts or path.startswith("/") or set(path) & set('\\:\0*?"<>|'):
            raise ModelMissing(
                "bad-listing", f"{source.repo} holds a file with a name that can't be used."
            )
    return FolderListing(source, tuple(found))


def fetch(
    home: Path,
    target: Path,
    name: str,
    listing: FolderListing,
    progress: Progress,
    *,
    check: Callable[[Path], str],
    pauses: Sequence[float] = RETRY_PAUSES,
    control: Control | None = None,
) -> Path:
    """Fetch the files into `target` (a folder below models/), unless it is there and marked.

    check: tries the folder out before it gets its place; what vouched for it, as the mark keeps
    it. It raises ModelMissing where the folder is no good. Each file is checked against the hub's
    own hash. Raises NetworkError, ModelMissing, MissingError (disk), Cancelled.
    """
    prefix = listing.source.path

    def work(folder: Path) -> None:
        files = folder / staging.FILES
        for path, size in listing.files:
            inner = path[len(prefix) :].lstrip("/") if prefix else path
            place = files.joinpath(*PurePosixPath(inner).parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            hub.fetch(
                HubSource(listing.source.repo, path, listing.source.revision),
                place,
                size=size,
                progress=progress,
                pauses=pauses,
                control=control,
            )
        progress.say(f"Trying {name} out.")
        probed_by = check(files)
        staging.into_place(files, target)
        verify.write_mark(target, sha256=None, probed_by=probed_by)

    staging.install(
        home,
        target,
        name,
        source=listing.source,
        needed=listing.bytes,
        keep=staging.FILES,
        progress=progress,
        work=work,
        control=control,
    )
    return target
