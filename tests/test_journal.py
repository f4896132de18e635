"""The journal: durable, shared by processes, and aware of the dead."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from s2i.errors import OutputError
from s2i.events import Event, EventType
from s2i.job import MAX_SEED, JobState, Request
from s2i.job_view import pictures_of
from s2i.journal import Journal
from s2i.journal_file import SCHEMA_VERSION, SHOWN


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "data")
    yield made
    made.close()


def test_a_job_comes_back_as_it_was_written(journal: Journal):
    request = Request(idea="a café 🦊", seed=MAX_SEED, width=64, height=128, count=3)
    journal.begin("job-1", request, 12.5)
    journal.remember("job-1", {"prompt_id": "p"})
    journal.remember("job-1", {"retries": 1})
    journal.settle("job-1", {"prompt": "a café"})
    record = journal.get("job-1")
    assert record is not None
    assert record.request == request
    assert record.remembered == {"prompt_id": "p", "retries": 1}
    assert (record.state, record.created, record.context) == (
        JobState.QUEUED,
        12.5,
        {"prompt": "a café"},
    )
    journal.finish("job-1", JobState.FAILED, error={"code": "x"})
    ended = journal.get("job-1")
    assert ended is not None
    assert (ended.state, ended.error) == (JobState.FAILED, {"code": "x"})


def test_events_keep_their_order_and_previews_lose_only_the_picture(journal: Journal):
    journal.begin("job-1", Request(idea="fox"), 1.0)
    journal.record(Event(EventType.JOB_START, {"request": {}}, "job-1", 1.0))
    journal.record(Event(EventType.GENERATE_START, {"engine": "x"}, "job-1", 2.0))
    journal.record(Event(EventType.GENERATE_PREVIEW, {"image": b"12345"}, "job-1", 3.0))
    events = journal.events("job-1")
    assert [event.type for event in events] == [
        EventType.JOB_START,
        EventType.GENERATE_START,
        EventType.GENERATE_PREVIEW,
    ]
    assert events[2].data == {"image": {"bytes": 5}}
    record = journal.get("job-1")
    assert record is not None
    assert (record.state, record.stage) == (JobState.RUNNING, "generate")


def test_a_living_process_keeps_its_jobs(tmp_path: Path, journal: Journal):
    journal.begin("job-1", Request(idea="fox"), 1.0)
    other = Journal(tmp_path / "data")
    try:
        assert other.cut_off() == []
    finally:
        other.close()


def _die_in_the_middle(folder: Path) -> None:
    journal = Journal(folder)
    journal.begin("job-1", Request(idea="fox"), 1.0)
    journal.remember("job-1", {"prompt_id": "p"})
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL to die of")
def test_a_killed_process_leaves_its_jobs_to_the_next(tmp_path: Path):
    child = multiprocessing.get_context("spawn").Process(
        target=_die_in_the_middle, args=(tmp_path / "data",)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    first, second = Journal(tmp_path / "data"), Journal(tmp_path / "data")
    try:
        (record,) = first.cut_off()
        assert record.remembered == {"prompt_id": "p"}
        assert first.adopt(record.id, record.owner)
        assert not second.adopt(record.id, record.owner), "only one process may take it over"
        assert second.cut_off() == []
    finally:
        first.close()
        second.close()


def test_a_damaged_file_is_kept_aside_and_blocks_nobody(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "journal.db").write_bytes(b"not a database at all" * 400)
    journal = Journal(folder)
    try:
        assert journal.moved_aside is not None
        assert journal.moved_aside.read_bytes().startswith(b"not a database")
        journal.begin("job-1", Request(idea="fox"), time.time())
        assert journal.get("job-1") is not None
    finally:
        journal.close()


def test_a_newer_journal_is_left_alone(tmp_path: Path):
    folder = tmp_path / "data"
    Journal(folder).close()
    db = sqlite3.connect(folder / "journal.db")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(OutputError, match="newer version"):
        Journal(folder)


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="can't be used") as caught:
        Journal(tmp_path / "file" / "data")
    assert caught.value.hint


def test_an_ended_job_keeps_only_what_still_tells_something(journal: Journal):
    journal.begin("job-1", Request(idea="fox"), 1.0)
    for kind in EventType:
        journal.record(Event(kind, {}, "job-1", 1.0))
        journal.record(Event(kind, {}, "other", 1.0))
    journal.finish("job-1", JobState.DONE, result={})
    kept = [event.type.value for event in journal.events("job-1")]
    assert kept == [
        "job-start", "stt-start", "stt-end", "refine-start", "refine-end", "generate-start",
        "generate-end", "error", "job-end",
    ]  # fmt: skip
    assert len(journal.events("other")) == len(EventType)


def _done(journal: Journal, name: str, created: float, **result: object) -> None:
    journal.begin(name, Request(idea=name), created)
    journal.finish(name, JobState.DONE, result={"images": [], **result})


def test_the_newest_come_first_in_pages_without_gaps(journal: Journal):
    for name, created in (("b", 5.0), ("a", 5.0), ("c", 5.0), ("old", 1.0), ("new", 9.0)):
        _done(journal, name, created)
    journal.begin("waits", Request(idea="x"), 10.0)
    journal.begin("called-off", Request(idea="x"), 11.0)
    journal.finish("called-off", JobState.CANCELLED)
    journal.begin("stopped", Request(idea="x"), 12.0)
    journal.record(Event(EventType.GENERATE_START, {}, "stopped"))
    journal.finish("stopped", JobState.CANCELLED)
    seen: list[str] = []
    while page := journal.newest(seen[-1] if seen else None, limit=2):
        seen += [record.id for record in page]
    assert seen == ["stopped", "waits", "new", "c", "b", "a", "old"]
    assert journal.total() == 7
    assert journal.newest("nonesuch") == []


def test_deleted_jobs_leave_the_list_until_they_are_back(journal: Journal):
    for n in range(3):
        _done(journal, f"job-{n}", float(n))
    assert journal.mark_deleted("job-1", 100.0)
    assert not journal.mark_deleted("nonesuch", 100.0)
    assert [record.id for record in journal.newest()] == ["job-2", "job-0"]
    assert [record.id for record in journal.newest("job-1")] == ["job-0"]
    assert journal.total() == 2
    deleted = journal.get("job-1")
    assert deleted is not None
    assert deleted.deleted == 100.0
    assert journal.deleted_before(100.0) == []
    assert [record.id for record in journal.deleted_before(100.5)] == ["job-1"]
    assert journal.mark_deleted("job-1", None)
    assert not journal.forget("job-1", 100.0), "it was restored meanwhile"
    assert journal.total() == 3
    journal.record(Event(EventType.JOB_END, {}, "job-1"))
    journal.mark_deleted("job-1", 200.0)
    assert journal.forget("job-1", 200.0)
    assert journal.get("job-1") is None
    assert journal.events("job-1") == []


def test_a_job_at_work_is_never_emptied_away(journal: Journal):
    journal.begin("job-1", Request(idea="fox"), 1.0)
    journal.mark_deleted("job-1", 2.0)
    assert journal.deleted_before(1e12) == []


def test_the_last_seed(journal: Journal):
    assert journal.last_seed() is None
    _done(journal, "first", 1.0, seed=MAX_SEED)
    assert journal.last_seed() == MAX_SEED
    journal.begin("waits", Request(idea="x", seed=5), 2.0)
    assert journal.last_seed() == MAX_SEED


def test_lists_are_read_from_an_index(journal: Journal):
    """Thousands of jobs with long texts: what isn't shown isn't read."""
    db = sqlite3.connect(journal.path)
    try:
        for query in (
            f"SELECT id FROM jobs WHERE {SHOWN} AND (created, id) < (5.0, 'x')"
            " ORDER BY created DESC, id DESC LIMIT 60",
            f"SELECT count(*) FROM jobs WHERE {SHOWN}",
        ):
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "INDEX jobs_shown" in plan
            assert "TEMP B-TREE" not in plan, "sorted by hand"
    finally:
        db.close()


VERSION_1 = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, created REAL NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL,
    stage TEXT, request TEXT NOT NULL, context TEXT NOT NULL DEFAULT '{}',
    remembered TEXT NOT NULL DEFAULT '{}', result TEXT, error TEXT
);
CREATE INDEX jobs_by_time ON jobs (created DESC);
CREATE INDEX jobs_by_state ON jobs (state) WHERE state IN ('queued', 'running');
CREATE TABLE events (
    id INTEGER PRIMARY KEY, job TEXT, type TEXT NOT NULL, time REAL NOT NULL, data TEXT NOT NULL
);
CREATE INDEX events_by_job ON events (job, id);
"""


