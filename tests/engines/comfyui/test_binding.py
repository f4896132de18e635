from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from s2i.engines.comfyui import finding
from s2i.engines.comfyui.binding import Binding, Values, bind, current
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.resolving import core
from s2i.engines.comfyui.workflow import load
from s2i.errors import WorkflowError
from s2i.job import MAX_SEED

from .conftest import WORKFLOWS
from .writer import INFO

CATALOGUE = Catalogue(INFO)
CORE = json.loads(
    (WORKFLOWS.parent / "s2i" / "engines" / "comfyui" / "core_nodes.json").read_text()
)


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def graph(**changes: Any) -> dict[str, Any]:
    """A small SD1.5 graph, changed."""
    base = {
        "3": node(
            "KSampler", seed=5, steps=20, model=["4", 0], positive=["6", 0], negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=640, batch_size=1),
        "6": node("CLIPTextEncode", text="old", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="ugly", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0], filename_prefix="x_%width%_%date:yyyy%"),
    }  # fmt: skip
    base.update({key.lstrip("n"): value for key, value in changes.items()})
    return base


def find(given: dict[str, Any]) -> Binding:
    return finding.find(given, CATALOGUE)


def put(given: dict[str, Any], **values: Any) -> dict[str, Any]:
    return bind(given, find(given), Values(**{"prompt": "fox", **values}))


@pytest.mark.parametrize("name", ["sd15", "lcm"])
def test_shipped_workflows_take_everything(name: str) -> None:
    given = load(name, [WORKFLOWS]).graph
    before = copy.deepcopy(given)
    values = Values("fox", "fog", MAX_SEED, 768, 512, 9, 3, "other.safetensors")
    bound = bind(given, find(given), values)
    assert given == before
    sampler, latent = bound["3"]["inputs"], bound["5"]["inputs"]
    assert (sampler["seed"], sampler["steps"]) == (2**64 - 1, 9)
    assert (latent["width"], latent["height"], latent["batch_size"]) == (768, 512, 3)
    assert bound["6"]["inputs"]["text"] == "fox"
    assert bound["7"]["inputs"]["text"] == "fog"
    assert bound["4"]["inputs"]["ckpt_name"] == "other.safetensors"
    assert json.loads(json.dumps(bound))["3"]["inputs"]["seed"] == 2**64 - 1


def test_what_is_not_given_stays() -> None:
    given = graph()
    bound = put(given, seed=0)
    assert bound["3"]["inputs"]["seed"] == 0
    assert bound["3"]["inputs"]["steps"] == 20
    assert bound["5"] == given["5"]
    assert bound["7"] == given["7"]
    own = current(given, find(given))
    assert (own.negative, own.seed, own.width, own.height, own.steps) == ("ugly", 5, 512, 640, 20)
    assert own.checkpoint == "a.safetensors"


def test_found_through_conditioning_nodes() -> None:
    given = graph(
        n3=node("KSampler", seed=5, steps=20, positive=["20", 0], negative=["20", 1],
                latent_image=["5", 0]),
        n20=node("ControlNetApplyAdvanced", positive=["21", 0], negative=["7", 0], strength=1.0),
        n21=node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["6", 0]),
    )  # fmt: skip
    bound = put(given, negative="fog")
    assert bound["6"]["inputs"]["text"] == "fox"
    assert bound["7"]["inputs"]["text"] == "fog"


def test_flux_with_guider_noise_and_zeroed_negative() -> None:
    given = {
        "1": node("RandomNoise", noise_seed=3),
        "2": node("BasicGuider", model=["9", 0], conditioning=["3", 0]),
        "3": node("FluxGuidance", guidance=3.5, conditioning=["4", 0]),
        "4": node("CLIPTextEncode", text="", clip=["9", 1]),
        "5": node("BasicScheduler", steps=20, model=["9", 0]),
        "6": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
        "7": node("SamplerCustomAdvanced", noise=["1", 0], guider=["2", 0], sigmas=["5", 0],
                  latent_image=["6", 0]),
        "9": node("UNETLoader", unet_name="flux.safetensors"),
        "8": node("VAEDecode", samples=["7", 0], vae=["9", 2]),
        "10": node("SaveImage", images=["8", 0], filename_prefix="x"),
    }  # fmt: skip
    bound = put(given, seed=8, steps=4, width=512, height=512, negative="fog")
    assert bound["1"]["inputs"]["noise_seed"] == 8
    assert bound["4"]["inputs"]["text"] == "fox"
    assert bound["5"]["inputs"]["steps"] == 4
    assert bound["6"]["inputs"]["width"] == 512
    zeroed = graph(
        n3=node(
            "KSampler",
            seed=1,
            model=["4", 0],
            positive=["6", 0],
            negative=["30", 0],
            latent_image=["5", 0],
        ),
        n30=node("ConditioningZeroOut", conditioning=["6", 0]),
    )
    assert not find(zeroed).has("negative")
    assert put(zeroed, negative="fog")["6"]["inputs"]["text"] == "fox"


