"""The journal: every job and its events in SQLite, written before the deed.

A process that works on jobs holds an operating system lock on a file of its own below
data/owners/. The lock dies with the process, so a job whose state says `running` while nobody
holds its owner's lock was cut off by a kill or a power cut.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from s2i import journal_file
from s2i.errors import OutputError
from s2i.events import Event, EventType
from s2i.job import JobState, Request
from s2i.journal_file import SHOWN
from s2i.journal_owners import Owner
from s2i.journal_record import SELECT, JobRecord, dump

UNDO_SECONDS = 600.0  # that a deleted job can be had back
_PASSING = (
    EventType.STT_PARTIAL,
    EventType.REFINE_DELTA,
    EventType.GENERATE_QUEUED,
    EventType.GENERATE_PROGRESS,
    EventType.GENERATE_PREVIEW,
)
"""Of no interest once the job is over: what they led to is written down elsewhere."""


class Journal:
    """Jobs and events on disk. May be used from many threads and by many processes at once.

    Raises OutputError where the file can't be opened or written. A file that SQLite calls
    corrupt is set aside (`moved_aside` names it) and a new one begun, so that it blocks nobody.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._owner = Owner(folder)
        self.moved_aside: Path | None = None
        self.path = folder / "journal.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = journal_file.connect(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                raise self._unusable(error) from error
            self.moved_aside = journal_file.set_aside(self.path)
            try:
                self._db = journal_file.connect(self.path)
            except sqlite3.Error as again:
                raise self._unusable(again) from again
        except OSError as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file and give up ownership. Idempotent."""
        with self._lock:
            self._db.close()
        self._owner.release()

    def begin(
        self,
        job: str,
        request: Request,
        created: float,
        context: dict[str, Any] | None = None,
    ) -> None:
        """Write a new job down as queued. What is remembered of it later takes this along."""
        self._own()
        row = (job, created, self._owner.id, JobState.QUEUED.value)
        with self._transaction() as db:
            db.execute(
                "INSERT INTO jobs (id, created, owner, state, request, context)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*row, dump(request.to_dict()), dump(context or {})),
            )

    def record(self, event: Event) -> None:
        """Append an event (of a preview only its size) and follow the job's state and stage."""
        data = {
            key: {"bytes": len(value)} if isinstance(value, bytes) else value
            for key, value in event.data.items()
        }
        with self._transaction() as db:
            db.execute(
                "INSERT INTO events (job, type, time, data) VALUES (?, ?, ?, ?)",
                (event.job, event.type.value, event.time, dump(data)),
            )
            if event.type is EventType.JOB_START:
                self._set(db, event.job, state=JobState.RUNNING.value)
            elif event.type in _STAGE_OF:
                self._set(db, event.job, stage=_STAGE_OF[event.type])

    def reword(self, job: str, request: Request) -> None:
        """Write the request anew, once the words of a spoken job are known."""
        with self._transaction() as db:
            self._set(db, job, request=dump(request.to_dict()))

    def settle(self, job: str, context: dict[str, Any]) -> None:
        """Write down what the pipeline settled (prompt, seeds, size), as far as it is known."""
        with self._transaction() as db:
            self._set(db, job, context=dump(context))

    def remember(self, job: str, data: dict[str, Any]) -> None:
        """Add the engine's notes to the job's; on disk, flushed, when this returns."""
        with self._transaction(durable=True) as db:
            row = db.execute("SELECT remembered FROM jobs WHERE id = ?", (job,)).fetchone()
            known = json.loads(row[0]) if row else {}
            self._set(db, job, remembered=dump({**known, **data}))

    def finish(
        self,
        job: str,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
        pictures: Sequence[dict[str, Any]] = (),
        context: dict[str, Any] | None = None,
    ) -> None:
        """Write down how the job ended, durably; `context` where it has come further since.

        What only mattered while it ran (progress, previews, …) goes.
        """
        settled = {} if context is None else {"context": dump(context)}
        with self._transaction(durable=True) as db:
            self._set(
                db,
                job,
                state=state.value,
                result=None if result is None else dump(result),
                error=None if error is None else dump(error),
                pictures=dump(list(pictures)),
                **settled,
            )
            db.execute(
                f"DELETE FROM events WHERE job = ? AND type IN ({', '.join('?' * len(_PASSING))})",  # noqa: S608 - only marks
                (job, *(kind.value for kind in _PASSING)),
            )

    def get(self, job: str) -> JobRecord | None:
        """One job, or None."""
        rows = self._rows(f"{SELECT} WHERE id = ?", job)
        return JobRecord.of(rows[0]) if rows else None

    def events(self, job: str) -> list[Event]:
        """A job's events in order, previews without their pictures."""
        rows = self._rows("SELECT type, data, job, time FROM events WHERE job = ? ORDER BY id", job)
        return [Event(EventType(kind), json.loads(data), job, at) for kind, data, job, at in rows]

    def newest(self, before: str | None = None, limit: int = 60) -> list[JobRecord]:
        """At most `limit` jobs, newest first, after the job `before` where one is named.

        Deleted ones are left out, and those that were called off before they began. A `before`
        that isn't known (any more) is followed by nothing.
        """
        place = "AND (created, id) < (SELECT created, id FROM jobs WHERE id = ?)" if before else ""
        rows = self._rows(
            f"{SELECT} WHERE {SHOWN} {place} ORDER BY created DESC, id DESC LIMIT ?",
            *([before] if before else []),
            limit,
        )
        return [JobRecord.of(row) for row in rows]

    def total(self) -> int:
        """How many jobs `newest` gives in all."""
        return int(self._rows(f"SELECT count(*) FROM jobs WHERE {SHOWN}")[0][0])  # noqa: S608 - a constant

    def last_seed(self) -> int | None:
        """The seed of the newest job that was finished; None before the first."""
        rows = self._rows(
            "SELECT result FROM jobs WHERE state = 'done' AND result IS NOT NULL"
            " ORDER BY created DESC LIMIT 1"
        )
        seed = json.loads(rows[0][0]).get("seed") if rows else None
        return seed if isinstance(seed, int) else None

    def mark_deleted(self, job: str, at: float | None) -> bool:
        """Delete a job as of `at` (s since the epoch), None: have it back. False: unknown."""
        with self._transaction(durable=True) as db:
            return db.execute("UPDATE jobs SET deleted = ? WHERE id = ?", (at, job)).rowcount == 1

    def deleted_before(self, moment: float) -> list[JobRecord]:
        """Jobs that were deleted before `moment` (s since the epoch) and aren't at work."""
        rows = self._rows(
            f"{SELECT} WHERE deleted < ? AND state NOT IN ('queued', 'running')", moment
        )
        return [JobRecord.of(row) for row in rows]

    def forget(self, job: str, deleted: float) -> bool:
        """Remove a job and its events for good, if it is still deleted as of `deleted`."""
        with self._transaction() as db:
            gone = db.execute("DELETE FROM jobs WHERE id = ? AND deleted = ?", (job, deleted))
            if gone.rowcount == 1:
                db.execute("DELETE FROM events WHERE job = ?", (job,))
            return gone.rowcount == 1

    def owns(self, record: JobRecord) -> bool:
        """Whether this very journal is the one that began or adopted it."""
        return record.owner == self._owner.id

    def cut_off(self) -> list[JobRecord]:
        """Jobs that an earlier process left unfinished and nobody works on, oldest first."""
        rows = self._rows(
            f"{SELECT} WHERE state IN ('queued', 'running') AND owner != ? ORDER BY created",
            self._owner.id,
        )
        records = [JobRecord.of(row) for row in rows]
        alive = {
            owner: self._owner.is_alive(owner) for owner in {record.owner for record in records}
        }
        return [record for record in records if not alive[record.owner]]

    def adopt(self, job: str, owner: str) -> bool:
        """Take over a cut-off job of `owner`; False where another process was quicker."""
        self._own()
        with self._transaction(durable=True) as db:
            done = db.execute(
                "UPDATE jobs SET owner = ? WHERE id = ? AND owner = ?"
                " AND state IN ('queued', 'running')",
                (self._owner.id, job, owner),
            )
            return done.rowcount == 1

    def _own(self) -> None:
        try:
            self._owner.show()
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> OutputError:
        return OutputError(
            "journal",
            f"The journal {self.path} can't be used ({error}).",
            hint="Make room or give write permission there, or set S2I_HOME to another folder.",
        )

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    @contextlib.contextmanager
    def _transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if durable:
                    # WAL with NORMAL may lose the last commits in a power cut; FULL may not.
                    self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._unusable(error) from error
            finally:
                if durable:
                    with contextlib.suppress(sqlite3.Error):
                        self._db.execute("PRAGMA synchronous = NORMAL")

    @staticmethod
    def _set(db: sqlite3.Connection, job: str | None, **columns: str | None) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE jobs SET {assignments} WHERE id = ?", (*columns.values(), job))  # noqa: S608 - names are ours


_STAGE_OF = {
    EventType.STT_START: "stt",
    EventType.REFINE_START: "refine",
    EventType.GENERATE_START: "generate",
}
