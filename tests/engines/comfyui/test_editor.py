"""The editor's form of a workflow gives the API form's graph and bindings, however it is drawn."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from s2i.engines.comfyui import files
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.resolving import Resolved, resolve
from s2i.engines.comfyui.workflow import Workflow
from s2i.errors import WorkflowError

from . import writer
from .collection import SAMPLES, Sample

CATALOGUE = Catalogue(writer.INFO)
ALL = pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))


def opened(content: Any, name: str = "mine") -> Resolved:
    """A workflow as it comes out of a file of this JSON."""
    found = files.parse(json.dumps(content).encode(), name)
    return resolve(Workflow(name, found.graph or {}, editor=found.editor), CATALOGUE)


def places(resolved: Resolved) -> dict[str, list[str]]:
    return {
        meaning: [".".join(place) for place in found]
        for meaning, found in resolved.binding.places.items()
    }


@ALL
def test_everything_is_found(sample: Sample) -> None:
    resolved = opened(sample.flow.api())
    found = places(resolved)
    assert {m: found.get(m, []) for m in sample.where} == sample.where
    assert resolved.graph == sample.flow.api()
    assert resolved.binding.described(resolved.graph)


@ALL
@pytest.mark.parametrize("how", [{}, {"sockets": True}, {"objects": True}], ids=str)
def test_both_forms_give_the_same(sample: Sample, how: dict[str, Any]) -> None:
    expected = opened(sample.flow.api())
    resolved = opened(sample.flow.ui(**how))
    assert resolved.graph == expected.graph
    assert resolved.binding == expected.binding


@ALL
@pytest.mark.parametrize(
    "draw",
    [writer.with_reroutes, writer.with_primitives, writer.with_clutter, writer.with_bypassed],
    ids=lambda draw: draw.__name__,
)
def test_what_only_the_editor_knows_changes_nothing(sample: Sample, draw: Any) -> None:
    expected = opened(sample.flow.api())
    resolved = opened(draw(sample.flow.ui()))
    assert resolved.graph == expected.graph
    assert resolved.binding == expected.binding
    everything = writer.with_reroutes(writer.with_bypassed(writer.with_clutter(sample.flow.ui())))
    assert opened(everything).graph == expected.graph


@ALL
@pytest.mark.parametrize("depth", [1, 3])
def test_subgraphs_are_unfolded(sample: Sample, depth: int) -> None:
    ids = list(sample.flow.nodes)
    inner = {int(node_id) for node_id in ids[: max(1, len(ids) // 2)]}
    ui, new = writer.with_subgraph(sample.flow.ui(), inner, depth=depth)
    resolved = opened(ui)
    assert resolved.graph == writer.renamed(sample.flow.api(), new)
    found = places(resolved)
    for meaning, where in sample.where.items():
        moved = {f"{new.get(w.split('.')[0], w.split('.')[0])}.{w.partition('.')[2]}"
                 for w in where}  # fmt: skip
        assert set(found.get(meaning, [])) == moved


def test_the_collection_is_large() -> None:
    assert len(SAMPLES) >= 25


def ui() -> writer.Ui:
    return SAMPLES["sd15"].flow.ui()


def test_a_bypassed_node_passes_on_by_type_not_by_place() -> None:
    """ControlNetApplyAdvanced: each output's own side, not the first CONDITIONING there is."""
    drawn = SAMPLES["controlnet"].flow.ui()
    writer.node_of(drawn, 23)["mode"] = 4
    inputs = opened(drawn).graph["3"]["inputs"]
    assert (inputs["positive"], inputs["negative"]) == (["6", 0], ["7", 0])


def test_a_muted_node_is_gone_and_what_hangs_on_it_keeps_its_own_value() -> None:
    drawn = SAMPLES["primitives"].flow.ui()
    writer.node_of(drawn, 21)["mode"] = 2
    graph = opened(drawn).graph
    assert "21" not in graph
    assert graph["3"]["inputs"]["seed"] == 0


