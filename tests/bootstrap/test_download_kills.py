"""Processes that are killed, stalled, out of room or two at once, in child processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from bootstrap import downloads, verify
from tests.bootstrap.conftest import Said, World, approve, made_up_gguf
from tests.fakes.hub import Hold

ROOT = Path(__file__).resolve().parents[2]

# Says each step on standard output; at the step that its second argument names it waits for ever.
CHILD = textwrap.dedent("""
    import sys
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
            Path(sys.argv[1]), catalogue.load().refiner("alpha"), Steps(), prober=probe, pauses=()
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


def fetch_now(world: World) -> Said:
    said = Said()
    entry = world.save().refiner("alpha")
    path = downloads.fetch_refiner(world.home, entry, said, prober=approve, pauses=())
    assert path.read_bytes()[:4] == b"GGUF"
    assert verify.sha256_of(path) == entry.sha256
    assert verify.read_mark(path) is not None
    assert world.left_behind() == []
    return said


@pytest.mark.parametrize("step", ["Fetching", "Checking", "Trying"])
def test_killed_at_a_step(world: World, step: str) -> None:
    with start(world, step) as child:
        wait_for(child, step)
        child.kill()
    target = world.home / "models" / "refiners" / "alpha.gguf"
    assert not target.exists()
    assert downloads.leftovers(world.home)[0][0] == "alpha"
    assert "was cut off" in fetch_now(world).text


def test_killed_in_the_middle_of_the_file(world: World) -> None:
    world.data["refiners"].clear()
    world.refiner("alpha", made_up_gguf(24_000_000))
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with start(world) as child:
        assert world.hub.holding.wait(60)
        child.kill()
    world.hub.release.set()
    assert downloads.leftovers(world.home)[0][0] == "alpha"
    assert "it starts over" in fetch_now(world).text


def test_killed_between_its_place_and_its_mark(world: World) -> None:
    fetch_now(world)
    path = world.home / "models" / "refiners" / "alpha.gguf"
    verify.mark_path(path).unlink()
    fetch_now(world)  # fetched anew where nobody checked what was there


def test_a_stall_is_overcome(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with start(world, HF_HUB_DOWNLOAD_TIMEOUT="1") as child:
        out, _ = child.communicate(timeout=60)
    assert "going on where it stopped" in out
    assert out.splitlines()[-1] == "fetched"


def test_two_at_once_fetch_once(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Hold(0.5))
    with start(world) as first, start(world) as second:
        assert world.hub.holding.wait(60)
        said = {child.stdout.readline().split()[0] for child in (first, second) if child.stdout}
        assert said == {"Fetching", "Another"}
        # The held connection ends here, cut short; whoever fetches asks once more for the rest.
        world.hub.release.set()
        for child in (first, second):
            out, _ = child.communicate(timeout=60)
            assert out.splitlines()[-1] == "fetched"
    assert len(world.hub.seen("HEAD", "alpha.gguf")) == 2  # one fetch: ours and the library's


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
    assert world.left_behind() == []


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
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "starts over" in err
    assert "Traceback" not in err
    assert world.left_behind() == []
