"""Loading a workflow file: by name from the workflow folders, or by path."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s2i.engines.comfyui import corrections, files
from s2i.engines.comfyui.corrections import Corrections
from s2i.engines.comfyui.graph import Graph
from s2i.errors import WorkflowError

BINDINGS = ".bindings"  # NAME.bindings.json beside NAME.json
_NAME = re.compile(r"[\w][\w .+-]{0,99}")


@dataclass(frozen=True)
class Workflow:
    """A checked workflow. `sha256` is of the file's bytes; treat `graph` as read-only.

    `graph` is in API format; it is empty where the file is in the editor's format (`editor`) and
    still has to be converted. `corrections` are what the user said about its inputs.
    """

    name: str
    graph: Graph = field(repr=False)
    sha256: str = ""
    editor: dict[str, Any] | None = field(default=None, repr=False)
    corrections: Corrections = field(default_factory=Corrections)
    path: Path | None = field(default=None, compare=False)


def load(name: str, folders: list[Path]) -> Workflow:
    """Load 'sd15', 'sd15.json' or the path of a file of any format. Earlier folders win.

    Raises WorkflowError.
    """
    return read(_find(name, folders))


def read(path: Path) -> Workflow:
    """Load a file of any format, and the corrections beside it. Raises WorkflowError."""
    shown = "".join(c for c in path.name if c.isprintable())[:100]
    try:
        with path.open("rb") as file:
            start = file.read(16)
            data = start + file.read(files.limit(start) + 1 - len(start))
    except OSError as error:
        raise WorkflowError(
            "workflow-unreadable", f"The workflow {shown} can't be read ({error.strerror})."
        ) from error
    content = files.parse(data, shown)
    return Workflow(
        name=path.stem,
        graph=content.graph or {},
        sha256=hashlib.sha256(data).hexdigest(),
        editor=content.editor,
        corrections=corrections.load(path.with_name(f"{path.stem}{BINDINGS}.json")),
        path=path,
    )


def names(folders: list[Path]) -> list[str]:
    """The names that `load` knows, sorted."""
    return sorted(
        {
            path.stem
            for folder in folders
            if folder.is_dir()
            for path in folder.glob("*.json")
            if not path.stem.endswith(BINDINGS)
        }
    )


def _find(name: str, folders: list[Path]) -> Path:
    if _NAME.fullmatch(name):
        for folder in folders:
            for candidate in (folder / name, folder / f"{name}.json"):
                if candidate.suffix == ".json" and candidate.is_file():
                    return candidate
    try:
        path = Path(name).expanduser()
        if path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):  # too long, NUL, a home that isn't known
        pass
    known = ", ".join(names(folders)) or "none"
    raise WorkflowError(
        "workflow-unknown",
        f"There is no workflow '{name[:400]}'.",
        hint=f"Known workflows: {known}. Or give the path of a file that ComfyUI saved.",
    )