def test_the_negative_never_takes_the_prompts_place() -> None:
    shared = graph()
    shared["3"]["inputs"]["negative"] = ["6", 0]
    assert put(shared, negative="fog")["6"]["inputs"]["text"] == "fox"


def test_sdxl_gets_both_texts_and_its_sizes() -> None:
    given = graph(
        n6=node("CLIPTextEncodeSDXL", text_g="old", text_l="old too", width=512, height=640,
                target_width=512, target_height=640, crop_w=0, clip=["4", 1]),
    )  # fmt: skip
    inputs = put(given, width=768, height=768)["6"]["inputs"]
    assert (inputs["text_g"], inputs["text_l"]) == ("fox", "fox")
    assert (inputs["width"], inputs["target_height"], inputs["crop_w"]) == (768, 768, 0)


def test_primitives_hold_the_values() -> None:
    given = graph(
        n6=node("CLIPTextEncode", text=["30", 0], clip=["4", 1]),
        n30=node("PrimitiveStringMultiline", value="old"),
        n31=node("PrimitiveInt", value=512),
    )
    given["5"]["inputs"]["width"] = ["31", 0]
    given["5"]["inputs"]["height"] = ["31", 0]
    bound = put(given, width=640, height=640)
    assert bound["30"]["inputs"]["value"] == "fox"
    assert bound["31"]["inputs"]["value"] == 640
    assert bound["6"] == given["6"]


def test_shipped_workflows_need_no_object_info() -> None:
    for name in ("sd15", "lcm"):
        given = load(name, [WORKFLOWS]).graph
        assert {one["class_type"] for one in given.values()} <= {*CORE}
        assert finding.find(given, core()) == find(given)
    path = Path(__file__).parents[4] / "shared" / "recordings" / "comfyui-0.3.64"
    if path.is_dir():
        known = Catalogue(json.loads((path / "object_info_full.json").read_text()))
        for name in CORE:
            ours, theirs = core().node(name), known.node(name)
            assert ours is not None
            assert theirs is not None
            assert ours.outputs == theirs.outputs
            assert list(ours.inputs) == list(theirs.inputs)
            assert all(one.kind == theirs.inputs[one.name].kind for one in ours.inputs.values())


def test_unused_nodes_are_left_alone() -> None:
    given = graph(n40=node("KSampler", seed=99, steps=1, positive=["41", 0]),
                  n41=node("CLIPTextEncode", text="dangling", clip=["4", 1]))  # fmt: skip
    del given["40"]["inputs"]["positive"]
    bound = put(given, seed=7)
    assert bound["40"]["inputs"]["seed"] == 99
    assert bound["41"]["inputs"]["text"] == "dangling"


def test_two_different_prompts_are_named_not_guessed() -> None:
    given = graph(
        n3=node("KSampler", seed=5, positive=["21", 0], negative=["7", 0], latent_image=["5", 0]),
        n21=node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["22", 0]),
        n22=node("CLIPTextEncode", text="on the right a tree", clip=["4", 1]),
    )
    with pytest.raises(WorkflowError) as caught:
        find(given)
    assert caught.value.code == "workflow-ambiguous-text"
    assert "node 22" in caught.value.message
    given["22"]["inputs"]["text"] = "%prompt%"
    bound = put(given)
    assert (bound["22"]["inputs"]["text"], bound["6"]["inputs"]["text"]) == ("fox", "old")


