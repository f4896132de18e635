"""Where llama-cpp-python comes from: wheels of its own project, else its source.

The indexes are servers on loopback; the packages are tiny, their builds are real.
"""

from __future__ import annotations

import functools
import http.server
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrap import llama_wheel
from tests.bootstrap.small_project import (
    SmallProject,
    copy_of_prepared,
    make_source,
    make_wheel,
)

NAME = "llama_cpp_python"


def wheel_files(origin: str, body: str = "") -> dict[str, str]:
    text = f"ORIGIN = {origin!r}\nCMAKE_ARGS = None\ndef llama_backend_init(): pass\n{body}"
    return {"llama_cpp.py": text}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A server of the files in `folder`, and its address. Folders are lists of links."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """A server that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def project(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProject]:
    """A project that lacks llama-cpp-python, whose source is there (0.3.36), and an empty index."""
    project = copy_of_prepared(tmp_path_factory.getbasetemp(), tmp_path / "project")
    sources = tmp_path / "sources"
    sources.mkdir()
    make_source(sources, NAME, "0.3.36")
    (tmp_path / "wheels" / "llama-cpp-python").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    project.require("llama-cpp-python>=0.3.9,<0.4  # runs the language model", "tiny<2")
    del project.environment["PIP_NO_INDEX"]
    with serving(tmp_path / "empty") as address:
        project.environment.update(
            PIP_INDEX_URL=address,
            PIP_FIND_LINKS=f"{project.environment['PIP_FIND_LINKS']} {sources.as_uri()}",
            PIP_CACHE_DIR=str(tmp_path / "cache"),
            S2I_LLAMA_INDEX="off",
        )
        yield project


def origin(project: SmallProject) -> tuple[object, str]:
    """Where the package that the program sees came from, and what was said."""
    done = project.run()
    assert done.returncode == 0, done.stderr
    quiet = project.run()
    assert (quiet.returncode, quiet.stderr) == (0, "")
    return json.loads(done.stdout)["llama"], done.stderr


def cmake_args(project: SmallProject) -> str:
    built = (project.site_packages() / "llama_cpp.py").read_text()
    return next(line for line in built.splitlines() if line.startswith("CMAKE_ARGS"))


@pytest.mark.slow
def test_a_ready_made_wheel_is_taken(project, tmp_path):
    wheels = tmp_path / "wheels" / "llama-cpp-python"
    make_wheel(wheels, NAME, "0.3.20", wheel_files("its own index"))
    with serving(tmp_path / "wheels") as address:
        project.environment["S2I_LLAMA_INDEX"] = address
        came_from, said = origin(project)
    assert came_from == "its own index"
    assert "llama-cpp-python, which runs the language model" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "tag", "body", "says"),
    [
        ("0.3.20", "cp34-cp34m-win_arm64", "", "no ready-made one that fits"),
        ("0.2.90", "py3-none-any", "", "no ready-made one that fits"),
        ("0.3.20", "py3-none-any", "raise OSError('libc.musl.so')", "doesn't run on this machine"),
        (None, "", "", "no ready-made one in reach"),
    ],
)
def test_else_it_is_built_from_source(project, tmp_path, version, tag, body, says):
    if version:
        wheels = tmp_path / "wheels" / "llama-cpp-python"
        make_wheel(wheels, NAME, version, wheel_files("its own index", body), tag=tag)
    with serving(tmp_path / "wheels") as address:
        project.environment.update(S2I_LLAMA_INDEX=address, CMAKE_ARGS="-DMINE=1")
        came_from, said = origin(project)
    assert came_from == "source"
    assert says in said
    assert cmake_args(project) == "CMAKE_ARGS = '-DMINE=1 -DLLAVA_BUILD=OFF'"


@pytest.mark.slow
def test_an_index_that_never_answers_is_not_waited_for(project):
    with silent() as address:
        project.environment["S2I_LLAMA_INDEX"] = address
        came_from, said = origin(project)
    assert came_from == "source"
    assert "127.0.0.1 has no ready-made one in reach" in said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a PATH without compilers")
def test_without_a_compiler(project, tmp_path):
    project.environment["PATH"] = str(tmp_path)
    done = project.run()
    assert done.returncode == 3
    assert "no C/C++ compiler" in done.stderr
    assert "Traceback" not in done.stderr

    # ... but a wheel that was built here earlier, or one from an index of the user's, will do.
    own = tmp_path / "own"
    own.mkdir()
    make_wheel(own, NAME, "0.3.10", wheel_files("the user's folder"))
    project.environment["PIP_FIND_LINKS"] += f" {own.as_uri()}"
    assert origin(project)[0] == "the user's folder"


@pytest.mark.slow
def test_the_second_clone_takes_the_wheel_of_the_first(project, tmp_path, tmp_path_factory):
    assert "from its source" in origin(project)[1]
    second = copy_of_prepared(tmp_path_factory.getbasetemp(), tmp_path / "second")
    second.require("llama-cpp-python>=0.3.9,<0.4", "tiny<2")
    second.environment = {**project.environment, "PATH": str(tmp_path)}  # and no compiler
    assert origin(second)[0] == "source"


@pytest.mark.slow
def test_a_cached_wheel_for_another_processor_is_built_anew(project, tmp_path):
    # The first build makes a package that can't be loaded, and pip's cache keeps it.
    before = (
        "global ORIGIN; mark = os.environ['S2I_TEST_MARK']; "
        "ORIGIN = 'rebuilt' if os.path.exists(mark) else Broken(); open(mark, 'w').close()"
    )
    make_source(
        tmp_path / "sources",
        NAME,
        "0.3.37",
        before=f"class Broken:\n        def __repr__(self): return '1/0'\n    {before}",
    )
    project.environment["S2I_TEST_MARK"] = str(tmp_path / "built once")
    came_from, said = origin(project)
    assert came_from == "rebuilt"
    assert "building it anew" in said


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("llama-cpp-python>=0.3.9,<0.4", "llama-cpp-python>=0.3.9,<0.4"),
        ("Llama_CPP.python == 0.3.9   # why", "Llama_CPP.python == 0.3.9"),
        ("  llama-cpp-python ; python_version < '4'", "llama-cpp-python ; python_version < '4'"),
        ("llama-cpp-python==0.3.9 --hash=sha256:00", "llama-cpp-python==0.3.9"),
        ("# llama-cpp-python", None),
        ("llama-cpp-python-more", None),
        ("-r other.txt", None),
    ],
)
def test_the_requirement_is_found(tmp_path, line, wanted):
    file = tmp_path / "requirements.txt"
    file.write_text(f"# comment\n\ntiny\n{line}\n")
    assert llama_wheel.requirement(file) == wanted


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("", "-DLLAVA_BUILD=OFF"),
        ("-DGGML_BLAS=ON", "-DGGML_BLAS=ON -DLLAVA_BUILD=OFF"),
        ("-DLLAVA_BUILD=ON", "-DLLAVA_BUILD=ON"),
    ],
)
def test_the_users_own_build_options_stay(monkeypatch, given, used):
    monkeypatch.setenv("CMAKE_ARGS", given)
    assert llama_wheel.build_environment()["CMAKE_ARGS"] == used


def test_an_index_that_is_no_address_is_refused(project):
    project.environment["S2I_LLAMA_INDEX"] = "/some/folder"
    done = project.run()
    assert done.returncode == 3
    assert "S2I_LLAMA_INDEX is no web address: /some/folder" in done.stderr
