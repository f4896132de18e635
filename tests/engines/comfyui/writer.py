"""A small writer of workflows: one graph, written in API format and as the editor saves it.

It knows nothing of the converter. What only the editor knows (reroutes, primitives, notes, muted
and bypassed nodes, subgraphs) is put into the editor's form alone, by functions of their own.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures" / "workflows"
PICTURE = {"name": "IMAGE", "type": "IMAGE", "links": []}
DYNAMIC = "COMFY_DYNAMICCOMBO_V3"
_WIDGETS = ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO")

Api = dict[str, Any]
Ui = dict[str, Any]


def object_info() -> dict[str, Any]:
    """What a small server with some custom nodes answers."""
    known = json.loads((FIXTURES / "object_info.json").read_text())
    known.update(json.loads((FIXTURES / "custom_nodes.json").read_text()))
    return dict(known)


INFO = object_info()


def specs(kind: str) -> dict[str, list[Any]]:
    """The inputs of a type, in order."""
    groups = INFO[kind]["input"]
    return {**groups.get("required", {}), **groups.get("optional", {})}


def type_of(spec: list[Any]) -> str:
    return "COMBO" if isinstance(spec[0], list) else spec[0]


def config(spec: list[Any]) -> dict[str, Any]:
    return spec[1] if len(spec) > 1 else {}


def called(kind: str) -> str:
    return INFO[kind]["display_name"] or kind


def is_widget(spec: list[Any]) -> bool:
    return type_of(spec) in _WIDGETS and not config(spec).get("forceInput")


def default(spec: list[Any]) -> Any:
    if "default" in config(spec):
        return config(spec)["default"]
    options = spec[0] if isinstance(spec[0], list) else config(spec).get("options")
    if options is not None:
        return options[0] if options else ""
    return {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}[type_of(spec)]


class Flow:
    """A workflow under construction. `at(id)` refers to a node's output in another's inputs."""

    def __init__(self) -> None:
        self.nodes: Api = {}

    def add(self, node_id: str, kind: str, title: str | None = None, **inputs: Any) -> Flow:
        """Add a node; widgets that aren't given get their defaults."""
        filled = {
            name: default(spec)
            for name, spec in specs(kind).items()
            if is_widget(spec) and name not in inputs
        }
        for name, value in inputs.items():
            if isinstance(value, str) and value.startswith("@"):
                source, _, slot = value[1:].partition("/")
                filled[name] = [source, int(slot or 0)]
            else:
                filled[name] = value
        self.nodes[node_id] = {"class_type": kind, "inputs": filled,
                               "_meta": {"title": title or called(kind)}}  # fmt: skip
        return self

    def api(self) -> Api:
        return copy.deepcopy(self.nodes)

    def ui(self, **how: Any) -> Ui:
        return editor_form(self.nodes, **how)


def editor_form(api: Api, *, sockets: bool = False, objects: bool = False) -> Ui:
    """A graph as the editor saves it. `sockets`: every widget has one too, as since 2025;
    `objects`: links as objects."""
    nodes: list[dict[str, Any]] = []
    links: list[Any] = []
    by_id: dict[str, dict[str, Any]] = {}
    for order, (node_id, node) in enumerate(api.items()):
        kind = node["class_type"]
        info = INFO[kind]
        entry = {
            "id": int(node_id), "type": kind, "pos": [order * 300, 0], "size": [200, 100],
            "flags": {}, "order": order, "mode": 0, "inputs": [],
            "outputs": [{"name": n, "type": t, "links": []}
                        for n, t in zip(info["output_name"], info["output"], strict=True)],
            "properties": {"Node name for S&R": kind},
            "widgets_values": widget_values(kind, node["inputs"]),
        }  # fmt: skip
        if node["_meta"]["title"] != called(kind):
            entry["title"] = node["_meta"]["title"]
        nodes.append(entry)
        by_id[node_id] = entry
    for node_id, node in api.items():
        entry = by_id[node_id]
        known = specs(node["class_type"])
        names = [n for n in known if not is_widget(known[n]) and known[n][0] != DYNAMIC]
        names += [n for n in known if is_widget(known[n])]
        extra = [n for n, v in node["inputs"].items() if n not in known and isinstance(v, list)]
        for name in [*names, *extra]:
            value = node["inputs"].get(name)
            linked = isinstance(value, list)
            widget = name in known and is_widget(known[name])
            if widget and not linked and not sockets:
                continue
            kind = type_of(known[name]) if name in known else "*"
            slot: dict[str, Any] = {"name": name, "type": kind, "link": None}
            if widget:
                slot["widget"] = {"name": name}
            if linked:
                slot["link"] = connect(links, by_id[value[0]], value[1], entry, kind, objects)
            entry["inputs"].append(slot)
    last = max((int(i) for i in api), default=0)
    return {"last_node_id": last, "last_link_id": len(links), "nodes": nodes, "links": links,
            "groups": [], "config": {}, "extra": {}, "version": 0.4}  # fmt: skip


