"""Finding the texts that a picture is painted from: along CONDITIONING links, by type. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from s2i.engines.comfyui.binding import Place, shown, value_at
from s2i.engines.comfyui.graph import link, title
from s2i.engines.comfyui.tracing import Trace
from s2i.errors import WorkflowError

CONDITIONING = "CONDITIONING"
_NEGATIVE = re.compile(r"negative|(^|_)neg($|_)|uncond", re.IGNORECASE)
_POSITIVE = re.compile(r"positive|(^|_)pos($|_)", re.IGNORECASE)
_NEITHER = re.compile(r"empty|middle", re.IGNORECASE)  # PerpNegGuider's empty_conditioning
_PROMPT = re.compile(r"prompt|text|positive|caption|description", re.IGNORECASE)
# conditioning that is made from another's text without being that text; types don't tell
_ENDS = {"ConditioningZeroOut"}
_TITLES = {
    "prompt": {"prompt", "positive", "positive prompt"},
    "negative": {"negative", "negative prompt"},
}
MAX_NAMED = 6  # candidates that an error names


@dataclass
class Texts:
    """What leads to one role. `fields`: per text input, the places its text is made from."""

    fields: list[tuple[Place, ...]] = field(default_factory=list)
    sourceless: list[str] = field(default_factory=list)  # nodes whose text comes from elsewhere

    @property
    def places(self) -> list[Place]:
        return list(dict.fromkeys(place for places in self.fields for place in places))


def conditionings(trace: Trace, order: list[str], role: str) -> Texts:
    """The texts whose conditioning ends in a `role` ('prompt' or 'negative') input.

    It ends where a node takes CONDITIONING and gives none: samplers, guiders, pipes.
    """
    found = Texts()
    seen: set[tuple[str, int]] = set()
    for node_id in order:
        spec = trace.specs[node_id]
        if spec is None or CONDITIONING in spec.outputs or "*" in spec.outputs:
            continue
        for name in trace.linked(node_id, CONDITIONING):
            if role_of(name) == role:
                _follow(trace, trace.graph[node_id]["inputs"][name], role, seen, found)
    return found


def role_of(name: str) -> str | None:
    """'prompt', 'negative' or None for a CONDITIONING input, by what it is called."""
    if _NEITHER.search(name):
        return None
    return "negative" if _NEGATIVE.search(name) else "prompt"


def _follow(
    trace: Trace, start: list[object], role: str, seen: set[tuple[str, int]], found: Texts
) -> None:
    """Collect the texts behind one conditioning link."""
    waiting: list[list[object]] = [start]
    while waiting:
        value = waiting.pop(0)
        node_id, slot = link(value, trace.graph), value[1]
        if node_id is None or not isinstance(slot, int) or (node_id, slot) in seen:
            continue
        seen.add((node_id, slot))
        inputs = trace.graph[node_id]["inputs"]
        if role == "negative" and trace.graph[node_id]["class_type"] in _ENDS:
            continue
        for name in _own_role(trace.text_fields(node_id), role):
            places = tuple(trace.texts(node_id, name))
            if places and places not in found.fields:
                found.fields.append(places)
            elif not places:
                found.sourceless.append(node_id)
        waiting.extend(inputs[name] for name in _ways(trace, node_id, slot, role))


def _own_role(names: list[str], role: str) -> list[str]:
    """Of fields that say for which side they are, those of the role; all where none says it."""
    mine, other = (_NEGATIVE, _POSITIVE) if role == "negative" else (_POSITIVE, _NEGATIVE)
    own = [name for name in names if mine.search(name)]
    return own or [name for name in names if not other.search(name)]


def _ways(trace: Trace, node_id: str, slot: int, role: str) -> list[str]:
    """The conditioning inputs that one output of a node is made from."""
    names = trace.linked(node_id, CONDITIONING)
    spec = trace.specs[node_id]
    if spec is None or len(names) < 2:
        return names
    called = spec.output_names[slot].casefold() if 0 <= slot < len(spec.output_names) else ""
    same = [name for name in names if name.casefold() == called]
    if same:
        return same
    if any(_NEGATIVE.search(name) for name in names):
        return _own_role(names, role)
    slots = [i for i, kind in enumerate(spec.outputs) if kind == CONDITIONING]
    if len(slots) == len(names) and slot in slots:
        return [names[slots.index(slot)]]
    return names


def direct(trace: Trace, order: list[str], role: str) -> Texts:
    """Without any conditioning: long texts of nodes that make the picture themselves."""
    found = Texts()
    for node_id in order:
        spec = trace.specs[node_id]
        if spec is None or spec.is_output or set(spec.outputs) <= {"STRING", "*"}:
            continue
        if CONDITIONING in spec.outputs:
            continue  # then it would have been found by what it leads to
        for name in trace.text_fields(node_id):
            negative = bool(_NEGATIVE.search(name))
            if negative == (role == "negative") and (negative or _PROMPT.search(name)):
                places = tuple(trace.texts(node_id, name))
                if places and places not in found.fields:
                    found.fields.append(places)
    return found


def titled(trace: Trace, order: list[str], meaning: str) -> list[Place]:
    """The text fields of nodes that the user called 'prompt' or 'negative'."""
    found: dict[Place, None] = {}
    for node_id in trace.titled(order, *_TITLES[meaning]):
        for name in trace.text_fields(node_id):
            found.update(dict.fromkeys(trace.texts(node_id, name)))
    return list(found)


def decide(trace: Trace, texts: Texts, notes: dict[str, str], meaning: str) -> tuple[Place, ...]:
    """The one text among what was found. Raises WorkflowError where there are several.

    Fields of one node, and equal texts, are one. A text put together from several has one place
    where exactly one of them was left empty.
    """
    chosen: dict[Place, None] = {}
    for parts in _own_titles(trace, texts.fields, meaning):
        if len(parts) == 1:
            chosen[parts[0]] = None
            continue
        empty = [place for place in parts if not str(value_at(trace.graph, place)).strip()]
        if len(empty) != 1:
            raise ambiguous(trace, list(parts), meaning, "put together from several parts")
        chosen[empty[0]] = None
        notes[meaning] = (
            f"The {meaning} goes to the empty one of the texts that are put together: "
            f"{shown(trace.graph, empty[0])}."
        )
    places = list(chosen)
    values = {str(value_at(trace.graph, place)).strip() for place in places}
    nodes = {place[0] for place in places}
    if len(nodes) > 1 and len(values) > 1:
        raise ambiguous(trace, places, meaning, "several")
    return tuple(places)


def _own_titles(
    trace: Trace, fields: list[tuple[Place, ...]], meaning: str
) -> list[tuple[Place, ...]]:
    """Without the fields of nodes that are called after the other side, where some are left.

    ComfyUI's own templates call theirs 'CLIP Text Encode (Negative Prompt)'.
    """
    other = "positive" if meaning == "negative" else "negative"
    own = [
        parts
        for parts in fields
        if not all(other in title(trace.graph, node).casefold() for node, _ in parts)
    ]
    return own or fields


def ambiguous(trace: Trace, places: list[Place], meaning: str, how: str) -> WorkflowError:
    """The error that names the candidates."""
    named = "; ".join(shown(trace.graph, place) for place in places[:MAX_NAMED])
    more = f" and {len(places) - MAX_NAMED} more" if len(places) > MAX_NAMED else ""
    what = f"several texts that the {meaning} could go to"
    if how != "several":
        what = f"a text for the {meaning} that is {how}"
    return WorkflowError(
        "workflow-ambiguous-text",
        f"The workflow has {what}: {named}{more}.",
        hint=f"Write %{meaning}% into the one that is to get it, give its node the title "
        f"'{meaning}', or choose it in the workflow's bindings.",
    )


def none_found(trace: Trace, order: list[str], texts: Texts) -> WorkflowError:
    """The error where there is no place for the prompt."""
    fields = [
        (node_id, name)
        for node_id in order
        for name in trace.text_fields(node_id)
        if isinstance(trace.graph[node_id]["inputs"].get(name), str)
    ]
    why = ""
    if texts.sourceless:
        why = f": that of {title(trace.graph, texts.sourceless[0])} is made by other nodes"
    elif fields:
        named = "; ".join(shown(trace.graph, place) for place in fields[:MAX_NAMED])
        why = f" (it has these: {named})"
    return WorkflowError(
        "workflow-no-text",
        f"The workflow has no text input for the prompt that could be found{why}.",
        hint="Write %prompt% into the text field of the node that is to get the prompt, or give "
        "that node the title 'prompt'.",
    )
