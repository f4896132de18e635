"""A workflow file made ready: converted, cut down to what its outputs need, its inputs found."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from s2i.engines.comfyui import checking
from s2i.engines.comfyui.binding import Binding
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.editor import convert, document
from s2i.engines.comfyui.finding import find
from s2i.engines.comfyui.graph import Graph
from s2i.engines.comfyui.workflow import Workflow
from s2i.errors import WorkflowError


@dataclass(frozen=True)
class Resolved:
    """An API graph that can be bound and queued, and where its inputs are."""

    graph: Graph = field(repr=False)
    binding: Binding
    warnings: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def core() -> Catalogue:
    """The types of the nodes that the shipped workflows use, as ComfyUI 0.3.64 tells of them.

    With them a shipped workflow needs no /object_info, which is 323 KB and more.
    """
    path = Path(__file__).with_name("core_nodes.json")
    return Catalogue(json.loads(path.read_text(encoding="utf-8")))


def to_graph(file: Workflow, catalogue: Catalogue) -> tuple[Graph, list[str]]:
    """(the API graph of what the outputs need, warnings). Raises WorkflowError, NodesMissing."""
    graph = file.graph
    warnings: list[str] = []
    if file.editor is not None:
        converted = convert.convert(document.read(file.editor, file.name), catalogue, file.name)
        graph = converted.graph
        warnings += converted.notes
    part, left_out = checking.needed(graph, catalogue, file.name)
    return part, warnings + left_out


def resolve(file: Workflow, catalogue: Catalogue) -> Resolved:
    """Make a file ready for a server with these node types. Raises WorkflowError, NodesMissing."""
    graph, warnings = to_graph(file, catalogue)
    return Resolved(graph, bound(file, graph, catalogue), tuple(warnings))


def bound(file: Workflow, graph: Graph, catalogue: Catalogue) -> Binding:
    """Where the inputs of a file's graph are; errors name the file. Raises WorkflowError."""
    try:
        return find(graph, catalogue, file.corrections)
    except WorkflowError as error:
        named = error.message.replace("The workflow", f"The workflow {file.name}", 1)
        raise WorkflowError(error.code, named, hint=error.hint) from error
