"""Finding the size of the picture: the empty latents that it starts from. Pure."""

from __future__ import annotations

import re

from s2i.engines.comfyui.binding import Place, shown, value_at
from s2i.engines.comfyui.tracing import Trace

_PAIRS = (("width", "height"), ("target_width", "target_height"))
_WIDTH = re.compile(r"(empty_latent_|latent_|image_)?width")
_STARTS = {"LATENT", "IMAGE", "MASK"}  # a node that takes one of these works on a picture

Sides = tuple[tuple[Place, ...], tuple[Place, ...]]


def sizes(
    trace: Trace, order: list[str], notes: dict[str, str], wanted: bool
) -> tuple[tuple[Place, ...], tuple[Place, ...], tuple[Place, ...]]:
    """(widths, heights, batch sizes) of nodes that make a LATENT out of numbers alone.

    Several of different sizes stay as they are: they are put together by place.
    """
    widths: dict[Place, None] = {}
    heights: dict[Place, None] = {}
    batches: dict[Place, None] = {}
    found: set[tuple[object, object]] = set()
    for node_id in order:
        spec = trace.specs[node_id]
        inputs = trace.graph[node_id]["inputs"]
        if spec is None or "LATENT" not in spec.outputs:
            continue
        if any(trace.source_kind(node_id, name) in _STARTS for name in inputs):
            continue
        for name in [n for n in inputs if _WIDTH.fullmatch(n)]:
            wide = trace.number(node_id, name, "INT")
            tall = name.replace("width", "height")
            high = trace.number(node_id, tall, "INT") if tall in inputs else None
            if wide is None or high is None:
                continue
            widths[wide] = heights[high] = None
            found.add((value_at(trace.graph, wide), value_at(trace.graph, high)))
            batch = trace.number(node_id, "batch_size", "INT") if "batch_size" in inputs else None
            if batch is not None:
                batches[batch] = None
    if len(found) > 1:
        if wanted:
            named = "; ".join(shown(trace.graph, place) for place in list(widths)[:6])
            notes["size"] = f"The workflow has several sizes: {named}."
        return (), (), ()
    return tuple(widths), tuple(heights), tuple(batches)


def following(
    trace: Trace, order: list[str], widths: tuple[Place, ...], heights: tuple[Place, ...]
) -> Sides:
    """Sizes that text encoders and models are told, where they are the latent's own."""
    if not widths or not heights:
        return (), ()
    own = value_at(trace.graph, widths[0]), value_at(trace.graph, heights[0])
    wide: list[Place] = []
    high: list[Place] = []
    for node_id in order:
        spec = trace.specs[node_id]
        inputs = trace.graph[node_id]["inputs"]
        if spec is None or not {"CONDITIONING", "MODEL"} & set(spec.outputs):
            continue
        if "LATENT" in spec.outputs or any(
            trace.source_kind(node_id, name) in _STARTS for name in inputs
        ):
            continue
        for first, second in _PAIRS:
            pair = (node_id, first), (node_id, second)
            same = tuple(value_at(trace.graph, place) for place in pair) == own
            if same and type(inputs.get(first)) is int and not {*pair} & {*widths, *heights}:
                wide.append(pair[0])
                high.append(pair[1])
    return tuple(wide), tuple(high)
