"""The desk: takes jobs, runs a few of them at once, and knows every one there ever was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from s2i import job_view, output
from s2i.engines import registry
from s2i.engines.base import Engine
from s2i.errors import Cancelled, Conflict, NotFound
from s2i.events import Emit
from s2i.housekeeping import Housekeeping
from s2i.job import JobState, Request
from s2i.job_queue import JobQueue
from s2i.journal import UNDO_SECONDS, Journal
from s2i.journal_record import JobRecord
from s2i.pipeline import Run, Tools
from s2i.seeds import seeded
from s2i.settings import Settings
from s2i.speech.base import Transcript
from s2i.stages import RefinerLike, close_engine
from s2i.trash import find_picture

WORKERS = 4  # jobs at once; ComfyUI queues by itself, and the others are quick
LIMIT = 50  # jobs that wait or run
CLOSE_SECONDS = 5.0

Announce = Callable[[str, dict[str, Any], "str | None"], None]


class Refiners(Protocol):
    """Where a job's refiner comes from: s2i.kept_refiner.KeptRefiner."""

    hashes: dict[str, str]

    def tool(self) -> RefinerLike | None: ...


class Desk:
    """The server's jobs. May be used from any thread; `close` ends it.

    `settings` is asked for each job. `emit` gets the jobs' events, `announce(name, data, job)` what
    isn't one of them: job-queued, job-deleted, job-restored. `live` says what a running job has
    come to (s2i.web.live). Neither is called while a lock of the desk is held, so they may have
    locks of their own under which they ask the desk.

    Raises OutputError when made, where the journal can't be used.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        *,
        emit: Emit,
        announce: Announce,
        refiner: Refiners,
        live: Callable[[str], dict[str, Any] | None] = lambda job: None,
        choose: Callable[[Settings], registry.Choice] = registry.choose,
        make: Callable[[str, Settings], Engine] = registry.make,
        workers: int = WORKERS,
        limit: int = LIMIT,
    ) -> None:
        self._settings = settings
        self._emit = emit
        self._announce = announce
        self._refiner = refiner
        self._live = live
        self._choose = choose
        self._queue = JobQueue(workers, limit)
        self._journal = Journal(settings().data)
        self.moved_aside = self._journal.moved_aside
        """Where a damaged journal was put; None where it was whole."""
        self._house = Housekeeping(self._journal, settings, make, emit)

    def recover(self) -> None:
        """Begin to fetch what an earlier run left behind, in the background."""
        self._house.start()

    def submit(
        self, request: Request, *, said: Transcript | None = None, warnings: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Check and take a job; the job as JSON. `said`: see s2i.pipeline.Run.

        Raises S2IError: `busy`, or what is wrong with the request or missing for it.
        """
        with self._queue.room():
            place = self._queue.add(*self._prepare(request, said, tuple(warnings)))
        job = place.run.id
        try:
            shown = self.get(job)
            self._announce("job-queued", shown, job)
        except BaseException:
            self._queue.leave(place)
            raise
        self._queue.release(place)
        return shown

    def cancel(self, job: str) -> dict[str, Any]:
        """Stop a job, at once where it hasn't begun; the job as JSON. Harmless once it is over.

        Raises NotFound, Conflict where another program works on it.
        """
        self._record(job)
        if not self._queue.cancel(job) and not self._house.give_up(job):
            record = self._record(job)  # as it is now: it may have ended meanwhile
            if record.state in job_view.ACTIVE:
                self._end_stray(record)
        return self.get(job)

    def delete(self, job: str) -> dict[str, Any]:
        """Delete a job, cancelled first where it runs: {id, undo_seconds}.

        Its files stay until the time to undo it is over. Raises NotFound, Conflict, OutputError.
        """
        self.cancel(job)
        self._journal.mark_deleted(job, time.time())
        told = {"id": job, "undo_seconds": int(UNDO_SECONDS)}
        self._announce("job-deleted", told, job)
        self._house.sweep()
        return told

    def restore(self, job: str) -> dict[str, Any]:
        """Have a deleted job back; the job as JSON. Raises NotFound where it is too late."""
        self._record(job)
        self._journal.mark_deleted(job, None)
        shown = self.get(job)
        self._announce("job-restored", shown, job)
        return shown

    def get(self, job: str) -> dict[str, Any]:
        """The job as JSON. Raises NotFound."""
        return self._view(self._record(job))

    def newest(self, before: str | None = None, limit: int = 60) -> dict[str, Any]:
        """{jobs, more, total}: at most `limit` jobs, newest first, after the job `before`.

        Raises NotFound where there is no job `before`.
        """
        if before is not None:
            self._record(before)
        found = self._journal.newest(before, limit + 1)
        return {
            "jobs": [self._view(record) for record in found[:limit]],
            "more": len(found) > limit,
            "total": self._journal.total(),
        }

    def running(self) -> list[dict[str, Any]]:
        """The jobs that wait or run, oldest first."""
        records = [self._journal.get(job) for job in self._queue.jobs()]
        return [
            self._view(record)
            for record in records
            if record is not None and record.state in job_view.ACTIVE
        ]

    def picture(self, job: str, n: int) -> Path:
        """The file of picture `n` (from 0). Raises NotFound, also where the file is gone."""
        pictures = job_view.pictures_of(self._record(job))
        if not 0 <= n < len(pictures):
            raise NotFound("no-such-picture", "There is no such picture.")
        path = find_picture(pictures[n], self._settings().output)
        if path is None:
            raise NotFound(
                "picture-gone",
                "The picture's file is no longer there.",
                hint="It was moved or removed; the same words and seed make it again.",
            )
        return path

    def close(self) -> None:
        """Cancel what runs, wait a few seconds for it, close the journal. Idempotent.

        What has waited for its turn is kept as failed, so that it can be tried again.
        """
        until = time.monotonic() + CLOSE_SECONDS
        self._queue.close(CLOSE_SECONDS)
        self._house.close(max(0.0, until - time.monotonic()))
        self._journal.close()

    def _prepare(
        self, request: Request, said: Transcript | None, warnings: tuple[str, ...]
    ) -> tuple[Run, Engine]:
        settings = self._settings()
        request = seeded(request, settings, self._journal)
        refiner = None
        if request.refine and request.prompt is None:
            refiner = self._refiner.tool()
            if refiner is None:
                warnings = (*warnings, "Refining is off in the settings: the words are the prompt.")
        destination = output.choose(None, request.idea, settings.output)
        engine = self._choose(replace(settings, engine=request.engine)).engine
        try:
            run = Run(
                request,
                Tools(
                    engine=engine,
                    refiner=refiner,
                    journal=self._journal,
                    spare_folder=settings.output,
                    model_hashes=self._refiner.hashes,
                ),
                destination=destination,
                emit=self._emit,
                warnings=warnings,
                said=said,
            )
        except BaseException:
            close_engine(engine)
            raise
        return run, engine

    def _record(self, job: str) -> JobRecord:
        record = self._journal.get(job)
        if record is None:
            raise NotFound("no-such-job", "There is no such picture job.")
        return record

    def _view(self, record: JobRecord) -> dict[str, Any]:
        if record.state not in job_view.ACTIVE:
            return job_view.view(record)
        ahead = self._queue.ahead(record.id)
        shown = job_view.view(record, self._live(record.id), ahead or 0)
        reason = self._house.reason(record.id)
        if reason:
            shown["warnings"] = [*shown["warnings"], reason]
        return shown

    def _end_stray(self, record: JobRecord) -> None:
        """It is at work, but not here. Ours: its end couldn't be written down at the time."""
        if not self._journal.owns(record):
            raise Conflict(
                "not-ours",
                "Another run of the program works on this picture.",
                hint="Stop it there, or wait for it.",
            )
        self._journal.finish(
            record.id,
            JobState.CANCELLED,
            error={"stage": record.stage or "generate", **Cancelled().to_dict()},
        )
