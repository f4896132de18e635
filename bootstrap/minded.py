"""Run a Python module that ends when the process that started it ends, in whatever way.

`python minded.py MODULE ARGUMENT…` is `python -m MODULE ARGUMENT…` with somebody minding it: its
standard input must be a pipe that nobody writes to. When the other end closes, because the parent
was killed, everything in this process's group is ended; a build of many minutes would else go on
with nobody to see it, and keep the next run waiting.

It runs in environments that hold nothing of this project: standard library alone.
"""

# This folder's modules (`progress`, `probe`) are none that pip or a build should find.
import sys

sys.path.pop(0)

import os
import runpy
import signal
import subprocess
import threading
import time

_GRACE_SECONDS = 5.0


def _mind() -> None:
    """Wait until the parent is gone, then end the group."""
    while os.read(0, 1):  # not sys.stdin: its lock would get in the way of an orderly end
        pass
    if sys.platform == "win32":
        taskkill = os.path.expandvars(r"%SystemRoot%\System32\taskkill.exe")
        subprocess.run([taskkill, "/T", "/F", "/PID", str(os.getpid())], check=False)
    else:
        # As Ctrl-C would, so that pip removes its temporary folders.
        os.killpg(0, signal.SIGINT)
        time.sleep(_GRACE_SECONDS)
        os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the module that the command line names."""
    threading.Thread(target=_mind, name="mind the parent", daemon=True).start()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
