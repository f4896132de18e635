"""Finding where prompt, negative, seed, size, steps, batch and checkpoint go. Pure."""

from __future__ import annotations

from s2i.engines.comfyui.binding import MARK, NOT_MARKED, Binding, Place, shown, value_at
from s2i.engines.comfyui.graph import Graph, holder, link, links, reachable
from s2i.errors import WorkflowError

_TEXTS = (
    "text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt", "user_prompt",
    "bert", "mt5xl", "positive_prompt",
)  # fmt: skip
# conditioning that is made from another's text without being that text
_BLOCKS_NEGATIVE = {"ConditioningZeroOut"}


def find(graph: Graph) -> Binding:
    """Find where everything goes. Raises WorkflowError where the prompt has no one place."""
    order = reachable(graph)
    marks = frozenset(_marks(graph))
    notes: list[str] = []
    prompt: tuple[Place, ...] = ()
    negative: tuple[Place, ...] = ()
    positives = _texts(graph, order, "positive")
    if "prompt" not in marks:
        prompt = _one_text(graph, positives)
    if "negative" not in marks:
        shared = set(positives) | set(prompt)
        negatives = [place for place in _texts(graph, order, "negative") if place not in shared]
        if len({value_at(graph, place) for place in negatives}) <= 1:
            negative = tuple(negatives)
        else:
            notes.append("The workflow has several negative texts, so they stay as they are.")
    size = _sizes(graph, order)
    steps = _plain(graph, order, "steps", int)
    if steps and (
        len({value_at(graph, place) for place in steps}) > 1 or _splits_steps(graph, order)
    ):
        steps = ()
        if "steps" not in marks:
            notes.append("The workflow shares its steps between several samplers.")
    return Binding(
        prompt=prompt,
        negative=negative,
        seed=_plain(graph, order, "seed", int) + _plain(graph, order, "noise_seed", int),
        size=size,
        steps=steps,
        batch=tuple((w[0], "batch_size") for w, _ in size if "batch_size" in graph[w[0]]["inputs"]),
        checkpoint=_plain(graph, order, "ckpt_name", str),
        marks=marks,
        notes=tuple(notes),
    )


def _marks(graph: Graph) -> set[str]:
    return {
        mark
        for node in graph.values()
        for name, value in node["inputs"].items()
        if isinstance(value, str) and name not in NOT_MARKED
        for mark in MARK.findall(value)
    }


def _texts(graph: Graph, order: list[str], side: str) -> list[Place]:
    """Text inputs that lead to `side` ('positive' or 'negative') of any reachable node."""
    places: dict[Place, None] = {}
    for node_id in order:
        inputs = graph[node_id]["inputs"]
        names = [side]
        # BasicGuider (FLUX) has one conditioning and no positive
        if (
            side == "positive"
            and "positive" not in inputs
            and "Guider" in graph[node_id]["class_type"]
        ):
            names.append("conditioning")
        for name in names:
            source = link(inputs.get(name), graph)
            if source is not None:
                places.update(dict.fromkeys(_follow(graph, source, side)))
    return list(places)


def _follow(graph: Graph, start: str, side: str) -> list[Place]:
    """Text inputs behind one conditioning link: through combine, ControlNet, guidance nodes."""
    found: list[Place] = []
    seen = {start}
    queue = [start]
    for node_id in queue:
        node = graph[node_id]
        if side == "negative" and node["class_type"] in _BLOCKS_NEGATIVE:
            continue
        texts = [holder(graph, node_id, name) for name in _TEXTS if name in node["inputs"]]
        here = [p for p in texts if p is not None and isinstance(value_at(graph, p), str)]
        if here:
            found.extend(here)
            continue
        linked = dict(links(node, graph))
        ways = (
            [side]
            if side in linked
            else [name for name in linked if name.startswith("conditioning")]
        )
        for name in ways:
            if linked[name] not in seen:
                seen.add(linked[name])
                queue.append(linked[name])
    return found


def _one_text(graph: Graph, places: list[Place]) -> tuple[Place, ...]:
    if not places:
        raise WorkflowError(
            "workflow-no-text",
            "The workflow has no text input for the prompt that could be found.",
            hint="Write %prompt% into the text field of the node that is to get the prompt.",
        )
    if len({value_at(graph, place) for place in places}) > 1 and len({p[0] for p in places}) > 1:
        named = "; ".join(shown(graph, place) for place in places[:6])
        raise WorkflowError(
            "workflow-ambiguous-text",
            f"The workflow has several texts that the prompt could go to: {named}.",
            hint="Write %prompt% into the one that is to get it.",
        )
    return tuple(places)


def _plain(graph: Graph, order: list[str], name: str, kind: type) -> tuple[Place, ...]:
    """Where the plain values of all inputs of this name stand."""
    places: dict[Place, None] = {}
    for node_id in order:
        if name in graph[node_id]["inputs"]:
            place = holder(graph, node_id, name)
            value = value_at(graph, place) if place else None
            if place and isinstance(value, kind) and not isinstance(value, bool):
                places[place] = None
    return tuple(places)


def _sizes(graph: Graph, order: list[str]) -> tuple[tuple[Place, Place], ...]:
    """Width and height of the empty latents that the picture starts from."""
    found = []
    for node_id in order:
        inputs = graph[node_id]["inputs"]
        if "batch_size" not in inputs and not graph[node_id]["class_type"].startswith("Empty"):
            continue
        places = (holder(graph, node_id, "width"), holder(graph, node_id, "height"))
        if places[0] and places[1] and all(type(value_at(graph, p)) is int for p in places if p):
            found.append((places[0], places[1]))
    return tuple(found)


def _splits_steps(graph: Graph, order: list[str]) -> bool:
    """Whether samplers share the steps by number (KSamplerAdvanced as base and refiner)."""
    for node_id in order:
        inputs = graph[node_id]["inputs"]
        steps, end = inputs.get("steps"), inputs.get("end_at_step")
        if isinstance(steps, int) and isinstance(end, int) and end < steps:
            return True
        if isinstance(inputs.get("start_at_step"), int) and inputs["start_at_step"] > 0:
            return True
    return False
