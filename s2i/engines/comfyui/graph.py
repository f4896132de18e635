"""Walking an API-format graph: {id: {"class_type", "inputs": {name: value | [id, slot]}}}. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Node = dict[str, Any]
Graph = dict[str, Node]


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


def reachable(graph: Graph, roots: Iterable[str] | None = None) -> list[str]:
    """Every node that the roots (else all outputs) need, nearest first. Cycles do no harm."""
    seen: dict[str, None] = dict.fromkeys(outputs(graph) if roots is None else roots)
    queue = list(seen)
    for node_id in queue:
        for _, source in links(graph[node_id], graph):
            if source not in seen:
                seen[source] = None
                queue.append(source)
    return queue


def downstream(graph: Graph, starts: Iterable[str]) -> set[str]:
    """The nodes themselves and every node that needs one of them."""
    users: dict[str, list[str]] = {}
    for node_id, node in graph.items():
        for _, source in links(node, graph):
            users.setdefault(source, []).append(node_id)
    seen = set(starts)
    queue = list(seen)
    for node_id in queue:
        for user in users.get(node_id, ()):
            if user not in seen:
                seen.add(user)
                queue.append(user)
    return seen


def cycle(graph: Graph) -> list[str]:
    """The nodes of a circle of links, in order; empty where there is none."""
    done: set[str] = set()
    for start in graph:
        path: dict[str, Iterator[tuple[str, str]]] = {}
        if start not in done:
            path[start] = links(graph[start], graph)
        while path:
            node_id = next(reversed(path))
            step = next(path[node_id], None)
            if step is None:
                done.add(node_id)
                del path[node_id]
            elif step[1] in path:
                order = list(path)
                return order[order.index(step[1]) :]
            elif step[1] not in done:
                path[step[1]] = links(graph[step[1]], graph)
    return []


def dead_links(graph: Graph) -> list[tuple[str, str]]:
    """(node, input) of what looks like a link, but to a node that isn't there."""
    return [
        (node_id, name)
        for node_id, node in graph.items()
        for name, value in node["inputs"].items()
        if isinstance(value, list) and len(value) == 2 and link(value, graph) is None
        and isinstance(value[0], (str, int)) and type(value[1]) is int
    ]  # fmt: skip


def title(graph: Graph, node_id: str) -> str:
    """What the user calls a node: its title, else its class. For people; shortened."""
    node = graph.get(node_id)
    if node is None:
        return ""
    meta = node.get("_meta")
    name = meta.get("title") if isinstance(meta, dict) else None
    text = name if isinstance(name, str) and name.strip() else str(node["class_type"])
    if not text.isprintable():
        text = "".join(c for c in text if c.isprintable())
    return text[:60]
