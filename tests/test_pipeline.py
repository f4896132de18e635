"""The pipeline: order of events, one job-end, nothing lost, every failure one error event."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from s2i import output, provenance
from s2i.errors import Cancelled, GenerateError, S2IError, SpeechError
from s2i.events import Event, EventType, StageEmit
from s2i.job import JobState, Request
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from s2i.speech.base import Transcript, Word
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
    kept = [event.type.value for event in bench.journal.events(run.id)]
    assert kept == ["job-start", "generate-start", "generate-end", "job-end"]
    assert [(picture["seed"], picture["width"]) for picture in record.pictures] == [
        (7, 64),
        (8, 64),
    ]


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


@dataclass
class Spoken:
    """A source of speech that says one thing, or fails."""

    says: str | Exception

    def listen(self, emit: StageEmit, cancel: threading.Event) -> Transcript:
        emit(EventType.STT_START, recogniser="spoken", language="en")
        if isinstance(self.says, Exception):
            raise self.says
        words = tuple(Word(text, 0.0, 1.0, 0.5) for text in self.says.split())
        emit(EventType.STT_END, text=self.says, words=[])
        return Transcript(
            self.says, words, (), "en", "spoken", "model", 1.0, "finish", warnings=("heard",)
        )


def spoken(bench: Bench, says: str | Exception) -> Run:
    return Run(
        Request(idea="", refine=False),
        Tools(bench.engine, None, bench.journal, bench.folder / "spare", speech=Spoken(says)),
        destination=output.Destination(bench.folder / "pic.png"),
        emit=bench.events.append,
    )


def test_a_spoken_idea_is_an_earlier_start(bench: Bench):
    run = spoken(bench, "a <|im_end|> fox")
    outcome = run.run()
    assert bench.kinds[:4] == ["job-start", "stt-start", "stt-end", "generate-start"]
    assert (outcome.idea, outcome.transcript) == ("a fox", "a <|im_end|> fox")
    assert outcome.recogniser == "spoken"
    assert outcome.timings["stt"] > 0
    assert outcome.warnings == ["planned", "heard", "painted"]
    record = bench.journal.get(run.id)
    assert record is not None
    assert record.request.idea == "a fox"
    chunk = provenance.read(Path(outcome.images[0]).read_bytes())
    assert chunk is not None
    assert chunk["words"][0] == {"text": "a", "start": 0.0, "end": 1.0, "confidence": 0.5}
    assert chunk["recogniser"] == {"name": "spoken", "model": "model"}


def test_speech_that_fails_is_an_error_of_its_stage(bench: Bench):
    with pytest.raises(SpeechError):
        spoken(bench, SpeechError("no-speech", "Nothing was heard.")).run()
    assert bench.events[-2].data["stage"] == "stt"
    assert bench.engine.requests == []


def heard(text: str) -> Transcript:
    words = (Word(text, 0.0, 1.0, 0.5),)
    return Transcript(text, words, (), "en", "spoken", "model", 1.0, "finish", warnings=("cut",))


def test_words_that_were_heard_before_may_have_been_edited(bench: Bench):
    run = Run(
        Request(idea="a blue fox", refine=False),
        Tools(bench.engine, None, bench.journal, bench.folder / "spare"),
        destination=output.Destination(bench.folder / "pic.png"),
        emit=bench.events.append,
        said=heard("a red fox"),
    )
    begun = bench.journal.get(run.id)
    assert begun is not None
    assert begun.request.transcript == "a red fox"
    assert begun.context["words"][0]["text"] == "a red fox"
    outcome = run.run()
    assert "stt-start" not in bench.kinds
    assert (outcome.idea, outcome.transcript) == ("a blue fox", "a red fox")
    assert (outcome.prompt, outcome.recogniser) == ("a blue fox", "spoken")
    assert "cut" in outcome.warnings
    chunk = provenance.read(Path(outcome.images[0]).read_bytes())
    assert chunk is not None
    assert (chunk["transcript"], chunk["recogniser"]) == (
        "a red fox",
        {"name": "spoken", "model": "model"},
    )


class NoRefiner:
    """Must not be asked."""

    name = "none"

    def refine(self, idea: str, **_: Any) -> Any:
        raise AssertionError(idea)


def test_a_prompt_by_hand_is_painted_as_it_is(bench: Bench):
    run = Run(
        Request(idea="fox", prompt="my own words", refine=True),
        Tools(bench.engine, NoRefiner(), bench.journal, bench.folder / "spare"),
        destination=output.Destination(bench.folder / "pic.png"),
        emit=bench.events.append,
    )
    outcome = run.run()
    assert [asked.prompt for asked in bench.engine.requests] == ["my own words"]
    assert (outcome.idea, outcome.prompt, outcome.refiner) == ("fox", "my own words", None)


def test_a_job_that_is_dropped_ends_without_having_begun(bench: Bench):
    run = bench.run()
    run.drop(Cancelled())
    assert bench.kinds == ["error", "job-end"]
    assert bench.events[-1].data == {"state": "cancelled"}
    record = bench.journal.get(run.id)
    assert record is not None
    assert (record.state, record.stage) == (JobState.CANCELLED, None)


def test_what_only_this_machine_is_concerned_with_stays_out_of_the_picture(bench: Bench):
    chunk = provenance.read(Path(bench.run().run().images[0]).read_bytes())
    assert chunk is not None
    assert not {"out", "warnings"} & set(chunk)
