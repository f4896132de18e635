"""Names that a workflow's file may have, and writing it at once or not at all."""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

from s2i.engines.comfyui.workflow import BINDINGS
from s2i.errors import OutputError, WorkflowError

MAX_BYTES = 200  # file systems take 255, and ".bindings.json" follows
_NAME = re.compile(r"\w(?:[\w .+-]{0,98}[\w+-])?")
_TAKEN = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))}
_ENDINGS = (".json", ".png", ".webp")


def clean_name(name: str) -> str:
    """A workflow's name, checked; an ending of a workflow file is taken off. Raises WorkflowError.

    No dots at its ends, no path, nothing that Windows keeps for devices.
    """
    text = name.strip()
    for ending in _ENDINGS:
        if text.lower().endswith(ending):
            text = text[: -len(ending)].rstrip()
    bad = text.split(".")[0].strip().lower() in _TAKEN or text.lower().endswith(BINDINGS)
    if bad or not _NAME.fullmatch(text) or len(text.encode("utf-8")) > MAX_BYTES:
        shown = "".join(c for c in name if c.isprintable())[:60]
        raise WorkflowError(
            "workflow-bad-name",
            f"A workflow can't be called '{shown}'.",
            hint="Use letters, digits, spaces and . + - _ (up to 100), beginning with a letter.",
        )
    return text


def write(path: Path, data: bytes) -> None:
    """The whole file or nothing of it. Raises OutputError."""
    draft = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        try:
            with draft.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _move(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _move(draft: Path, path: Path) -> None:
    """Put a file in another's place. Windows refuses while somebody reads the older one."""
    for wait in (0.02, 0.05, 0.1, 0.2, 0.0):
        try:
            draft.replace(path)
        except PermissionError:
            if not wait:
                raise
            time.sleep(wait)
        else:
            return


def unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        "workflow-unwritable",
        f"The workflow {path.stem} can't be written ({error.strerror}).",
        hint=f"Is there room, and may this program write to {path.parent}?",
    )
