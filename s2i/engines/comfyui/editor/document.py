"""A file of ComfyUI's editor as dataclasses. Pure; believes nothing but sizes within limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeGuard

from s2i.errors import WorkflowError

MAX_NODES = 5000  # with every subgraph unfolded
NEVER, BYPASS = 2, 4  # modes of a node; all others run


@dataclass(frozen=True)
class Slot:
    """An input or output socket. `widget`: the name of the widget that it feeds."""

    name: str
    kind: str
    link: str | None = None
    widget: str | None = None


@dataclass(frozen=True)
class Link:
    """From one node's output slot to another's input slot; ids are those of the level."""

    origin: str
    slot: int
    target: str
    target_slot: int


@dataclass(frozen=True)
class EditorNode:
    """A node. `values` is widgets_values as the file has it: a list, or an object by name."""

    id: str
    type: str
    mode: int
    title: str
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    values: list[Any] | dict[str, Any]
    properties: dict[str, Any]


@dataclass
class Level:
    """The whole graph, or the definition of a subgraph. Its own ends are pseudo nodes."""

    name: str
    nodes: dict[str, EditorNode] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    input_node: str = "-10"
    output_node: str = "-20"

    @cached_property
    def leaving(self) -> dict[int, Link]:
        """The links that end at the definition's outputs, by slot."""
        found: dict[int, Link] = {}
        for link in self.links.values():
            if link.target == self.output_node:
                found.setdefault(link.target_slot, link)
        return found

    @cached_property
    def entering(self) -> dict[int, list[tuple[EditorNode, Slot]]]:
        """The inner sockets that the definition's inputs feed, by slot."""
        found: dict[int, list[tuple[EditorNode, Slot]]] = {}
        for node in self.nodes.values():
            for socket in node.inputs:
                link = self.links.get(socket.link) if socket.link is not None else None
                if link is not None and link.origin == self.input_node:
                    found.setdefault(link.slot, []).append((node, socket))
        return found


@dataclass
class Document:
    """A file: the graph, and the subgraph definitions by the type that their instances have."""

    root: Level
    definitions: dict[str, Level]


def is_document(content: Any) -> TypeGuard[dict[str, Any]]:
    """Whether some JSON looks like a file of the editor."""
    return isinstance(content, dict) and isinstance(content.get("nodes"), list)


def read(content: dict[str, Any], shown: str) -> Document:
    """Take a file apart. `shown` names it in errors. Raises WorkflowError (too big, unusable)."""
    root = _level(content, shown)
    definitions: dict[str, Level] = {}
    waiting = _definitions(content)
    for item in waiting:
        key = _id(item.get("id")) if isinstance(item, dict) else None
        if key is not None:
            definitions.setdefault(key, _level(item, shown))
            if len(waiting) < MAX_NODES:  # some versions keep nested ones where they are used
                waiting += _definitions(item)
    if not root.nodes:
        raise WorkflowError(
            "workflow-empty",
            f"The workflow {shown} has no nodes.",
            hint="Save it again in ComfyUI, with Workflow > Save or Workflow > Export.",
        )
    return Document(root, definitions)


def _definitions(content: dict[str, Any]) -> list[Any]:
    given = content.get("definitions")
    listed = given.get("subgraphs") if isinstance(given, dict) else None
    return list(listed) if isinstance(listed, list) else []


def _level(content: dict[str, Any], shown: str) -> Level:
    items = content.get("nodes")
    items = items if isinstance(items, list) else []
    if len(items) > MAX_NODES:
        raise WorkflowError(
            "workflow-too-big", f"The workflow {shown} has more than {MAX_NODES} nodes."
        )
    level = Level(name=_text(content.get("name")))
    for item in items:
        node = _node(item)
        if node is not None:
            level.nodes.setdefault(node.id, node)
    links = content.get("links")
    entries = list(links.values()) if isinstance(links, dict) else links
    for entry in entries if isinstance(entries, list) else []:
        _add_link(level, entry)
    level.inputs, level.outputs = _slots(content.get("inputs")), _slots(content.get("outputs"))
    for end, default in (("inputNode", "-10"), ("outputNode", "-20")):
        given = content.get(end)
        key = _id(given.get("id")) if isinstance(given, dict) else None
        if end == "inputNode":
            level.input_node = key or default
        else:
            level.output_node = key or default
    return level


def _add_link(level: Level, entry: Any) -> None:
    """One link, [id, from, slot, to, slot, type] or an object of the same meaning."""
    if isinstance(entry, list) and len(entry) >= 5:
        key, origin, slot, target, target_slot = entry[:5]
    elif isinstance(entry, dict):
        key, origin, slot = entry.get("id"), entry.get("origin_id"), entry.get("origin_slot")
        target, target_slot = entry.get("target_id"), entry.get("target_slot")
    else:
        return
    name, start, end = _id(key), _id(origin), _id(target)
    if name is None or start is None or end is None:
        return
    slot = int(slot) if isinstance(slot, str) and slot.isdecimal() and len(slot) < 6 else slot
    if isinstance(slot, int):
        level.links.setdefault(
            name, Link(start, slot, end, target_slot if isinstance(target_slot, int) else -1)
        )


def _node(item: Any) -> EditorNode | None:
    if not isinstance(item, dict):
        return None
    key, kind = _id(item.get("id")), item.get("type")
    if key is None or not isinstance(kind, str):
        return None
    mode, values, properties = item.get("mode"), item.get("widgets_values"), item.get("properties")
    return EditorNode(
        id=key,
        type=kind,
        mode=mode if isinstance(mode, int) else 0,
        title=_text(item.get("title")),
        inputs=_slots(item.get("inputs")),
        outputs=_slots(item.get("outputs")),
        values=values if isinstance(values, (list, dict)) else [],
        properties=properties if isinstance(properties, dict) else {},
    )


def _slots(items: Any) -> tuple[Slot, ...]:
    found = []
    for entry in items if isinstance(items, list) else []:
        item = entry if isinstance(entry, dict) else {}
        widget = item.get("widget")
        kind = item.get("type")
        found.append(
            Slot(
                name=_text(item.get("name")),
                kind=kind if isinstance(kind, str) else "*",
                link=_id(item.get("link")),
                widget=_text(widget.get("name")) or None if isinstance(widget, dict) else None,
            )
        )
    return tuple(found)


def _id(value: Any) -> str | None:
    """Ids are numbers or texts, and are compared as texts."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    return text if 0 < len(text) <= 200 else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
