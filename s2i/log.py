"""The log: data/s2i.log, where what people needn't read is kept. Holds no secrets."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from s2i.errors import S2IError

_LOGGER = logging.getLogger("s2i")
_OURS = ("s2i", "bootstrap")
for _name in _OURS:
    logging.getLogger(_name).addHandler(logging.NullHandler())  # else errors go to the terminal
_MAX_BYTES = 1_000_000
_path: Path | None = None


def begin(folder: Path) -> None:
    """Write to `folder`/s2i.log from now on, where that folder can be written."""
    global _path  # noqa: PLW0603 - one log per process
    if _path is not None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / "s2i.log", maxBytes=_MAX_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in _OURS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    logging.raiseExceptions = (
        False  # a full disk under the log must not reach the user as a traceback
    )
    _path = folder / "s2i.log"


def place() -> str:
    """Where the log is, for a hint."""
    return str(_path) if _path else "what you did"


def failure(error: Exception) -> None:
    """Keep an error with its traceback; of expected errors the code and the sentence."""
    if isinstance(error, S2IError) and error.__cause__ is None:
        _LOGGER.info("%s: %s", error.code, error.message)
    else:
        _LOGGER.error("%s", error, exc_info=error)