def test_no_text_at_all() -> None:
    given = {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=["1", 0])}
    with pytest.raises(WorkflowError) as caught:
        find(given)
    assert caught.value.code == "workflow-no-text"
    assert "%prompt%" in caught.value.hint


def test_marks_win_and_keep_their_type() -> None:
    given = graph()
    given["6"]["inputs"]["text"] = "photo of %prompt%, no %negative%, seed %seed%"
    given["3"]["inputs"].update(seed="%seed%", steps="%steps%")
    given["5"]["inputs"].update(width="%width%", height="%height%", batch_size="%batch%")
    bound = put(given, negative="fog", seed=MAX_SEED, width=64, height=128, steps=3, batch=2)
    assert bound["6"]["inputs"]["text"] == f"photo of fox, no fog, seed {MAX_SEED}"
    assert bound["3"]["inputs"]["seed"] == MAX_SEED
    assert bound["3"]["inputs"]["steps"] == 3
    assert bound["5"]["inputs"] == {"width": 64, "height": 128, "batch_size": 2}
    # ComfyUI's own patterns in file names stay
    assert bound["9"]["inputs"]["filename_prefix"] == "x_%width%_%date:yyyy%"
    unset = put(given)
    assert unset["5"]["inputs"] == {"width": 512, "height": 512, "batch_size": 1}


def test_a_mark_in_the_users_words_stays_text() -> None:
    given = graph()
    given["6"]["inputs"]["text"] = "%prompt%, %negative%"
    bound = put(given, prompt="100%seed% %negative%", negative="fog")
    assert bound["6"]["inputs"]["text"] == "100%seed% %negative%, fog"
    assert put(graph(), prompt="%seed%")["6"]["inputs"]["text"] == "%seed%"


def test_shared_steps_are_left_alone_and_said() -> None:
    given = graph()
    given["3"]["class_type"] = "KSamplerAdvanced"
    given["3"]["inputs"].update(start_at_step=0, end_at_step=10)
    binding = find(given)
    assert not binding.has("steps")
    assert binding.notes
    assert put(given, steps=3)["3"]["inputs"]["steps"] == 20


def test_cycles_and_dead_links_end() -> None:
    given = graph(
        n6=node("ConditioningCombine", conditioning_1=["7", 0]),
        n7=node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["nowhere", 0]),
    )
    with pytest.raises(WorkflowError):
        find(given)
    ring = {"1": node("A", x=["2", 0]), "2": node("B", text=["1", 0]), "3": node("C", x=["1", 0])}
    with pytest.raises(WorkflowError):
        find(ring)


def test_described_for_people() -> None:
    given = load("sd15", [WORKFLOWS]).graph
    binding = finding.find(given, core())
    found = binding.described(given)
    assert found["prompt"] == "node 6 CLIPTextEncode.text (Prompt)"
    assert found["width"] == "node 5 EmptyLatentImage.width (Empty Latent Image)"
    assert "prompt → node 6 CLIPTextEncode.text (Prompt)" in binding.sentences(given)
    listed = json.loads(json.dumps(binding.listed(given)))
    assert listed["seed"][0]["node"] == "3"
    assert listed["seed"][0]["value"] == 0


def test_shipped_nodes_and_values_are_the_servers() -> None:
    path = Path(__file__).parents[4] / "shared" / "recordings" / "comfyui-0.3.64"
    if not path.is_dir():
        pytest.skip("no recorded traffic of ComfyUI here (../shared/recordings)")
    known = json.loads((path / "object_info_full.json").read_text())
    for name in ("sd15", "lcm"):
        given = load(name, [WORKFLOWS]).graph
        for one in given.values():
            info = known[one["class_type"]]["input"]
            specs = {**info["required"], **info.get("optional", {})}
            assert set(info["required"]) <= set(one["inputs"]) <= set(specs)
            for key, value in one["inputs"].items():
                spec = specs[key]
                if isinstance(value, list):
                    source = known[given[value[0]]["class_type"]]
                    assert source["output"][value[1]] == spec[0]
                elif isinstance(spec[0], list) and key != "ckpt_name":
                    assert value in spec[0]
                elif spec[0] in ("INT", "FLOAT"):
                    assert spec[1]["min"] <= value <= spec[1]["max"]
