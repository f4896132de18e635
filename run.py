#!/usr/bin/env python3
"""SpeechToImage's one command: `python run.py --text "a red fox in the snow"`.

Makes the project's own Python environment (.venv) on the first run, then hands over to it.
`python run.py --help` lists everything else.
"""

# Syntax and modules of Python 2.7 up to the version check, so that an old Python says what is wrong
# with it: no annotations, no pathlib, no f-strings.
# ruff: noqa: ANN001, ANN201, PTH100, PTH114, PTH120, UP031
import os
import sys

OLDEST = (3, 10)


def project_folder():
    # type: () -> str
    """The folder of this file, also where it is started through a link."""
    here = os.path.abspath(__file__)
    if os.path.islink(here):
        here = os.path.realpath(here)
    return os.path.dirname(here)


def refuse(sentence, hint):
    # type: (str, str) -> int
    """Say on standard error why it ends here. The exit code: 3, something needed is missing."""
    if sys.stderr is not None:
        sys.stderr.write("Error: " + sentence + "\n       " + hint + "\n")
    return 3


def main():
    # type: () -> int
    """Prepare the environment where needed and hand over. Returns the exit code."""
    if sys.version_info < OLDEST:
        return refuse(
            "SpeechToImage needs Python 3.10 or newer; this is Python %d.%d (%s)."
            % (sys.version_info[0], sys.version_info[1], sys.executable),
            "Start it with a newer one, for example: python3.12 run.py  (Windows: py -3.12 run.py)."
            "\n       Python is at https://www.python.org/downloads/",
        )
    root = project_folder()
    if sys.path[0] != root:  # `python -P`, PYTHONSAFEPATH
        sys.path.insert(0, root)
    try:
        from bootstrap import environment
    except ModuleNotFoundError as error:
        return refuse(
            "run.py is of no use without the files beside it: " + str(error) + ".",
            "Get the whole project (git clone, or unpack the whole archive) and start it there.",
        )
    return environment.main(root, sys.argv[1:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
