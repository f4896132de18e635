"""What the user says about a workflow's inputs, in NAME.bindings.json beside it.

    {"version": 1, "bindings": {"prompt": [["6", "text"]], "steps": []}}

A list of [node id, input] pairs per meaning; an empty list: leave it alone. Meanings that aren't
mentioned are found as always (finding.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s2i.engines.comfyui.binding import KINDS, Place
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.graph import Graph, link
from s2i.errors import WorkflowError

VERSION = 1
MAX_FILE = 2**20  # bytes
MAX_PLACES = 64  # per meaning


@dataclass(frozen=True)
class Corrections:
    """Places by meaning, as the user wants them."""

    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.places)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, as the file has it."""
        return {
            "version": VERSION,
            "bindings": {
                meaning: [list(place) for place in places]
                for meaning, places in self.places.items()
            },
        }


def load(path: Path) -> Corrections:
    """The corrections in a file; none where it isn't there. Raises WorkflowError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return Corrections()
    except (OSError, ValueError) as error:
        raise _bad(path.name, "it can't be read") from error
    if len(data) > MAX_FILE:
        raise _bad(path.name, "it is too large")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _bad(path.name, "it is not JSON") from error
    return parse(content, path.name)


def parse(content: Any, shown: str) -> Corrections:
    """Corrections from JSON, checked by form. Raises WorkflowError."""
    bindings = content.get("bindings") if isinstance(content, dict) else None
    if not isinstance(bindings, dict):
        raise _bad(shown, 'it needs an object "bindings"')
    places: dict[str, tuple[Place, ...]] = {}
    for meaning, entries in bindings.items():
        if meaning not in KINDS:
            raise _bad(shown, f"'{str(meaning)[:40]}' is none of {', '.join(KINDS)}")
        if not isinstance(entries, list) or len(entries) > MAX_PLACES:
            raise _bad(shown, f"{meaning} needs a list of [node, input] pairs")
        found = []
        for entry in entries:
            if not (
                isinstance(entry, list)
                and len(entry) == 2
                and isinstance(entry[1], str)
                and isinstance(entry[0], (str, int))
            ):
                raise _bad(shown, f"{meaning} needs a list of [node, input] pairs")
            found.append((str(entry[0]), entry[1]))
        places[meaning] = tuple(dict.fromkeys(found))
    return Corrections(places)


def check(corrections: Corrections, graph: Graph, catalogue: Catalogue) -> None:
    """Raise WorkflowError unless every place exists, holds a plain value and is of a fitting type.

    A workflow that was changed in ComfyUI may have lost the node.
    """
    for meaning, places in corrections.places.items():
        for node_id, name in places:
            where = f"node {node_id[:20]}, {name[:40]}"
            node = graph.get(node_id)
            if node is None or name not in node["inputs"]:
                raise _lost(meaning, f"{where}: the workflow has no such input")
            if link(node["inputs"][name], graph) is not None:
                raise _lost(meaning, f"{where}: its value comes from another node")
            spec = catalogue.node(node["class_type"])
            kind = spec.inputs[name].kind if spec is not None and name in spec.inputs else None
            if kind is not None and kind not in KINDS[meaning]:
                raise _lost(meaning, f"{where}: it is of type {kind[:40]}")


def _lost(meaning: str, why: str) -> WorkflowError:
    return WorkflowError(
        "workflow-bad-binding",
        f"The {meaning} can't go to {why}.",
        hint="Choose another input for it, or take that entry out of the workflow's bindings.",
    )


def _bad(shown: str, why: str) -> WorkflowError:
    return WorkflowError(
        "workflow-bad-bindings",
        f"{shown} can't be used: {why}.",
        hint='Write {"version": 1, "bindings": {"prompt": [["6", "text"]]}}, or remove the file.',
    )
