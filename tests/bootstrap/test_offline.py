"""After setup the network can be pulled: nothing so much as asks for an address.

A hook in every child's interpreter (sitecustomize, inherited by grandchildren) refuses whatever
isn't loopback, and writes down each attempt.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from bootstrap import downloads, verify
from tests.bootstrap.conftest import World, made_up_gguf
from tests.bootstrap.test_setup import put_refiner, put_voice

ROOT = Path(__file__).resolve().parents[2]

GUARD = """
import os, sys

def _guard(event, args):
    if event == "socket.connect" or event == "socket.sendto":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", "::1", "::", "0.0.0.0") or host.startswith("127."):
        return
    log = os.open(os.environ["GUARD_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(log, f"{event} {host} by {sys.argv}\\n".encode())
    os.close(log)
    raise OSError(101, "Network is unreachable (the test pulled the plug)")

sys.addaudithook(_guard)
"""


@dataclass
class Pulled:
    """A machine without a network."""

    log: Path
    environment: dict[str, str]

    @property
    def attempts(self) -> list[str]:
        """What was tried all the same."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *argv],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def pulled(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulled:
    """All that was asked for is there; the hub is the real one's address, out of reach."""
    put_voice(world)
    put_refiner(world)
    monkeypatch.delenv("HF_ENDPOINT")
    folder = tmp_path / "guard"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PYTHONIOENCODING": "utf-8",
        "GUARD_LOG": str(tmp_path / "attempts.log"),
        "S2I_HOME": str(world.home),
        "S2I_COMFYUI_URL": f"http://127.0.0.1:{_free_port()}",
    }
    return Pulled(tmp_path / "attempts.log", environment)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_guard_itself_notices(pulled: Pulled) -> None:
    done = pulled.run(
        "-c",
        "import socket, subprocess, sys\n"
        "try: socket.create_connection(('192.0.2.1', 80), 1)\n"
        "except OSError as error: print(error)\n"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))\n"
        "child = 'import socket; socket.gethostbyname(\"a.invalid\")'\n"
        "subprocess.run([sys.executable, '-c', child], stderr=subprocess.DEVNULL)\n",
    )
    assert "pulled the plug" in done.stdout
    assert [line.split()[1] for line in pulled.attempts] == ["192.0.2.1", "a.invalid"]


def test_a_picture(pulled: Pulled, tmp_path: Path) -> None:
    picture = tmp_path / "fox.png"
    done = pulled.run(
        *("-m", "s2i", "--text", "a red fox", "--no-refine", "--json", "--out", str(picture))
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engine"] == "storyboard"
    assert pulled.attempts == []


@pytest.mark.model
def test_a_picture_with_a_refined_prompt(
    pulled: Pulled, world: World, starter_gguf: Path, tmp_path: Path
) -> None:
    world.data["refiners"].clear()
    world.refiner("alpha", starter_gguf.read_bytes())
    path = downloads.refiner_path(world.home, world.save().refiner("alpha"))
    path.write_bytes(starter_gguf.read_bytes())
    verify.write_mark(path, sha256="e" * 64, probed_by="test")
    done = pulled.run(
        *("-m", "s2i", "--text", "a red fox", "--json", "--out", str(tmp_path / "fox.png"))
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["refiner"] == "alpha"
    assert pulled.attempts == []


def test_setup_again_and_doctor(pulled: Pulled) -> None:
    again = pulled.run("-m", "s2i", "setup")
    assert (again.returncode, again.stderr) == (0, "Nothing to fetch.\n")
    # 3: the refiner of this test holds no model, which the doctor's probe finds out.
    assert pulled.run("-m", "s2i", "doctor").returncode in {0, 3}
    assert pulled.attempts == []


def test_the_server(pulled: Pulled) -> None:
    port = _free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "s2i", "--no-open", "--port", str(port)],
        cwd=ROOT,
        env=pulled.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        guard = threading.Timer(120, child.kill)
        guard.start()
        try:
            status = _status(port, child)
        finally:
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=60)
            guard.cancel()
    assert isinstance(status, dict)
    assert pulled.attempts == []


def _status(port: int, child: subprocess.Popen[str]) -> object:
    """The page and what the server says of itself, once it answers."""
    until = time.monotonic() + 100
    while child.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
                assert page.status == 200
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=20) as told:
                return json.loads(told.read())
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server never answered ({child.poll()})")


def test_the_hubs_library_is_told_once_all_is_there(world: World) -> None:
    """In a process of its own: the library reads its environment when it is imported."""
    put_refiner(world)
    world.refiner("later", made_up_gguf(9000))
    done = subprocess.run(
        [sys.executable, "-c", TOLD, str(world.home)],
        cwd=ROOT,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "True", "fetched", "1"]


TOLD = """
import os, sys
from pathlib import Path
from bootstrap import catalogue, downloads, hub, models
from bootstrap.probe import ProbeResult
from bootstrap.progress import Progress
home = Path(sys.argv[1])
models.ensure_refiner(home)
print(os.environ["HF_HUB_OFFLINE"])
from huggingface_hub import constants
print(constants.HF_HUB_OFFLINE)
approve = lambda kind, path: ProbeResult(True)
downloads.fetch_refiner(home, catalogue.load().refiner("later"), Progress(), prober=approve)
print("fetched", os.environ["HF_HUB_OFFLINE"])
"""
