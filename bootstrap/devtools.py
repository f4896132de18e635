"""`run.py check` and `run.py fix`: the developers' tools, run in the project's own environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bootstrap.environment import clean_environment

_TOOLS = {
    "check": (("ruff", "format", "--check"), ("ruff", "check"), ("mypy",)),
    "fix": (("ruff", "format"), ("ruff", "check", "--fix")),
}


def run(task: str, python: str, root: Path, arguments: list[str]) -> int:
    """Run all tools of `task` ("check" or "fix") in `root`; 0 where all were content, else 1.

    All of them run, so that one look shows everything. 2 on arguments: there are none.
    """
    if arguments:
        _say(f"Error: `run.py {task}` takes no arguments (given: {' '.join(arguments)}).")
        return 2
    failed = []
    for tool in _TOOLS[task]:
        _say(f"== {' '.join(tool)}")
        done = subprocess.run([python, "-m", *tool], cwd=root, env=clean_environment(), check=False)
        if done.returncode:
            failed.append(" ".join(tool))
    _say(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
