"""The editor's graph as an API graph: links followed to where they really come from. Pure.

Reroutes and primitives vanish, bypassed nodes pass on what fits by type, muted ones are left out,
notes are no nodes at all: as the editor's graphToPrompt does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s2i.engines.comfyui.catalogue import Catalogue, NodeSpec
from s2i.engines.comfyui.editor.document import Document, Slot
from s2i.engines.comfyui.editor.instances import Flat, Unfolded
from s2i.engines.comfyui.editor.widgets import named_values
from s2i.engines.comfyui.graph import Graph, Node
from s2i.errors import WorkflowError

PRIMITIVE, SET_NODE, GET_NODE = "PrimitiveNode", "SetNode", "GetNode"
MAX_STEPS = 1_000_000  # from link to link, some 3 s; real files take a few thousand
_REROUTES = {"Reroute", "Reroute (rgthree)"}
_NOTES = {"Note", "MarkdownNote"}
_GROUP_NODES = ("workflow>", "workflow/")  # the forerunner of subgraphs, until 2025


@dataclass
class Converted:
    """An API graph, and what couldn't be made sense of. Unknown types of nodes stay in it."""

    graph: Graph
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Source:
    node_id: str
    slot: int


@dataclass(frozen=True)
class _Value:
    value: Any


def convert(document: Document, catalogue: Catalogue, shown: str) -> Converted:
    """The API graph of a document. Raises WorkflowError (cycle of reroutes, too big, group nodes).

    Every node that runs is in it; whether it is needed is not decided here.
    """
    return _Converter(document, catalogue, shown).converted()


class _Converter:
    def __init__(self, document: Document, catalogue: Catalogue, shown: str) -> None:
        self._all = Unfolded(document, catalogue, shown)
        self._catalogue, self._shown = catalogue, shown
        self._steps = 0
        self._setters: dict[str, Flat] = {}
        for flat in self._all.flats.values():
            if flat.node.type == SET_NODE and not flat.muted:
                self._setters.setdefault(_first(flat), flat)

    def converted(self) -> Converted:
        graph: Graph = {}
        for flat in self._all.flats.values():
            if flat.muted or flat.bypassed or flat.inside is not None or self._virtual(flat):
                continue
            kind = flat.node.type
            spec = self._catalogue.node(kind)
            if spec is None and kind.startswith(_GROUP_NODES):
                raise WorkflowError(
                    "workflow-group-nodes",
                    f"The workflow {self._shown} uses ComfyUI's old group nodes.",
                    hint="Open it in ComfyUI, choose Convert To Nodes on them, save it again.",
                )
            graph[flat.id] = self._node(flat, spec)
        for node in graph.values():
            inputs = node["inputs"]
            for name in [n for n, v in inputs.items() if isinstance(v, _Source)]:
                source: _Source = inputs[name]
                inputs[name] = [source.node_id, source.slot]
        return Converted(graph, tuple(self._all.notes))

    def _node(self, flat: Flat, spec: NodeSpec | None) -> Node:
        inputs: dict[str, Any] = {}
        if spec is not None:
            for name, own in named_values(flat.node, spec).items():
                inputs[name] = _wrapped(self._all.values.get((flat.id, name), own))
        for index, slot in enumerate(flat.node.inputs):
            found = self._follow(flat, index)
            if found is None or not slot.name:
                continue
            name = slot.name
            if spec is not None and name not in spec.inputs and slot.widget in spec.inputs:
                name = slot.widget or name  # a renamed socket of a widget
            inputs[name] = _wrapped(found.value) if isinstance(found, _Value) else found
        title = flat.node.title or (spec.title if spec is not None else flat.node.type)
        return {"class_type": flat.node.type, "inputs": inputs, "_meta": {"title": title}}

    def _virtual(self, flat: Flat) -> bool:
        """Whether a node exists in the editor alone. A server's own node of that name wins."""
        kind = flat.node.type
        ours = kind in _REROUTES or kind in _NOTES or kind in (PRIMITIVE, SET_NODE, GET_NODE)
        return ours and kind not in self._catalogue

    def _follow(self, flat: Flat, index: int) -> _Source | _Value | None:
        """Where the value of a socket comes from; None for nowhere.

        Goes from input to output to input, up and down through subgraphs, until a node that runs.
        """
        kind = flat.node.inputs[index].kind
        seen: set[tuple[str, bool, int]] = set()
        inwards = True  # at an input of `flat`, else at one of its outputs
        while True:
            if (flat.id, inwards, index) in seen:
                raise WorkflowError(
                    "workflow-cycle",
                    f"The workflow {self._shown} has links that go in a circle "
                    f"(node {flat.id[:40]}).",
                    hint="Open it in ComfyUI and take one of those links out.",
                )
            seen.add((flat.id, inwards, index))
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise WorkflowError(
                    "workflow-too-big",
                    f"The links of the workflow {self._shown} take too many turns.",
                )
            step = self._up(flat, index) if inwards else self._through(flat, index, kind)
            if step is None or isinstance(step, (_Source, _Value)):
                return step
            flat, inwards, index = step
            if inwards and flat.bypassed and 0 <= index < len(flat.node.inputs):
                kind = flat.node.inputs[index].kind

    def _up(self, flat: Flat, index: int) -> _Value | tuple[Flat, bool, int] | None:
        """From an input along its link."""
        slot = _at(flat.node.inputs, index)
        link = flat.level.links.get(slot.link) if slot is not None and slot.link else None
        if link is None:
            return None
        host = flat.host
        if host is not None and link.origin == flat.level.input_node:
            end = _at(flat.level.inputs, link.slot)
            if end is None:
                return None
            outside = _named(host.node.inputs, end.name)
            if outside is not None and host.node.inputs[outside].link is not None:
                return host, True, outside
            key = (host.id, end.name)
            return _Value(self._all.promoted[key]) if key in self._all.promoted else None
        source = self._all.flats.get(flat.neighbour(link.origin))
        return (source, False, link.slot) if source is not None else None

    def _through(
        self, flat: Flat, index: int, kind: str
    ) -> _Source | _Value | tuple[Flat, bool, int] | None:
        """From an output into the node that has it."""
        if flat.muted:
            return None
        if flat.bypassed:
            way = _bypass(flat.node.inputs, _at(flat.node.outputs, index), index, kind)
            return (flat, True, way) if way is not None else None
        if flat.inside is not None:
            return self._into(flat, index)
        if not self._virtual(flat):
            return _Source(flat.id, index)
        return self._through_virtual(flat)

    def _through_virtual(self, flat: Flat) -> _Value | tuple[Flat, bool, int] | None:
        """Through a node that only the editor knows."""
        if flat.node.type == PRIMITIVE:
            return self._primitive(flat)
        if flat.node.type == GET_NODE:
            setter = self._setters.get(_first(flat))
            return (setter, True, 0) if setter is not None else None
        return (flat, True, 0) if flat.node.inputs else None

    def _into(self, flat: Flat, index: int) -> tuple[Flat, bool, int] | None:
        """Through an output of a subgraph to the inner node behind it."""
        assert flat.inside is not None  # noqa: S101  # the caller looked
        link = flat.inside.leaving.get(index)
        if link is None:
            return None
        if link.origin == flat.inside.input_node:  # straight through
            end = _at(flat.inside.inputs, link.slot)
            way = _named(flat.node.inputs, end.name) if end is not None else None
            return (flat, True, way) if way is not None else None
        inner = self._all.flats.get(f"{flat.id}:{link.origin}")
        return (inner, False, link.slot) if inner is not None else None

    def _primitive(self, flat: Flat) -> _Value | tuple[Flat, bool, int] | None:
        key = (flat.id, "value")
        if key in self._all.values:
            return _Value(self._all.values[key])
        values = flat.node.values
        if isinstance(values, list) and values and values[0] is not None:
            return _Value(values[0])
        return (flat, True, 0) if flat.node.inputs else None


