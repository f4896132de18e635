"""What run.py does about an environment that is damaged or out of date, and about its own tasks."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.venv_state import fault
from tests.bootstrap.small_project import SmallProject, copy_of_prepared, make_wheel

pytestmark = pytest.mark.slow

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="links to Python")


@pytest.fixture
def project(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return copy_of_prepared(tmp_path_factory.getbasetemp(), tmp_path / "project")


def works(project: SmallProject, *arguments: str) -> str:
    """Run it: a result on standard output, and what it said about the environment."""
    done = project.run(*arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["arguments"] == list(arguments)
    assert "Traceback" not in done.stderr
    quiet = project.run()
    assert (quiet.returncode, quiet.stderr) == (0, "")
    return done.stderr


def tiny_version(project: SmallProject) -> object:
    return json.loads(project.run().stdout)["tiny"]


def test_changed_requirements_are_installed(project):
    project.require("tiny>=2")
    (project.root / ".venv" / "of mine").write_text("stays")
    said = works(project)
    assert "requirements.txt has changed" in said
    assert tiny_version(project) == "2.0"
    assert (project.root / ".venv" / "of mine").exists()


def test_requirements_that_cannot_be_met_leave_what_is_there(project):
    project.require("tiny<2", "no-such-thing")
    done = project.run()
    assert done.returncode == 3
    assert "No version of no-such-thing fits" in done.stderr
    assert str(project.venv.log) in done.stderr
    assert "no-such-thing" in project.venv.log.read_text("utf-8")
    project.require("tiny<2")
    assert project.run().stderr == ""


def test_a_missing_package_is_installed_again(project):
    shutil.rmtree(project.site_packages() / "tiny-1.0.dist-info")
    (project.site_packages() / "tiny.py").unlink()
    assert "tiny-1.0 is gone" in works(project)


def test_a_gutted_package_is_noticed_when_the_program_starts(project):
    (project.site_packages() / "tiny.py").unlink()
    assert "anew" in works(project, "--text", "a fox")


def test_a_mistake_in_the_program_is_not_repaired(project):
    (project.root / "s2i" / "app.py").write_text("import s2i.nothing\n")
    (project.root / "s2i" / "__main__.py").write_text(
        "try:\n    import s2i.app\nexcept ModuleNotFoundError as error:\n"
        "    from bootstrap.environment import repair_and_restart\n"
        "    repair_and_restart(error)\n"
    )
    done = project.run()
    assert done.returncode == 1
    assert "No module named 's2i.nothing'" in done.stderr
    assert not project.venv.unfinished.exists()


def test_a_repair_that_does_not_help_is_not_repeated(project):
    # Version 1.0 as it is published now lacks its module, though its list of files names it.
    own = project.root.parent / "broken packages"
    own.mkdir()
    wheel = make_wheel(own, "tiny", "1.0", {"tiny.py": "import nothing_of_that_name\n"})
    project.environment["PIP_FIND_LINKS"] = own.as_uri()
    (project.site_packages() / "tiny.py").unlink()
    main = project.root / "s2i" / "__main__.py"
    main.write_text(
        "from bootstrap.environment import repair_and_restart\n"
        "repair_and_restart(ModuleNotFoundError('x', name='tiny'))\n"
    )
    done = project.run()
    assert wheel.exists()
    assert done.returncode == 3
    assert "even after a new installation" in done.stderr
    assert done.stderr.count("Ready after") == 1


@pytest.mark.parametrize("damage", ["truncated stamp", "no pip"])
def test_a_broken_environment_is_made_anew(project, damage):
    if damage == "truncated stamp":
        stamp = project.venv.stamp.read_bytes()
        project.venv.stamp.write_bytes(stamp[: len(stamp) // 2])
    else:
        project.require("tiny >=1, <2")
        shutil.rmtree(project.site_packages() / "pip")
    assert "anew" in works(project)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ('{"format": 1}', "damaged"),
        ('{"format": 0, "finished": true}', "another version"),
        ('{"format": 1, "finished": true, "base": 7}', "Python it was made with has changed"),
    ],
)
def test_a_stamp_that_makes_no_sense_vouches_for_nothing(project, text, reason):
    project.venv.stamp.write_text(text)
    assert reason in str(fault(project.venv, ["requirements.txt"]))


def test_a_stamp_without_lists_vouches_for_nothing(project):
    stamp = json.loads(project.venv.stamp.read_text())
    for key in ("requirements", "site", "packages"):
        project.venv.stamp.write_text(json.dumps({**stamp, key: None}))
        assert "damaged" in str(fault(project.venv, ["requirements.txt"]))


def test_what_is_gone_is_named(project):
    assert fault(project.venv, ["requirements.txt"]) is None
    shutil.rmtree(project.site_packages())
    assert fault(project.venv, ["requirements.txt"]) == "its packages are gone"
    project.venv.python.unlink()
    assert fault(project.venv, ["requirements.txt"]) == "its Python is gone"


@posix_only
def test_a_python_that_was_uninstalled_is_noticed(project):
    project.venv.python.unlink()
    project.venv.python.symlink_to("/nowhere/bin/python3")
    said = works(project)
    assert "its Python is gone" in said or "its Python doesn't work" in said


@posix_only
def test_a_python_that_only_moved_is_no_reason_to_start_over(project):
    stamp = json.loads(project.venv.stamp.read_text())
    stamp["base"] = "/nowhere/bin/python3.11"
    project.venv.stamp.write_text(json.dumps(stamp))
    (project.venv.folder / "of mine").write_text("stays")
    assert "up to date" in works(project)
    assert (project.venv.folder / "of mine").exists()


def test_an_environment_of_the_users_is_used(project):
    project.venv.stamp.unlink()
    (project.venv.folder / "of mine").write_text("stays")
    works(project)
    assert (project.venv.folder / "of mine").exists()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_environment_is_left_alone(project, kind):
    shutil.rmtree(project.venv.folder)
    if kind == "folder":
        project.venv.folder.mkdir()
        (project.venv.folder / "thesis.txt").write_text("precious")
    else:
        project.venv.folder.write_text("precious")
    done = project.run()
    assert done.returncode == 3
    assert "no Python environment" in done.stderr
    left = project.venv.folder / "thesis.txt" if kind == "folder" else project.venv.folder
    assert left.read_text() == "precious"


@posix_only
def test_an_environment_on_another_drive_stays_there(project, tmp_path):
    elsewhere = tmp_path / "other drive"
    shutil.move(project.venv.folder, elsewhere)
    project.venv.folder.symlink_to(elsewhere)
    assert works(project) == ""
    project.venv.unfinished.write_text("")
    assert "cut off" in works(project)
    assert project.venv.folder.is_symlink()
    shutil.rmtree(elsewhere)
    done = project.run()
    assert done.returncode == 3
    assert "which isn't there" in done.stderr


def test_missing_requirements_are_one_sentence(project):
    (project.root / "requirements.txt").unlink()
    done = project.run()
    assert done.returncode == 3
    assert "requirements.txt is missing" in done.stderr


def make_tools(project: SmallProject, ruff_answers: int = 0) -> None:
    """Tools in the developers' requirements that say what they were asked."""
    tell = "import os, sys\nprint(__package__, os.getcwd(), *sys.argv[1:], flush=True)\n"
    folder = project.root.parent / "tools"
    folder.mkdir()
    for name, code in (("pytest", 4), ("ruff", ruff_answers), ("mypy", 0)):
        body = f"{tell}sys.exit({code})\n"
        make_wheel(folder, name, "1.0", {f"{name}/__init__.py": "", f"{name}/__main__.py": body})
    project.environment["PIP_FIND_LINKS"] += f" {folder.as_uri()}"
    text = "-r requirements.txt\npytest\nruff\nmypy\n"
    (project.root / "requirements-dev.txt").write_text(text)


