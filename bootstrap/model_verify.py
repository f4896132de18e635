"""`models verify`: hash and try out again what is there, whatever the marks say."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bootstrap import catalogue as catalogues
from bootstrap import elsewhere, inventory, models, own_models
from bootstrap import verify as marks
from bootstrap.inventory import ELSEWHERE, THERE, Row
from bootstrap.progress import Progress
from s2i.errors import EXIT_MISSING, InputError, ModelMissing
from s2i.settings import Settings

EXIT_BROKEN = EXIT_MISSING


@dataclass(frozen=True)
class Result:
    """How one model stands; `reason` says what is wrong and what mends it."""

    id: str
    ok: bool
    reason: str
    path: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def verify(settings: Settings, what: str, progress: Progress) -> list[Result]:
    """Check one model (by id or file name), or all ("").

    A broken one loses its mark, so that nothing takes it before it has been mended.
    Raises InputError where there is no such model.
    """
    rows = [row for row in inventory.rows(settings) if row.state in {THERE, ELSEWHERE}]
    chosen = [row for row in rows if what in {"", row.id, Path(row.path or "").name}]
    if what and not chosen:
        raise InputError(
            "not-there",
            f"No model '{what[:80]}' is there.",
            hint="'python run.py models' lists what there is.",
        )
    return [_one(settings.home, row, progress) for row in chosen]


def _one(home: Path, row: Row, progress: Progress) -> Result:
    path = Path(row.path or "")
    try:
        if row.kind == "speech":
            _speech(home, row)
        else:
            _refiner(home, row, path, progress)
    except ModelMissing as error:
        mark = elsewhere.mark_file(home, path) if row.state == ELSEWHERE else marks.mark_path(path)
        with contextlib.suppress(OSError):
            mark.unlink(missing_ok=True)
        return Result(row.id, False, f"{error.message} {error.hint}".strip(), str(path))
    return Result(row.id, True, "", str(path))


def _refiner(home: Path, row: Row, path: Path, progress: Progress) -> None:
    for item in models.installed_refiners(home):
        if item.path == path:
            found = models.check_refiner(home, item, progress)
            if row.sha256 not in {None, found.sha256}:  # its size and time are as they were
                raise ModelMissing(
                    "model-broken",
                    f"{row.id} isn't what it was: its SHA-256 is {found.sha256}, "
                    f"it was {row.sha256}.",
                    hint="Copy the file anew.",
                )
            return
    raise ModelMissing("model-missing", f"{row.id} isn't there any more.")


def _speech(home: Path, row: Row) -> None:
    for entry in (*own_models.speech(home), *catalogues.load().speech):
        if entry.name == row.id:
            models.check_speech(home, entry)
            return
    raise ModelMissing("model-missing", f"{row.id} isn't there any more.")
