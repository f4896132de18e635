"""Files as ComfyUI's editor of several years writes them, to what its own Export (API) gives."""

from __future__ import annotations

import json
from typing import Any

from s2i.engines.comfyui import bench

from . import writer
from .test_editor import opened, places


def file(name: str) -> Any:
    return json.loads((writer.FIXTURES / name).read_text(encoding="utf-8"))


def inputs(name: str) -> dict[str, dict[str, Any]]:
    return {node_id: node["inputs"] for node_id, node in opened(file(name)).graph.items()}


def test_2023_with_converted_widgets_and_primitives() -> None:
    assert inputs("editor-2023.json") == {
        "7": {"text": "watermark, text", "clip": ["4", 1]},
        "6": {"text": "a paper lamp in a dark room", "clip": ["4", 1]},
        "5": {"width": 512, "height": 768, "batch_size": 1},
        "3": {"seed": 1234567890123456789, "steps": 20, "cfg": 8, "sampler_name": "euler",
              "scheduler": "normal", "denoise": 1, "model": ["4", 0], "positive": ["6", 0],
              "negative": ["7", 0], "latent_image": ["5", 0]},
        "8": {"samples": ["3", 0], "vae": ["4", 2]},
        "9": {"filename_prefix": "lamp", "images": ["8", 0]},
        "4": {"ckpt_name": "dreamshaper_8.safetensors"},
    }  # fmt: skip


def test_2025_with_a_subgraph_that_has_inputs_for_its_widgets() -> None:
    assert inputs("editor-subgraph-inputs.json") == {
        "4": {"ckpt_name": "sd_xl_base_1.0.safetensors"},
        "15:6": {"text": "a paper boat on a lake", "clip": ["4", 1]},
        "15:7": {"text": "blurry", "clip": ["4", 1]},
        "15:5": {"width": 1024, "height": 768, "batch_size": 2},
        "15:3": {"seed": 42, "steps": 28, "cfg": 4.5, "sampler_name": "dpmpp_2m",
                 "scheduler": "sgm_uniform", "denoise": 1, "model": ["4", 0],
                 "positive": ["15:6", 0], "negative": ["15:7", 0], "latent_image": ["15:5", 0]},
        "8": {"samples": ["15:3", 0], "vae": ["4", 2]},
        "9": {"filename_prefix": "boat", "images": ["8", 0]},
    }  # fmt: skip
    found = places(opened(file("editor-subgraph-inputs.json")))
    assert found["prompt"] == ["15:6.text"]
    assert found["negative"] == ["15:7.text"]
    assert found["seed"] == ["15:3.seed"]


def test_2026_with_nested_subgraphs_and_proxied_widgets() -> None:
    assert inputs("editor-subgraph-proxies.json") == {
        "9": {"filename_prefix": "kite", "images": ["10:8", 0]},
        "4": {"ckpt_name": "dreamshaper_8.safetensors"},
        "10:5": {"width": 640, "height": 512, "batch_size": 1},
        "10:3": {"seed": 156680208700286, "steps": 20, "cfg": 8, "sampler_name": "euler",
                 "scheduler": "normal", "denoise": 1, "model": ["4", 0],
                 "positive": ["10:11:6", 0], "negative": ["10:11:7", 0],
                 "latent_image": ["10:5", 0]},
        "10:8": {"samples": ["10:3", 0], "vae": ["4", 2]},
        "10:11:7": {"text": "text, watermark", "clip": ["4", 1]},
        "10:11:6": {"text": "a kite over dunes", "clip": ["4", 1]},
    }  # fmt: skip
    given = file("editor-subgraph-proxies.json")
    host = next(node for node in given["nodes"] if node["id"] == 10)
    host["widgets_values"] = ["fog", "a kite in rain", 7]
    nodes = {node_id: node["inputs"] for node_id, node in opened(given).graph.items()}
    assert nodes["10:11:7"]["text"] == "fog"
    assert nodes["10:11:6"]["text"] == "a kite in rain"
    assert nodes["10:3"]["seed"] == 7


def test_the_file_of_the_bench_is_a_whole_workflow() -> None:
    content = json.loads(bench.editor_file())
    assert len(content["nodes"]) == bench.NODES
    resolved = opened(content)
    assert len(resolved.graph) == bench.NODES
    assert set(places(resolved)) >= {"prompt", "negative", "seed", "width", "steps", "checkpoint"}
    assert bench.measure(1) > 0
