"""How long a workflow of 300 nodes takes from the file's bytes to a graph that can be bound."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from s2i.engines.comfyui import files
from s2i.engines.comfyui.resolving import core, resolve
from s2i.engines.comfyui.workflow import Workflow

NODES = 300


def editor_file(nodes: int = NODES) -> bytes:
    """A file as ComfyUI's editor saves it: one picture, its model patched again and again."""
    texts = ["a paper lamp", "blurry"]
    items: list[dict[str, Any]] = []
    links: list[list[Any]] = []

    def add(kind: str, values: list[Any], **sources: tuple[int, int]) -> int:
        number = len(items) + 1
        spec = core().node(kind)
        assert spec is not None  # noqa: S101  # one of those that ship
        inputs: list[dict[str, Any]] = []
        for name, one in spec.inputs.items():
            slot: dict[str, Any] = {"name": name, "type": one.kind, "link": None}
            if one.is_widget:
                slot["widget"] = {"name": name}
            if name in sources:
                source, at = sources[name]
                slot["link"] = len(links) + 1
                links.append([len(links) + 1, source, at, number, len(inputs), one.kind])
            inputs.append(slot)
        outputs = [{"name": name, "type": name, "links": []} for name in spec.outputs]
        items.append({"id": number, "type": kind, "mode": 0, "inputs": inputs, "outputs": outputs,
                      "widgets_values": values, "properties": {}})  # fmt: skip
        return number

    loader = add("CheckpointLoaderSimple", ["a.safetensors"])
    model = loader
    for _ in range(nodes - 7):
        model = add("ModelSamplingDiscrete", ["lcm", False], model=(model, 0))
    good, bad = (add("CLIPTextEncode", [text], clip=(loader, 1)) for text in texts)
    latent = add("EmptyLatentImage", [512, 512, 1])
    sampler = add("KSampler", [5, "randomize", 20, 7.0, "euler", "normal", 1.0], model=(model, 0),
                  positive=(good, 0), negative=(bad, 0), latent_image=(latent, 0))  # fmt: skip
    decoder = add("VAEDecode", [], samples=(sampler, 0), vae=(loader, 2))
    add("SaveImage", ["x"], images=(decoder, 0))
    return json.dumps({"nodes": items, "links": links, "version": 0.4}).encode()


def measure(runs: int = 15) -> float:
    """The median of some runs, in seconds; the node types are known already, as after a job."""
    data = editor_file()
    taken = []
    for _ in range(runs + 1):  # the first one reads the node types and is not counted
        start = time.perf_counter()
        editor = files.parse(data, "bench").editor
        resolve(Workflow("bench", {}, editor=editor), core())
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])
