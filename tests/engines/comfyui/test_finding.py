"""Where inputs are found, where they are not, and what the user says about it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from s2i.engines.comfyui import corrections
from s2i.engines.comfyui.binding import Binding, Values, bind
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.finding import candidates, find
from s2i.errors import WorkflowError

from . import writer
from .collection import SAMPLES, base, link
from .test_editor import opened, places
from .writer import Flow

CATALOGUE = Catalogue(writer.INFO)


def found(flow: Flow, **given: list[list[str]]) -> Binding:
    wanted = corrections.parse({"bindings": given}, "test") if given else None
    return find(flow.api(), CATALOGUE, wanted)


def refused(flow: Flow, **given: list[list[str]]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        found(flow, **given)
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    return caught.value


def regional() -> Flow:
    flow = base()
    flow.add("20", "CLIPTextEncode", text="a lake", clip="@4/1")
    flow.add("22", "ConditioningCombine", conditioning_1="@6", conditioning_2="@20")
    flow.nodes["3"]["inputs"]["positive"] = link("22")
    return flow


def test_two_texts_are_named_and_never_guessed() -> None:
    error = refused(regional())
    assert error.code == "workflow-ambiguous-text"
    assert "node 6" in error.message
    assert "node 20" in error.message
    assert "%prompt%" in error.hint


def test_marks_titles_and_corrections_decide() -> None:
    flow = regional()
    flow.nodes["20"]["_meta"]["title"] = " PROMPT "
    assert found(flow).of("prompt") == (("20", "text"),)
    flow.nodes["6"]["inputs"]["text"] = "%prompt%"
    assert found(flow).of("prompt") == ()
    assert found(flow).marks == {"prompt"}
    given = found(flow, prompt=[["7", "text"]])
    assert given.of("prompt") == (("7", "text"),)
    assert not given.marks
    assert given.given == {"prompt"}


def test_duplicate_titles() -> None:
    flow = regional()
    for node in ("6", "20"):
        flow.nodes[node]["_meta"]["title"] = "prompt"
    assert refused(flow).code == "workflow-ambiguous-text"
    flow.nodes["20"]["inputs"]["text"] = flow.nodes["6"]["inputs"]["text"]
    assert set(found(flow).of("prompt")) == {("20", "text"), ("6", "text")}


def test_a_node_called_after_the_other_side_is_none_of_this_one() -> None:
    """DualCFGGuider has two positive inputs, and a template feeds one from its negative text."""
    flow = Flow()
    flow.nodes = SAMPLES["cfg_guider"].flow.api()
    flow.add("22", "DualCFGGuider", model="@30", cond1="@6", cond2="@7", negative="@7")
    assert refused(flow).code == "workflow-ambiguous-text"
    flow.nodes["7"]["_meta"]["title"] = "CLIP Text Encode (Negative Prompt)"
    assert found(flow).of("prompt") == (("6", "text"),)
    assert found(flow).of("negative") == (("7", "text"),)


def test_titles_of_numbers() -> None:
    flow = Flow()
    flow.nodes = SAMPLES["upscale_chain"].flow.api()
    flow.nodes["3"]["_meta"]["title"] = "steps"
    assert found(flow).of("steps") == (("3", "steps"),)
    flow.nodes["5"]["_meta"]["title"] = "Width"
    assert found(flow).of("width") == (("5", "width"),)
    flow.nodes["13"]["_meta"]["title"] = "seed"
    assert found(flow).of("seed") == (("13", "seed"),)


def test_an_empty_correction_leaves_something_alone() -> None:
    binding = found(base(), seed=[], negative=[], width=[], height=[])
    assert not any(binding.has(name) for name in ("seed", "negative", "size"))
    assert binding.of("prompt") == (("6", "text"),)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"prompt": [["99", "text"]]}, "no such input"),
        ({"prompt": [["6", "nope"]]}, "no such input"),
        ({"prompt": [["3", "positive"]]}, "comes from another node"),
        ({"prompt": [["3", "steps"]]}, "of type INT"),
        ({"seed": [["6", "text"]]}, "of type STRING"),
    ],
)
def test_corrections_that_do_not_fit(given: dict[str, Any], why: str) -> None:
    error = refused(base(), **given)
    assert error.code == "workflow-bad-binding"
    assert why in error.message


@pytest.mark.parametrize(
    "content",
    [None, [], {}, {"bindings": []}, {"bindings": {"colour": []}}, {"bindings": {"seed": 3}},
     {"bindings": {"seed": [["3"]]}}, {"bindings": {"seed": [["3", 4]]}},
     {"bindings": {"seed": [[["3"], "x"]]}}, {"bindings": {"seed": [["3", "seed"]] * 65}}],
)  # fmt: skip
def test_corrections_of_a_wrong_form(content: Any) -> None:
    with pytest.raises(WorkflowError) as caught:
        corrections.parse(content, "mine.bindings.json")
    assert caught.value.code == "workflow-bad-bindings"


def test_corrections_survive_a_file() -> None:
    given = corrections.parse({"bindings": {"prompt": [[6, "text"]], "steps": []}}, "x")
    assert corrections.parse(given.to_dict(), "x") == given
    assert given.places == {"prompt": (("6", "text"),), "steps": ()}


def test_several_parts_of_a_text_are_named() -> None:
    flow = base()
    flow.add("22", "StringConcatenate", string_a="a castle", string_b="oil on canvas")
    flow.nodes["6"]["inputs"]["text"] = link("22")
    error = refused(flow)
    assert "put together" in error.message
    assert "22 StringConcatenate.string_a" in error.message
    flow.nodes["22"]["inputs"]["string_a"] = ""
    binding = found(flow)
    assert binding.of("prompt") == (("22", "string_a"),)
    assert "the empty one" in binding.notes["prompt"]


def test_a_text_that_another_node_makes() -> None:
    flow = base()
    flow.add("20", "LoadImage", image="example.png")
    flow.add("21", "Captioner", image="@20")
    flow.nodes["6"]["inputs"]["text"] = link("21")
    error = refused(flow)
    assert error.code == "workflow-no-text"
    assert "made by other nodes" in error.message


def test_a_text_that_is_shown_on_its_way() -> None:
    flow = base()
    flow.add("20", "PrimitiveString", value="a castle")
    flow.add("21", "ShowText", text="@20")
    flow.nodes["6"]["inputs"]["text"] = link("21")
    assert found(flow).of("prompt") == (("20", "value"),)


def test_several_negatives_stay_and_are_named() -> None:
    flow = base()
    flow.add("20", "CLIPTextEncode", text="fog", clip="@4/1")
    flow.add("22", "ConditioningConcat", conditioning_to="@7", conditioning_from="@20")
    flow.nodes["3"]["inputs"]["negative"] = link("22")
    binding = found(flow)
    assert not binding.has("negative")
    assert "node 20" in binding.notes["negative"]


def test_sizes_that_differ_stay() -> None:
    flow = base()
    flow.add("20", "EmptyLatentImage", width=256, height=256)
    flow.add("21", "LatentComposite", samples_to="@5", samples_from="@20")
    flow.nodes["3"]["inputs"]["latent_image"] = link("21")
    binding = found(flow)
    assert not binding.has("size")
    assert "node 20" in binding.notes["size"]


def test_a_small_seed_range_is_kept() -> None:
    flow = SAMPLES["without_conditioning"].flow
    binding = found(flow)
    bound = bind(flow.api(), binding, Values("x", seed=2**64 - 1))
    assert bound["1"]["inputs"]["seed"] == (2**64 - 1) % 2**31
    assert bind(flow.api(), binding, Values("x", seed=7))["1"]["inputs"]["seed"] == 7


def test_candidates_for_people_to_choose_from() -> None:
    flow = regional()
    flow.add("50", "CLIPTextEncode", text="dangling", clip="@4/1")
    offered = candidates(flow.api(), CATALOGUE)
    assert set(offered["prompt"]) >= {("6", "text"), ("7", "text"), ("20", "text")}
    assert ("50", "text") not in offered["prompt"]
    assert ("3", "seed") in offered["seed"]
    assert ("4", "ckpt_name") in offered["checkpoint"]


# properties


def grown(seed: int) -> tuple[Flow, set[str]]:
    """A random graph around one sampler whose answers are known; (flow, ids of all texts)."""
    chance = random.Random(seed)
    flow = base()
    number = 100

    def add(kind: str, **inputs: Any) -> str:
        nonlocal number
        number += 1
        flow.add(str(number), kind, **inputs)
        return str(number)

    ends = {"positive": ["6", 0], "negative": ["7", 0]}
    for _ in range(chance.randrange(6)):
        side = chance.choice(["positive", "negative"])
        source = f"@{ends[side][0]}/{ends[side][1]}"
        match chance.randrange(4):
            case 0:
                ends[side] = [add("ConditioningSetTimestepRange", conditioning=source), 0]
            case 1:
                ends[side] = [add("FluxGuidance", conditioning=source), 0]
            case 2:
                ends[side] = [add("ConditioningCombine", conditioning_1=source,
                                  conditioning_2=source), 0]  # fmt: skip
            case 3:
                picture = add("LoadImage", image="example.png")
                net = add("ControlNetLoader", control_net_name="control_canny.safetensors")
                both = add("ControlNetApplyAdvanced", control_net=f"@{net}", image=f"@{picture}",
                           **{s: f"@{n}/{i}" for s, (n, i) in ends.items()})  # fmt: skip
                ends = {"positive": [both, 0], "negative": [both, 1]}
    for side, end in ends.items():
        flow.nodes["3"]["inputs"][side] = end
    texts = {"6": "6", "7": "7"}
    for node in ("6", "7"):
        for _ in range(chance.randrange(3)):
            holder = add(chance.choice(["PrimitiveString", "PrimitiveStringMultiline"]))
            flow.nodes[holder]["inputs"]["value"] = flow.nodes[texts[node]]["inputs"].get(
                "text", flow.nodes[texts[node]]["inputs"].get("value", "")
            )
            if texts[node] != node:
                break
            flow.nodes[node]["inputs"]["text"] = [holder, 0]
            texts[node] = holder
    for _ in range(chance.randrange(5)):  # what no picture needs
        add("CLIPTextEncode", text=f"noise {number}", clip="@4/1")
    for _ in range(chance.randrange(4)):
        last = flow.nodes["9"]["inputs"]["images"]
        flow.nodes["9"]["inputs"]["images"] = [add("ImageScaleBy", image=f"@{last[0]}"), 0]
    return flow, {texts["6"], texts["7"]}


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed: int) -> None:
    """Found in either form, at known places; only those change; twice is as good as once."""
    flow, texts = grown(seed)
    resolved = opened(flow.api())
    binding = resolved.binding
    where = places(resolved)
    assert {w.split(".")[0] for w in where["prompt"] + where["negative"]} == texts
    assert where["seed"] == ["3.seed"]
    assert where["width"] == ["5.width"]
    values = Values("a fox", "fog", 11, 640, 384, 9, 2)
    bound = bind(resolved.graph, binding, values)
    changed = {
        (node_id, name)
        for node_id, node in bound.items()
        for name, value in node["inputs"].items()
        if value != resolved.graph[node_id]["inputs"][name]
    }
    assert changed <= {place for found in binding.places.values() for place in found}
    assert bind(bound, find(bound, CATALOGUE), values) == bound
    assert find(bound, CATALOGUE).places == binding.places
    chance = random.Random(seed)
    drawn = flow.ui(sockets=chance.random() < 0.5)
    for draw in (writer.with_clutter, writer.with_bypassed, writer.with_reroutes):
        if chance.random() < 0.6:
            drawn = draw(drawn)
    again = opened(drawn)
    assert again.graph == resolved.graph
    assert again.binding == binding
    shuffled = list(flow.nodes.items())
    chance.shuffle(shuffled)
    assert opened(dict(shuffled)).binding.places == binding.places


@pytest.mark.parametrize("seed", range(40))
def test_random_nonsense_ends_in_one_sentence(seed: int) -> None:
    """Links anywhere, of any type, circles and all: found, or refused with a reason."""
    chance = random.Random(seed)
    kinds = chance.choices(list(writer.INFO), k=25)
    graph: dict[str, Any] = {}
    for number, kind in enumerate(kinds):
        inputs: dict[str, Any] = {}
        for name in writer.specs(kind):
            match chance.randrange(4):
                case 0:
                    inputs[name] = [str(chance.randrange(27)), chance.randrange(4)]
                case 1:
                    inputs[name] = chance.choice(["", "x", 5, -1, 0.5, True, None, [], {}, [[]]])
                case 2:
                    inputs[name] = "%prompt% %seed%"
        graph[str(number)] = {"class_type": kind, "inputs": inputs}
    graph["100"] = {"class_type": "SaveImage", "inputs": {"images": ["0", 0]}}
    refusal: WorkflowError | None = None
    try:
        resolved = opened(graph)
    except WorkflowError as error:
        refusal = error
    else:
        bind(resolved.graph, resolved.binding, Values("a fox", "fog", 1, 64, 64, 2, 1))
        assert resolved.binding.sentences(resolved.graph)
    assert refusal is None or (refusal.message.endswith(".") and refusal.hint)