def ask(project: SmallProject, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return project.run(*arguments, cwd=tmp_path)


def test_the_developers_tasks(project, tmp_path):
    make_tools(project)
    done = ask(project, tmp_path, "test", "-k", "a b")
    assert done.returncode == 4
    assert done.stdout == f"pytest {project.root} -k a b\n"
    assert "requirements-dev.txt isn't installed yet" in done.stderr
    assert project.run().stderr == ""

    done = ask(project, tmp_path, "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"ruff {project.root} format --check",
        f"ruff {project.root} check",
        f"mypy {project.root}",
    ]
    assert "All checks passed." in done.stderr
    done = ask(project, tmp_path, "fix")
    assert done.stdout.splitlines() == [
        f"ruff {project.root} format",
        f"ruff {project.root} check --fix",
    ]
    assert ask(project, tmp_path, "check", "--fast").returncode == 2
    project.require("tiny>=2")
    assert "isn't installed" not in project.run().stderr
    assert project.run("test").stderr == ""


def test_a_check_that_fails_does_not_hide_the_others(project, tmp_path):
    make_tools(project, ruff_answers=1)
    done = ask(project, tmp_path, "check")
    assert done.returncode == 1
    assert f"mypy {project.root}" in done.stdout
    assert "Failed: ruff format --check, ruff check." in done.stderr