def test_a_muted_or_bypassed_subgraph() -> None:
    drawn, _ = writer.with_subgraph(SAMPLES["several_outputs"].flow.ui(), {11, 12})
    whole = opened(drawn).graph
    host = writer.node_of(drawn, 14)
    host["mode"] = 2
    assert set(opened(drawn).graph) == {i for i in whole if not i.startswith("14:")}
    drawn, _ = writer.with_subgraph(SAMPLES["lora_and_clip_skip"].flow.ui(), {10})
    writer.node_of(drawn, 12)["mode"] = 4
    graph = opened(drawn).graph
    assert graph["3"]["inputs"]["model"] == ["4", 0]
    assert graph["11"]["inputs"]["clip"] == ["4", 1]


def promoted() -> writer.Ui:
    """A subgraph with the text encoder, its text an input of the subgraph."""
    drawn, _ = writer.with_subgraph(ui(), {6})
    host, definition = writer.node_of(drawn, 10), drawn["definitions"]["subgraphs"][0]
    definition["inputs"].append({"id": "t", "name": "text", "type": "STRING", "linkIds": [77]})
    definition["links"].append({"id": 77, "origin_id": -10, "origin_slot": 1, "target_id": 6,
                                "target_slot": 1, "type": "STRING"})  # fmt: skip
    inner = definition["nodes"][0]
    inner["inputs"].append({"name": "text", "type": "STRING", "link": 77,
                            "widget": {"name": "text"}})  # fmt: skip
    host["inputs"].append({"name": "text", "type": "STRING", "link": None,
                           "widget": {"name": "text"}})  # fmt: skip
    return drawn


def text_of(drawn: writer.Ui) -> Any:
    return opened(drawn).graph["10:6"]["inputs"]["text"]


def test_values_on_the_outside_of_a_subgraph() -> None:
    drawn = promoted()
    assert text_of(drawn) == "a castle"  # none given: the inner one
    host = writer.node_of(drawn, 10)
    host["widgets_values"] = ["a tower"]
    assert text_of(drawn) == "a tower"
    host["inputs"].pop()  # some files leave the socket out
    assert text_of(drawn) == "a tower"
    host["widgets_values"] = [None]
    assert text_of(drawn) == "a castle"
    host["widgets_values"] = [5]  # can't be a text
    assert text_of(drawn) == "a castle"
    assert "outside of the subgraph" in opened(drawn).warnings[0]
    host["widgets_values"] = ["a", "b", "c"]
    assert text_of(drawn) == "a castle"
    box = writer.add_node(drawn, "PrimitiveNode", widgets_values=["a barn"])
    writer.add_link(drawn, box["id"], 0, 10, "text", "STRING")
    assert text_of(drawn) == "a barn"


def test_proxied_widgets_of_a_subgraph() -> None:
    drawn, _ = writer.with_subgraph(ui(), {3, 6})
    host = writer.node_of(drawn, 10)
    host["properties"]["proxyWidgets"] = [["6", "text"], ["3", "seed"],
                                          ["3", "control_after_generate"],
                                          ["-1", "nowhere"]]  # fmt: skip
    host["widgets_values"] = ["a tower", 99, "increment"]
    graph = opened(drawn).graph
    assert graph["10:6"]["inputs"]["text"] == "a tower"
    assert graph["10:3"]["inputs"]["seed"] == 99
    assert "control_after_generate" not in graph["10:3"]["inputs"]
    host["widgets_values"] = []
    assert opened(drawn).graph["10:3"]["inputs"]["seed"] == 5


def test_proxied_widgets_through_two_levels() -> None:
    drawn, _ = writer.with_subgraph(ui(), {6}, depth=2)
    host = writer.node_of(drawn, 10)
    inner = drawn["definitions"]["subgraphs"][1]["nodes"][0]
    inner["properties"] = {"proxyWidgets": [["6", "text"]]}
    inner["widgets_values"] = ["the inner one's"]
    assert opened(drawn).graph["10:1:6"]["inputs"]["text"] == "the inner one's"
    for name in ("text", "6: text"):
        host["properties"] = {"proxyWidgets": [["1", name]]}
        host["widgets_values"] = ["the outer one's"]
        assert opened(drawn).graph["10:1:6"]["inputs"]["text"] == "the outer one's"


