"""run.py on a project that is set up: it only hands over, and hands everything over."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import environment
from tests.bootstrap.small_project import ROOT, SmallProject, base_python, copy_of_prepared

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells and descriptors")


@pytest.fixture
def project(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return copy_of_prepared(tmp_path_factory.getbasetemp(), tmp_path / "pröject's 100% copy")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder whose files are named like modules that the start needs."""
    folder = tmp_path / "somebody's folder"
    folder.mkdir()
    for name in ("json", "runpy", "linecache", "tiny", "rich", "s2i", "bootstrap", "encodings"):
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name}.py of the user was run')\n")
    return folder


def seen(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_start_changes_and_says_nothing(project):
    before = {path: path.stat().st_mtime_ns for path in project.venv.folder.rglob("s2i-*")}
    done = project.run("--text", "a fox")
    assert seen(done)["prefix"] == str(project.venv.folder)
    assert done.stderr == ""
    assert {path: path.stat().st_mtime_ns for path in project.venv.folder.rglob("s2i-*")} == before


def test_arguments_arrive_as_they_are(project):
    arguments = ["--text", 'it\'s "two" words', "", "-c", "%PATH% $HOME *", "ünïcödé 🦊", "--"]
    assert seen(project.run(*arguments))["arguments"] == arguments


def test_the_exit_code_is_the_programs(project):
    assert project.run("--exit", "7").returncode == 7


def test_files_in_the_current_folder_are_not_taken_for_modules(project, trap):
    found = seen(project.run(cwd=trap))
    assert found["cwd"] == str(trap)
    assert not str(found["json"]).startswith(str(trap))


@pytest.mark.parametrize("version", [(3, 10), (3, 11)])
def test_neither_way_to_start_takes_files_of_the_current_folder(project, trap, version):
    if sys.version_info < version:
        pytest.skip("this Python has no -P")
    if version == (3, 10) and sys.version_info >= (3, 13):
        pytest.skip("from 3.13 on -c looks for linecache in the current folder; -P is used there")
    command = environment.start_command(str(project.venv.python), version)
    done = subprocess.run(
        [*command, "--text", "x"], cwd=trap, capture_output=True, text=True, check=False
    )
    assert seen(done)["arguments"] == ["--text", "x"]


def test_an_outer_environment_stays_outside(project, trap):
    project.environment.update(
        PYTHONPATH=str(trap / "nothing here"),
        PYTHONHOME=sys.base_prefix,
        VIRTUAL_ENV=str(trap),
    )
    assert seen(project.run())["leaks"] == []


def test_a_safe_path_python_finds_the_project(project):
    project.environment["PYTHONSAFEPATH"] = "1"
    assert seen(project.run())["arguments"] == []


def test_an_ascii_world_is_no_obstacle(project):
    project.environment.update(LANG="C", LC_ALL="C")
    assert seen(project.run())["prefix"] == str(project.venv.folder)


@posix_only
def test_a_link_to_run_py_leads_to_the_project(project, tmp_path):
    link = tmp_path / "paint"
    link.symlink_to(project.root / "run.py")
    done = subprocess.run(
        [base_python(), str(link)],
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen(done)["prefix"] == str(project.venv.folder)


@posix_only
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams_are_no_obstacle(project, closed):
    command = f'exec "$0" "$1" --exit 5 {closed}'
    done = subprocess.run(
        ["/bin/sh", "-c", command, base_python(), str(project.root / "run.py")],
        env=project.environment,
        check=False,
    )
    assert done.returncode == 5


def test_waiting_for_the_program_passes_its_exit_code_on():
    # what Windows does in place of exec
    command = [sys.executable, "-c", "raise SystemExit(9)"]
    assert environment.run_and_wait(command, dict(os.environ)) == 9


@posix_only
def test_waiting_for_the_program_outlasts_ctrl_c(tmp_path):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from bootstrap import environment\n"
        "child = 'import os, signal, time; os.kill(os.getppid(), signal.SIGINT); time.sleep(0.5);'"
        "' raise SystemExit(130)'\n"
        "sys.exit(environment.run_and_wait([sys.executable, '-c', child], dict(os.environ)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")


@posix_only
def test_a_python_that_cannot_be_started_is_one_sentence(tmp_path, capsys):
    broken = tmp_path / "python"
    broken.write_text("no program")
    assert environment.hand_over([str(broken), "-m", "s2i"]) == 3
    assert "can't be started" in capsys.readouterr().err


def test_run_py_alone_says_what_is_missing(tmp_path):
    shutil.copy(ROOT / "run.py", tmp_path)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "run.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Get the whole project" in done.stderr
    assert "Traceback" not in done.stderr


def old_pythons() -> list[str]:
    places = [*Path.home().glob(".pyenv/versions/*/bin/python"), shutil.which("python2")]
    return [str(p) for p in places if p and _version(str(p)) < (3, 10)]


def _version(python: str) -> tuple[int, ...]:
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else (9, 9)


def test_an_old_python_is_told_so():
    found = old_pythons()
    if not found:
        pytest.skip("no Python older than 3.10 on this machine")
    for python in found:
        done = subprocess.run(
            [python, str(ROOT / "run.py"), "--text", "x"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3, python
        assert "needs Python 3.10 or newer" in done.stderr
        assert "Traceback" not in done.stderr


def test_run_py_uses_no_syntax_that_an_old_python_lacks():
    # What can be checked without one: 3.7 is the oldest version that `ast` knows.
    tree = ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 7))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, newer)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    assert not [f.name for f in functions if f.returns or any(a.annotation for a in f.args.args)]