def _bypass(inputs: tuple[Slot, ...], output: Slot | None, index: int, kind: str) -> int | None:
    """The input that a bypassed node passes on to one of its outputs.

    The one in the same place where it fits, else the first of exactly that type, else the first
    that fits, as ExecutableNodeDTO's _getBypassSlotIndex has it.
    """
    if not inputs or output is None:
        return None
    if kind in ("*", ""):
        return index if index < len(inputs) else 0
    same = _at(inputs, index)
    if same is not None and _match(same.kind, output.kind) and _match(same.kind, kind):
        return index
    for number, slot in enumerate(inputs):
        if slot.kind == kind:
            return number
    for number, slot in enumerate(inputs):
        if _match(slot.kind, output.kind) and _match(slot.kind, kind):
            return number
    return None


def _match(one: str, other: str) -> bool:
    """Whether two socket types go together: '*' with all, 'A,B' with A and with B."""
    if "*" in (one, other) or not one or not other:
        return True
    return bool({x.strip().lower() for x in one.split(",")}
                & {x.strip().lower() for x in other.split(",")})  # fmt: skip


def _wrapped(value: Any) -> Any:
    """Lists are links in an API graph; the server unwraps this."""
    return {"__value__": value} if isinstance(value, list) else value


def _at(slots: tuple[Slot, ...], index: int) -> Slot | None:
    return slots[index] if 0 <= index < len(slots) else None


def _named(slots: tuple[Slot, ...], name: str) -> int | None:
    return next((i for i, slot in enumerate(slots) if slot.name == name), None)


def _first(flat: Flat) -> str:
    values = flat.node.values
    value = values[0] if isinstance(values, list) and values else None
    return value if isinstance(value, str) else ""
