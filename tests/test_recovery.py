"""Jobs that a kill left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from s2i import output, provenance
from s2i.engines.base import Engine, Painted, PaintResult
from s2i.errors import EngineUnavailable, GenerateError
from s2i.job import JobState, Request
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from s2i.recovery import recover
from tests.fakes.engine import ScriptedEngine, square

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL to die of"
)


def _die_while_painting(folder: Path, after_writing: bool) -> None:
    def die(cancel: object = None) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    engine = ScriptedEngine() if after_writing else ScriptedEngine(script=die)
    run = Run(
        Request(idea="fox", refine=False, seed=3),
        Tools(engine, None, Journal(folder / "data"), folder),
        destination=output.Destination(folder / "pic.png"),
        emit=lambda event: die() if event.type.value == "generate-end" else None,
    )
    run.run()


def cut_off(folder: Path, after_writing: bool = False) -> Journal:
    child = multiprocessing.get_context("spawn").Process(
        target=_die_while_painting, args=(folder, after_writing)
    )
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    return Journal(folder / "data")


def make(engine: ScriptedEngine):
    def by_name(name: str) -> Engine:
        assert name == "scripted"
        return engine

    return by_name


def test_what_the_engine_finished_meanwhile_is_fetched(tmp_path: Path):
    journal = cut_off(tmp_path)
    engine = ScriptedEngine(left_behind=PaintResult((Painted(square(), 3),)))
    (found,) = recover(journal, make(engine), tmp_path / "output")
    assert engine.recovered == [{"ticket": 3}]
    assert found.images == (tmp_path / "pic.png",)
    chunk = provenance.read((tmp_path / "pic.png").read_bytes())
    assert chunk is not None
    assert chunk["idea"] == "fox"
    record = journal.get(found.job)
    assert record is not None
    assert record.state is JobState.DONE
    assert record.result is not None
    assert record.result["images"] == [str(tmp_path / "pic.png")]
    assert [(item["seed"], item["width"]) for item in record.pictures] == [(3, 64)]
    assert recover(journal, make(engine), tmp_path / "output") == []
    journal.close()


def test_a_job_cut_off_after_writing_is_not_written_twice(tmp_path: Path):
    journal = cut_off(tmp_path, after_writing=True)
    assert (tmp_path / "pic.png").exists()
    engine = ScriptedEngine(left_behind=PaintResult((Painted(square(), 3),)))
    (found,) = recover(journal, make(engine), tmp_path / "output")
    assert found.images == (tmp_path / "pic.png",)
    assert len(list(tmp_path.rglob("*.png"))) == 1
    journal.close()


def test_somebody_elses_picture_in_its_place_is_left_alone(tmp_path: Path):
    journal = cut_off(tmp_path)
    (tmp_path / "pic.png").write_bytes(square(128, 128))
    engine = ScriptedEngine(left_behind=PaintResult((Painted(square(), 3),)))
    (found,) = recover(journal, make(engine), tmp_path / "output")
    assert found.images[0].is_relative_to(tmp_path / "output")
    assert provenance.check_png((tmp_path / "pic.png").read_bytes()) == (128, 128)
    journal.close()


@pytest.mark.parametrize("outcome", [None, GenerateError("x", "It broke.")])
def test_what_is_gone_for_good_ends_as_failed(tmp_path: Path, outcome: Exception | None):
    journal = cut_off(tmp_path)
    (found,) = recover(journal, make(ScriptedEngine(left_behind=outcome)), tmp_path / "output")
    assert found.images == ()
    record = journal.get(found.job)
    assert record is not None
    assert record.state is JobState.FAILED
    assert record.error is not None
    assert record.error["code"] == "cut-off"
    journal.close()


def test_what_cannot_be_told_yet_waits_for_the_next_start(tmp_path: Path):
    journal = cut_off(tmp_path)
    away = ScriptedEngine(left_behind=EngineUnavailable("down", "It is still running."))
    (found,) = recover(journal, make(away), tmp_path / "output")
    assert (found.images, found.reason) == ((), "It is still running.")
    assert found.waiting
    assert recover(journal, make(away), tmp_path / "output") == [], "it is known by now"
    assert recover(journal, make(away), tmp_path / "output", again=[found.job]) == [found]
    journal.close()
    again = Journal(tmp_path / "data")
    back = ScriptedEngine(left_behind=PaintResult((Painted(square(), 3),)))
    (found,) = recover(again, make(back), tmp_path / "output")
    assert found.images == (tmp_path / "pic.png",)
    again.close()
