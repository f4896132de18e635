"""Model files that a workflow names: which the server lacks, and the nearest ones it has. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from s2i.engines.comfyui.graph import Graph, reachable
from s2i.errors import ModelMissing

SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")

FOLDERS = {
    "ckpt_name": "models/checkpoints",
    "lora_name": "models/loras",
    "vae_name": "models/vae",
    "unet_name": "models/diffusion_models",
    "control_net_name": "models/controlnet",
    "clip_name": "models/text_encoders",
    "style_model_name": "models/style_models",
    "gligen_name": "models/gligen",
    "hypernetwork_name": "models/hypernetworks",
    "ipadapter_file": "models/ipadapter",
    "photomaker_model_name": "models/photomaker",
    "audio_encoder_name": "models/audio_encoders",
}

# where the input's name alone doesn't tell
CLASS_FOLDERS = {
    "CLIPVisionLoader": "models/clip_vision",
    "UpscaleModelLoader": "models/upscale_models",
    "ModelPatchLoader": "models/model_patches",
    "UnetLoaderGGUF": "models/unet",
    "CLIPLoaderGGUF": "models/text_encoders",
    "DualCLIPLoaderGGUF": "models/text_encoders",
    "SAMLoader": "models/sams",
    "UltralyticsDetectorProvider": "models/ultralytics",
}


@dataclass(frozen=True)
class ModelUse:
    """A model file that a node asks for."""

    node_id: str
    class_type: str
    input_name: str
    file: str


def uses(graph: Graph) -> list[ModelUse]:
    """Every model file that the outputs need."""
    return [
        ModelUse(node_id, graph[node_id]["class_type"], name, value)
        for node_id in reachable(graph)
        for name, value in graph[node_id]["inputs"].items()
        if isinstance(value, str) and value.lower().endswith(SUFFIXES)
    ]


def choices(info: dict[str, Any], input_name: str) -> list[str] | None:
    """The files that the server offers for an input, from /object_info; None where it isn't a list.

    Newer servers write ["COMBO", {"options": […]}] where 0.3.64 writes [[…], {…}].
    """
    inputs = info.get("input")
    for part in ("required", "optional"):
        group = inputs.get(part) if isinstance(inputs, dict) else None
        spec = group.get(input_name) if isinstance(group, dict) else None
        if not isinstance(spec, list) or not spec:
            continue
        options = spec[0]
        if options == "COMBO" and len(spec) > 1 and isinstance(spec[1], dict):
            options = spec[1].get("options")
        if isinstance(options, list):
            return [option for option in options if isinstance(option, str)]
    return None


def same_file(wanted: str, offered: list[str]) -> str | None:
    """The one offered file of the same name in another folder, or with other capitals."""

    same = [name for name in offered if _base(name) == _base(wanted)]
    return same[0] if len(same) == 1 else None


def nearest(wanted: str, offered: list[str], count: int = 3) -> list[str]:
    """The offered names most like the wanted one, best first."""
    stems = {_stem(name): name for name in offered}
    close = difflib.get_close_matches(_stem(wanted), list(stems), n=count, cutoff=0.5)
    return [stems[name] for name in close]


def nearest_names(wanted: str, offered: list[str], count: int = 3) -> list[str]:
    """The offered words most like the wanted one; for lists that aren't files."""
    return difflib.get_close_matches(wanted, offered, n=count, cutoff=0.5)


def folder_of(class_type: str, input_name: str) -> str | None:
    """ComfyUI's folder for the files that an input names; None where that isn't known."""
    bare = re.sub(r"_?\d+$", "", input_name)
    return CLASS_FOLDERS.get(class_type) or FOLDERS.get(input_name) or FOLDERS.get(bare)


def missing(
    wanted: str, input_name: str, offered: list[str] | None, class_type: str = ""
) -> ModelMissing:
    """The error for a model file that the server lacks."""
    kind = "checkpoint" if input_name == "ckpt_name" else "model file"
    folder = folder_of(class_type, input_name)
    place = f"ComfyUI's {folder} folder" if folder else "the folder that its node reads"
    if offered is None:
        there = "."
    elif not offered:
        there = "; it has none at all there."
    else:
        close = nearest(wanted, offered)
        names = [plain_name(name) for name in close or sorted(offered)[:3]]
        there = f"; {'nearest' if close else 'it has'}: {', '.join(names)}."
    return ModelMissing(
        "model-missing",
        f"ComfyUI has no {kind} '{plain_name(wanted)}'{there}",
        hint=f"Put the file into {place}, or choose a workflow that uses one that is there.",
    )


def _base(name: str) -> str:
    """The file's own name; Windows servers list folders with backslashes."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].casefold()


def _stem(name: str) -> str:
    """What people would compare: every file ends in .safetensors."""
    return _base(name).rpartition(".")[0] or _base(name)


def plain_name(name: str) -> str:
    """A file name for people: printable, shortened."""
    return "".join(c for c in name if c.isprintable())[:120]
