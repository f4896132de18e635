from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import checks, doctor, downloads, verify
from bootstrap.checks import Check, Context, State
from bootstrap.setup import with_home
from s2i import settings
from tests.bootstrap.conftest import World
from tests.bootstrap.test_verify import vosk_model

ROOT = Path(__file__).resolve().parents[2]


def context(world: World) -> Context:
    return Context(settings.load(environ=with_home(world.home)), catalogues.load())


def run(world: World, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "bootstrap.doctor", "--home", str(world.home), *argv],
        cwd=ROOT,
        env={**world.environment, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


class TestReport:
    CHECKS = (
        Check("Moon", State.OK, "full", needed=True),
        Check("Stars", State.MISSING, "cloudy", "wait"),
    )

    def test_what_only_helps_stops_nothing(self) -> None:
        assert doctor.can_run(self.CHECKS)
        text = doctor.report(self.CHECKS)
        assert text.splitlines() == [
            "ok       Moon   full",
            "missing  Stars  cloudy",
            "                -> wait",
            "",
            "The main job can run.",
        ]

    def test_what_is_needed_does(self) -> None:
        lost = (*self.CHECKS, Check("Sun", State.BROKEN, "dark", "replace it", needed=True))
        assert not doctor.can_run(lost)
        assert doctor.report(lost).endswith("The main job can't run yet: Sun.")

    def test_a_check_that_fails_itself_is_a_finding(self, world: World) -> None:
        def comet(_: Context) -> Check:
            raise TypeError("tail")

        found = doctor.examine(context(world), [comet])
        assert found[0].state is State.BROKEN
        assert "TypeError: tail" in found[0].detail


def test_an_empty_home(world: World) -> None:
    world.speech("voice", b"PK")
    done = run(world, "--json")
    assert done.returncode == 3
    data = json.loads(done.stdout)
    assert data["ok"] is False
    found = {one["name"]: one for one in data["checks"]}
    assert found["Prompt writer"]["state"] == "missing"
    assert found["Prompt writer"]["fix"] == "python run.py setup"
    assert found["Speech model (en)"]["state"] == "missing"
    assert found["ComfyUI"]["state"] == "missing"
    assert found["Folders"]["state"] == "ok"
    assert found["llama.cpp"]["state"] == "ok"
    assert data["checks"][0]["name"] == "Python"
    for one in data["checks"]:
        assert one["detail"]
        assert one["state"] == "ok" or one["fix"]


@pytest.mark.model
def test_with_the_starter_the_main_job_can_run(world: World, starter_gguf: Path) -> None:
    entry = catalogues.load(catalogues.SHIPPED).starter
    path = downloads.refiner_path(world.home, entry)
    path.parent.mkdir(parents=True)
    shutil.copyfile(starter_gguf, path)
    done = run(world, S2I_CATALOGUE=str(catalogues.SHIPPED))
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("The main job can run.\n")
    assert "SmolLM2 135M Instruct, 98 MB" in done.stdout
    assert verify.read_mark(path) is not None


def test_bad_settings_are_said(world: World) -> None:
    (world.home / "data").mkdir()
    (world.home / "data" / "settings.json").write_text("{", encoding="utf-8")
    done = run(world)
    assert done.returncode == 2
    assert "settings.json" in done.stderr


class TestChecks:
    def test_a_broken_refiner_is_named(self, world: World) -> None:
        path = downloads.refiner_path(world.home, world.save().refiner("alpha"))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"GGUF half")
        found = checks.refiner(context(world))
        assert found.state is State.BROKEN
        assert "alpha.gguf" in found.detail
        assert found.fix == "python run.py setup"

    def test_a_marked_file_that_does_not_load_is_found_out(self, world: World) -> None:
        path = downloads.refiner_path(world.home, world.save().refiner("alpha"))
        path.parent.mkdir(parents=True)
        path.write_bytes(b"GGUF" + bytes(5000))
        verify.write_mark(path, sha256="e" * 64, probed_by="an earlier llama.cpp")
        found = checks.refiner(context(world))
        assert found.state is State.BROKEN

    def test_speech(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.speech("voice", b"PK")
        assert checks.speech_model(context(world)).state is State.MISSING
        folder = vosk_model(downloads.speech_path(world.home, catalogues.load().speech[0]))
        broken = checks.speech_model(context(world))
        assert broken.state is State.BROKEN
        assert broken.fix == "python run.py setup --language en"
        verify.write_mark(folder, sha256=None, probed_by="test")
        assert checks.speech_model(context(world)).state is State.OK
        monkeypatch.setenv("S2I_LANGUAGE", "tlh")
        assert "choose one of en" in checks.speech_model(context(world)).fix

    def test_folders(self, world: World) -> None:
        assert checks.folders(context(world)).state is State.OK
        (world.home / "output").rmdir()
        (world.home / "output").write_text("no folder", encoding="utf-8")
        found = checks.folders(context(world))
        assert found.state is State.BROKEN
        assert "S2I_HOME" in found.fix

    def test_journal(self, world: World) -> None:
        assert "none yet" in checks.journal(context(world)).detail
        path = world.home / "data" / "journal.db"
        path.parent.mkdir()
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE jobs (id)")
            database.execute("INSERT INTO jobs VALUES (1)")
        database.close()
        assert checks.journal(context(world)).detail == "1 jobs"
        path.write_bytes(b"no database at all" * 100)
        assert checks.journal(context(world)).state is State.BROKEN

    def test_leftovers(self, world: World) -> None:
        assert checks.leftovers(context(world)).state is State.OK
        staging = world.home / "models" / ".staging" / "alpha"
        staging.mkdir(parents=True)
        (staging / "a.incomplete").write_bytes(bytes(2_000_000))
        assert checks.leftovers(context(world)).detail == "cut off: alpha after 2 MB"

    def test_comfyui_never_shows_its_password(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("S2I_COMFYUI_URL", "http://joe:secret@127.0.0.1:9")
        found = checks.comfyui(context(world))
        assert found.state is State.MISSING
        assert "secret" not in found.detail + found.fix
        monkeypatch.setenv("S2I_COMFYUI_URL", "nonsense://x")
        assert checks.comfyui(context(world)).state is State.BROKEN

    def test_requirements(self) -> None:
        text = (
            "# comment\nFlask>=3,<4  # why\n\nav==1\nwin-only>=1; sys_platform == 'win32'\n-r x\n"
        )
        assert checks.requirement_names(text) == ["Flask", "av"]

    def test_a_package_that_is_missing(
        self, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "requirements.txt").write_text("pytest\nno-such-thing\n", encoding="utf-8")
        monkeypatch.setattr(checks, "ROOT", tmp_path)
        found = checks.packages(context(world))
        assert (found.state, found.detail) == (State.MISSING, "no-such-thing")
        assert found.needed
