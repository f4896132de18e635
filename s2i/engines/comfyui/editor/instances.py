"""Subgraphs unfolded, with the values that are set on their outsides. Pure.

An inner node's id is its path, "10:3", as the editor sends it. Values that a subgraph shows on its
outside ("promoted" widgets) stand in the instance's widgets_values, in the order of its inputs with
a widget (editor 1.24 to 1.27, and again since 2026) or of its property proxyWidgets (in between).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from s2i.engines.comfyui.catalogue import Catalogue, InputSpec
from s2i.engines.comfyui.editor.document import (
    BYPASS,
    MAX_NODES,
    NEVER,
    Document,
    EditorNode,
    Level,
)
from s2i.engines.comfyui.editor.widgets import fits
from s2i.errors import WorkflowError

MAX_DEPTH = 20  # subgraphs within subgraphs
_PREFIXED = re.compile(r"\s*(\d+)\s*:\s*(.+)")  # older saves name a nested widget "12: seed"


@dataclass(eq=False)
class Flat:
    """One node of the unfolded graph. `inside` is the definition where it is an instance."""

    id: str
    node: EditorNode
    level: Level
    host: Flat | None
    inside: Level | None
    muted: bool
    bypassed: bool

    def neighbour(self, node_id: str) -> str:
        """The id of a node on the same level."""
        return f"{self.host.id}:{node_id}" if self.host else node_id


class Unfolded:
    """All nodes of a document by id. `values`: (id, widget) set from outside; `promoted`: (id of
    an instance, name of its input) → value. `notes` say what couldn't be made sense of."""

    def __init__(self, document: Document, catalogue: Catalogue, shown: str) -> None:
        self.flats: dict[str, Flat] = {}
        self.values: dict[tuple[str, str], Any] = {}
        self.promoted: dict[tuple[str, str], Any] = {}
        self.notes: list[str] = []
        self._document, self._catalogue, self._shown = document, catalogue, shown
        self._fed: dict[tuple[int, int], list[tuple[str, str]]] = {}
        self._unfold(document.root, None, ())

    def _unfold(self, level: Level, host: Flat | None, path: tuple[str, ...]) -> None:
        for node in level.nodes.values():
            flat = Flat(
                id=f"{host.id}:{node.id}" if host else node.id,
                node=node,
                level=level,
                host=host,
                inside=self._document.definitions.get(node.type),
                muted=node.mode == NEVER or (host is not None and host.muted),
                bypassed=node.mode == BYPASS or (host is not None and host.bypassed),
            )
            self.flats[flat.id] = flat
            if len(self.flats) > MAX_NODES:
                raise WorkflowError(
                    "workflow-too-big",
                    f"The workflow {self._shown} has more than {MAX_NODES} nodes.",
                )
            if flat.inside is None or flat.muted or flat.bypassed:
                continue
            if node.type in path or len(path) >= MAX_DEPTH:
                raise WorkflowError(
                    "workflow-cycle",
                    f"The workflow {self._shown} has a subgraph that holds itself.",
                    hint="Open it in ComfyUI and take the inner one out.",
                )
            self._take_values(flat, flat.inside)
            self._unfold(flat.inside, flat, (*path, node.type))

    def _take_values(self, host: Flat, inside: Level) -> None:
        """Note the values that stand on an instance. Outer instances win: they come first."""
        values = host.node.values
        if isinstance(values, dict):
            for slot in inside.inputs:
                if values.get(slot.name) is not None:
                    self.promoted.setdefault((host.id, slot.name), values[slot.name])
            return
        order = self._order(host, inside)
        given = [(entry, value) for entry, value in zip(order, values, strict=False)
                 if value is not None]  # fmt: skip
        wrong = len(values) > len(order) or any(
            spec is not None and not fits(spec, value)
            for spec, value in ((self._spec(inside, entry), value) for entry, value in given)
        )
        if wrong:
            name = "".join(c for c in host.node.title or inside.name if c.isprintable())[:60]
            self.notes.append(
                f"The values on the outside of the subgraph {name or host.id[:20]} can't be "
                "assigned, so its inner ones are used."
            )
            return
        for (source, name), value in given:
            if source is None:
                self.promoted.setdefault((host.id, name), value)
            else:
                self._set(host.id, inside, source, name, value)

    def _order(self, host: Flat, inside: Level) -> list[tuple[str | None, str]]:
        """What the entries of an instance's widgets_values belong to, in turn.

        (None, name) is one of its inputs; (id, name) a widget of an inner node.
        """
        backed = {
            slot.name: self._sources(inside, index) for index, slot in enumerate(inside.inputs)
        }
        proxies: list[tuple[str | None, str]] = []
        for source, name in _proxies(host.node):
            linked = next((key for key, found in backed.items() if (source, name) in found), None)
            if source == "-1":
                proxies.append((None, name))
            else:
                proxies.append((None, linked) if linked is not None else (source, name))
        first: list[tuple[str | None, str]] = [
            (None, name) for name, found in backed.items() if found and (None, name) not in proxies
        ]
        return first + proxies

    def _sources(self, level: Level, index: int) -> list[tuple[str, str]]:
        """The (inner node, widget) pairs that one input of a definition feeds."""
        key = (id(level), index)
        if key in self._fed:
            return self._fed[key]
        found: list[tuple[str, str]] = []
        self._fed[key] = found  # empty while it is looked for, should it hold itself
        for node, slot in level.entering.get(index, ()):
            inner = self._document.definitions.get(node.type)
            if inner is None:
                if slot.widget is not None:
                    found.append((node.id, slot.widget))
                continue
            at = next((i for i, one in enumerate(inner.inputs) if one.name == slot.name), None)
            if at is not None and self._sources(inner, at):
                found.append((node.id, slot.name))
        return found

    def _spec(self, level: Level, entry: tuple[str | None, str]) -> InputSpec | None:
        """What may stand in an entry; None where that isn't known."""
        source, name = entry
        for _ in range(MAX_DEPTH):
            if source is None:
                index = next((i for i, s in enumerate(level.inputs) if s.name == name), -1)
                fed = self._sources(level, index) if index >= 0 else []
                if not fed:
                    return None
                source, name = fed[0]
            node = level.nodes.get(source)
            if node is None:
                return None
            inner = self._document.definitions.get(node.type)
            if inner is None:
                spec = self._catalogue.node(node.type)
                return spec.inputs.get(name) if spec is not None else None
            level, source = inner, None
        return None

    def _set(self, host_id: str, level: Level, source: str, name: str, value: Any) -> None:
        """Put a value onto an inner widget, through nested instances down to the node itself."""
        for _ in range(MAX_DEPTH):
            node = level.nodes.get(source)
            if node is None:
                return
            inner_id = f"{host_id}:{source}"
            inner = self._document.definitions.get(node.type)
            if inner is None:
                self.values.setdefault((inner_id, name), value)
                return
            prefixed = _PREFIXED.fullmatch(name)
            owner, bare = prefixed.groups() if prefixed else (None, name)
            if any(slot.name == bare for slot in inner.inputs):
                self.promoted.setdefault((inner_id, bare), value)
                return
            deeper = [
                pair
                for pair in _proxies(node)
                if pair[1] == name or (pair[1] == bare and owner in (None, pair[0]))
            ]
            if len(deeper) != 1:
                return
            host_id, level, (source, name) = inner_id, inner, deeper[0]


def _proxies(node: EditorNode) -> list[tuple[str, str]]:
    """The property proxyWidgets: [[inner node, widget], …]."""
    items = node.properties.get("proxyWidgets")
    return [
        (str(item[0]), item[1])
        for item in (items if isinstance(items, list) else [])
        if isinstance(item, list) and len(item) >= 2 and isinstance(item[1], str)
    ]
