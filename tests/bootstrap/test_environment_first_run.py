"""The first run: undisturbed, twice at once, cut off, and where something is missing."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from tests.bootstrap.small_project import (
    HANG,
    SmallProject,
    base_python,
    copy_of_prepared,
    make_source,
    make_wheel,
)

pytestmark = pytest.mark.slow

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and permissions")

# A build that says where it is, then goes on until it is stopped.
_ENDLESS = """
    open(os.environ["S2I_TEST_MARK"], "w").write(str(os.getpid()))
    while True:
        print("[1/2] building", flush=True)
        time.sleep(0.05)
"""


@pytest.fixture
def fresh(tmp_path: Path) -> SmallProject:
    return SmallProject(tmp_path / "frêsh it's 100% clone", tmp_path / "packages")


@pytest.fixture
def project(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return copy_of_prepared(tmp_path_factory.getbasetemp(), tmp_path / "project")


def own_packages(project: SmallProject, tmp_path: Path) -> Path:
    """A folder of packages that this test alone adds to the project's."""
    folder = tmp_path / "own packages"
    folder.mkdir()
    project.environment["PIP_FIND_LINKS"] += f" {folder.as_uri()}"
    project.environment["PIP_CACHE_DIR"] = str(tmp_path / "cache")
    project.environment["TMPDIR"] = str(folder)
    return folder


def refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """It ended with one sentence of ours, a way out and exit code 3."""
    assert done.returncode == 3, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error: ") == 1
    for part in parts:
        assert part in done.stderr


