"""The journal: durable, shared by processes, and aware of the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from s2i.errors import OutputError
from s2i.events import Event, EventType
from s2i.job import MAX_SEED, JobState, Request
from s2i.journal import SCHEMA_VERSION, Journal


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
