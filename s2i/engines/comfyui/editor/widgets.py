"""widgets_values, the editor's bare list of values, back to named values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from s2i.engines.comfyui.catalogue import AUTOGROW, COMBO, DYNAMIC_COMBO, InputSpec, NodeSpec
from s2i.engines.comfyui.editor.document import EditorNode

_CONTROLS = ("fixed", "increment", "decrement", "randomize", "increment-wrap")
_MISSING = object()


def named_values(node: EditorNode, spec: NodeSpec) -> dict[str, Any]:
    """The value of every widget by name; defaults where the file has none."""
    if isinstance(node.values, dict):
        return _from_object(node.values, spec)
    return _from_list(node, spec, node.values)


def fits(spec: InputSpec, value: Any) -> bool:
    """Whether a value is of the type that a widget holds; choices and limits aren't looked at."""
    if spec.kind == "BOOLEAN":
        return isinstance(value, bool)
    if spec.kind in ("INT", "FLOAT"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if spec.kind == "STRING":
        return isinstance(value, str)
    return not isinstance(value, (list, dict)) or spec.kind not in (COMBO, DYNAMIC_COMBO)


def _from_object(values: dict[str, Any], spec: NodeSpec) -> dict[str, Any]:
    """Some custom nodes save by name; what their own code adds (codecs, say) is passed on."""
    found = {
        name: value
        for name, value in values.items()
        if isinstance(value, (str, int, float, bool))
        and (name not in spec.inputs or spec.inputs[name].is_widget)
    }
    for one in spec.widgets:
        if one.name not in found and one.default is not None:
            found[one.name] = one.default
    return found


def _from_list(node: EditorNode, spec: NodeSpec, values: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    for one in _sequence(node, spec, found):
        value = values[at] if at < len(values) else _MISSING
        at += 1
        found[one.name] = one.default if value is _MISSING or value is None else value
        at += _controls(one, values, at)
    return {name: value for name, value in found.items() if value is not None}


def _sequence(node: EditorNode, spec: NodeSpec, found: dict[str, Any]) -> Iterator[InputSpec]:
    """The widgets in order; a dynamic list's children follow from the choice just read."""
    waiting = list(spec.inputs.values())
    while waiting:
        one = waiting.pop(0)
        if one.kind == AUTOGROW:
            waiting[:0] = _grown(node, one)
        elif one.is_widget:
            yield one
            if one.kind == DYNAMIC_COMBO:
                waiting[:0] = one.children(found.get(one.name))


def _grown(node: EditorNode, one: InputSpec) -> list[InputSpec]:
    """The widgets of an input that grows: one for each socket that the node has by now."""
    return [
        InputSpec(slot.name, slot.kind)
        for slot in node.inputs
        if slot.name.startswith(f"{one.name}.") and slot.widget is not None
    ]


def _controls(one: InputSpec, values: list[Any], at: int) -> int:
    """How many values behind this one only steer it and have no input of their own."""
    following = values[at] if at < len(values) else None
    control = isinstance(following, str) and following in _CONTROLS
    if one.controls:
        # before 2024 it was a check box: true stood for "randomize"
        return 1 if control or isinstance(following, bool) else 0
    if one.kind == COMBO and one.config.get("control_after_generate"):
        filtered = control and isinstance(values[at + 1] if at + 1 < len(values) else None, str)
        return 2 if filtered and values[at + 1] == "" else int(control)
    return int(control and one.kind == "INT" and one.name.endswith("seed"))
