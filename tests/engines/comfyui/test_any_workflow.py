"""Any workflow file, from disk to the picture, against a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from s2i.engines.base import PaintRequest
from s2i.engines.comfyui import catalogues
from s2i.errors import EngineUnavailable, InputError, ModelMissing, WorkflowError
from tests.fakes.comfyui import Script

from . import writer
from .collection import SAMPLES
from .conftest import Job, Rig
from .test_files import png

FILES = {
    "ckpt_name": ["dreamshaper_8.safetensors", "DreamShaper8_LCM.safetensors",
                  "sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors",
                  "sd3.5_large.safetensors", "flux1-dev-fp8.safetensors",
                  "512-inpainting-ema.safetensors"],
    **{name: ["clip_l.safetensors", "clip_g.safetensors", "t5xxl_fp16.safetensors",
              "llama_3.1_8b.safetensors", "clip_vision_g.safetensors"]
       for name in ("clip_name", "clip_name1", "clip_name2", "clip_name3", "clip_name4")},
    "lora_name": ["detail.safetensors"], "vae_name": ["ae.safetensors", "Baked VAE"],
    "unet_name": ["flux1-dev.safetensors"], "model_name": ["RealESRGAN_x4.pth"],
    "control_net_name": ["control_canny.safetensors", "control_depth.pth"],
    "style_model_name": ["flux-redux.safetensors"],
}  # fmt: skip


@dataclass(frozen=True)
class ImageRequest(PaintRequest):
    """A request with a picture of the user's."""

    image: str | None = None


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What other servers on the same port had is none of ours."""
    catalogues._known.clear()
    yield
    catalogues._known.clear()


def script(**more: Any) -> Script:
    return Script(checkpoints=FILES["ckpt_name"], models=FILES, step_seconds=0, **more)


def save(folder: Path, content: Any, name: str = "mine.json") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return str(path)


def asked(one: Rig, path: str) -> int:
    return sum(r.method == "GET" and r.path == path for r in one.fake.requests)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_collection_is_painted_from_the_editors_files(
    rig: Callable[..., Rig], tmp_path: Path, name: str
) -> None:
    sample = SAMPLES[name]
    one = rig(script())
    drawn = writer.with_clutter(writer.with_reroutes(sample.flow.ui()))
    job = one.job(workflow=save(tmp_path, drawn), prompt="a red fox", negative="fog", seed=77,
                  steps=None)  # fmt: skip
    plan = job.engine.plan(job.request)
    result = job.paint(plan)
    assert result.images
    assert not result.warnings  # the server's own check had nothing to say
    sent = one.fake.prompts()[0]["prompt"]
    assert set(sent) == set(sample.flow.nodes)
    text = json.dumps(sent)
    assert "a red fox" in text
    assert "%prompt%" not in text
    for where in sample.where.get("seed", []):
        node, _, field = where.partition(".")
        assert sent[node]["inputs"][field] == 77
    for where in sample.where.get("negative", []):
        node, _, field = where.partition(".")
        assert sent[node]["inputs"][field] == "fog"
    json.dumps(plan.details)


def test_a_picture_as_a_workflow(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    flow = SAMPLES["lora_and_clip_skip"].flow
    path = save(tmp_path, png(prompt=flow.api(), workflow=flow.ui()), "castle.png")
    job = one.job(workflow=path, prompt="a red fox")
    assert job.engine.plan(job.request).workflow == "castle"
    job.paint()
    assert one.fake.prompts()[0]["prompt"]["6"]["inputs"]["text"] == "a red fox"


def test_several_outputs_all_come(rig: Callable[..., Rig], tmp_path: Path) -> None:
    job = rig(script()).job(workflow=save(tmp_path, SAMPLES["several_outputs"].flow.ui()), count=2)
    assert len(job.paint().images) == 8  # two files, the websocket's, the preview, of a batch of 2


def test_node_types_are_asked_once_per_server_and_version(
    rig: Callable[..., Rig], tmp_path: Path
) -> None:
    one = rig(script())
    path = save(tmp_path, SAMPLES["lora_and_clip_skip"].flow.ui())
    for _ in range(3):
        one.job(workflow=path).paint()  # a new engine each time
    assert asked(one, "/object_info") == 1
    one.fake.script.version = "0.4.0"
    one.job(workflow=path).paint()
    assert asked(one, "/object_info") == 2
    one.job(workflow="sd15").paint()
    assert asked(one, "/object_info") == 2  # shipped ones never ask for all of it


def test_what_seems_missing_is_asked_again(rig: Callable[..., Rig], tmp_path: Path) -> None:
    """A model or node that was installed while both programs ran."""
    one = rig(script())
    files = {**FILES, "lora_name": ["other.safetensors"]}
    one.fake.script.models = files
    path = save(tmp_path, SAMPLES["lora_and_clip_skip"].flow.ui())
    with pytest.raises(ModelMissing) as caught:
        one.job(workflow=path).paint()
    assert "models/loras" in caught.value.hint
    assert asked(one, "/object_info") == 1  # it had been asked just then
    one.fake.script.models = FILES
    assert one.job(workflow=path).paint().images
    assert asked(one, "/object_info") == 2
    assert one.fake.posts("/prompt") == 1


def test_refused_before_anything_is_queued(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    for content, code in (
        (b"{", "workflow-not-json"),
        (png(), "workflow-picture-without"),
        ({"nodes": [], "links": []}, "workflow-empty"),
        (writer.with_clutter({**SAMPLES["sd15"].flow.ui(), "nodes": [], "links": []}),
         "workflow-no-output"),
    ):  # fmt: skip
        with pytest.raises(WorkflowError) as caught:
            one.job(workflow=save(tmp_path, content)).paint()
        assert caught.value.code == code
    flow = SAMPLES["regional_titled"].flow.api()
    flow["20"]["_meta"]["title"] = "x"
    with pytest.raises(WorkflowError) as caught:
        one.job(workflow=save(tmp_path, flow, "regions.json")).paint()
    assert caught.value.message.startswith("The workflow regions has several texts")
    bad = SAMPLES["sd15"].flow.api()
    bad["3"]["inputs"]["cfg"] = 1000
    with pytest.raises(WorkflowError) as caught:
        one.job(workflow=save(tmp_path, bad)).paint()
    assert "0 to 100" in caught.value.message
    assert one.fake.posts("/prompt") == 0


def test_corrections_beside_the_file(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    flow = SAMPLES["regional_titled"].flow
    path = save(tmp_path, flow.ui(), "regions.json")
    save(tmp_path, {"version": 1, "bindings": {"prompt": [["6", "text"]], "steps": []}},
         "regions.bindings.json")  # fmt: skip
    job = one.job(workflow=path, prompt="a red fox", steps=9)
    plan = job.engine.plan(job.request)
    assert any("--steps" in warning for warning in plan.warnings)
    job.paint(plan)
    sent = one.fake.prompts()[0]["prompt"]
    assert sent["6"]["inputs"]["text"] == "a red fox"
    assert sent["20"]["inputs"]["text"] == "a lake"
    assert sent["3"]["inputs"]["steps"] == 22


def test_why_something_does_nothing_is_said_where_it_was_asked(
    rig: Callable[..., Rig], tmp_path: Path
) -> None:
    one = rig(script())
    path = save(tmp_path, SAMPLES["sdxl_with_refiner"].flow.ui())
    quiet = one.job(workflow=path, steps=None)
    assert quiet.engine.plan(quiet.request).warnings == ()
    loud = one.job(workflow=path, steps=5)
    said = " ".join(loud.engine.plan(loud.request).warnings)
    assert "shares its steps" in said
    assert "--steps does nothing" in said


# pictures of the user's


def photo(folder: Path, kind: str = "PNG") -> Path:
    path = folder / f"holiday.{kind.lower()}"
    Image.new("RGB", (16, 16), "red").save(path, kind)
    return path


def with_image(one: Rig, workflow: str, image: Path | None) -> Job:
    request = ImageRequest(prompt="a red fox", negative=None, seed=1, workflow=workflow,
                           image=str(image) if image else None)  # fmt: skip
    return Job(one.engine(), request)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_uploaded_and_used(rig: Callable[..., Rig], tmp_path: Path, kind: str) -> None:
    one = rig(script())
    flow = SAMPLES["img2img"].flow.api()
    flow["10"]["inputs"]["image"] = "not on the server.png"
    path = save(tmp_path, flow)
    with pytest.raises(WorkflowError) as caught:
        with_image(one, path, None).paint()
    assert caught.value.code == "workflow-needs-image"
    given = photo(tmp_path, kind)
    for _ in range(2):
        with_image(one, path, given).paint()
    (stored,) = [key for key in one.fake.files if key[0] == "input"]
    assert one.fake.files[stored] == given.read_bytes()
    assert one.fake.prompts()[0]["prompt"]["10"]["inputs"]["image"] == stored[2]
    assert one.fake.posts("/upload/image") == 2


def test_a_picture_marked_in_the_workflow(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    flow = SAMPLES["img2img"].flow.api()
    flow["10"]["inputs"]["image"] = "%image%"
    path = save(tmp_path, flow)
    with pytest.raises(WorkflowError) as caught:
        with_image(one, path, None).paint()
    assert caught.value.code == "workflow-needs-image"
    assert with_image(one, path, photo(tmp_path)).paint().images
    assert one.fake.prompts()[0]["prompt"]["10"]["inputs"]["image"].startswith("s2i_")


def test_a_picture_that_nothing_takes(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    job = with_image(one, "sd15", photo(tmp_path))
    assert "--image does nothing" in " ".join(job.engine.plan(job.request).warnings)
    assert one.fake.posts("/upload/image") == 0


def test_pictures_that_are_none(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    path = save(tmp_path, SAMPLES["img2img"].flow.api())
    whole = photo(tmp_path, "JPEG").read_bytes()
    for name, data, code in (
        ("text.png", b"hello", "image-not-a-picture"),
        ("half.jpeg", whole[:-100], "image-broken"),
        ("none.png", b"", "image-not-a-picture"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            with_image(one, path, tmp_path / name).paint()
        assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        with_image(one, path, tmp_path / "gone.png").paint()
    assert caught.value.code == "image-unreadable"
    assert one.fake.posts("/upload/image") == 0


def test_a_server_that_takes_no_picture(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig(script())
    one.fake.script.failures = {"POST /upload/image": [413]}
    path = save(tmp_path, SAMPLES["img2img"].flow.api())
    with pytest.raises(EngineUnavailable) as caught:
        with_image(one, path, photo(tmp_path)).paint()
    assert caught.value.code == "comfyui-upload-too-large"
