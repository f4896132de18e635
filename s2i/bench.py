"""`run.py bench`: what this program costs on this machine, beside what it should cost at most.

Medians over several runs; where two things are compared they run in turn, so that a machine
whose speed drifts treats both alike. Needs the tests' fake ComfyUI as its peer.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from s2i import output, terminal
from s2i.engines import registry
from s2i.errors import EXIT_MADE, InputError, MissingError
from s2i.events import Event, EventType
from s2i.job import Request
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from s2i.settings import ROOT, Settings, load

FOX = "a red fox sleeping in the snow under the northern lights"


@dataclass(frozen=True)
class Line:
    """One measured figure: median, the most it should be, and what it was measured over."""

    name: str
    median: float
    target: float
    unit: str
    note: str

    @property
    def met(self) -> bool:
        """Whether the figure is within its target."""
        return self.median <= self.target


def main(argv: list[str], settings: Settings) -> int:
    """Measure and print a table (or JSON). Returns 0 whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python run.py bench")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--runs", type=int, default=15, help="runs per figure (default: 15)")
    parser.add_argument("--only", choices=sorted(BENCHES), action="append", help="one part alone")
    options = parser.parse_args(argv)
    if options.runs < 1:
        raise InputError("bad-number", "--runs must be 1 or more.")
    lines: list[Line] = []
    for name in options.only or BENCHES:
        terminal.say(f"Measuring {name} ...")
        lines += BENCHES[name](settings, options.runs)
    if options.json:
        terminal.write(sys.stdout, json.dumps([{**asdict(x), "met": x.met} for x in lines]) + "\n")
    else:
        _table(lines)
    return EXIT_MADE


def _table(lines: Sequence[Line]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for title, align in (("what", "left"), ("median", "right"), ("at most", "right"), ("", "left")):
        table.add_column(title, justify=align)  # type: ignore[arg-type]  # rich's literal type
    for line in lines:
        table.add_row(
            f"{line.name} [dim]({line.note})[/dim]",
            f"{line.median:.4g} {line.unit}",
            f"{line.target:.4g} {line.unit}",
            "" if line.met else "missed",
        )
    Console().print(table)


def _comfyui(settings: Settings, runs: int) -> list[Line]:
    """The app's own share of a ComfyUI job, 512x512, the words passed through."""
    before: list[float] = []
    after: list[float] = []
    with tempfile.TemporaryDirectory() as folder, _fake_comfyui() as fake:
        home = load({"S2I_HOME": folder, "S2I_COMFYUI_URL": fake.url, "S2I_ENGINE": "comfyui"})
        for _ in range(runs + 1):  # the first one warms imports and is not counted
            start = time.perf_counter()
            done = _one_job(home)
            posted = [item.time for item in fake.requests if item.method == "POST"]
            before.append((posted[-1] - start) * 1000)
            after.append((done - max(fake.marks.values())) * 1000)
    from s2i.engines.comfyui import bench as binding

    bound = binding.measure(runs) * 1000
    return [
        Line("a 300-node workflow to its bindings", bound, 50, "ms", f"{runs} runs"),
        Line("text in to POST /prompt", _median(before[1:]), 10, "ms", f"{runs} runs"),
        Line("ComfyUI done to PNG on disk", _median(after[1:]), 30, "ms", f"{runs} runs, 512x512"),
    ]


def _one_job(settings: Settings) -> float:
    """Paint once; returns when the picture was on disk (perf_counter, seconds)."""
    on_disk = 0.0

    def listen(event: Event) -> None:
        nonlocal on_disk
        if event.type is EventType.GENERATE_END:
            on_disk = time.perf_counter()

    request = Request(idea=FOX, refine=False, engine="comfyui")
    destination = output.choose(None, request.idea, settings.output)
    chosen = registry.choose(settings)
    with closing(Journal(settings.data)) as journal:
        tools = Tools(chosen.engine, None, journal, settings.output)
        Run(request, tools, destination=destination, emit=listen).run()
    return on_disk


def _fake_comfyui() -> Any:
    """The tests' stand-in, 512x512 in no time. Lives in this process, so clocks agree."""
    try:
        from tests.fakes.comfyui import FakeComfyUI, Script
    except ImportError as error:
        raise MissingError(
            "no-tests", "The folder tests/ is missing.", hint="Measure in a full clone."
        ) from error
    return FakeComfyUI(Script())


def _refiner(settings: Settings, runs: int) -> list[Line]:
    """Refinement with the starter, warm, beside a bare llama-cpp-python loop of the same tokens."""
    from bootstrap import models
    from s2i.refine import bench

    found = models.ensure_refiner(settings.home, "smollm2-135m", terminal.say)
    result = bench.measure(found.path, runs=runs)
    return [
        Line("refinement against bare llama.cpp", result.ratio, 1.1, "times",
             f"{runs} pairs, {result.ours * 1000:.0f} ms against {result.bare * 1000:.0f} ms"),
    ]  # fmt: skip


def _speech(settings: Settings, runs: int) -> list[Line]:
    """The chosen language's recogniser, fed in real time, then by eight at once."""
    from s2i.speech import bench
    from s2i.speech.pool import Recognisers

    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Recognisers(settings.home, settings)) as recognisers,
    ):
        clips = _clips(Path(folder))
        if not clips:
            terminal.say("  left out: install flite, or name WAV files in S2I_BENCH_CLIPS")
            return []
        found = bench.measure(recognisers.pool(settings.language), clips, runs=min(runs, 8))
    note = f"{found.recogniser} {found.model}"
    figures = [
        ("end of audio to transcript", found.final * 1000, 150, "ms"),
        ("speech to first partial", _scaled(found.first_partial, 1000), 600, "ms"),
        ("between partials", _scaled(found.cadence, 1000), 300, "ms"),
        ("CPU per second of audio, warm", found.cpu, 0.1, "s"),
        ("eight at once: memory each", _scaled(found.growth, 1e-6), 60, "MB"),
        ("eight at once: audio lost", found.lost, 0, "s"),
    ]
    return [Line(name, value, most, unit, note) for name, value, most, unit in figures
            if value is not None]  # fmt: skip


