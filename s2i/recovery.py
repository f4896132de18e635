"""Jobs that a kill or a power cut left behind: fetched where the engine finished them meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2i import output, provenance
from s2i.engines.base import Engine
from s2i.errors import Cancelled, EngineUnavailable, S2IError
from s2i.job import JobState, Outcome
from s2i.journal import Journal
from s2i.journal_record import JobRecord
from s2i.pictures import keep_pictures
from s2i.stages import close_engine

_UNSETTLED = frozenset({JobState.QUEUED, JobState.RUNNING})
GIVE_UP_AFTER = 7 * 24 * 3600.0  # seconds; by then a server has long forgotten the job


@dataclass(frozen=True)
class Recovered:
    """What became of a cut-off job: its pictures, or none and the reason in one sentence.

    `waiting`: it can't be told yet.
    """

    job: str
    idea: str
    images: tuple[Path, ...]
    reason: str
    waiting: bool = False


def recover(
    journal: Journal,
    make_engine: Callable[[str], Engine],
    output_folder: Path,
    cancel: threading.Event | None = None,
    *,
    again: Sequence[str] = (),
) -> list[Recovered]:
    """Settle every cut-off job that can be settled now; the others stay for the next start.

    `make_engine` gives an engine by name and may raise EngineUnavailable. `again`: jobs that an
    earlier call with this journal had to leave waiting. Raises OutputError where the journal can't
    be read; nothing else.
    """
    cancel = cancel or threading.Event()
    found: list[Recovered] = []
    known = [journal.get(job) for job in again]
    records = [record for record in known if record is not None and record.state in _UNSETTLED]
    for record in [*records, *journal.cut_off()]:
        if cancel.is_set():
            break
        try:
            if journal.owns(record) or journal.adopt(record.id, record.owner):
                found.append(_settle(record, journal, make_engine, output_folder, cancel))
        except S2IError as error:
            found.append(Recovered(record.id, record.request.idea, (), error.message, waiting=True))
    return found


def _settle(
    record: JobRecord,
    journal: Journal,
    make_engine: Callable[[str], Engine],
    output_folder: Path,
    cancel: threading.Event,
) -> Recovered:
    context = record.context
    if not record.remembered:
        return _fail(record, journal, "It was cut off before the picture was asked for.")
    try:
        engine = make_engine(str(context.get("engine")))
        try:
            result = engine.recover(record.remembered, cancel)
        finally:
            close_engine(engine)
    except (EngineUnavailable, Cancelled) as error:
        missing = not isinstance(error, Cancelled)  # else the program ends: for the next start
        if missing and time.time() - record.created > GIVE_UP_AFTER:
            return _fail(record, journal, f"It was cut off, and for a week: {error.message}")
        return Recovered(record.id, record.request.idea, (), error.message, waiting=True)
    except S2IError as error:
        return _fail(record, journal, error.message)
    if result is None or not result.images:
        return _fail(record, journal, "It was cut off, and the server no longer knows it.")
    wanted = Path(str(context.get("out") or ""))
    if wanted.suffix == ".png" and wanted.parent.is_dir() and _is_free(wanted, record.id):
        destination = output.Destination(wanted)
    else:
        destination = output.choose(None, record.request.idea, output_folder, record.created)
    pictures, warnings = keep_pictures(result, destination, output_folder, context)
    refiner = context.get("refiner") or {}
    outcome = Outcome(
        id=record.id,
        idea=record.request.idea,
        transcript=record.request.transcript,
        prompt=context["prompt"],
        negative=context["negative"],
        seed=context["seed"],
        size=f"{pictures[0].width}x{pictures[0].height}",
        steps=context["steps"],
        engine=context["engine"],
        workflow=context["workflow"],
        refiner=refiner.get("model"),
        recogniser=(context.get("recogniser") or {}).get("name"),
        images=[str(picture.path) for picture in pictures],
        placeholder=context["placeholder"],
        timings=context["timings"],
        warnings=[
            *context.get("warnings", []),
            *warnings,
            "Fetched after the program was cut off.",
        ],
    )
    journal.finish(
        record.id,
        JobState.DONE,
        result=outcome.to_dict(),
        pictures=[picture.to_dict() for picture in pictures],
    )
    return Recovered(
        record.id,
        record.request.idea,
        tuple(picture.path for picture in pictures),
        "It was finished while this program was away.",
    )


def _is_free(path: Path, job: str) -> bool:
    """Nothing lies there, or this very job's picture, written just before the cut."""
    try:
        return (provenance.read(path.read_bytes()) or {}).get("job") == job
    except FileNotFoundError:
        return True
    except (OSError, S2IError):
        return False


def _fail(record: JobRecord, journal: Journal, reason: str) -> Recovered:
    journal.finish(
        record.id,
        JobState.FAILED,
        error={
            "stage": record.stage or "generate",
            "code": "cut-off",
            "message": reason,
            "hint": "Run it again.",
            "retryable": True,
        },
    )
    return Recovered(record.id, record.request.idea, (), reason)
