"""Hand a command line over to the project's own Python, which is made ready first where needed.

On the way that every start takes nothing is imported that isn't needed and no child is started.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bootstrap.venv_state import DEV_REQUIREMENTS, REQUIREMENTS, Venv, fault

# As mypy and ruff know it, without the time that importing `typing` takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

# What an outer environment must not do to ours.
_FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONEXECUTABLE",
    "PYTHONPLATLIBDIR",
    "VIRTUAL_ENV",
    "VIRTUAL_ENV_PROMPT",
    "__PYVENV_LAUNCHER__",
)

# Set by `repair_and_restart`, so that a repair that doesn't help isn't tried again and again.
_REPAIRED = "S2I_REPAIRED"

# `-m s2i` would look for modules in the user's current folder first, and a json.py there would
# be taken for Python's own. From 3.11 on `-P` prevents that.
_START_3_10 = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; import runpy; "
    "runpy.run_module('s2i', run_name='__main__', alter_sys=True)"
)


def main(root: str, arguments: list[str]) -> int:
    """Run `arguments` (`run.py`'s) in the project at `root`; returns the exit code.

    On POSIX it doesn't return where it hands over: this process becomes the program.
    """
    open_standard_streams()
    venv = Venv(Path(root))
    task = arguments[0] if arguments else ""
    developing = task in {"test", "check", "fix"}
    requirements = [REQUIREMENTS, DEV_REQUIREMENTS] if developing else [REQUIREMENTS]
    reason = fault(venv, requirements)
    if reason is not None:
        from bootstrap.first_run import make_ready

        code = make_ready(venv, requirements)
        if code:
            return code
    python = str(venv.python)
    if task == "test":
        os.chdir(root)
        return hand_over([python, "-m", "pytest", *arguments[1:]])
    if developing:
        from bootstrap import devtools

        return devtools.run(task, python, Path(root), arguments[1:])
    return hand_over([*start_command(python, python_version(venv)), *arguments])


def open_standard_streams() -> None:
    """Point standard streams that came closed (`2>&-`) at the null device.

    Else the next file that anything opens would become standard error, and be written into.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, mode)  # the lowest free number: this very one
            os.set_inheritable(opened, True)


def clean_environment() -> dict[str, str]:
    """This process's environment variables without those that lead Python out of the .venv."""
    return {name: value for name, value in os.environ.items() if name not in _FOREIGN}


def base_python() -> str:
    """The Python that environments are made from: this one, or the one this environment has."""
    base = getattr(sys, "_base_executable", None)
    return base if base and Path(base).exists() else sys.executable


def python_version(venv: Venv) -> tuple[int, ...]:
    """(major, minor) of the Python in the environment, as it records it; else ours."""
    try:
        lines = venv.config.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip() in {"version", "version_info"}:  # `venv` and `virtualenv`, uv
            numbers = value.strip().split(".")[:2]
            if all(number.isdigit() for number in numbers):
                return tuple(map(int, numbers))
    return sys.version_info[:2]


def start_command(python: str, version: tuple[int, ...]) -> list[str]:
    """The command that starts s2i in whatever folder the user is, safe from the files there."""
    if version >= (3, 11):
        return [python, "-P", "-m", "s2i"]
    return [python, "-c", _START_3_10]


def hand_over(command: list[str], environment: dict[str, str] | None = None) -> int:
    """Become `command` (POSIX), or run it and return its exit code (Windows)."""
    variables = clean_environment() if environment is None else environment
    try:
        if sys.platform == "win32":
            # There exec starts a second process and returns to the shell at once.
            return run_and_wait(command, variables)
        os.execve(command[0], command, variables)  # noqa: S606 - no shell is wanted
    except OSError as error:
        return _say(
            f"{command[0]} can't be started: {error.strerror or error}.",
            "Does its drive forbid programs (noexec)? Then move the project to your home folder.",
        )


def run_and_wait(command: list[str], environment: dict[str, str]) -> int:
    """Run `command` to its end, whatever Ctrl-C does meanwhile: it gets that itself."""
    import subprocess  # slow, and only wanted here

    with subprocess.Popen(command, env=environment) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue


def repair_and_restart(error: ImportError) -> NoReturn:
    """s2i failed to import `error.name`: where that is an installed requirement, install it anew.

    Then the command line is run again from the start, once. Raises `error` again where it isn't
    about one of the environment's packages: then it is a mistake in the program.
    """
    venv = Venv(Path(__file__).resolve().parent.parent)
    module = (error.name or "").partition(".")[0]
    if Path(sys.prefix).resolve() != venv.folder.resolve() or not _belongs(module):
        raise error
    if os.environ.get(_REPAIRED):
        raise SystemExit(
            _say(
                f"the package that holds `{module}` can't be used even after a new installation.",
                f"See {venv.log}; or delete {venv.folder} and start again.",
            )
        )
    try:
        venv.unfinished.write_text(f"{module} is broken\n", "utf-8")
    except OSError as refused:
        raise SystemExit(
            _say(
                f"`{module}` is broken in {venv.folder}, which can't be written to: {refused}.",
                "Start it once as somebody who may write there.",
            )
        ) from error
    environment = {**clean_environment(), _REPAIRED: "1"}
    raise SystemExit(
        hand_over([base_python(), str(venv.root / "run.py"), *sys.argv[1:]], environment)
    ) from error


def _belongs(module: str) -> bool:
    """Whether an installed package's own list of files has `module`."""
    from importlib import metadata  # slow, and only wanted here

    if not module:
        return False
    for distribution in metadata.distributions():
        for file in distribution.files or ():
            if file.parts[0] in {module, f"{module}.py"}:
                return True
    return False


def _say(sentence: str, hint: str) -> int:
    """One sentence and the way out, on standard error. The exit code: 3."""
    if sys.stderr is not None:
        sys.stderr.write(f"Error: {sentence}\n       {hint}\n")
    return 3
