"""Where prompt, negative, seed, size, steps, batch and checkpoint go in a graph. Pure.

Marks win: %prompt%, %negative%, %seed%, %width%, %height%, %steps%, %batch% in any text value.
Else the graph is walked from its outputs backwards: the `positive` and `negative` links of
samplers, guiders and ControlNets lead to the nodes that hold the texts. Nothing is guessed: two
different texts that both lead to `positive` are an error that names them.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.comfyui.graph import Graph, title

Place = tuple[str, str]  # node id, input name

MARK = re.compile(r"%(prompt|negative|seed|width|height|steps|batch)%")
# ComfyUI itself expands %width%, %date:…% and others in this input
NOT_MARKED = {"filename_prefix"}
_SIZE_PAIRS = (("width", "height"), ("target_width", "target_height"))
DEFAULTS = {"seed": 0, "width": 512, "height": 512, "steps": 20, "batch": 1}


@dataclass(frozen=True)
class Binding:
    """Places by meaning, and the marks found. An empty tuple: the workflow has no such input."""

    prompt: tuple[Place, ...] = ()
    negative: tuple[Place, ...] = ()
    seed: tuple[Place, ...] = ()
    size: tuple[tuple[Place, Place], ...] = ()  # (width, height)
    steps: tuple[Place, ...] = ()
    batch: tuple[Place, ...] = ()
    checkpoint: tuple[Place, ...] = ()
    marks: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()  # why something wasn't bound, for warnings

    def has(self, meaning: str) -> bool:
        """Whether 'prompt', 'negative', 'seed', 'size', 'steps', 'batch' can be set."""
        if meaning == "size":
            return bool(self.size) or {"width", "height"} <= self.marks
        return meaning in self.marks or bool(getattr(self, meaning))

    def described(self, graph: Graph) -> dict[str, str]:
        """What was found, for people and provenance: {'prompt': 'node 6 CLIPTextEncode.text'}."""
        found = {mark: f"%{mark}%" for mark in sorted(self.marks)}
        for meaning in ("prompt", "negative", "seed", "steps", "batch", "checkpoint"):
            if meaning not in self.marks and getattr(self, meaning):
                found[meaning] = ", ".join(shown(graph, p) for p in getattr(self, meaning))
        if self.size and not {"width", "height"} & self.marks:
            found["size"] = ", ".join(
                f"node {w[0]} {graph[w[0]]['class_type']}" for w, _ in self.size
            )
        return found


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
    replace: dict[Place, Any] = field(default_factory=dict)  # other inputs, such as a model's path


def current(graph: Graph, binding: Binding) -> Values:
    """The values that the workflow itself carries; for a mark, this module's default."""

    def first(places: tuple[Place, ...]) -> Any:
        return value_at(graph, places[0]) if places else None

    marked = {name: DEFAULTS.get(name) for name in binding.marks}
    width, height = (
        (value_at(graph, binding.size[0][0]), value_at(graph, binding.size[0][1]))
        if binding.size
        else (None, None)
    )
    negative = first(binding.negative)
    return Values(
        prompt=str(first(binding.prompt) or ""),
        negative=negative if isinstance(negative, str) else None,
        seed=first(binding.seed) or 0,
        width=marked.get("width", width),
        height=marked.get("height", height),
        steps=marked.get("steps", first(binding.steps)),
        checkpoint=first(binding.checkpoint),
    )


def bind(graph: Graph, binding: Binding, values: Values) -> Graph:
    """A copy of the graph with the values put in; the graph given stays as it is."""
    bound = copy.deepcopy(graph)
    old = current(graph, binding)

    def put(places: tuple[Place, ...], value: Any) -> None:
        for node_id, name in places:
            bound[node_id]["inputs"][name] = value

    put(binding.prompt, values.prompt)
    if values.negative is not None:
        put(binding.negative, values.negative)
    put(binding.seed, values.seed)
    if values.steps is not None:
        put(binding.steps, values.steps)
    if values.checkpoint is not None:
        put(binding.checkpoint, values.checkpoint)
    if values.batch is not None:
        put(binding.batch, values.batch)
    if values.width is not None and values.height is not None:
        for wide, high in (*binding.size, *_same_size(graph, old.width, old.height)):
            put((wide,), values.width)
            put((high,), values.height)
    for (node_id, name), value in values.replace.items():
        bound[node_id]["inputs"][name] = value
    if binding.marks:
        filled = {
            "prompt": values.prompt,
            "negative": values.negative or "",
            "seed": values.seed,
            "width": values.width or old.width,
            "height": values.height or old.height,
            "steps": values.steps or old.steps,
            "batch": values.batch if values.batch is not None else DEFAULTS["batch"],
        }
        _fill_marks(graph, bound, filled)
    return bound


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


def _same_size(graph: Graph, width: int | None, height: int | None) -> list[tuple[Place, Place]]:
    """Sizes that SDXL's text encoders are told, where they follow the latent's."""
    return [
        ((node_id, wide), (node_id, high))
        for node_id, node in graph.items()
        if "target_width" in node["inputs"]
        for wide, high in _SIZE_PAIRS
        if node["inputs"].get(wide) == width and node["inputs"].get(high) == height
    ]


def value_at(graph: Graph, place: Place) -> Any:
    return graph[place[0]]["inputs"][place[1]]


def shown(graph: Graph, place: Place) -> str:
    node_id, name = place
    kind = str(graph[node_id]["class_type"])[:60]
    called = title(graph, node_id)
    return f"node {node_id[:20]} {kind}.{name[:40]}" + (f" ({called})" if called != kind else "")
