"""A workflow checked before it is queued: nodes, links, model files, values, outputs. Pure.

The server checks too, but stops at the first unknown node and names no way out; and it refuses a
workflow for a node that no picture needs. What no output needs is left out here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.comfyui import models
from s2i.engines.comfyui.binding import Place
from s2i.engines.comfyui.catalogue import Catalogue, InputSpec
from s2i.engines.comfyui.graph import (
    Graph,
    cycle,
    dead_links,
    downstream,
    link,
    links,
    reachable,
    title,
)
from s2i.errors import S2IError, WorkflowError

MAX_NAMED = 5
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class NodesMissing(WorkflowError):
    """Node types that the server hasn't got: `types`. Worth asking /object_info again."""

    def __init__(self, types: list[str], message: str, hint: str) -> None:
        super().__init__("comfyui-node-missing", message, hint=hint)
        self.types = types


@dataclass
class Report:
    """What a check found. `replace`: model files that lie in another folder there."""

    replace: dict[Place, Any] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def needed(graph: Graph, catalogue: Catalogue, name: str) -> tuple[Graph, list[str]]:
    """(what the outputs need, warnings). `name` is the workflow's.

    Raises NodesMissing, WorkflowError (no picture comes out, links to nothing, a circle).
    """
    used = {source for node in graph.values() for _, source in links(node, graph)}
    roots: list[str] = []
    strange: list[str] = []  # ends of types that aren't known: may be outputs
    pictures = other = 0
    for node_id, node in graph.items():
        spec = catalogue.node(node["class_type"])
        if spec is None:
            if node_id not in used and any(links(node, graph)):
                strange.append(node_id)
        elif spec.is_output:
            roots.append(node_id)
            pictures += spec.shows_picture
            other += not spec.shows_picture
    unknown = [n for n, node in graph.items() if node["class_type"] not in catalogue]
    broken = downstream(graph, unknown) if unknown else set()
    whole = [root for root in roots if root not in broken]
    shown = [r for r in whole if _shows(graph, catalogue, r)]
    if not shown:
        bad = _unknown(graph, catalogue, reachable(graph, [*roots, *strange]))
        if bad and (strange or pictures):
            raise nodes_missing(bad, catalogue, name)
        raise _no_picture(name, other)
    warnings = []
    left_out = [r for r in [*roots, *strange] if r not in whole]
    if left_out:
        missing = _unknown(graph, catalogue, reachable(graph, left_out))
        warnings.append(
            f"{_listed([title(graph, r) for r in left_out])} left out: this ComfyUI hasn't got "
            f"the node {_listed(missing)}."
        )
    keep = set(reachable(graph, whole))
    part = {node_id: node for node_id, node in graph.items() if node_id in keep}
    dead = dead_links(part)
    for node_id, name_of in dead:
        if _wants_link(part, catalogue, node_id, name_of):
            raise WorkflowError(
                "workflow-dead-link",
                f"The workflow {name} links {title(part, node_id)} ({name_of[:40]}) to a node "
                f"that isn't there.",
                hint="Open it in ComfyUI, connect that input, save it again.",
            )
    ring = cycle(part)
    if ring:
        raise WorkflowError(
            "workflow-cycle",
            f"The workflow {name} has links that go in a circle: "
            f"{_listed([f'node {n[:20]}' for n in ring])}.",
            hint="Open it in ComfyUI and take one of those links out.",
        )
    return part, warnings


def _unknown(graph: Graph, catalogue: Catalogue, nodes: list[str]) -> list[str]:
    types = (str(graph[n]["class_type"]) for n in nodes if graph[n]["class_type"] not in catalogue)
    return list(dict.fromkeys(types))


def _shows(graph: Graph, catalogue: Catalogue, node_id: str) -> bool:
    """Whether a picture can leave here: the node shows pictures, and one is linked to it."""
    spec = catalogue.node(graph[node_id]["class_type"])
    return spec is not None and spec.shows_picture and any(links(graph[node_id], graph))


def _wants_link(graph: Graph, catalogue: Catalogue, node_id: str, name: str) -> bool:
    """Whether a list of two is meant as a link here; a few custom nodes have lists as values."""
    spec = catalogue.node(graph[node_id]["class_type"])
    known = spec.inputs.get(name) if spec is not None else None
    return known is None or known.kind != "COMBO"


def nodes_missing(types: list[str], catalogue: Catalogue, name: str) -> NodesMissing:
    """The error for node types that the server lacks, with the nearest that it has."""
    parts = []
    for kind in types[:MAX_NAMED]:
        if _UUID.fullmatch(kind):
            parts.append("of a subgraph that isn't in the file")
            continue
        near = catalogue.nearest(kind)
        said = f" (nearest there: {', '.join(models.plain_name(n) for n in near)})" if near else ""
        parts.append(models.plain_name(kind) + said)
    more = f" and {len(types) - MAX_NAMED} more" if len(types) > MAX_NAMED else ""
    nodes = "nodes" if len(types) > 1 else "node"
    return NodesMissing(
        types,
        f"This ComfyUI hasn't got the {nodes} {', '.join(parts)}{more} that the workflow {name} "
        "uses.",
        "Install the custom nodes that bring them (ComfyUI-Manager lists missing ones), or choose "
        "another workflow.",
    )


def _no_picture(name: str, other: int) -> WorkflowError:
    return WorkflowError(
        "workflow-no-output",
        f"No picture comes out of the workflow {name}"
        + (": it saves other things than pictures." if other else "."),
        hint="It needs a SaveImage or PreviewImage node at its end, connected and neither muted "
        "nor bypassed.",
    )


