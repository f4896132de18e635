"""One picture without a page, in a process of its own: settings and what is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from s2i.job import JobState
from s2i.journal import Journal
from tests.conftest import ROOT


def run(home: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Exit code and standard output of `--text` with the storyboard."""
    done = subprocess.run(
        [sys.executable, "-m", "s2i", "--engine", "storyboard", "--size", "64x64", *arguments],
        cwd=ROOT,
        env={**os.environ, "S2I_HOME": str(home), "S2I_REFINE": "0", **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def made(home: Path, *arguments: str, **environ: str) -> dict[str, Any]:
    code, out = run(home, "--text", "fox", "--json", *arguments, **environ)
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_settings_choose_the_seed_and_whether_to_refine(tmp_path: Path):
    first = made(tmp_path)
    assert (first["prompt"], first["refiner"]) == ("fox", None)
    assert made(tmp_path, S2I_SEED_POLICY="last")["seed"] == first["seed"]
    assert made(tmp_path, "--seed", "0", S2I_SEED_POLICY="last")["seed"] == 0
    assert made(tmp_path, S2I_SEED_POLICY="fixed", S2I_SEED=str(2**64 - 1))["seed"] == 2**64 - 1
    assert made(tmp_path)["seed"] < 2**53
    journal = Journal(tmp_path / "data")
    try:
        jobs = journal.newest()
        assert [job.state for job in jobs] == [JobState.DONE] * 5
        assert jobs[-1].result == first
        assert jobs[-1].pictures[0]["path"] == first["images"][0]
    finally:
        journal.close()


def test_events_come_instead_of_the_path(tmp_path: Path):
    code, out = run(tmp_path, "--text", "fox", "--events")
    assert code == 0
    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert (kinds[0], kinds[-1]) == ("job-start", "job-end")
    assert "generate-end" in kinds
