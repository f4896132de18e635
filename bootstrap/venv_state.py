"""What state the project's .venv is in: cheap enough to ask at every start (no child process).

.venv/s2i-stamp.json   written last: what was installed, from which requirements, by which Python
.venv/s2i-unfinished   there while something is being installed; left behind by a killed run
.venv/install.log      everything pip and the compiler said last time
.venv.lock             held by the one process that may change .venv
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

# As mypy and ruff know it, without the time that importing `typing` takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIREMENTS = "requirements.txt"
DEV_REQUIREMENTS = "requirements-dev.txt"

# Raise it when an installed environment of an older checkout would no longer do.
STAMP_FORMAT = 1


class Venv:
    """The paths that belong to the project's environment. `root` is the project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.lock = root / ".venv.lock"
        self.stamp = self.folder / "s2i-stamp.json"
        self.unfinished = self.folder / "s2i-unfinished"
        self.log = self.folder / "install.log"
        self.config = self.folder / "pyvenv.cfg"
        self.python = self.folder / (
            "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
        )


def digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _installed(folders: Iterable[Path]) -> list[str]:
    """Names of the metadata folders (`Flask-3.1.0.dist-info`) of all installed packages, sorted."""
    names = {name for folder in folders for name in os.listdir(folder)}  # noqa: PTH208 - names only
    # pip renames what it is about to remove to `~name…`
    return sorted(n for n in names if n.endswith(".dist-info") and not n.startswith("~"))


def read_stamp(venv: Venv) -> dict[str, object] | None:
    """The stamp, or None where there is none. ValueError where it can't be made sense of."""
    try:
        stamp = json.loads(venv.stamp.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(str(error)) from error
    if not isinstance(stamp, dict) or stamp.get("finished") is not True:
        raise ValueError("it is incomplete")
    return stamp


def write_stamp(venv: Venv, requirements: Iterable[str], probe: dict[str, str]) -> None:
    """Vouch for the environment as it is now.

    `requirements` are the names of the requirements files that are installed, `probe` what
    `bootstrap.venv_probe.probe` found. Written beside and renamed: never half there.
    """
    site = {Path(probe[key]) for key in ("purelib", "platlib")}
    folders = sorted(folder for folder in site if folder.is_dir())
    stamp = {
        "format": STAMP_FORMAT,
        "python": probe["version"],
        "base": probe["base"],
        "site": [_relative(folder, Path(probe["prefix"])) for folder in folders],
        "requirements": {name: digest(venv.root / name) for name in sorted(requirements)},
        "packages": _installed(folders),
        "finished": True,
    }
    beside = venv.stamp.with_name(f"{venv.stamp.name}.{os.getpid()}.tmp")
    with beside.open("w", encoding="utf-8") as out:
        json.dump(stamp, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(venv.stamp)


def _relative(path: Path, folder: Path) -> str:
    """`path` below `folder` where it is, so that a project that was moved stays valid."""
    try:
        return path.relative_to(folder).as_posix()
    except ValueError:
        return str(path)


def still_installed(venv: Venv) -> list[str]:
    """The requirements files that were installed earlier and haven't changed since."""
    try:
        stamp = read_stamp(venv)
    except ValueError:
        return []
    recorded = stamp.get("requirements") if stamp else None
    if not isinstance(recorded, dict):
        return []
    return [
        name
        for name, hashed in recorded.items()
        if (venv.root / name).is_file() and digest(venv.root / name) == hashed
    ]


def fault(venv: Venv, requirements: Iterable[str]) -> str | None:
    """Why the environment can't be used as it is, in a few words; None where it can."""
    if venv.unfinished.exists():
        return "an earlier installation was cut off"
    try:
        stamp = read_stamp(venv)
    except ValueError:
        return "its record of what is installed is damaged"
    if stamp is None:
        return "it isn't set up yet"
    if stamp.get("format") != STAMP_FORMAT:
        return "it was set up by another version of run.py"
    return _wrong_python(venv, stamp) or _wrong_packages(venv, stamp, requirements)


def _wrong_python(venv: Venv, stamp: dict[str, object]) -> str | None:
    base = str(stamp.get("base"))
    if not venv.python.exists():  # also: a link to a Python that was uninstalled
        return "its Python is gone"
    # On POSIX `python` is a link: an upgraded system may have put another version behind it. On
    # Windows it is a launcher, which needs the Python it was made from.
    same = Path(base).exists() if sys.platform == "win32" else str(venv.python.resolve()) == base
    return None if same else "the Python it was made with has changed"


def _wrong_packages(
    venv: Venv, stamp: dict[str, object], requirements: Iterable[str]
) -> str | None:
    recorded, site, packages = (stamp.get(key) for key in ("requirements", "site", "packages"))
    if not (isinstance(recorded, dict) and isinstance(site, list) and isinstance(packages, list)):
        return "its record of what is installed is damaged"
    for name in requirements:
        if name not in recorded:
            return f"{name} isn't installed yet"
        try:
            if digest(venv.root / name) != recorded[name]:
                return f"{name} has changed"
        except FileNotFoundError:
            return f"{name} is missing"
    try:
        names = {name for f in site for name in os.listdir(venv.folder / f)}  # noqa: PTH208 - names only, at every start
    except OSError:
        return "its packages are gone"
    gone = [name for name in packages if name not in names]
    return f"{str(gone[0]).removesuffix('.dist-info')} is gone" if gone else None
