"""Loading a workflow file: by name below the workflow folders, or by path."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s2i.engines.comfyui.graph import Graph, outputs
from s2i.errors import WorkflowError

MAX_FILE = 16 * 2**20  # bytes
MAX_NODES = 5000
MAX_DEPTH = 40  # of lists and objects in one node; a link is a list of depth one
_NAME = re.compile(r"[\w][\w .+-]{0,99}")
_EXPORT_HINT = (
    "Open it in ComfyUI and choose Workflow > Export (API); older ComfyUI: enable dev mode options "
    "in the settings, then Save (API Format). Give that file with --workflow."
)


@dataclass(frozen=True)
class Workflow:
    """A checked API-format graph. `sha256` is of the file's bytes; treat `graph` as read-only."""

    name: str
    graph: Graph = field(repr=False)
    sha256: str = ""


def load(name: str, folders: list[Path]) -> Workflow:
    """Load 'sd15', 'sd15.json' or a path. Earlier folders win. Raises WorkflowError."""
    path = _find(name, folders)
    shown = path.name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise WorkflowError(
            "workflow-unreadable", f"The workflow {shown} can't be read ({error.strerror})."
        ) from error
    if len(data) > MAX_FILE:
        raise WorkflowError(
            "workflow-too-big", f"The workflow {shown} is larger than {MAX_FILE >> 20} MB."
        )
    return Workflow(path.stem, parse(data, shown), hashlib.sha256(data).hexdigest())


def parse(data: bytes, shown: str) -> Graph:
    """The graph in a file's bytes, checked. `shown` names it in errors. Raises WorkflowError."""
    if data.startswith((b"\x89PNG", b"RIFF")):
        raise WorkflowError(
            "workflow-is-picture", f"{shown} is a picture, not a workflow file.", hint=_EXPORT_HINT
        )
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise WorkflowError(
            "workflow-not-json", f"The workflow {shown} is not JSON{line}.", hint=_EXPORT_HINT
        ) from error
    if isinstance(content, dict) and isinstance(content.get("nodes"), list):
        raise WorkflowError(
            "workflow-ui-format",
            f"The workflow {shown} is in ComfyUI's editor format; the API format is needed.",
            hint=_EXPORT_HINT,
        )
    if isinstance(content, dict) and isinstance(content.get("prompt"), dict):
        content = content["prompt"]  # the body of a POST /prompt, as scripts keep it
    return check(content, shown)


def check(content: Any, shown: str) -> Graph:
    """The content as a graph. Raises WorkflowError where it isn't in API format."""
    if not isinstance(content, dict) or not content:
        raise WorkflowError(
            "workflow-not-api", f"{shown} is not a ComfyUI workflow.", hint=_EXPORT_HINT
        )
    if len(content) > MAX_NODES:
        raise WorkflowError(
            "workflow-too-big", f"The workflow {shown} has more than {MAX_NODES} nodes."
        )
    for node_id, node in content.items():
        whole = isinstance(node, dict) and isinstance(node.get("inputs"), dict)
        if not whole or not isinstance(node.get("class_type"), str):
            raise WorkflowError(
                "workflow-not-api",
                f"{shown} is not a ComfyUI workflow in API format (entry '{node_id[:40]}').",
                hint=_EXPORT_HINT,
            )
        if _depth(node) > MAX_DEPTH:
            raise WorkflowError(
                "workflow-too-deep", f"{shown} nests values too deeply (node '{node_id[:40]}')."
            )
    if not outputs(content):
        raise WorkflowError(
            "workflow-no-output",
            f"The workflow {shown} has no node that a picture could come out of.",
            hint="It needs a SaveImage node at its end.",
        )
    return content


def names(folders: list[Path]) -> list[str]:
    """The names that `load` knows, sorted."""
    return sorted(
        {path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.json")}
    )


def _depth(value: Any) -> int:
    """How deeply lists and objects nest, up to MAX_DEPTH + 1; without recursion of our own."""
    level: list[Any] = [value]
    for depth in range(MAX_DEPTH + 1):
        level = [
            child
            for item in level
            if isinstance(item, (list, dict))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return depth
    return MAX_DEPTH + 1


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
        hint=f"Known workflows: {known}. Or give the path of a JSON file in API format.",
    )