def connect(
    links: list[Any], source: dict[str, Any], slot: int, target: dict[str, Any], kind: str,
    objects: bool = False,
) -> int:  # fmt: skip
    """Append a link to the target's next socket; its id."""
    number = len(links) + 1
    place = len(target["inputs"])
    if slot < len(source["outputs"]):
        source["outputs"][slot]["links"].append(number)
    if objects:
        links.append({"id": number, "origin_id": source["id"], "origin_slot": slot,
                      "target_id": target["id"], "target_slot": place, "type": kind})  # fmt: skip
    else:
        links.append([number, source["id"], slot, target["id"], place, kind])
    return number


def widget_values(kind: str, inputs: dict[str, Any]) -> list[Any]:
    """widgets_values: by position, with what the editor puts in between."""
    values: list[Any] = []
    uploads = False
    for name, spec in specs(kind).items():
        if spec[0] == DYNAMIC:
            values.append(inputs[name])
            values += [v for n, v in inputs.items() if n.startswith(f"{name}.")]
        if not is_widget(spec):
            continue
        value = inputs.get(name, default(spec))
        values.append(default(spec) if isinstance(value, list) else value)
        if config(spec).get("control_after_generate", name in ("seed", "noise_seed")):
            values.append("randomize")
        uploads |= bool(config(spec).get("image_upload"))
    return [*values, "image"] if uploads else values


# what only the editor knows


def node_of(ui: Ui, node_id: int) -> dict[str, Any]:
    return next(n for n in ui["nodes"] if n["id"] == node_id)


def add_node(ui: Ui, kind: str, **more: Any) -> dict[str, Any]:
    """A new node of any type, without links."""
    ui["last_node_id"] += 1
    node = {"id": ui["last_node_id"], "type": kind, "pos": [0, 0], "size": [100, 50], "flags": {},
            "order": 0, "mode": 0, "inputs": [], "outputs": [], "properties": {},
            "widgets_values": [], **more}  # fmt: skip
    ui["nodes"].append(node)
    return node


def add_link(ui: Ui, source: int, slot: int, target: int, name: str, kind: str) -> int:
    """Link two nodes; the target's socket of that name is made where it is missing."""
    to = node_of(ui, target)
    at = next((i for i, s in enumerate(to["inputs"]) if s["name"] == name), None)
    if at is None:
        to["inputs"].append({"name": name, "type": kind, "link": None})
        at = len(to["inputs"]) - 1
    ui["last_link_id"] += 1
    to["inputs"][at]["link"] = ui["last_link_id"]
    ui["links"].append([ui["last_link_id"], source, slot, target, at, kind])
    return int(ui["last_link_id"])


def with_reroutes(ui: Ui) -> Ui:
    """Two reroutes in a row in every link."""
    ui = copy.deepcopy(ui)
    for link in list(ui["links"]):
        _, source, slot, target, place, kind = link
        for _ in range(2):
            dot = add_node(ui, "Reroute", inputs=[{"name": "", "type": "*", "link": None}],
                           outputs=[{"name": "", "type": kind, "links": []}])  # fmt: skip
            add_link(ui, source, slot, dot["id"], "", "*")
            source, slot = dot["id"], 0
        link[1], link[2] = source, slot
        assert node_of(ui, target)["inputs"][place]["link"] == link[0]
    return ui


