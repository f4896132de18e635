from __future__ import annotations

from typing import Any

import pytest

from s2i.engines.comfyui import explain, models
from s2i.engines.comfyui.messages import Failed
from s2i.engines.comfyui.workflow import load
from s2i.errors import GenerateError, ModelMissing, S2IError, WorkflowError

from .conftest import WORKFLOWS

GRAPH = load("sd15", [WORKFLOWS]).graph


def crash(kind: str, text: str) -> S2IError:
    return explain.failed(Failed("p", "3", "KSampler", kind, text, {"traceback": ["…"]}), GRAPH)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("torch.OutOfMemoryError", "Allocation on device 0 would exceed allowed memory."),
        ("RuntimeError", "CUDA error: out of memory"),
        ("RuntimeError", "MPS backend out of memory (MPS allocated: 9.05 GB)"),
        ("RuntimeError", "alloc_cpu.cpp:117 DefaultCPUAllocator: can't allocate memory"),
        ("OSError", "The paging file is too small for this operation to complete. (os error 1455)"),
    ],
)  # fmt: skip
def test_out_of_memory_is_said_to_people(kind: str, text: str) -> None:
    error = crash(kind, text)
    assert error.code == "comfyui-out-of-memory"
    assert error.message == "ComfyUI ran out of memory in KSampler."
    assert "--size" in error.hint
    assert error.retryable


def test_a_broken_model_file() -> None:
    error = crash("SafetensorError", "Error while deserializing header: header too large\n")
    assert error.code == "comfyui-broken-model"


def test_other_crashes_show_the_message_without_the_servers_folders() -> None:
    text = "**** ERROR: Saving image outside the output folder.\n full: /srv/comfy/output/x.png\n"
    error = crash("Exception", text)
    assert isinstance(error, GenerateError)
    assert "Saving image outside" in error.message
    assert "/srv" not in error.message
    assert "\n" not in error.message
    assert len(crash("E", "x" * 50_000).message) < 300
    assert crash("ValueError", "").message.endswith("ValueError.")


def refused(node_errors: Any, error: Any = None, status: int = 400) -> S2IError:
    return explain.rejected(status, {"error": error or {}, "node_errors": node_errors}, GRAPH)


def of_node(kind: str, **fields: Any) -> dict[str, Any]:
    return {"4": {"errors": [{"type": kind, **fields}], "class_type": "CheckpointLoaderSimple"}}


def test_a_missing_checkpoint_names_the_nearest() -> None:
    offered = ["dreamshaper_7.safetensors", "sdxl.safetensors", "Dreamshaper8.ckpt"]
    info = {"input_name": "ckpt_name", "input_config": [offered, {}],
            "received_value": "dreamshaper_8.safetensors"}  # fmt: skip
    error = refused(of_node("value_not_in_list", extra_info=info))
    assert isinstance(error, ModelMissing)
    assert "dreamshaper_8.safetensors" in error.message
    assert "nearest: Dreamshaper8.ckpt, dreamshaper_7.safetensors." in error.message
    assert "models/checkpoints" in error.hint


def test_without_any_checkpoint() -> None:
    error = models.missing("a.safetensors", "ckpt_name", [])
    assert "none at all" in error.message
    far = models.missing("a.safetensors", "lora_name", ["zzz.bin"])
    assert "models/loras" in far.hint
    assert "it has: zzz.bin" in far.message


def test_the_real_error_before_its_echoes() -> None:
    errors = {
        "8": {"errors": [{"type": "exception_during_inner_validation", "message": "echo"}]},
        "3": {"errors": [{"type": "required_input_missing", "message": "Required input is missing",
                          "details": "seed"}]},
    }  # fmt: skip
    error = refused(errors)
    assert error.message == "KSampler: Required input is missing (seed)."
    assert isinstance(error, WorkflowError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "invalid_prompt", "message": "Cannot execute because node Foo does not exist."},
         "comfyui-node-missing"),
        ({"type": "missing_node_type", "message": "Node 'Foo' not found. Install it."},
         "comfyui-node-missing"),
        ({"type": "prompt_no_outputs", "message": "Prompt has no outputs"}, "workflow-no-output"),
        ({"type": "invalid_prompt", "message": "Something new", "details": "x"},
         "comfyui-refused-prompt"),
        ("a plain word", "comfyui-refused-prompt"),
        (7, "comfyui-refused-prompt"),
    ],
)  # fmt: skip
def test_refusals_as_a_whole(error: Any, code: str) -> None:
    caught = refused({}, error)
    assert caught.code == code
    if code == "comfyui-node-missing":
        assert "Foo" in caught.message


@pytest.mark.parametrize("body", [None, [], "x", {"node_errors": 5}, {"node_errors": {"1": 5}},
                                  {"node_errors": {"1": {"errors": [5, {}]}}}])  # fmt: skip
def test_odd_bodies_are_still_one_sentence(body: Any) -> None:
    error = explain.rejected(400, body, GRAPH)
    assert error.message.endswith(".")
    assert explain.rejected(413, body, GRAPH).code == "comfyui-too-large"


def test_values_out_of_range_and_out_of_list() -> None:
    big = of_node("value_bigger_than_max", message="Value 101.0 bigger than max of 100.0",
                  extra_info={"input_name": "cfg"})  # fmt: skip
    assert "bigger than max of 100.0." in refused(big).message
    info = {"input_name": "sampler_name", "input_config": None, "received_value": "nope"}
    assert "'nope'" in refused(of_node("value_not_in_list", extra_info=info)).message


def test_same_file_in_another_folder() -> None:
    offered = ["SD1.5\\DreamShaper_8.safetensors", "x.ckpt"]
    assert models.same_file("dreamshaper_8.safetensors", offered) == offered[0]
    assert models.same_file("a.ckpt", ["1/a.ckpt", "2/a.ckpt"]) is None


def test_choices_in_old_and_new_shape() -> None:
    old = {"input": {"required": {"ckpt_name": [["a"], {}]}}}
    new = {"input": {"required": {"ckpt_name": ["COMBO", {"options": ["a"]}]}}}
    assert models.choices(old, "ckpt_name") == models.choices(new, "ckpt_name") == ["a"]
    for odd in ({}, {"input": 5}, {"input": {"required": {"ckpt_name": "STRING"}}}):
        assert models.choices(odd, "ckpt_name") is None
