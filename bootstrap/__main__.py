"""`python -m bootstrap` is `python run.py setup`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

_HANDED = "S2I_SETUP_HANDED_OVER"


def _main() -> int:
    if importlib.util.find_spec("huggingface_hub") is None and not os.environ.get(_HANDED):
        # Not the project's own Python: let run.py make or find the environment first.
        runner = Path(__file__).resolve().parent.parent / "run.py"
        command = [sys.executable, str(runner), "setup", *sys.argv[1:]]
        try:
            return subprocess.call(command, env={**os.environ, _HANDED: "1"})
        except KeyboardInterrupt:
            return 130
    from bootstrap import setup

    return setup.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())
