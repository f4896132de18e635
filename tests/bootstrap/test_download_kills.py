"""Processes that are killed, stalled, out of room or two at once, in child processes."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bootstrap import downloads, staging, verify
from tests.bootstrap.conftest import Said, World, approve, made_up_gguf
from tests.fakes.hub import Hold

ROOT = Path(__file__).resolve().parents[2]

# Says each step on standard output; at the step that its second argument names it waits for ever.
CHILD = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from bootstrap import catalogue, downloads
    from bootstrap.probe import ProbeResult
    from bootstrap.progress import Progress
    from s2i.errors import S2IError

    class Steps(Progress):
        def step(self, text):
            print(text, flush=True)
            if len(sys.argv) > 2 and text.startswith(sys.argv[2]):
                sys.stdin.read()
        def say(self, text):
            self.step(text)
        def begin(self, what, total):
            self.step(what)

    def probe(kind, path):
        return ProbeResult(True, version="tested")

    try:
        downloads.fetch_refiner(
            Path(sys.argv[1]),
            catalogue.load().refiner("alpha"),
            Steps(),
            prober=probe,
            pauses=[float(one) for one in os.environ.get("PAUSES", "").split()],
        )
        print("fetched", flush=True)
    except S2IError as error:
        print(error.code, error.message, flush=True)
""")


def start(world: World, *more: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(world.home), *more],
        cwd=ROOT,
        env={**world.environment, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(child: subprocess.Popen[str], step: str) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(step):
            return
    pytest.fail(f"the child ended before '{step}'")


def wait_for_part(world: World, size: int) -> None:
    until = time.monotonic() + 60
    while world.parts.get("alpha.gguf.part") != size:
        assert time.monotonic() < until, world.parts
        time.sleep(0.01)


def fetch_now(world: World) -> Said:
    said = Said()
    entry = world.save().refiner("alpha")
    path = downloads.fetch_refiner(world.home, entry, said, prober=approve, pauses=())
    assert path.read_bytes()[:4] == b"GGUF"
    assert verify.sha256_of(path) == entry.sha256
    assert verify.read_mark(path) is not None
    assert world.left_behind() == []
    return said


@pytest.mark.parametrize("step", ["Asking", "Fetching", "Trying"])
def test_killed_at_a_step(world: World, step: str) -> None:
    with start(world, step) as child:
        wait_for(child, step)
        child.kill()
    target = world.home / "models" / "refiners" / "alpha.gguf"
    assert not target.exists()
    assert staging.leftovers(world.home)[0][0] == "alpha"
    fetch_now(world)
    assert world.hub.served == len(made_up_gguf())  # nothing came twice


def test_killed_at_random_points_until_it_is_there(world: World) -> None:
    chance = random.Random()
    data = made_up_gguf(6_000_000, seed=chance.randrange(10**9))
    world.data["refiners"].clear()
    world.refiner("alpha", data)
    target = world.home / "models" / "refiners" / "alpha.gguf"
    for fraction in sorted(chance.random() for _ in range(4)):
        world.hub.holding.clear()
        world.hub.release.clear()
        world.hub.script("GET", "alpha.gguf", Hold(fraction))
        with start(world) as child:
            assert world.hub.holding.wait(60)
            wait_for_part(world, int(fraction * len(data)))
            child.kill()
        world.hub.release.set()
        assert not target.exists()
        assert verify.read_mark(target) is None
    fetch_now(world)
    assert target.read_bytes() == data
    assert world.hub.served == len(data)  # nothing came twice
    ranges = [seen.range for seen in world.hub.seen("GET", "alpha.gguf")]
    assert ranges[0] is None
    assert any(ranges[1:])


def test_killed_at_any_moment(world: World) -> None:
    chance = random.Random()
    data = made_up_gguf(20_000_000)
    world.data["refiners"].clear()
    world.refiner("alpha", data)
    target = world.home / "models" / "refiners" / "alpha.gguf"
    for _ in range(4):
        with start(world) as child:
            wait_for(child, "Asking")
            time.sleep(chance.uniform(0.0, 0.08))
            child.kill()
        if target.exists():  # it was quicker: then it must be right
            assert target.read_bytes() == data
    fetch_now(world)


def test_killed_between_its_place_and_its_mark(world: World) -> None:
    fetch_now(world)
    path = world.home / "models" / "refiners" / "alpha.gguf"
    verify.mark_path(path).unlink()
    fetch_now(world)  # fetched anew where nobody checked what was there


def test_a_stall_is_overcome(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with start(world, PAUSES="0", HF_HUB_DOWNLOAD_TIMEOUT="1") as child:
        out, _ = child.communicate(timeout=60)
    assert "stopped sending alpha.gguf. Trying again in 0 s" in out
    assert world.hub.seen("GET", "alpha.gguf")[1].range == "bytes=100000-"
    assert out.splitlines()[-1] == "fetched"


def test_two_at_once_fetch_once(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with start(world, PAUSES="0") as first, start(world, PAUSES="0") as second:
        assert world.hub.holding.wait(60)
        said = {child.stdout.readline().split()[0] for child in (first, second) if child.stdout}
        assert said == {"Asking", "Another"}
        # The held connection ends here, cut short; whoever fetches asks once more for the rest.
        world.hub.release.set()
        for child in (first, second):
            out, _ = child.communicate(timeout=60)
            assert out.splitlines()[-1] == "fetched"
    assert world.hub.served == len(made_up_gguf())


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_disk_that_takes_no_more(world: World) -> None:
    # A limit of file sizes fails in the middle of writing, as a disk does that fills up.
    limited = textwrap.dedent("""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    """)
    done = subprocess.run(
        [sys.executable, "-c", limited + CHILD, str(world.home)],
        cwd=ROOT,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "file-too-big alpha" in done.stdout
    assert "Traceback" not in done.stderr
    assert world.parts == {"alpha.gguf.part": 100_000}
    fetch_now(world)
    assert world.hub.seen("GET", "alpha.gguf")[1].range == "bytes=100000-"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to a child needs a console there")
def test_stopped_in_setup(world: World) -> None:
    world.speech("voice", b"PK not fetched in this test")
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with subprocess.Popen(
        [sys.executable, "-m", "bootstrap", "--yes", "--home", str(world.home)],
        cwd=ROOT,
        env=world.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert world.hub.holding.wait(60)
        wait_for_part(world, 100_000)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "goes on where it stopped" in err
    assert "Traceback" not in err
    assert world.parts == {"alpha.gguf.part": 100_000}