def with_primitives(ui: Ui) -> Ui:
    """Every number and text of a node comes out of a PrimitiveNode; what stands there is stale."""
    ui = copy.deepcopy(ui)
    for node in list(ui["nodes"]):
        values, at = node["widgets_values"], 0
        for name, spec in specs(node["type"]).items():
            if spec[0] == DYNAMIC:
                break  # its children have no sockets here
            if not is_widget(spec):
                continue
            kind = type_of(spec)
            taken = any(s["name"] == name and s["link"] is not None for s in node["inputs"])
            if kind in ("INT", "FLOAT", "STRING") and not taken:
                extra = [values[at], "fixed"] if kind != "STRING" else [values[at]]
                box = add_node(ui, "PrimitiveNode", widgets_values=extra,
                               outputs=[{"name": kind, "type": kind, "links": [],
                                         "widget": {"name": name}}])  # fmt: skip
                add_link(ui, box["id"], 0, node["id"], name, kind)
                slot = next(s for s in node["inputs"] if s["name"] == name)
                slot["widget"] = {"name": name}
                values[at] = "stale" if kind == "STRING" else 1
            at += 1
            if config(spec).get("control_after_generate", name in ("seed", "noise_seed")):
                at += 1
    return ui


def with_clutter(ui: Ui) -> Ui:
    """Notes, groups, a muted branch, a node of a type nobody has that nothing needs."""
    ui = copy.deepcopy(ui)
    add_node(ui, "Note", widgets_values=["remember"])
    add_node(ui, "MarkdownNote", widgets_values=["# remember"])
    add_node(ui, "Label (rgthree)")
    add_node(ui, "NobodyHasThis", outputs=[{"name": "X", "type": "X", "links": []}])
    ui["groups"] = [{"title": "prompt", "bounding": [0, 0, 10, 10]}]
    pictures = [(link[1], link[2]) for link in ui["links"] if link[5] == "IMAGE"]
    if pictures:
        source, slot = pictures[0]
        muted = add_node(ui, "SaveImage", mode=2, widgets_values=["muted"])
        add_link(ui, source, slot, muted["id"], "images", "IMAGE")
    ui["last_link_id"] += 1
    return ui


def with_bypassed(ui: Ui) -> Ui:
    """A bypassed LoRA loader in every MODEL link, a bypassed upscaler in every IMAGE link."""
    ui = copy.deepcopy(ui)
    for link in list(ui["links"]):
        _, source, slot, _target, _place, kind = link
        if kind not in ("MODEL", "IMAGE"):
            continue
        if kind == "MODEL":
            passed = add_node(ui, "LoraLoader", mode=4, widgets_values=["gone.safetensors", 1, 1],
                              inputs=[{"name": "model", "type": "MODEL", "link": None},
                                      {"name": "clip", "type": "CLIP", "link": None}],
                              outputs=[{"name": "MODEL", "type": "MODEL", "links": []},
                                       {"name": "CLIP", "type": "CLIP", "links": []}])  # fmt: skip
            add_link(ui, source, slot, passed["id"], "model", "MODEL")
        else:
            passed = add_node(ui, "ImageUpscaleWithModel", mode=4,
                              inputs=[{"name": "upscale_model", "type": "UPSCALE_MODEL",
                                       "link": None},
                                      {"name": "image", "type": "IMAGE", "link": None}],
                              outputs=[PICTURE])  # fmt: skip
            add_link(ui, source, slot, passed["id"], "image", "IMAGE")
        link[1], link[2] = passed["id"], 0
    return ui


