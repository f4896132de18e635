"""The nodes that the fake knows, as /object_info tells of them, and the check of a prompt.

Names, types and limits are those of ComfyUI 0.3.64; test_contract.py compares them. Those that it
can really "run" are written out here; all others come from the recorded /object_info where it is
there, else from a small one of our own, with a few made-up custom nodes.
"""

from __future__ import annotations

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[3]
_RECORDED = _ROOT.parent / "shared" / "recordings" / "comfyui-0.3.64" / "object_info_full.json"
_SMALL = _ROOT / "tests" / "fixtures" / "workflows"

SEED: list[Any] = ["INT", {"default": 0, "min": 0, "max": 2**64 - 1}]
SAMPLERS = ["euler", "euler_ancestral", "heun", "dpmpp_2m", "dpmpp_2m_sde", "lcm", "ddim", "uni_pc"]
SCHEDULERS = ["simple", "sgm_uniform", "karras", "exponential", "normal"]
_STEPS: list[Any] = ["INT", {"default": 20, "min": 1, "max": 10000}]
_CFG: list[Any] = ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0}]
_SIDE: list[Any] = ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}]
_BATCH: list[Any] = ["INT", {"default": 1, "min": 1, "max": 4096}]

NODES: dict[str, tuple[dict[str, list[Any]], list[str], bool]] = {
    "CheckpointLoaderSimple": ({"ckpt_name": [[]]}, ["MODEL", "CLIP", "VAE"], False),
    "CLIPTextEncode": ({"text": ["STRING"], "clip": ["CLIP"]}, ["CONDITIONING"], False),
    "ConditioningZeroOut": ({"conditioning": ["CONDITIONING"]}, ["CONDITIONING"], False),
    "EmptyLatentImage": (
        {"width": _SIDE, "height": _SIDE, "batch_size": _BATCH},
        ["LATENT"],
        False,
    ),
    "LatentConcat": (
        {
            "samples1": ["LATENT"],
            "samples2": ["LATENT"],
            "dim": [["x", "-x", "y", "-y", "t", "-t"]],
        },
        ["LATENT"],
        False,
    ),
    "KSampler": (
        {
            "model": ["MODEL"],
            "seed": SEED,
            "steps": _STEPS,
            "cfg": _CFG,
            "sampler_name": [SAMPLERS],
            "scheduler": [SCHEDULERS],
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "denoise": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0}],
        },
        ["LATENT"],
        False,
    ),
    "ModelSamplingDiscrete": (
        {
            "model": ["MODEL"],
            "sampling": [["eps", "v_prediction", "lcm", "x0", "img_to_img"]],
            "zsnr": ["BOOLEAN", {"default": False}],
        },
        ["MODEL"],
        False,
    ),
    "VAEDecode": ({"samples": ["LATENT"], "vae": ["VAE"]}, ["IMAGE"], False),
    "LoadImage": ({"image": [["example.png"], {"image_upload": True}]}, ["IMAGE", "MASK"], False),
    "SaveImage": (
        {"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]},
        [],
        True,
    ),
    "PreviewImage": ({"images": ["IMAGE"]}, [], True),
    "SaveImageWebsocket": ({"images": ["IMAGE"]}, [], True),
}


@lru_cache(maxsize=1)
def _others() -> dict[str, Any]:
    """The nodes that the fake only knows by name and type."""
    source = _RECORDED if _RECORDED.is_file() else _SMALL / "object_info.json"
    known: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    known.update(json.loads((_SMALL / "custom_nodes.json").read_text(encoding="utf-8")))
    return known


def names() -> list[str]:
    """Every node class there is."""
    return list(dict.fromkeys([*NODES, *_others()]))


def object_info(
    name: str, checkpoints: list[str], models: dict[str, list[str]] | None = None
) -> dict[str, Any] | None:
    """One node as /object_info has it. `models`: files by input name, instead of its own lists."""
    if name not in NODES:
        return _other_info(name, models or {})
    required, output, is_output = NODES[name]
    if name == "CheckpointLoaderSimple":
        required = {"ckpt_name": [list(checkpoints), {"tooltip": "The name of the checkpoint."}]}
    if name == "LoadImage" and models and "image" in models:
        required = {"image": [["example.png", *models["image"]], {"image_upload": True}]}
    return {
        "input": {"required": required},
        "input_order": {"required": list(required)},
        "output": output,
        "output_is_list": [False] * len(output),
        "output_name": output,
        "name": name,
        "display_name": name,
        "description": "",
        "python_module": "nodes",
        "category": "fake",
        "output_node": is_output,
    }


def _other_info(name: str, models: dict[str, list[str]]) -> dict[str, Any] | None:
    info = _others().get(name)
    if info is None or not any(n in models for group in info["input"].values() for n in group):
        return info
    info = copy.deepcopy(info)
    for part in info["input"].values():
        for key in models.keys() & part.keys():
            if isinstance(part[key][0], list) or part[key][0] == "COMBO":
                part[key][0] = list(models[key])
    return dict(info)


