"""Following values back through a graph to the fields where they stand. Pure."""

from __future__ import annotations

import re
from functools import cached_property

from s2i.engines.comfyui.binding import Place
from s2i.engines.comfyui.catalogue import Catalogue, InputSpec, NodeSpec
from s2i.engines.comfyui.graph import Graph, link, title

_VALUES = ("value", "int", "float", "number", "seed")
"""Names under which a primitive node holds its one number."""

# fields of text nodes that shape a text without being it
_NOT_CONTENT = re.compile(
    r"delim|separat|^find$|pattern|regex|^replace|substring|^old|^new|^mode$|prefix$|suffix$"
    r"|url|model|path|file|folder|directory|system|seed|api|token|format",
    re.IGNORECASE,
)
_PLAIN = {"STRING", "INT", "FLOAT", "BOOLEAN", "COMBO", "*"}


class Trace:
    """A graph with the types of its nodes."""

    def __init__(self, graph: Graph, catalogue: Catalogue) -> None:
        self.graph = graph
        self._catalogue = catalogue

    @cached_property
    def specs(self) -> dict[str, NodeSpec | None]:
        """The type of every node; None where the catalogue hasn't got it."""
        return {i: self._catalogue.node(n["class_type"]) for i, n in self.graph.items()}

    @cached_property
    def _titles(self) -> dict[str, str]:
        """What nodes are called, without regard to capitals."""
        return {i: title(self.graph, i).strip().casefold() for i in self.graph}

    def titled(self, order: list[str], *titles: str) -> list[str]:
        """Of some nodes those that the user gave one of the titles, in small letters."""
        return [node_id for node_id in order if self._titles[node_id] in titles]

    def source(self, node_id: str, name: str) -> str | None:
        """The node that an input comes from."""
        return link(self.graph[node_id]["inputs"].get(name), self.graph)

    def source_kind(self, node_id: str, name: str) -> str | None:
        """The type of the output that an input comes from; None for a plain value."""
        value = self.graph[node_id]["inputs"].get(name)
        origin = link(value, self.graph)
        spec = self.specs[origin] if origin is not None else None
        if spec is None or not 0 <= value[1] < len(spec.outputs):
            return None
        return str(spec.outputs[value[1]])

    def names(self, node_id: str) -> list[str]:
        """The inputs that a node has, in its type's order: files have them in any."""
        inputs, spec = self.graph[node_id]["inputs"], self.specs[node_id]
        known = [name for name in spec.inputs if name in inputs] if spec is not None else []
        return known + [name for name in inputs if name not in known]

    def linked(self, node_id: str, kind: str) -> list[str]:
        """The inputs that are of a type, or of any and get that type, and are linked."""
        spec = self.specs[node_id]
        found = []
        for name in self.names(node_id):
            if self.source(node_id, name) is None:
                continue
            known = spec.inputs.get(name) if spec is not None else None
            if (known is not None and kind in known.kind.split(",")) or self.source_kind(
                node_id, name
            ) == kind:
                found.append(name)
        return found

    def text_fields(self, node_id: str) -> list[str]:
        """The inputs of a node that a text can go to: long or linked ones, where it has such."""
        spec = self.specs[node_id]
        names = [
            name
            for name in self.names(node_id)
            if (self._is_text(spec, name) and not _NOT_CONTENT.search(name))
            or self.source_kind(node_id, name) == "STRING"
        ]
        strong = [
            name
            for name in names
            if self.source(node_id, name) is not None
            or (spec is not None and name in spec.inputs and spec.inputs[name].long_text)
        ]
        return strong or names

    def _is_text(self, spec: NodeSpec | None, name: str) -> bool:
        known = spec.inputs.get(name) if spec is not None else None
        return known is not None and known.kind == "STRING"

    def texts(self, node_id: str, name: str) -> list[Place]:
        """The fields that a text input is put together from: itself, or those behind its link.

        None where it comes from something else, such as a captioned picture.
        """
        found: dict[Place, None] = {}
        seen: set[Place] = set()
        waiting = [(node_id, name)]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            origin = self.source(*place)
            if origin is None:
                if isinstance(self.graph[place[0]]["inputs"].get(place[1]), str):
                    found[place] = None
                continue
            if self._makes_text(origin):
                waiting.extend((origin, field) for field in reversed(self.text_fields(origin)))
        return list(found)

    def _makes_text(self, node_id: str) -> bool:
        """Whether a node only works on texts and numbers; else its text isn't the user's."""
        return all(
            (self.source_kind(node_id, name) or "STRING") in _PLAIN
            for name in self.graph[node_id]["inputs"]
        )

    def number(self, node_id: str, name: str, *kinds: str) -> Place | None:
        """The field where a number of one of the types stands: there, or in a primitive node."""
        place = (node_id, name)
        for _ in range(len(self.graph)):
            value = self.graph[place[0]]["inputs"].get(place[1])
            origin = link(value, self.graph)
            if origin is None:
                number = isinstance(value, (int, float)) and not isinstance(value, bool)
                return place if number and ("FLOAT" in kinds or isinstance(value, int)) else None
            field = self._held(origin, value[1], kinds)
            if field is None:
                return None
            place = (origin, field)
        return None

    def _held(self, node_id: str, slot: int, kinds: tuple[str, ...]) -> str | None:
        """The field whose value leaves a node at one of its outputs."""
        spec = self.specs[node_id]
        if spec is None:
            return None
        fields = [s.name for s in spec.of(*kinds) if s.name in self.graph[node_id]["inputs"]]
        called = spec.output_names[slot].casefold() if 0 <= slot < len(spec.output_names) else ""
        same = [name for name in fields if name.casefold() == called]
        if len(same) == 1:
            return same[0]
        known = [name for name in fields if name in _VALUES]
        if len(known) == 1:
            return known[0]
        alone = len(fields) == 1 and len(spec.outputs) == 1
        return fields[0] if alone and len(self.graph[node_id]["inputs"]) == 1 else None

    def spec(self, place: Place) -> InputSpec | None:
        """What may stand in a field."""
        spec = self.specs[place[0]]
        return spec.inputs.get(place[1]) if spec is not None else None