def with_subgraph(ui: Ui, inner: set[int], *, depth: int = 1) -> tuple[Ui, dict[str, str]]:
    """Some nodes moved into a subgraph (within a subgraph …); (file, old id → new id)."""
    ui = copy.deepcopy(ui)
    host_id = ui["last_node_id"] + 1
    inside: list[dict[str, Any]] = []
    outside: list[dict[str, Any]] = []
    for node in ui["nodes"]:
        (inside if node["id"] in inner else outside).append(node)
    inputs: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    inner_links: list[dict[str, Any]] = []
    outer_links: list[list[Any]] = []
    host: dict[str, Any] = {"id": host_id, "type": "sub-1", "pos": [0, 0], "size": [9, 9],
                            "flags": {}, "order": 0, "mode": 0, "inputs": [], "outputs": [],
                            "properties": {}, "widgets_values": []}  # fmt: skip
    ends: dict[tuple[int, int], int] = {}
    starts: dict[tuple[int, int], int] = {}
    for number, source, slot, target, place, kind in ui["links"]:
        link = {"id": number, "origin_id": source, "origin_slot": slot, "target_id": target,
                "target_slot": place, "type": kind}  # fmt: skip
        if source in inner and target in inner:
            inner_links.append(link)
        elif target in inner:
            at = starts.setdefault((source, slot), len(inputs))
            if at == len(inputs):
                name = f"in_{at}"
                inputs.append({"id": f"i{at}", "name": name, "type": kind, "linkIds": []})
                host["inputs"].append({"name": name, "type": kind, "link": number + 10_000})
                outer_links.append([number + 10_000, source, slot, host_id, at, kind])
            inputs[at]["linkIds"].append(number)
            inner_links.append({**link, "origin_id": -10, "origin_slot": at})
        elif source in inner:
            at = ends.setdefault((source, slot), len(outputs))
            if at == len(outputs):
                outputs.append({"id": f"o{at}", "name": f"out_{at}", "type": kind,
                                "linkIds": [number + 20_000]})  # fmt: skip
                host["outputs"].append({"name": f"out_{at}", "type": kind, "links": []})
                inner_links.append({**link, "id": number + 20_000, "target_id": -20,
                                    "target_slot": at})  # fmt: skip
            outer_links.append([number, host_id, at, target, place, kind])
        else:
            outer_links.append([number, source, slot, target, place, kind])
    definition = {"id": "sub-1", "version": 1, "name": "New Subgraph", "inputNode": {"id": -10},
                  "outputNode": {"id": -20}, "inputs": inputs, "outputs": outputs,
                  "nodes": inside, "links": inner_links, "groups": [], "widgets": []}  # fmt: skip
    definitions = [definition]
    path = f"{host_id}"
    for level in range(2, depth + 1):  # a subgraph that holds nothing but the one before
        shell = copy.deepcopy(host)
        shell["type"] = f"sub-{level}"
        wires = [{"id": i + 1, "origin_id": -10, "origin_slot": i, "target_id": 1,
                  "target_slot": i, "type": s["type"]} for i, s in enumerate(inputs)]  # fmt: skip
        wires += [{"id": 500 + i, "origin_id": 1, "origin_slot": i, "target_id": -20,
                   "target_slot": i, "type": s["type"]} for i, s in enumerate(outputs)]  # fmt: skip
        only = {**host, "id": 1, "inputs": [{"name": s["name"], "type": s["type"], "link": i + 1}
                                            for i, s in enumerate(inputs)]}  # fmt: skip
        definitions.append({**definition, "id": f"sub-{level}", "nodes": [only], "links": wires})
        host = shell
        path += ":1"
    ui["nodes"] = [*outside, host]
    ui["links"] = outer_links
    ui["last_node_id"] = host_id
    ui["definitions"] = {"subgraphs": definitions}
    return ui, {str(i): f"{path}:{i}" for i in inner}


def renamed(api: Api, ids: dict[str, str]) -> Api:
    """A graph with other ids."""

    def value(given: Any) -> Any:
        return [ids.get(given[0], given[0]), given[1]] if isinstance(given, list) else given

    return {
        ids.get(node_id, node_id): {
            **node, "inputs": {name: value(one) for name, one in node["inputs"].items()}
        }
        for node_id, node in api.items()
    }  # fmt: skip
