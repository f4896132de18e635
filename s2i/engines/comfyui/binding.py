"""Where prompt, negative, seed, size, steps … go in a graph, and putting them there. Pure.

finding.py finds the places; corrections.py takes the user's word for them. Marks in the file
(%prompt%, %negative%, %seed%, %width%, %height%, %steps%, %cfg%, %batch%, %image%) are filled too.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.comfyui.graph import Graph, title

Place = tuple[str, str]  # node id, input name

KINDS: dict[str, tuple[str, ...]] = {
    "prompt": ("STRING",),
    "negative": ("STRING",),
    "seed": ("INT",),
    "width": ("INT",),
    "height": ("INT",),
    "steps": ("INT",),
    "cfg": ("FLOAT", "INT"),
    "guidance": ("FLOAT", "INT"),
    "sampler": ("COMBO",),
    "scheduler": ("COMBO",),
    "batch": ("INT",),
    "checkpoint": ("COMBO",),
    "unet": ("COMBO",),
    "lora": ("COMBO",),
    "image": ("COMBO",),
}
"""What can be bound, and the types of inputs that it may be bound to."""

MARK = re.compile(r"%(prompt|negative|seed|width|height|steps|cfg|batch|image)%")
# ComfyUI itself expands %width%, %date:…% and others in this input
NOT_MARKED = {"filename_prefix"}
DEFAULTS: dict[str, Any] = {
    "seed": 0, "width": 512, "height": 512, "steps": 20, "cfg": 7.0, "batch": 1, "image": "",
}  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """Places by meaning, and the marks found. No entry: the workflow has no such input.

    `tops`: the largest number that a seed's place takes, where it is below the usual 2^64-1.
    `notes`: by meaning (or 'size'), why something wasn't bound or what was chosen.
    `given`: meanings that the user corrected.
    """

    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()
    notes: Mapping[str, str] = field(default_factory=dict)
    tops: Mapping[Place, int] = field(default_factory=dict)
    given: frozenset[str] = frozenset()

    def of(self, meaning: str) -> tuple[Place, ...]:
        """The places of one meaning; none for none."""
        return self.places.get(meaning, ())

    def has(self, meaning: str) -> bool:
        """Whether a meaning of KINDS, or 'size' (both sides), can be set."""
        if meaning == "size":
            return self.has("width") and self.has("height")
        return meaning in self.marks or bool(self.of(meaning))

    def described(self, graph: Graph) -> dict[str, str]:
        """What was found, for people and provenance: {'prompt': 'node 6 CLIPTextEncode.text'}."""
        found = {mark: f"%{mark}%" for mark in sorted(self.marks)}
        for meaning in KINDS:
            if meaning not in found and self.of(meaning):
                found[meaning] = ", ".join(shown(graph, place) for place in self.of(meaning))
        return found

    def sentences(self, graph: Graph) -> list[str]:
        """The same as lines: 'prompt → node 6 CLIPTextEncode.text'."""
        return [f"{meaning} → {where}" for meaning, where in self.described(graph).items()]

    def listed(self, graph: Graph) -> dict[str, list[dict[str, Any]]]:
        """The same as plain JSON, with the values that stand there now."""
        return {
            meaning: [place_json(graph, place) for place in self.of(meaning)]
            for meaning in KINDS
            if self.of(meaning)
        }


@dataclass(frozen=True)
class Values:
    """What to put in; None leaves the workflow's own value. Sizes in px."""

    prompt: str
    negative: str | None = None
    seed: int = 0
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    batch: int | None = None
    checkpoint: str | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    image: str | None = None
    replace: dict[Place, Any] = field(default_factory=dict)  # other inputs, such as a model's path


_PLAIN = ("prompt", "negative", "steps", "checkpoint", "batch", "cfg", "sampler", "scheduler",
          "image")  # fmt: skip


