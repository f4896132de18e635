"""The pipeline: order of events, one job-end, nothing lost, every failure one error event."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from s2i import output, provenance
from s2i.errors import Cancelled, GenerateError, S2IError
from s2i.events import Event, EventType
from s2i.job import JobState, Request
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from tests.fakes.engine import ScriptedEngine


class Bench:
    """Runs jobs with a scripted engine; keeps the events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = ScriptedEngine()
        self.journal = Journal(folder / "data")
        self.events: list[Event] = []

    def run(self, **request: Any) -> Run:
        asked = Request(**{"idea": "fox", "refine": False, "seed": 7, **request})
        return Run(
            asked,
            Tools(self.engine, None, self.journal, self.folder / "spare"),
            destination=output.Destination(self.folder / "pic.png"),
            emit=self.events.append,
        )

    @property
    def kinds(self) -> list[str]:
        return [event.type.value for event in self.events]


@pytest.fixture
def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    made.journal.close()


def test_a_job_from_words_to_picture(bench: Bench):
    run = bench.run(count=2)
    assert bench.events == [], "nothing is announced before everything is prepared"
    outcome = run.run()
    assert bench.kinds == [
        "job-start", "generate-start", "generate-progress", "generate-preview", "generate-end",
        "job-end",
    ]  # fmt: skip
    assert bench.events[-1].data == {"state": "done"}
    assert outcome.images == [str(bench.folder / "pic.png"), str(bench.folder / "pic-2.png")]
    assert outcome.warnings == ["planned", "painted"]
    assert outcome.timings["queue"] == 0.25
    chunk = provenance.read((bench.folder / "pic-2.png").read_bytes())
    assert chunk is not None
    assert (chunk["seed"], chunk["image_seed"], chunk["image"], chunk["prompt"]) == (7, 8, 1, "fox")
    record = bench.journal.get(run.id)
    assert record is not None
    assert record.state is JobState.DONE
    assert record.result == outcome.to_dict()
    assert record.remembered == {"ticket": 7}
    assert [event.type.value for event in bench.journal.events(run.id)] == bench.kinds


def test_seed_zero_is_a_seed_and_none_is_a_random_one(bench: Bench):
    assert bench.run(seed=0).run().seed == 0
    assert bench.run(seed=None).run().seed != bench.run(seed=None).run().seed
    assert bench.engine.requests[0].seed == 0


def test_a_failure_is_one_error_event_and_then_the_end(bench: Bench):
    def fail(cancel: threading.Event) -> None:
        raise GenerateError("boom", "It broke.", hint="Mend it.", retryable=True)

    bench.engine.script = fail
    run = bench.run()
    with pytest.raises(GenerateError):
        run.run()
    assert bench.kinds[-2:] == ["error", "job-end"]
    assert bench.events[-2].data == {
        "stage": "generate", "code": "boom", "message": "It broke.", "hint": "Mend it.",
        "retryable": True,
    }  # fmt: skip
    record = bench.journal.get(run.id)
    assert record is not None
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error["code"] == "boom"
    assert not (bench.folder / "pic.png").exists()


def test_a_defect_becomes_a_sentence(bench: Bench):
    def fail(cancel: threading.Event) -> None:
        raise ZeroDivisionError("division by zero")

    bench.engine.script = fail
    with pytest.raises(S2IError, match="unexpected") as caught:
        bench.run().run()
    assert caught.value.code == "internal"
    assert bench.kinds.count("job-end") == 1


def test_cancel_before_and_while_painting(bench: Bench):
    early = bench.run()
    early.cancel.set()
    with pytest.raises(Cancelled):
        early.run()
    assert bench.engine.requests == []
    assert bench.events[-1].data == {"state": "cancelled"}

    def stop(cancel: threading.Event) -> None:
        cancel.wait(30)
        raise Cancelled

    bench.engine.script = stop
    run = bench.run()
    threading.Timer(0.05, run.cancel.set).start()
    with pytest.raises(Cancelled):
        run.run()
    record = bench.journal.get(run.id)
    assert record is not None
    assert record.state is JobState.CANCELLED
    assert not list(bench.folder.glob("*.png"))


def test_a_picture_survives_a_journal_that_breaks(bench: Bench):
    def break_journal(cancel: threading.Event) -> None:
        db = sqlite3.connect(bench.journal.path)
        db.execute("DROP TABLE events")
        db.close()

    bench.engine.script = break_journal
    outcome = bench.run().run()
    assert Path(outcome.images[0]).exists()
    assert any("journal" in warning for warning in outcome.warnings)
    assert bench.events[-1].type is EventType.JOB_END


def test_a_folder_that_vanishes_sends_the_picture_elsewhere(bench: Bench):
    run = Run(
        Request(idea="fox", refine=False),
        Tools(bench.engine, None, bench.journal, bench.folder / "spare"),
        destination=output.Destination(bench.journal.path / "impossible.png"),
        emit=bench.events.append,
    )
    outcome = run.run()
    assert Path(outcome.images[0]).parent == bench.folder / "spare"
    assert any("couldn't be written" in warning for warning in outcome.warnings)