def values(bound: Graph, catalogue: Catalogue, skip: frozenset[Place] = frozenset()) -> Report:
    """Check the values of a graph that is ready to be queued, but for the places in `skip`.

    An output with a problem is left to the server where another is fine. Raises ModelMissing or
    WorkflowError of the first problem else, missing model files before all others.
    """
    report = Report()
    problems: dict[str, list[tuple[int, S2IError]]] = {}
    for node_id, node in bound.items():
        spec = catalogue.node(node["class_type"])
        for one in spec.inputs.values() if spec is not None else ():
            value = node["inputs"].get(one.name)
            place = (node_id, one.name)
            if value is None or place in skip or link(value, bound) is not None:
                continue
            found = _problem(bound, place, one, value, report)
            if found is not None:
                problems.setdefault(node_id, []).append(found)
    outputs = [
        node_id
        for node_id, node in bound.items()
        if (spec := catalogue.node(node["class_type"])) is not None and spec.is_output
    ]
    broken = downstream(bound, problems) if problems else set()
    good = [output for output in outputs if output not in broken]
    if problems and not any(_shows(bound, catalogue, output) for output in good):
        every = [problem for found in problems.values() for problem in found]
        raise min(every, key=lambda pair: pair[0])[1]
    return report


def _problem(
    graph: Graph, place: Place, spec: InputSpec, value: Any, report: Report
) -> tuple[int, S2IError] | None:
    """(rank, error) of one value; a model file found elsewhere goes into the report."""
    if spec.options is not None:
        return _bad_choice(graph, place, spec, value, report)
    if spec.kind in ("INT", "FLOAT") and isinstance(value, (int, float, str)):
        return _bad_number(graph, place, spec, value)
    return None


def _bad_number(
    graph: Graph, place: Place, spec: InputSpec, value: Any
) -> tuple[int, S2IError] | None:
    low, high = spec.limit("min"), spec.limit("max")
    where = f"{title(graph, place[0])}, {spec.name[:40]}"
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        wanted = "whole number" if spec.kind == "INT" else "number"
        said = models.plain_name(str(value))[:60]
        return 2, WorkflowError("workflow-bad-value", f"{where}: '{said}' is no {wanted}.")
    if (low is None or number >= low) and (high is None or number <= high):
        return None
    bounds = f"{_number(low)} to {_number(high)}"
    if high is None:
        bounds = f"{_number(low)} or more"
    elif low is None:
        bounds = f"{_number(high)} or less"
    return 2, WorkflowError(
        "workflow-bad-value",
        f"{where}: {_number(number)} is out of range; it takes {bounds}.",
        hint="Change it in ComfyUI and save the workflow again, or give another value here.",
    )


def _bad_choice(
    graph: Graph, place: Place, spec: InputSpec, value: Any, report: Report
) -> tuple[int, S2IError] | None:
    offered = [option for option in spec.options or () if isinstance(option, str)]
    model = isinstance(value, str) and value.lower().endswith(models.SUFFIXES)
    if value in (spec.options or ()) or isinstance(value, (list, dict)):
        if model:
            report.models.append(str(value))
        return None
    if model:
        there = models.same_file(str(value), offered)
        if there is None:
            kind = str(graph[place[0]]["class_type"])
            return 0, models.missing(str(value), spec.name, offered, kind)
        report.replace[place] = there
        report.models.append(there)
        report.warnings.append(
            f"Uses {models.plain_name(there)} as {models.plain_name(str(value))}."
        )
        return None
    return (
        _bad_upload(graph, place, spec, value)
        if spec.upload
        else _bad_word(graph, place, spec, value, offered)
    )


def _bad_upload(
    graph: Graph, place: Place, spec: InputSpec, value: Any
) -> tuple[int, S2IError] | None:
    """A picture or other file of the user's that isn't listed."""
    where = title(graph, place[0])
    said = models.plain_name(str(value))[:60]
    # the server opens files in its folders by such names, without listing them
    if "/" in said or said.endswith(("[output]", "[temp]", "[input]")):
        return None
    wanted = "picture" if spec.picture else "file"
    return 1, WorkflowError(
        "workflow-needs-image" if spec.picture else "workflow-needs-file",
        f"The workflow needs an input {wanted} for {where}"
        + (f" ('{said}' isn't on the server)." if said else "."),
        hint="Give one with --image FILE."
        if spec.picture
        else "Put it into ComfyUI's input folder.",
    )


def _bad_word(
    graph: Graph, place: Place, spec: InputSpec, value: Any, offered: list[str]
) -> tuple[int, S2IError] | None:
    """A choice that isn't offered, such as a sampler of another version."""
    if not offered:
        return None  # numbers or switches, which the server converts; or nothing to choose from
    said = models.plain_name(str(value))[:60]
    which = models.nearest_names(said, offered) or offered[:8]
    known = ", ".join(models.plain_name(name)[:40] for name in which)
    return 2, WorkflowError(
        "workflow-bad-value",
        f"{title(graph, place[0])} doesn't know {spec.name[:40]} '{said}'.",
        hint=f"Choose one that this ComfyUI knows: {known}.",
    )


def _number(value: float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(items: list[str]) -> str:
    names = [models.plain_name(item) for item in items[:MAX_NAMED]]
    more = f" and {len(items) - MAX_NAMED} more" if len(items) > MAX_NAMED else ""
    return ", ".join(names) + more
