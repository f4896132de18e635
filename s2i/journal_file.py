"""The journal's file: its tables, and how a file of an earlier version becomes one of today's."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2i.errors import OutputError

SCHEMA_VERSION = 2

SHOWN = "deleted IS NULL AND (state != 'cancelled' OR stage IS NOT NULL)"
"""Which jobs a list holds: none that was deleted, none that was called off before it began.

Word for word the condition of the index `jobs_shown`: else SQLite can't use it.
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the file at `path`, made or brought up to date where needed.

    Raises sqlite3.Error, and OutputError where a newer program wrote it.
    """
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if _version(db, path) < SCHEMA_VERSION:
            _upgrade(db, path)
    except BaseException:
        db.close()
        raise
    return db


def set_aside(path: Path) -> Path:
    """Move a damaged file out of the way; where it is now."""
    aside = path.with_name(f"journal.corrupt-{time.strftime('%Y%m%d-%H%M%S')}.db")
    with contextlib.suppress(FileNotFoundError):
        path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise OutputError(
            "journal-too-new",
            f"The journal {path} was written by a newer version of this program.",
            hint="Update the program, or set S2I_HOME to another folder.",
        )
    return version


def _upgrade(db: sqlite3.Connection, path: Path) -> None:
    """All steps or none; of two programs that start at once the second finds it done."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for step in range(_version(db, path), SCHEMA_VERSION):
            _STEPS[step](db)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _first(db: sqlite3.Connection) -> None:
    # IF NOT EXISTS: the first version could be cut off between its tables and its number
    db.execute("""
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
        )""")
    db.execute("CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created DESC)")
    db.execute(
        "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state)"
        " WHERE state IN ('queued', 'running')"
    )
    db.execute("""
        CREATE TABLE IF NOT EXISTS events (
            id   INTEGER PRIMARY KEY,
            job  TEXT,
            type TEXT NOT NULL,
            time REAL NOT NULL,
            data TEXT NOT NULL
        )""")
    db.execute("CREATE INDEX IF NOT EXISTS events_by_job ON events (job, id)")


def _second(db: sqlite3.Connection) -> None:
    """When it was deleted (s since the epoch), and its pictures with their own seeds and sizes."""
    db.execute("ALTER TABLE jobs ADD COLUMN deleted REAL")
    db.execute("ALTER TABLE jobs ADD COLUMN pictures TEXT")
    db.execute(f"CREATE INDEX jobs_shown ON jobs (created DESC, id DESC) WHERE {SHOWN}")
    db.execute("CREATE INDEX jobs_deleted ON jobs (deleted) WHERE deleted IS NOT NULL")
    rows = db.execute("SELECT job, data FROM events WHERE type = 'generate-end'").fetchall()
    for job, data in rows:
        pictures = _pictures(data)
        if pictures:
            db.execute("UPDATE jobs SET pictures = ? WHERE id = ?", (pictures, job))


def _pictures(data: str) -> str | None:
    try:
        found: Any = json.loads(data)["images"]
    except (ValueError, KeyError, TypeError):
        return None  # the job's result still names its files
    return json.dumps(found, ensure_ascii=False)


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _second)
"""What leads from each version to the next."""