def test_two_instances_of_one_subgraph_have_their_own_values() -> None:
    drawn = promoted()
    writer.node_of(drawn, 10)["widgets_values"] = ["a tower"]
    second = copy.deepcopy(writer.node_of(drawn, 10))
    second.update(id=20, widgets_values=["a barn"])
    drawn["nodes"].append(second)
    sampler = writer.node_of(drawn, 3)
    negative = next(s for s in sampler["inputs"] if s["name"] == "negative")
    link = next(one for one in drawn["links"] if one[0] == negative["link"])
    link[1:3] = [20, 0]
    graph = opened(drawn).graph
    assert graph["10:6"]["inputs"]["text"] == "a tower"
    assert graph["20:6"]["inputs"]["text"] == "a barn"
    assert places(opened(drawn))["prompt"] == ["10:6.text"]


def test_a_straight_wire_through_a_subgraph() -> None:
    drawn, _ = writer.with_subgraph(ui(), {4})
    definition = drawn["definitions"]["subgraphs"][0]
    definition["nodes"] = []
    definition["inputs"] = [{"name": "m", "type": "MODEL"}]
    for link in definition["links"]:
        link.update(origin_id=-10, origin_slot=0)
    host = writer.node_of(drawn, 10)
    host["inputs"] = []
    loader = writer.add_node(drawn, "CheckpointLoaderSimple",
                             widgets_values=["dreamshaper_8.safetensors"])  # fmt: skip
    writer.add_link(drawn, loader["id"], 0, 10, "m", "MODEL")
    assert opened(drawn).graph["3"]["inputs"]["model"] == [str(loader["id"]), 0]


def test_set_and_get_nodes() -> None:
    drawn = ui()
    setter = writer.add_node(drawn, "SetNode", widgets_values=["M"])
    getter = writer.add_node(drawn, "GetNode", widgets_values=["M"])
    writer.add_link(drawn, 4, 0, setter["id"], "MODEL", "MODEL")
    sampler = writer.node_of(drawn, 3)
    link = next(one for one in drawn["links"] if one[0] == sampler["inputs"][0]["link"])
    link[1:3] = [getter["id"], 0]
    assert opened(drawn).graph == SAMPLES["sd15"].flow.api()


def test_values_by_name_with_what_the_nodes_own_code_adds() -> None:
    drawn = ui()
    clip = writer.add_node(drawn, "VHSLike", widgets_values={
        "frame_rate": 12, "format": "image/gif", "crf": 19, "videopreview": {"hidden": True},
    })  # fmt: skip
    writer.add_link(drawn, 8, 0, clip["id"], "images", "IMAGE")
    inputs = opened(drawn).graph[str(clip["id"])]["inputs"]
    assert inputs == {"images": ["8", 0], "frame_rate": 12, "format": "image/gif", "crf": 19,
                      "filename_prefix": "clip"}  # fmt: skip


def test_control_values_of_all_times() -> None:
    drawn = ui()
    sampler = writer.node_of(drawn, 3)
    now = sampler["widgets_values"]
    for control in ("fixed", True, False):
        sampler["widgets_values"] = [now[0], control, *now[2:]]
        assert opened(drawn).graph == SAMPLES["sd15"].flow.api()
    sampler["widgets_values"] = [now[0], *now[2:]]  # some tools leave it out
    assert opened(drawn).graph == SAMPLES["sd15"].flow.api()
    sampler["widgets_values"] = now[:3]  # cut short: defaults
    inputs = opened(drawn).graph["3"]["inputs"]
    assert (inputs["steps"], inputs["cfg"], inputs["denoise"]) == (22, 8.0, 1.0)


def test_a_list_as_a_value_is_no_link() -> None:
    drawn = ui()
    writer.node_of(drawn, 9)["widgets_values"] = [["8", 0]]
    assert opened(drawn).graph["9"]["inputs"]["filename_prefix"] == {"__value__": ["8", 0]}


def test_the_editors_titles_are_kept() -> None:
    drawn = ui()
    writer.node_of(drawn, 6)["title"] = "My words"
    assert opened(drawn).graph["6"]["_meta"]["title"] == "My words"
    assert opened(drawn).graph["7"]["_meta"]["title"] == "CLIP Text Encode (Prompt)"


def refused(content: Any) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        opened(content)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