def wait_for(condition: Callable[[], object], child: subprocess.Popen[str]) -> None:
    end = time.monotonic() + HANG
    while not condition():
        assert child.poll() is None, child.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_fresh_clone(fresh, tmp_path):
    done = fresh.run("--text", "a fox", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["arguments"] == ["--text", "a fox"]
    assert found["cwd"] == str(tmp_path)
    assert found["prefix"] == str(fresh.venv.folder)
    said = done.stderr.splitlines()
    assert str(fresh.venv.log) in said[0]
    assert [line[:5] for line in said if line.startswith("[")] == ["[1/2]", "[2/2]"]
    assert said[-1].startswith("Ready after")
    assert "Successfully installed tiny-1.0" in fresh.venv.log.read_text("utf-8")


def test_two_first_runs_at_once(fresh):
    with fresh.start("one") as first, fresh.start("two") as second:
        outcomes = [child.communicate(timeout=HANG) for child in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outcomes
    assert [json.loads(out)["arguments"] for out, _ in outcomes] == [["one"], ["two"]]
    said = "".join(err for _, err in outcomes)
    assert said.count("Ready after") == 1
    assert "Another run is setting this project up" in said


def build_for_ever(project: SmallProject, tmp_path: Path) -> subprocess.Popen[str]:
    """Start a run and come back when it is in the middle of a build."""
    make_source(own_packages(project, tmp_path), "endless", "1.0", before=_ENDLESS)
    project.require("tiny<2", "endless")
    mark = tmp_path / "building"
    project.environment["S2I_TEST_MARK"] = str(mark)
    child = project.start()
    wait_for(lambda: mark.exists() and mark.read_text(), child)
    return child


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{process}/stat")  # ended, but its parent hasn't asked yet
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def assert_gone(process: int) -> None:
    end = time.monotonic() + HANG
    while not gone(process):
        assert time.monotonic() < end
        time.sleep(0.05)


@posix_only
def test_killed_in_the_middle(project, tmp_path):
    with build_for_ever(project, tmp_path) as child:
        child.kill()
        child.communicate(timeout=HANG)
    assert project.venv.unfinished.exists()
    project.require("tiny<2")
    done = project.run("again")
    assert done.returncode == 0, done.stderr
    assert "an earlier installation was cut off" in done.stderr
    assert json.loads(done.stdout)["arguments"] == ["again"]
    assert_gone(int((tmp_path / "building").read_text()))


@posix_only
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [("SIGINT", 130, ["Stopped."]), ("SIGTERM", 143, []), ("SIGHUP", 129, [])],
)
def test_stopped_in_the_middle(project, tmp_path, number, code, says):
    with build_for_ever(project, tmp_path) as child:
        child.send_signal(signal.Signals[number])
        out, err = child.communicate(timeout=HANG)
    assert child.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert [line.partition(" ")[0] for line in err.splitlines()[-1:] if "Stopped" in line] == says
    assert project.venv.unfinished.exists()
    assert_gone(int((tmp_path / "building").read_text()))
    assert not list((tmp_path / "own packages").glob("pip-*"))


def test_no_network(project):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        del project.environment["PIP_NO_INDEX"]
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        project.environment["PIP_INDEX_URL"] = f"http://me:secret@{address}"
        project.require("tiny<2", "not-here-yet")
        done = project.run()
    refused(done, "no package index can be reached", "internet", str(project.venv.log))
    assert "secret" not in done.stderr + project.venv.log.read_text("utf-8")
    assert not project.venv.unfinished.exists()


def test_what_is_here_already_needs_no_network(project):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        del project.environment["PIP_NO_INDEX"]
        project.environment["PIP_INDEX_URL"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
        project.require("tiny>=2")
        done = project.run()
    assert done.returncode == 0, done.stderr


class BreaksOffOnce(http.server.BaseHTTPRequestHandler):
    """An index with one wheel, whose first download ends in the middle."""

    wheel: ClassVar[Path]
    downloads: ClassVar[list[str]]

    def do_GET(self) -> None:
        link = f"<a href='/{self.wheel.name}'>{self.wheel.name}</a>".encode()
        body = self.wheel.read_bytes() if self.path.endswith(".whl") else link
        self.send_response(200 if "dropping" in self.path else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path.endswith(".whl"):
            self.downloads.append(self.path)
            body = body if len(self.downloads) > 1 else body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_download_that_breaks_off_is_tried_once_more(project, tmp_path):
    BreaksOffOnce.wheel = make_wheel(tmp_path, "dropping", "1.0", {"x.txt": "x" * 500_000})
    BreaksOffOnce.downloads = []
    del project.environment["PIP_NO_INDEX"]
    project.require("tiny<2", "dropping")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BreaksOffOnce) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        project.environment["PIP_INDEX_URL"] = f"http://127.0.0.1:{server.server_address[1]}"
        done = project.run()
        server.shutdown()
        thread.join()
    assert done.returncode == 0, done.stderr
    assert "trying once more" in done.stderr
    assert len(BreaksOffOnce.downloads) == 2


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_no_venv_module(fresh, module):
    # What Debian's Python is without its package python3-venv.
    code = (
        "import runpy, sys; sys.modules[sys.argv.pop()] = None; "
        "runpy.run_path(sys.argv.pop(), run_name='__main__')"
    )
    done = subprocess.run(
        [base_python(), "-c", code, str(fresh.root / "run.py"), module],
        env=fresh.environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    refused(done, f"lacks the module {module}", "apt install python3")
    assert not fresh.venv.folder.exists()


@posix_only
def test_no_compiler(project, tmp_path):
    needs_one = "subprocess.check_call(['gcc', '-c', 'x.c'])"
    make_source(own_packages(project, tmp_path), "compiled", "1.0", before=needs_one)
    project.require("tiny<2", "compiled")
    project.environment["PATH"] = str(tmp_path)
    refused(project.run(), "no C/C++ compiler")


def test_a_build_that_fails(project, tmp_path):
    fails = "print('/src/x.cpp:3:1: error: boom is no type'); sys.exit(1)"
    make_source(own_packages(project, tmp_path), "failing", "1.0", before=fails)
    project.require("tiny<2", "failing")
    refused(project.run(), "boom is no type", str(project.venv.log))
    assert not project.venv.unfinished.exists()


@posix_only
def test_a_folder_that_is_not_writable(fresh):
    fresh.root.chmod(0o555)
    try:
        if os.access(fresh.root, os.W_OK):
            pytest.skip("nothing is forbidden to this user (root)")
        refused(fresh.run(), "can't be written to", "copy the project")
    finally:
        fresh.root.chmod(0o755)
