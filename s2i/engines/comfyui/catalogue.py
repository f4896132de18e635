"""/object_info as a catalogue of node types: inputs, widgets, outputs, choices, limits. Pure.

Believes nothing: what isn't of the expected shape counts as not said. Types as ComfyUI 0.3.64 and
later ones write them: ["INT", {…}], [["euler", …], {…}], ["COMBO", {"options": […]}].
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

COMBO = "COMBO"
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
AUTOGROW = "COMFY_AUTOGROW_V3"

# What the editor draws as a widget, by type; anything else is a socket. The last ones come from
# its own extensions (audio, webcam, 3D), and each keeps one entry in widgets_values.
_WIDGETS = frozenset(
    {"INT", "FLOAT", "STRING", "BOOLEAN", COMBO, DYNAMIC_COMBO, "MARKDOWN", "COLOR", "CURVE",
     "BOUNDING_BOX", "AUDIO_UI", "AUDIO_RECORD", "WEBCAM", "LOAD_3D", "LOAD_3D_ANIMATION",
     "PREVIEW_3D", "IMAGECOMPARE"}
)  # fmt: skip
_UPLOADS = ("image_upload", "animated_image_upload", "video_upload", "audio_upload", "file_upload")


@dataclass(frozen=True)
class InputSpec:
    """One input of a node type. `options` are a list's choices; None where it is no list."""

    name: str
    kind: str
    options: tuple[Any, ...] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    required: bool = True

    @property
    def is_widget(self) -> bool:
        """Whether the editor keeps a value for it, besides what may be linked to it."""
        drawn = self.kind in _WIDGETS or self.config.get("widgetType") in _WIDGETS
        return drawn and not self.config.get("forceInput")

    @property
    def upload(self) -> bool:
        """Whether it names a file that the user uploads, such as LoadImage's."""
        return any(self.config.get(key) for key in _UPLOADS)

    @property
    def picture(self) -> bool:
        """Whether that file is a picture."""
        return bool(self.config.get("image_upload") or self.config.get("animated_image_upload"))

    @property
    def controls(self) -> bool:
        """Whether the editor puts a control-after-generate value behind it."""
        said = self.config.get("control_after_generate")
        return self.kind == "INT" and (
            bool(said) if said is not None else self.name in ("seed", "noise_seed")
        )

    @property
    def long_text(self) -> bool:
        """Whether it is a text of the kind that prompts are written into."""
        return self.kind == "STRING" and bool(
            self.config.get("multiline") or self.config.get("dynamicPrompts")
        )

    @property
    def default(self) -> Any:
        """The value of a fresh widget, as the editor sets it."""
        if "default" in self.config:
            return self.config["default"]
        if self.options is not None:
            return self.options[0] if self.options else None
        return {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}.get(self.kind)

    def limit(self, name: str) -> float | None:
        """'min' or 'max' of a number; None where there is none."""
        value = self.config.get(name)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return value if number else None

    def children(self, chosen: Any) -> list[InputSpec]:
        """The inputs that a dynamic list adds for the choice made, as 'parent.child'."""
        for option in self.config.get("options") or () if self.kind == DYNAMIC_COMBO else ():
            if isinstance(option, dict) and option.get("key") == chosen:
                found = _inputs(option.get("inputs"), None)
                return [
                    InputSpec(f"{self.name}.{s.name}", s.kind, s.options, s.config, s.required)
                    for s in found.values()
                ]
        return []


class NodeSpec:
    """A node type. `outputs` are the types of its slots, `output_names` what they are called."""

    def __init__(self, name: str, info: dict[str, Any]) -> None:
        self.name = name
        self.inputs = _inputs(info.get("input"), info.get("input_order"))
        kinds = info.get("output")
        kinds = kinds if isinstance(kinds, list) else []
        self.outputs = tuple(kind if isinstance(kind, str) else COMBO for kind in kinds)
        names = info.get("output_name")
        names = names if isinstance(names, list) and len(names) == len(kinds) else kinds
        self.output_names = tuple(str(n) for n in names)
        self.is_output = info.get("output_node") is True
        title = info.get("display_name")
        self.title = title if isinstance(title, str) and title else name

    def __repr__(self) -> str:
        return f"NodeSpec({self.name})"

    @cached_property
    def widgets(self) -> tuple[InputSpec, ...]:
        """Inputs with a widget, in the order of the editor's widgets_values."""
        return tuple(spec for spec in self.inputs.values() if spec.is_widget)

    @cached_property
    def shows_picture(self) -> bool:
        """Whether pictures leave the server here (SaveImage, PreviewImage and their like)."""
        return self.is_output and any(s.kind in ("IMAGE", "MASK") for s in self.inputs.values())

    def of(self, *kinds: str) -> Iterator[InputSpec]:
        """The inputs of some types, in order."""
        return (spec for spec in self.inputs.values() if spec.kind in kinds)


class Catalogue:
    """The node types that a server has. Types are read when they are asked for, once."""

    def __init__(self, info: dict[str, Any]) -> None:
        self._info = info
        self._read: dict[str, NodeSpec | None] = {}
        self._stems: dict[str, str] | None = None

    def __len__(self) -> int:
        return len(self._info)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and isinstance(self._info.get(name), dict)

    def node(self, name: str) -> NodeSpec | None:
        """The type of that name; None where the server hasn't got it."""
        if name not in self._read:
            info = self._info.get(name)
            self._read[name] = NodeSpec(name, info) if isinstance(info, dict) else None
        return self._read[name]

    def nearest(self, name: str, count: int = 3) -> list[str]:
        """The type names most like the one given, best first."""
        if self._stems is None:
            self._stems = {known.casefold(): known for known in self._info}
        close = difflib.get_close_matches(name.casefold(), self._stems, n=count, cutoff=0.6)
        return [self._stems[stem] for stem in close]

    def part(self, names: set[str]) -> dict[str, Any]:
        """What /object_info says of some types."""
        return {name: self._info[name] for name in sorted(names) if name in self._info}


def _inputs(groups: Any, order: Any) -> dict[str, InputSpec]:
    """Required inputs, then optional ones, in the order in which the editor has them."""
    found: dict[str, InputSpec] = {}
    for part in ("required", "optional"):
        group = groups.get(part) if isinstance(groups, dict) else None
        if not isinstance(group, dict):
            continue
        wanted = order.get(part) if isinstance(order, dict) else None
        names = (
            [n for n in wanted if isinstance(n, str) and n in group]
            if isinstance(wanted, list)
            else []
        )
        for name in dict.fromkeys([*names, *group]):
            spec = _spec(name, group[name], part == "required")
            if spec is not None:
                found.setdefault(name, spec)
    return found


def _spec(name: str, given: Any, required: bool) -> InputSpec | None:
    if not isinstance(given, list) or not given:
        return None
    config = given[1] if len(given) > 1 and isinstance(given[1], dict) else {}
    kind = given[0]
    options: tuple[Any, ...] | None = None
    if isinstance(kind, list):
        kind, options = COMBO, tuple(kind)
    elif kind == COMBO:
        listed = config.get("options")
        # a list that the editor fetches by itself ("remote") isn't known here
        options = tuple(listed) if isinstance(listed, list) else None
    elif kind == DYNAMIC_COMBO:
        listed = config.get("options")
        keys = (
            o.get("key")
            for o in (listed if isinstance(listed, list) else ())
            if isinstance(o, dict)
        )
        options = tuple(key for key in keys if isinstance(key, str))
    return InputSpec(name, kind, options, config, required) if isinstance(kind, str) else None