def test_circles_of_reroutes_end() -> None:
    drawn = ui()
    first = writer.add_node(drawn, "Reroute")
    second = writer.add_node(drawn, "Reroute")
    writer.add_link(drawn, first["id"], 0, second["id"], "", "*")
    writer.add_link(drawn, second["id"], 0, first["id"], "", "*")
    link = next(one for one in drawn["links"] if one[3] == 3)
    link[1:3] = [first["id"], 0]
    assert refused(drawn).code == "workflow-cycle"


def test_a_subgraph_that_holds_itself() -> None:
    drawn, _ = writer.with_subgraph(ui(), {6})
    definition = drawn["definitions"]["subgraphs"][0]
    definition["nodes"].append({"id": 99, "type": "sub-1"})
    assert refused(drawn).code == "workflow-cycle"


def test_many_instances_of_large_subgraphs_are_too_many_nodes() -> None:
    """A billion laughs: ten levels of ten instances each."""
    drawn = ui()
    definitions = [
        {"id": f"s{level}", "nodes": [{"id": i, "type": f"s{level + 1}"} for i in range(10)]}
        for level in range(10)
    ]
    drawn["nodes"].append({"id": 90, "type": "s0"})
    drawn["definitions"] = {"subgraphs": definitions}
    with pytest.raises(WorkflowError) as caught:
        opened(drawn)
    assert caught.value.code == "workflow-too-big"


def test_a_wide_maze_of_subgraphs_is_gone_through_once() -> None:
    """Each definition hands its one input to eight instances of the next: 8^19 ways."""
    drawn = ui()
    definitions = []
    for level in range(19):
        sockets = [[{"name": "a", "type": "INT", "link": i}] for i in range(8)]
        inner = [
            {"id": i, "type": f"s{level + 1}", "inputs": socket} for i, socket in enumerate(sockets)
        ]
        links = [[i, -10, 0, i, 0, "INT"] for i in range(8)]
        definitions.append({"id": f"s{level}", "inputs": [{"name": "a", "type": "INT"}],
                            "nodes": inner, "links": links})  # fmt: skip
    drawn["nodes"].append({"id": 90, "type": "s0", "mode": 0, "widgets_values": [1]})
    drawn["definitions"] = {"subgraphs": definitions}
    with pytest.raises(WorkflowError) as caught:
        opened(drawn)
    assert caught.value.code == "workflow-too-big"


def test_thousands_of_reroutes_in_a_row() -> None:
    drawn = ui()
    link = next(one for one in drawn["links"] if one[3] == 9)
    source, slot = link[1], link[2]
    for _ in range(3000):
        socket = {"name": "", "type": "*", "link": drawn["last_link_id"] + 1}
        dot = {"id": drawn["last_node_id"] + 1, "type": "Reroute", "inputs": [socket]}
        dot["outputs"] = [{}]
        drawn["links"].append([drawn["last_link_id"] + 1, source, slot, dot["id"], 0, "*"])
        drawn["nodes"].append(dot)
        drawn["last_node_id"] += 1
        drawn["last_link_id"] += 1
        source, slot = dot["id"], 0
    link[1:3] = [source, slot]
    assert opened(drawn).graph == SAMPLES["sd15"].flow.api()


def test_the_old_group_nodes_say_the_way_out() -> None:
    drawn = ui()
    group = writer.add_node(drawn, "workflow>my group")
    writer.add_link(drawn, group["id"], 0, 9, "images", "IMAGE")
    assert refused(drawn).code == "workflow-group-nodes"


def test_hostile_shapes_are_taken_for_nothing() -> None:
    drawn = ui()
    drawn["nodes"] += [None, 5, {"id": None}, {"id": 3, "type": "Twice"}, {"id": {}, "type": "X"}]
    drawn["links"] += [None, [], [1], [None] * 6, {"id": 1}, "x", [9999, 12345, 0, 6, 0, "CLIP"]]
    drawn["definitions"] = {"subgraphs": [None, 4, {"id": []}, {"id": "x", "nodes": 7}]}
    drawn["nodes"].append({"id": 70, "type": "KSampler", "mode": "x", "inputs": [None, 4, {}],
                           "outputs": 3, "widgets_values": "abc", "properties": []})  # fmt: skip
    assert opened(drawn).graph == SAMPLES["sd15"].flow.api()
