"""`setup` as a user runs it: in a child process."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import downloads, elsewhere, verify
from tests.bootstrap.conftest import World, made_up_gguf
from tests.bootstrap.test_verify import vosk_model

ROOT = Path(__file__).resolve().parents[2]


def setup(world: World, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "bootstrap", "--home", str(world.home), *argv],
        cwd=ROOT,
        env={**world.environment, "PYTHONIOENCODING": "utf-8", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def put_voice(world: World) -> None:
    """A speech model that is in place and vouched for."""
    world.speech("voice", b"PK nothing that is fetched")
    folder = vosk_model(downloads.speech_path(world.home, catalogues.load().speech[0]))
    verify.write_mark(folder, sha256=None, probed_by="test")


def put_refiner(world: World) -> Path:
    path = downloads.refiner_path(world.home, world.save().refiner("alpha"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(world.hub.files["me/models", "alpha.gguf"].data)
    verify.write_mark(path, sha256="e" * 64, probed_by="test")
    return path


@pytest.fixture
def no_hub(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")


def test_without_a_terminal_nothing_is_fetched(world: World) -> None:
    put_voice(world)
    done = setup(world)
    assert done.returncode == 2
    assert "alpha  writes the prompt  hub, me/models  200 kB  Apache-2.0" in done.stdout
    assert "To download: 200 kB" in done.stdout
    assert "free" in done.stdout
    assert "run.py setup --yes" in done.stderr
    assert world.hub.seen("GET") == []


def test_all_there(world: World) -> None:
    put_voice(world)
    put_refiner(world)
    done = setup(world)
    assert (done.returncode, done.stderr) == (0, "Nothing to fetch.\n")
    assert world.hub.requests == []


def test_a_model_that_is_none_is_refused(world: World) -> None:
    put_voice(world)
    done = setup(world, "--yes")  # the real probe
    assert done.returncode == 3
    assert "Error: The model alpha.gguf can't be used" in done.stderr
    assert not (world.home / "models" / "refiners" / "alpha.gguf").exists()


@pytest.mark.usefixtures("no_hub")
def test_no_hub_and_a_refiner_there(world: World) -> None:
    put_refiner(world)
    world.data["starter_refiner"] = "alpha"
    world.speech("voice", b"PK")
    done = setup(world, "--yes")
    assert done.returncode == 0
    assert "can't be reached" in done.stderr
    assert "Still missing: voice (1 kB)" in done.stderr


@pytest.mark.usefixtures("no_hub")
def test_no_hub_but_one_model_asked_for(world: World) -> None:
    put_refiner(world)
    put_voice(world)
    world.refiner("big", b"GGUF and more")
    done = setup(world, "--yes", "--refiner", "big")
    assert done.returncode == 3
    assert "Still missing: big" in done.stderr


def test_told_to_stay_off_the_network(world: World) -> None:
    put_refiner(world)
    world.speech("voice", b"PK")
    done = setup(world, "--yes", HF_HUB_OFFLINE="1")
    assert done.returncode == 0
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert world.hub.requests == []


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["--language", "tlh"], "no speech model for the language 'tlh'"),
        (["--refiner", "moon"], "no language model 'moon'"),
        (["--frobnicate"], "unrecognized arguments"),
    ],
)
def test_bad_usage(world: World, argv: list[str], text: str) -> None:
    world.speech("voice", b"PK")
    done = setup(world, *argv)
    assert done.returncode == 2
    assert text in done.stderr


def test_no_room(world: World) -> None:
    put_voice(world)
    world.data["refiners"][0]["bytes"] = 10**17
    world.save()
    done = setup(world, "--yes")
    assert done.returncode == 3
    assert "disk space" in done.stderr
    assert world.hub.seen("GET") == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pseudo-terminal")
@pytest.mark.parametrize(
    ("answer", "code"), [(b"n\n", 1), (b"\x04", 1), (b"moon\n", 1), (b"\n", 3), (b"Y\n", 3)]
)
def test_the_question(world: World, answer: bytes, code: int) -> None:
    import pty

    put_voice(world)
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "bootstrap", "--home", str(world.home)],
            cwd=ROOT,
            env=world.environment,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as child:
            assert child.stderr is not None
            guard = threading.Timer(60, child.kill)
            guard.start()
            said = b""
            while b"[Y/n]" not in said and (more := child.stderr.read(1)):
                said += more
            os.write(ours, answer)
            said += child.stderr.read()
            child.wait()
            guard.cancel()
    finally:
        os.close(ours)
        os.close(theirs)
    # 3: it went on, fetched, and the real probe refused what is no model.
    assert child.returncode == code, said
    assert (b"Nothing was fetched" in said) == (code == 1)


@pytest.fixture
def three(world: World) -> World:
    """Refiners of three sizes; the middle one is the default."""
    for name, size in (("tiny", 3000), ("middle", 5000), ("large", 9000)):
        world.refiner(name, made_up_gguf(size))
    del world.data["refiners"][0]  # alpha
    names = {"default": "middle", "small": "tiny", "starter": "tiny", "best": "large"}
    world.data.update({f"{role}_refiner": name for role, name in names.items()})
    world.save()
    put_voice(world)
    return world


def test_profiles(three: World) -> None:
    done = setup(three)
    assert done.returncode == 2
    chosen = [line for line in done.stdout.splitlines() if line.strip().startswith("*")]
    assert chosen[0].split()[:3] == ["*", "balanced", "Middle"]
    assert "estimate" in done.stdout
    assert "middle  writes the prompt" in done.stdout
    assert "free after it" in done.stdout
    for name, refiner in (("smallest", "tiny"), ("best", "large")):
        assert f"{refiner} " in setup(three, "--profile", name).stdout.partition("Models for")[2]
    assert setup(three, "--profile", "moon").returncode == 2
    assert three.hub.seen("GET") == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pseudo-terminal")
def test_another_profile_at_the_question(three: World) -> None:
    import pty

    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"smallest\nn\n")
        done = subprocess.run(
            [sys.executable, "-m", "bootstrap", "--home", str(three.home)],
            cwd=ROOT,
            env=three.environment,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 1, done.stderr
    assert "[Y/n], or smallest or best" in done.stderr
    assert "[Y/n], or balanced or best" in done.stderr
    assert re.search(r"middle +writes.*tiny +writes", done.stdout, re.DOTALL)


def test_what_another_program_has_is_not_fetched(
    three: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shelf" / "middle.gguf"
    path.parent.mkdir()
    path.write_bytes(made_up_gguf(5000))
    monkeypatch.setenv("S2I_MODEL_FOLDERS", str(path.parent))
    mark = elsewhere.mark_file(three.home, path)
    verify.write_mark(path, sha256="e" * 64, probed_by="test", mark_file=mark)
    done = setup(three)
    assert (done.returncode, done.stderr) == (0, "Nothing to fetch.\n")
    assert str(path.parent) in done.stdout


@pytest.mark.model
def test_the_whole_way(world: World, starter_gguf: Path) -> None:
    put_voice(world)
    world.data["refiners"].clear()
    world.refiner("alpha", starter_gguf.read_bytes())
    done = setup(world, "--yes")
    assert done.returncode == 0, done.stderr
    path = world.home / "models" / "refiners" / "alpha.gguf"
    assert f"alpha is in place: {os.path.relpath(path, world.home)}" in done.stderr
    assert done.stderr.endswith("All there.\n")
    assert verify.read_mark(path) is not None
    assert world.left_behind() == []
    world.hub.requests.clear()
    again = setup(world, "--yes")
    assert (again.returncode, again.stderr) == (0, "Nothing to fetch.\n")
    assert world.hub.requests == []