def _page(settings: Settings, runs: int) -> list[Line]:
    """The page and its server: start, events, a long gallery, rest."""
    from s2i.web import bench

    found = bench.measure(settings, runs, terminal.say)
    return [Line(one.name, one.value, one.target, one.unit, one.note) for one in found]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _clips(folder: Path) -> list[Path]:
    """The WAV files that S2I_BENCH_CLIPS names, else two sentences that flite speaks."""
    given = os.environ.get("S2I_BENCH_CLIPS", "")
    if given:
        return [Path(name) for name in given.split(os.pathsep)]
    flite = shutil.which("flite")
    if flite is None:
        return []
    clips = []
    for number, words in enumerate((FOX, "an old lighthouse in a storm")):
        clip = folder / f"{number}.wav"
        subprocess.run([flite, "-voice", "slt", "-t", words, "-o", str(clip)], check=True)
        clips.append(clip)
    return clips


def _whole(settings: Settings, runs: int) -> list[Line]:
    """`run.py --text` as a whole, with the starter and the storyboard."""
    from bootstrap import models

    found = models.ensure_refiner(settings.home, "smollm2-135m", terminal.say)
    runs = min(runs, 7)
    seconds: list[float] = []
    megabytes: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "run.py"), "--text", FOX, "--engine", "storyboard",
                   "--refiner", str(found.path)]  # fmt: skip
        for _ in range(runs + 1):
            wall, peak = _time_child(command, {"S2I_HOME": folder})
            seconds.append(wall)
            megabytes.append(peak)
    lines = [Line("run.py --text, storyboard", _median(seconds[1:]), 3, "s", f"{runs} runs")]
    if any(megabytes):
        lines.append(Line("its memory at most", max(megabytes[1:]), 400, "MB", "peak resident set"))
    return lines


def _start(settings: Settings, runs: int) -> list[Line]:
    """What run.py adds before it hands over, beside a direct start of the same Python."""
    through = [sys.executable, str(ROOT / "run.py"), "--version"]
    direct = [sys.executable, "-m", "s2i", "--version"]
    added: list[float] = []
    for _ in range(runs + 1):
        slow, _peak = _time_child(through, {})
        fast, _peak = _time_child(direct, {})
        added.append((slow - fast) * 1000)
    return [Line("run.py before hand-over", _median(added[1:]), 100, "ms", f"{runs} pairs")]


def _time_child(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB; 0 where the OS doesn't tell) of one run."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors: list[bytes] = []
    assert child.stderr is not None  # noqa: S101 - PIPE was asked for
    reader = threading.Thread(target=lambda: errors.append(child.stderr.read()))  # type: ignore[union-attr]  # just asserted
    reader.start()
    peak = 0.0
    if hasattr(os, "wait4"):
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        # kilobytes on Linux, bytes on macOS (getrusage(2) of each)
        peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    else:
        child.wait()
    wall = time.perf_counter() - start
    reader.join()
    child.stderr.close()
    if child.returncode:
        last = errors[0].decode(errors="replace").strip().splitlines()[-1:]
        raise MissingError("bench-failed", f"{' '.join(command[1:3])} failed: {' '.join(last)}")
    return wall, peak


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


BENCHES: dict[str, Callable[[Settings, int], list[Line]]] = {
    "start": _start,
    "whole": _whole,
    "comfyui": _comfyui,
    "refiner": _refiner,
    "speech": _speech,
    "page": _page,
}
"""Every part by name; a later part adds its line here.

Those that measure children come first: Linux counts what this process held when it forked
towards the child's peak memory (getrusage(2), ru_maxrss), and later parts load models.
"""