def refusal(kind: str, message: str, details: str = "") -> dict[str, Any]:
    """The `error` part of a 400."""
    return {"type": kind, "message": message, "details": details, "extra_info": {}}


def check_prompt(
    graph: Any, checkpoints: list[str], models: dict[str, list[str]] | None = None
) -> tuple[dict[str, Any] | None, dict[str, Any], list[str]]:
    """(error or None, node_errors, good outputs), as execution.validate_prompt gives them."""
    wanted = []
    infos: dict[str, dict[str, Any] | None] = {}
    for node_id in graph:
        node = graph[node_id] if isinstance(graph, dict) else None
        where = f"Node ID '#{node_id}'"
        if not isinstance(node, dict) or "class_type" not in node:
            text = "Cannot execute because a node is missing the class_type property."
            return refusal("invalid_prompt", text, where), {}, []
        kind = node["class_type"]
        info = infos.setdefault(kind, object_info(kind, checkpoints, models))
        if info is None:
            text = f"Cannot execute because node {node['class_type']} does not exist."
            return refusal("invalid_prompt", text, where), {}, []
        if info["output_node"]:
            wanted.append(node_id)
    if not wanted:
        return refusal("prompt_no_outputs", "Prompt has no outputs"), {}, []
    node_errors: dict[str, Any] = {}
    good = []
    for output in wanted:
        problems = _check(graph, output, infos)
        for node_id, found in problems.items():
            entry = node_errors.setdefault(
                node_id,
                {
                    "errors": found,
                    "dependent_outputs": [],
                    "class_type": graph[node_id]["class_type"],
                },
            )
            entry["dependent_outputs"].append(output)
        if not problems:
            good.append(output)
    if not good:
        error = refusal("prompt_outputs_failed_validation", "Prompt outputs failed validation")
        return error, node_errors, []
    return None, node_errors, good


def _check(graph: dict[str, Any], node_id: str, infos: dict[str, Any]) -> dict[str, list[Any]]:
    """Errors of a node and of those behind it, by node id. KeyError as the real one raises it."""
    node = graph[node_id]
    inputs = node["inputs"]
    found: dict[str, list[Any]] = {}
    own: list[Any] = []
    info = infos[node["class_type"]]
    optional = info["input"].get("optional", {})
    for name, spec in {**info["input"]["required"], **optional}.items():
        if name not in inputs:
            if name in optional:
                continue
            own.append(_error("required_input_missing", "Required input is missing", name, name))
            continue
        value = inputs[name]
        if isinstance(value, list):
            linked = graph[value[0]]
            given = infos[linked["class_type"]]["output"][value[1]]
            if given != spec[0] and "*" not in (given, spec[0]):
                text = "Return type mismatch between linked nodes"
                details = f"{name}, received_type({given}) mismatch input_type({spec[0]})"
                own.append(_error("return_type_mismatch", text, details, name, linked_node=value))
                continue
            try:
                found.update(_check(graph, value[0], infos))
            except KeyError as error:
                # as the real one: filed under the linked node, with the input that asked for it
                text = "Exception when validating inner node"
                extra = {"exception_message": str(error), "linked_node": value}
                kind = "exception_during_inner_validation"
                found[value[0]] = [_error(kind, text, str(error), name, **extra)]
        else:
            own.extend(_check_value(node, name, spec, value))
    if own:
        found[node_id] = own
    return found


def _check_value(node: dict[str, Any], name: str, spec: list[Any], value: Any) -> list[Any]:
    if spec[0] in ("INT", "FLOAT"):
        try:
            value = int(value) if spec[0] == "INT" else float(value)
        except ValueError as error:
            text = f"Failed to convert an input value to a {spec[0]} value"
            details = f"{name}, {value}, {error}"
            extra = {"input_config": spec, "received_value": value, "exception_message": str(error)}
            return [_error("invalid_input_type", text, details, name, **extra)]
        node["inputs"][name] = value
        extra = {"input_config": spec, "received_value": value}
        limits = spec[1] if len(spec) > 1 else {}
        if value < limits.get("min", value):
            text = f"Value {value} smaller than min of {spec[1]['min']}"
            return [_error("value_smaller_than_min", text, name, name, **extra)]
        if value > limits.get("max", value):
            text = f"Value {value} bigger than max of {spec[1]['max']}"
            return [_error("value_bigger_than_max", text, name, name, **extra)]
    elif node["class_type"] == "LoadImage":
        if value not in spec[0]:
            text = f"{name} - Invalid image file: {value}"
            return [
                _error("custom_validation_failed", "Custom validation failed for node", text, name)
            ]
    elif isinstance(spec[0], list) and value not in spec[0]:
        long = len(spec[0]) > 20
        known = f"(list of length {len(spec[0])})" if long else str(spec[0])
        extra = {"input_config": None if long else spec, "received_value": value}
        details = f"{name}: '{value}' not in {known}"
        return [_error("value_not_in_list", "Value not in list", details, name, **extra)]
    return []


def _error(kind: str, message: str, details: str, name: str, **extra: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "message": message,
        "details": details,
        "extra_info": {"input_name": name, **extra},
    }