def version_1(folder: Path, number: int = 1) -> None:
    """A journal as the first version wrote it: a finished job, an older one, one cut off."""
    folder.mkdir()
    db = sqlite3.connect(folder / "journal.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(VERSION_1)
    result = json.dumps({"id": "done", "images": ["/a.png", "/a-2.png"], "seed": MAX_SEED})
    add = "INSERT INTO jobs (id, created, owner, state, request, result) VALUES (?, ?, ?, ?, ?, ?)"
    asked = json.dumps({"idea": "a café", "seed": MAX_SEED})
    db.execute(add, ("done", 2.0, "dead", "done", asked, result))
    db.execute(add, ("older", 1.0, "dead", "done", asked, json.dumps({"images": ["/b.png"]})))
    db.execute(add, ("cut", 3.0, "dead", "running", asked, None))
    images = [{"path": "/a.png", "seed": MAX_SEED, "width": 64, "height": 32}, {"path": "/a-2.png"}]
    event = "INSERT INTO events (job, type, time, data) VALUES (?, 'generate-end', 1.0, ?)"
    db.execute(event, ("done", json.dumps({"images": images, "seconds": 1})))
    db.execute(event, ("older", "[]"))
    db.execute(f"PRAGMA user_version = {number}")
    db.commit()
    db.close()


@pytest.mark.parametrize("number", [1, 0])
def test_a_journal_of_the_first_version_keeps_its_jobs(tmp_path: Path, number: int):
    folder = tmp_path / "data"
    version_1(folder, number)  # 0: it was cut off before it wrote down its own version
    for _ in range(2):
        journal = Journal(folder)
        try:
            assert journal.moved_aside is None
            assert [record.id for record in journal.newest()] == ["cut", "done", "older"]
            done, older = journal.get("done"), journal.get("older")
            assert done is not None
            assert older is not None
            assert done.request == Request(idea="a café", seed=MAX_SEED)
            assert done.pictures[0] == {
                "path": "/a.png", "seed": MAX_SEED, "width": 64, "height": 32,
            }  # fmt: skip
            assert (len(done.pictures), done.deleted) == (2, None)
            assert older.pictures == ()
            assert [item["path"] for item in pictures_of(older)] == ["/b.png"]
            assert [record.id for record in journal.cut_off()] == ["cut"]
        finally:
            journal.close()
    db = sqlite3.connect(folder / "journal.db")
    assert db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    db.close()


def test_programs_that_start_at_once_bring_it_up_to_date_once(tmp_path: Path):
    version_1(tmp_path / "data")
    opened: list[Journal] = []

    def open_it() -> None:
        opened.append(Journal(tmp_path / "data"))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(journal.newest()) for journal in opened] == [3] * 4
    for journal in opened:
        journal.close()


def test_a_journal_that_is_closed_says_so(tmp_path: Path):
    journal = Journal(tmp_path / "data")
    journal.close()
    journal.close()
    for use in (journal.newest, journal.total, lambda: journal.get("x")):
        with pytest.raises(OutputError):
            use()
