"""What a check says before anything is queued."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from s2i.engines.comfyui import checking
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.graph import cycle
from s2i.errors import ModelMissing, S2IError, WorkflowError

from . import writer
from .collection import SAMPLES, base

CATALOGUE = Catalogue(writer.INFO)


def graph(name: str = "sd15", **changes: Any) -> dict[str, Any]:
    found = SAMPLES[name].flow.api()
    for place, value in changes.items():
        node, _, field = place[1:].partition("_")
        found[node]["inputs"][field] = value
    return found


def refused(given: dict[str, Any]) -> S2IError:
    def check() -> None:
        part, _ = checking.needed(given, CATALOGUE, "mine")
        checking.values(part, CATALOGUE)

    with pytest.raises(S2IError) as caught:
        check()
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_collection_passes(name: str) -> None:
    if name in ("regional_marked", "strings_marked"):
        return  # has marks, which are filled before
    report = checking.values(graph(name), CATALOGUE)
    assert not report.warnings
    assert not report.replace


def test_a_missing_node_with_the_nearest() -> None:
    given = graph()
    given["8"]["class_type"] = "VAEDecod"
    error = refused(given)
    assert isinstance(error, checking.NodesMissing)
    assert error.types == ["VAEDecod"]
    assert "VAEDecode" in error.message
    assert "custom nodes" in error.hint
    given["8"]["class_type"] = "0f1d2c3b-1111-4222-8333-444455556666"
    assert "subgraph that isn't in the file" in refused(given).message
    given["6"]["class_type"] = "Something\x1b[31m"
    assert "\x1b" not in refused(given).message


def test_a_missing_node_that_no_picture_needs() -> None:
    given = graph()
    given["50"] = {"class_type": "NobodyHasThis", "inputs": {"x": ["8", 0]}}
    given["51"] = {"class_type": "NorThis", "inputs": {}}
    part, warnings = checking.needed(given, CATALOGUE, "mine")
    assert part == graph()
    assert "NobodyHasThis" in warnings[0]
    given["52"] = {"class_type": "SaveImage", "inputs": {"images": ["51", 0]},
                   "_meta": {"title": "Broken"}}  # fmt: skip
    part, warnings = checking.needed(given, CATALOGUE, "mine")
    assert part == graph()
    assert "Broken" in warnings[0]
    assert "NorThis" in warnings[0]


def test_a_missing_model_with_the_nearest_and_its_folder() -> None:
    error = refused(graph(n4_ckpt_name="dreamshaper_7.safetensors"))
    assert isinstance(error, ModelMissing)
    assert "nearest: dreamshaper_8.safetensors" in error.message
    assert "models/checkpoints" in error.hint
    for name, place, folder in (
        ("lora_and_clip_skip", "n10_lora_name", "models/loras"),
        ("flux", "n12_unet_name", "models/diffusion_models"),
        ("flux", "n11_clip_name2", "models/text_encoders"),
        ("style_model", "n21_clip_name", "models/clip_vision"),
        ("controlnet", "n22_control_net_name", "models/controlnet"),
        ("upscale_chain", "n14_model_name", "models/upscale_models"),
    ):
        assert folder in refused(graph(name, **{place: "gone.safetensors"})).hint


def test_a_model_in_another_folder_is_taken() -> None:
    given = graph("lora_and_clip_skip", n10_lora_name="lcm-lora.safetensors")
    report = checking.values(given, CATALOGUE)
    assert report.replace == {("10", "lora_name"): "sdxl/lcm-lora.safetensors"}
    assert "sdxl/lcm-lora.safetensors" in report.warnings[0]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("n3_steps", 0, "0 is out of range; it takes 1 to 10000"),
        ("n3_cfg", 100.5, "100.5 is out of range; it takes 0 to 100"),
        ("n3_seed", -1, f"-1 is out of range; it takes 0 to {2**64 - 1}"),
        ("n5_width", 20000, "20000 is out of range"),
        ("n3_steps", "many", "'many' is no whole number"),
        ("n3_sampler_name", "eular", "doesn't know sampler_name 'eular'"),
    ],
)
def test_bad_values_are_named_with_what_would_do(place: str, value: Any, said: str) -> None:
    error = refused(graph(**{place: value}))
    assert error.code == "workflow-bad-value"
    assert said in error.message
    if "eular" in said:
        assert "euler" in error.hint


def test_numbers_as_texts_are_taken_as_the_server_takes_them() -> None:
    checking.values(graph(n3_steps="20"), CATALOGUE)


def test_an_input_picture_is_asked_for() -> None:
    error = refused(graph("img2img", n10_image="holiday.png"))
    assert error.code == "workflow-needs-image"
    assert "holiday.png" in error.message
    assert "--image" in error.hint
    for elsewhere in ("sub/holiday.png", "mask.png [input]", "ComfyUI_1_.png [output]"):
        checking.values(graph("img2img", n10_image=elsewhere), CATALOGUE)


def test_one_good_output_is_enough() -> None:
    given = graph("several_outputs", n11_scale_by=99.0)
    checking.values(given, CATALOGUE)  # the preview and the first picture come all the same
    assert refused(graph(n3_steps=0)).code == "workflow-bad-value"


def test_no_picture_comes_out() -> None:
    given = graph()
    del given["9"]
    assert refused(given).code == "workflow-no-output"
    audio = writer.Flow().add("1", "EmptyLatentAudio").add("2", "CheckpointLoaderSimple")
    audio.add("3", "VAEDecodeAudio", samples="@1", vae="@2/2").add("4", "SaveAudio", audio="@3")
    error = refused(audio.api())
    assert error.code == "workflow-no-output"
    assert "other things" in error.message
    loose = graph()
    loose["9"]["inputs"].pop("images")
    assert refused(loose).code == "workflow-no-output"


def test_a_link_to_nothing() -> None:
    error = refused(graph(n8_samples=["77", 0]))
    assert error.code == "workflow-dead-link"
    assert "samples" in error.message
    assert "VAE Decode" in error.message


def test_circles() -> None:
    flow = base()
    flow.add("20", "LoraLoader", model="@21", clip="@4/1")
    flow.add("21", "LoraLoader", model="@20", clip="@4/1")
    flow.nodes["3"]["inputs"]["model"] = ["20", 0]
    error = refused(flow.api())
    assert error.code == "workflow-cycle"
    assert "node 20" in error.message
    assert cycle(graph()) == []
    long = {str(i): {"class_type": "X", "inputs": {"a": [str(i + 1), 0]}} for i in range(4000)}
    assert cycle(long) == []
    long["4000"] = {"class_type": "X", "inputs": {"a": ["0", 0]}}
    assert len(cycle(long)) == 4001


def test_nothing_is_changed() -> None:
    given = graph()
    before = copy.deepcopy(given)
    part, _ = checking.needed(given, CATALOGUE, "mine")
    checking.values(part, CATALOGUE)
    assert given == before
    assert isinstance(refused({**given, "9": {"class_type": "Nope", "inputs": {}}}), WorkflowError)


def test_the_small_server_is_like_the_real_one() -> None:
    path = Path(__file__).parents[4] / "shared" / "recordings" / "comfyui-0.3.64"
    if not path.is_dir():
        pytest.skip("no recorded traffic of ComfyUI here (../shared/recordings)")
    real = Catalogue(json.loads((path / "object_info_full.json").read_text()))
    assert len(real) == 383
    names = json.loads((writer.FIXTURES / "object_info.json").read_text())
    for name in names:
        ours, theirs = CATALOGUE.node(name), real.node(name)
        assert ours is not None
        assert theirs is not None
        assert (ours.outputs, ours.output_names) == (theirs.outputs, theirs.output_names)
        assert ours.is_output == theirs.is_output
        assert [(s.name, s.kind, s.is_widget, s.controls) for s in ours.inputs.values()] == [
            (s.name, s.kind, s.is_widget, s.controls) for s in theirs.inputs.values()
        ]


def test_every_type_of_a_real_server_can_be_read() -> None:
    path = Path(__file__).parents[4] / "shared" / "recordings" / "comfyui-0.3.64"
    if not path.is_dir():
        pytest.skip("no recorded traffic of ComfyUI here (../shared/recordings)")
    known = json.loads((path / "object_info_full.json").read_text())
    real = Catalogue(known)
    for name, info in known.items():
        spec = real.node(name)
        assert spec is not None
        groups = info["input"]
        assert set(spec.inputs) == {*groups.get("required", {}), *groups.get("optional", {})}
        for one in spec.widgets:
            assert one.options is not None or one.kind != "COMBO" or "remote" in one.config
    assert {n for n in known if (s := real.node(n)) and s.shows_picture} >= {
        "SaveImage", "PreviewImage", "SaveImageWebsocket", "SaveAnimatedWEBP", "MaskPreview",
    }  # fmt: skip


@pytest.mark.parametrize(
    "info",
    [None, [], 5, {}, {"input": 3}, {"input": {"required": []}},
     {"input": {"required": {"a": None, "b": [], "c": [None], "d": [3, 4], "e": ["INT", 5]}}},
     {"input": {"required": {"a": ["COMBO"]}}, "output": "x", "output_name": 3},
     {"input": {"required": {"a": ["COMFY_DYNAMICCOMBO_V3", {"options": [3, {"key": []}]}]}},
      "input_order": {"required": [[], 3, "a"]}, "output": [["x"], None, 4]}],
)  # fmt: skip
def test_hostile_types_count_as_not_said(info: Any) -> None:
    catalogue = Catalogue({"X": info, "SaveImage": writer.INFO["SaveImage"]})
    spec = catalogue.node("X")
    given = {"1": {"class_type": "X", "inputs": {"a": 1, "b": "x", "e": 5}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}  # fmt: skip
    if spec is None:
        with pytest.raises(checking.NodesMissing):
            checking.needed(given, catalogue, "mine")
        return
    assert all(isinstance(one.kind, str) for one in spec.inputs.values())
    part, _ = checking.needed(given, catalogue, "mine")
    checking.values(part, catalogue)
