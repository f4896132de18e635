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
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.errors import OutputError
from s2i.events import Event, EventType
from s2i.job import JobState, Request
from s2i.locks import FileLock

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id         TEXT PRIMARY KEY,
    created    REAL NOT NULL,
    owner      TEXT NOT NULL,
    state      TEXT NOT NULL,
    stage      TEXT,
    request    TEXT NOT NULL,
    context    TEXT NOT NULL DEFAULT '{}',
    remembered TEXT NOT NULL DEFAULT '{}',
    result     TEXT,
    error      TEXT
);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created DESC);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state) WHERE state IN ('queued', 'running');
CREATE TABLE IF NOT EXISTS events (
    id   INTEGER PRIMARY KEY,
    job  TEXT,
    type TEXT NOT NULL,
    time REAL NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_job ON events (job, id);
"""


@dataclass(frozen=True)
class JobRecord:
    """A job as the journal holds it. `context` is what the pipeline settled before painting,
    `remembered` what the engine put down to find its work again."""

    id: str
    created: float
    owner: str
    state: JobState
    stage: str | None
    request: Request
    context: dict[str, Any]
    remembered: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class Journal:
    """Jobs and events on disk. May be used from many threads and by many processes at once.

    Raises OutputError where the file can't be opened or written. A file that SQLite calls
    corrupt is set aside (`moved_aside` names it) and a new one begun, so that it blocks nobody.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._owner = uuid.uuid4().hex
        self._owner_lock: FileLock | None = None
        self.moved_aside: Path | None = None
        self.path = folder / "journal.db"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                raise self._unusable(error) from error
            self.moved_aside = self._set_aside()
            try:
                self._db = self._open()
            except sqlite3.Error as again:
                raise self._unusable(again) from again
        except OSError as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Close the file and give up ownership. Idempotent."""
        with self._lock:
            self._db.close()
            if self._owner_lock is not None:
                self._owner_lock.release()
                self._owner_path(self._owner).unlink(missing_ok=True)
                self._owner_lock = None

    def begin(self, job: str, request: Request, created: float) -> None:
        """Write a new job down as queued. What is remembered of it later takes this along."""
        self._own()
        with self._transaction() as db:
            db.execute(
                "INSERT INTO jobs (id, created, owner, state, request) VALUES (?, ?, ?, ?, ?)",
                (job, created, self._owner, JobState.QUEUED.value, _dump(request.to_dict())),
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
                (event.job, event.type.value, event.time, _dump(data)),
            )
            if event.type is EventType.JOB_START:
                self._set(db, event.job, state=JobState.RUNNING.value)
            elif event.type in _STAGE_OF:
                self._set(db, event.job, stage=_STAGE_OF[event.type])

    def reword(self, job: str, request: Request) -> None:
        """Write the request anew, once the words of a spoken job are known."""
        with self._transaction() as db:
            self._set(db, job, request=_dump(request.to_dict()))

    def settle(self, job: str, context: dict[str, Any]) -> None:
        """Write down what the pipeline settled (prompt, seeds, size), as far as it is known."""
        with self._transaction() as db:
            self._set(db, job, context=_dump(context))

    def remember(self, job: str, data: dict[str, Any]) -> None:
        """Add the engine's notes to the job's; on disk, flushed, when this returns."""
        with self._transaction(durable=True) as db:
            row = db.execute("SELECT remembered FROM jobs WHERE id = ?", (job,)).fetchone()
            known = json.loads(row[0]) if row else {}
            self._set(db, job, remembered=_dump({**known, **data}))

    def finish(
        self,
        job: str,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        """Write down how the job ended, durably."""
        with self._transaction(durable=True) as db:
            self._set(
                db,
                job,
                state=state.value,
                result=None if result is None else _dump(result),
                error=None if error is None else _dump(error),
            )

    def get(self, job: str) -> JobRecord | None:
        """One job, or None."""
        with self._lock:
            row = self._db.execute(f"{_SELECT} WHERE id = ?", (job,)).fetchone()
        return _record(row) if row else None

    def events(self, job: str) -> list[Event]:
        """A job's events in order, previews without their pictures."""
        with self._lock:
            rows = self._db.execute(
                "SELECT type, data, job, time FROM events WHERE job = ? ORDER BY id", (job,)
            ).fetchall()
        return [Event(EventType(kind), json.loads(data), job, at) for kind, data, job, at in rows]

    def cut_off(self) -> list[JobRecord]:
        """Jobs that an earlier process left unfinished and nobody works on, oldest first."""
        with self._lock:
            rows = self._db.execute(
                f"{_SELECT} WHERE state IN ('queued', 'running') AND owner != ? ORDER BY created",
                (self._owner,),
            ).fetchall()
        records = [_record(row) for row in rows]
        alive = {owner: self._is_alive(owner) for owner in {record.owner for record in records}}
        return [record for record in records if not alive[record.owner]]

    def adopt(self, job: str, owner: str) -> bool:
        """Take over a cut-off job of `owner`; False where another process was quicker."""
        self._own()
        with self._transaction(durable=True) as db:
            done = db.execute(
                "UPDATE jobs SET owner = ? WHERE id = ? AND owner = ?"
                " AND state IN ('queued', 'running')",
                (self._owner, job, owner),
            )
            return done.rowcount == 1

    def _own(self) -> None:
        with self._lock:
            if self._owner_lock is None:
                path = self._owner_path(self._owner)
                try:
                    path.parent.mkdir(exist_ok=True)
                    lock = FileLock(path)
                    lock.try_acquire()
                except OSError as error:
                    raise self._unusable(error) from error
                self._owner_lock = lock

    def _owner_path(self, owner: str) -> Path:
        return self._folder / "owners" / f"{owner}.lock"

    def _is_alive(self, owner: str) -> bool:
        path = self._owner_path(owner)
        if not path.exists():
            return False
        lock = FileLock(path)
        if not lock.try_acquire():
            return True
        lock.release()
        path.unlink(missing_ok=True)
        return False

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=10, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise OutputError(
                    "journal-too-new",
                    f"The journal {self.path} was written by a newer version of this program.",
                    hint="Update the program, or set S2I_HOME to another folder.",
                )
            if version < SCHEMA_VERSION:
                db.executescript(_SCHEMA)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self) -> Path:
        aside = self.path.with_name(f"journal.corrupt-{time.strftime('%Y%m%d-%H%M%S')}.db")
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return aside

    def _unusable(self, error: Exception) -> OutputError:
        return OutputError(
            "journal",
            f"The journal {self.path} can't be used ({error}).",
            hint="Make room or give write permission there, or set S2I_HOME to another folder.",
        )

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
_SELECT = (
    "SELECT id, created, owner, state, stage, request, context, remembered, result, error FROM jobs"
)


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


def _record(row: tuple[Any, ...]) -> JobRecord:
    job, created, owner, state, stage, request, context, remembered, result, error = row
    return JobRecord(
        id=job,
        created=created,
        owner=owner,
        state=JobState(state),
        stage=stage,
        request=Request.from_dict(json.loads(request)),
        context=json.loads(context),
        remembered=json.loads(remembered),
        result=json.loads(result) if result else None,
        error=json.loads(error) if error else None,
    )