def current(graph: Graph, binding: Binding) -> Values:
    """The values that the workflow itself carries; for a mark, this module's default."""

    def own(meaning: str, *kinds: type) -> Any:
        if meaning in binding.marks:
            return DEFAULTS.get(meaning)
        places = binding.of(meaning)
        value = value_at(graph, places[0]) if places else None
        return value if isinstance(value, kinds) and not isinstance(value, bool) else None

    return Values(
        prompt=own("prompt", str) or "",
        negative=own("negative", str),
        seed=own("seed", int) or 0,
        width=own("width", int),
        height=own("height", int),
        steps=own("steps", int),
        checkpoint=own("checkpoint", str),
        cfg=own("cfg", int, float),
        sampler=own("sampler", str),
        scheduler=own("scheduler", str),
        image=own("image", str),
    )


def bind(graph: Graph, binding: Binding, values: Values) -> Graph:
    """A copy of the graph with the values put in; the graph given stays as it is."""
    bound = copy.deepcopy(graph)
    for meaning in _PLAIN:
        value = getattr(values, meaning)
        if value is not None:
            _put(bound, binding.of(meaning), value)
    for place in binding.of("seed"):
        top = binding.tops.get(place)
        _put(bound, (place,), values.seed if top is None else values.seed % (top + 1))
    if values.width is not None and values.height is not None:
        _put(bound, binding.of("width"), values.width)
        _put(bound, binding.of("height"), values.height)
    for (node_id, name), value in values.replace.items():
        bound[node_id]["inputs"][name] = value
    if binding.marks:
        _fill_marks(graph, bound, _filled(graph, binding, values))
    return bound


def _put(bound: Graph, places: tuple[Place, ...], value: Any) -> None:
    for node_id, name in places:
        bound[node_id]["inputs"][name] = value


def _filled(graph: Graph, binding: Binding, values: Values) -> dict[str, Any]:
    """What stands for each mark."""
    old = current(graph, binding)
    filled: dict[str, Any] = {
        "prompt": values.prompt, "negative": values.negative or "", "seed": values.seed,
    }  # fmt: skip
    for meaning in ("width", "height", "steps", "cfg", "batch", "image"):
        value = getattr(values, meaning)
        own = getattr(old, meaning)
        filled[meaning] = next(v for v in (value, own, DEFAULTS[meaning]) if v is not None)
    return filled


def _fill_marks(graph: Graph, bound: Graph, filled: dict[str, Any]) -> None:
    """Replace the marks of the file, in one pass: a mark inside the user's words stays text."""
    for node_id, node in graph.items():
        for name, text in node["inputs"].items():
            if not isinstance(text, str) or name in NOT_MARKED:
                continue
            alone = MARK.fullmatch(text.strip())
            if alone:
                bound[node_id]["inputs"][name] = filled[alone[1]]
            elif MARK.search(text):
                bound[node_id]["inputs"][name] = MARK.sub(lambda m: str(filled[m[1]]), text)


def marks_of(graph: Graph) -> frozenset[str]:
    """The marks that stand anywhere in a graph."""
    return frozenset(
        mark
        for node in graph.values()
        for name, value in node["inputs"].items()
        if isinstance(value, str) and "%" in value and name not in NOT_MARKED
        for mark in MARK.findall(value)
    )


def value_at(graph: Graph, place: Place) -> Any:
    return graph[place[0]]["inputs"].get(place[1])


def shown(graph: Graph, place: Place) -> str:
    """A place for people: 'node 6 CLIPTextEncode.text (Prompt)'."""
    node_id, name = place
    kind = str(graph[node_id]["class_type"])[:60]
    called = title(graph, node_id)
    return f"node {node_id[:20]} {kind}.{name[:40]}" + (f" ({called})" if called != kind else "")


def place_json(graph: Graph, place: Place) -> dict[str, Any]:
    """A place as plain JSON."""
    return {
        "node": place[0],
        "input": place[1],
        "type": str(graph[place[0]]["class_type"]),
        "title": title(graph, place[0]),
        "value": value_at(graph, place),
        "shown": shown(graph, place),
    }
