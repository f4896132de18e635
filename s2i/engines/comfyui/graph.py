"""Walking an API-format graph: {id: {"class_type", "inputs": {name: value | [id, slot]}}}. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
Graph = dict[str, Node]

_VALUE_INPUTS = ("value", "text", "string", "int", "float", "number", "seed")
"""Names under which a primitive node holds its one value."""


def link(value: Any, graph: Graph) -> str | None:
    """The id of the node that an input comes from; None where it is a plain value."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], int):
        source = str(value[0])
        return source if source in graph else None
    return None


def links(node: Node, graph: Graph) -> Iterator[tuple[str, str]]:
    """(input name, source id) of every linked input."""
    for name, value in node["inputs"].items():
        source = link(value, graph)
        if source is not None:
            yield name, source


def outputs(graph: Graph) -> list[str]:
    """Nodes that nothing comes from: where the pictures leave, in the file's order."""
    used = {source for node in graph.values() for _, source in links(node, graph)}
    return [
        node_id for node_id in graph if node_id not in used and any(links(graph[node_id], graph))
    ]


def reachable(graph: Graph) -> list[str]:
    """Every node that an output needs, nearest to the outputs first. Cycles do no harm."""
    seen: dict[str, None] = dict.fromkeys(outputs(graph))
    queue = list(seen)
    for node_id in queue:
        for _, source in links(graph[node_id], graph):
            if source not in seen:
                seen[source] = None
                queue.append(source)
    return queue


def holder(graph: Graph, node_id: str, name: str) -> tuple[str, str] | None:
    """Where the plain value of an input really stands: there, or in a primitive node before it."""
    for _ in range(len(graph)):
        value = graph[node_id]["inputs"].get(name)
        source = link(value, graph)
        if source is None:
            return (node_id, name) if isinstance(value, (str, int, float)) else None
        inputs = graph[source]["inputs"]
        names = [key for key in _VALUE_INPUTS if key in inputs]
        if len(names) != 1:
            return None
        node_id, name = source, names[0]
    return None


def title(graph: Graph, node_id: str) -> str:
    """What the user calls a node: its title, else its class. For people; shortened."""
    node = graph.get(node_id)
    if node is None:
        return ""
    meta = node.get("_meta")
    name = meta.get("title") if isinstance(meta, dict) else None
    text = name if isinstance(name, str) and name.strip() else str(node["class_type"])
    return "".join(c for c in text if c.isprintable())[:60]
