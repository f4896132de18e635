"""A project as small as can be, with the real run.py, whose packages come from a folder.

Nothing here is stood in for: child processes run the real thing, venv, pip and all, on packages of
a few hundred bytes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from bootstrap.venv_state import Venv

ROOT = Path(__file__).resolve().parents[2]
HANG = 180.0

_MAIN = """
import sys
try:
    import tiny
except ModuleNotFoundError as error:
    from bootstrap.environment import repair_and_restart
    repair_and_restart(error)
from s2i import app
sys.exit(app.main())
"""
# Says what a program started through run.py sees, and ends as it is told.
_APP = """
import json
import os
import sys
import tiny


def main():
    arguments = sys.argv[1:]
    try:
        import llama_cpp
        llama = llama_cpp.ORIGIN
    except ModuleNotFoundError:
        llama = None
    print(json.dumps({
        "arguments": arguments, "cwd": os.getcwd(), "prefix": sys.prefix, "tiny": tiny.VERSION,
        "json": json.__file__, "llama": llama, "version": list(sys.version_info[:2]),
        "leaks": [n for n in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV") if n in os.environ],
    }))
    return int(arguments[arguments.index("--exit") + 1]) if "--exit" in arguments else 0
"""

# A build backend inside the source archive itself: builds need no network and no compiler.
_BACKEND = """
import base64, hashlib, os, subprocess, sys, time, zipfile
NAME, VERSION, ORIGIN = {name!r}, {version!r}, {origin!r}

def get_requires_for_build_wheel(config_settings=None):
    return []

def build_wheel(folder, config_settings=None, metadata_directory=None):
    {before}
    from make_wheel import make_wheel
    body = "ORIGIN = %r\\nCMAKE_ARGS = %r\\ndef llama_backend_init(): pass\\n" % (
        ORIGIN, os.environ.get("CMAKE_ARGS"))
    return make_wheel(folder, NAME, VERSION, {{NAME.removesuffix("_python") + ".py": body}}).name
"""


def make_wheel(
    folder: str | Path,
    name: str,
    version: str,
    files: dict[str, str],
    requires: tuple[str, ...] = (),
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel of `files` (path → text) into `folder`."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in requires)
    contents = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = ""
    for path, text in contents.items():
        hashed = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={hashed.decode()},{len(text.encode())}\n"
    target = Path(folder) / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return target


def make_source(
    folder: Path, name: str, version: str, origin: str = "source", before: str = "pass"
) -> Path:
    """Write a source archive into `folder`. `before`: Python that runs before its build."""
    own_source = Path(__file__).read_text("utf-8")
    start = own_source.index("def make_wheel(")
    helper = (
        "from __future__ import annotations\nimport base64, hashlib, zipfile\n"
        "from pathlib import Path\n\n" + own_source[start : own_source.index("def make_source(")]
    )
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "backend.py": _BACKEND.format(name=name, version=version, origin=origin, before=before),
        "make_wheel.py": helper,
    }
    target = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return target


class SmallProject:
    """A project in `root`; `packages` is the folder its packages come from."""

    def __init__(self, root: Path, packages: Path) -> None:
        self.root = root
        self.packages = packages
        self.venv = Venv(root)
        self.environment = _plain_environment()
        self.environment.update(
            PIP_CONFIG_FILE=os.devnull,
            PIP_NO_INDEX="1",
            PIP_FIND_LINKS=packages.as_uri(),
            PIP_CACHE_DIR=str(packages / "cache"),
            TMPDIR=str(packages / "tmp"),
        )
        (packages / "tmp").mkdir(parents=True, exist_ok=True)
        for version in () if (packages / "tiny-2.0-py3-none-any.whl").exists() else ("1.0", "2.0"):
            make_wheel(packages, "tiny", version, {"tiny.py": f"VERSION = '{version}'\n"})
        if not root.exists():
            self._lay_out()

    def _lay_out(self) -> None:
        root = self.root
        root.mkdir(parents=True)
        shutil.copy(ROOT / "run.py", root)
        for package, wanted in (("bootstrap", "*.py"), ("s2i", "[_el]*.py")):
            shutil.copytree(
                ROOT / package,
                root / package,
                ignore=lambda _, names, keep=wanted: [n for n in names if not Path(n).match(keep)],
            )
        (root / "s2i" / "__main__.py").write_text(_MAIN, "utf-8")
        (root / "s2i" / "app.py").write_text(_APP, "utf-8")
        self.require("tiny<2")

    def require(self, *lines: str) -> None:
        """Write requirements.txt."""
        (self.root / "requirements.txt").write_text("".join(f"{x}\n" for x in lines), "utf-8")

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """Start `python run.py arguments…` without waiting for it."""
        settings: dict[str, object] = {
            "cwd": self.root,
            "env": self.environment,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "stdin": subprocess.DEVNULL,
            "encoding": "utf-8",
        }
        settings.update(options)
        command = [base_python(), str(self.root / "run.py"), *arguments]
        return subprocess.Popen(command, **settings)  # type: ignore[call-overload, no-any-return]  # options are Popen's own

    def run(self, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run `python run.py arguments…` to its end."""
        with self.start(*arguments, **options) as child:
            try:
                out, err = child.communicate(timeout=HANG)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def site_packages(self) -> Path:
        """The folder of the installed packages."""
        found = [*self.venv.folder.glob("[Ll]ib/**/site-packages")]
        return min(found, key=lambda path: len(path.parts))


@functools.lru_cache(maxsize=1)
def _prepared(folder: Path) -> SmallProject:
    project = SmallProject(folder / "prepared project", folder / "prepared packages")
    done = project.run()
    assert done.returncode == 0, done.stderr
    return project


def copy_of_prepared(shared: Path, root: Path) -> SmallProject:
    """A project that is set up already: a copy in `root` of the one that is made once in `shared`.

    That the copy works is no accident of these tests: a project's folder may be moved.
    """
    original = _prepared(shared)
    shutil.copytree(original.root, root, symlinks=True)
    return SmallProject(root, original.packages)


def base_python() -> str:
    """The Python that the tests' own environment was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _plain_environment() -> dict[str, str]:
    """This process's variables without those that lead pip, Python or run.py somewhere else."""
    foreign = ("PIP_", "PYTHON", "S2I_", "CMAKE", "VIRTUAL_ENV", "LC_", "COVERAGE")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
