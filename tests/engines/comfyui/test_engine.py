"""What a job gives when all goes well, and what it says when the workflow or server can't."""

from __future__ import annotations

import io
import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from s2i.engines.comfyui.binding import Values, bind
from s2i.engines.comfyui.finding import find
from s2i.engines.comfyui.resolving import core
from s2i.engines.comfyui.workflow import load
from s2i.errors import GenerateError, ModelMissing, S2IError, WorkflowError
from s2i.events import EventType
from s2i.job import MAX_SEED
from tests.fakes.comfyui import Script

from .conftest import WORKFLOWS, Job, Rig

SD15 = load("sd15", [WORKFLOWS]).graph


def save(folder: Path, graph: dict[str, Any], name: str = "mine.json") -> str:
    path = folder / name
    path.write_text(json.dumps(graph))
    return str(path)


def changed(**nodes: Any) -> dict[str, Any]:
    """The SD1.5 graph with nodes added or replaced."""
    graph = json.loads(json.dumps(SD15))
    graph.update({key[1:]: value for key, value in nodes.items()})
    return dict(graph)


def test_a_picture(rig: Callable[..., Rig]) -> None:
    one = rig()
    job = one.job(prompt="a red fox", negative="fog", seed=0, width=320, height=192, steps=5)
    plan = job.engine.plan(job.request)
    assert (plan.width, plan.height, plan.steps, plan.negative) == (320, 192, 5, "fog")
    assert plan.workflow == "sd15"
    assert plan.warnings == ()
    assert plan.details["models"] == ["dreamshaper_8.safetensors"]
    json.dumps(plan.details)
    result = job.paint(plan)
    (image,) = result.images
    assert image.seed == 0
    with Image.open(io.BytesIO(image.png)) as picture:
        assert picture.size == (320, 192)
        embedded = json.loads(picture.text["prompt"])
    assert embedded["6"]["inputs"]["text"] == "a red fox"
    assert embedded["7"]["inputs"]["text"] == "fog"
    assert embedded["3"]["inputs"]["seed"] == 0
    assert not result.warnings


def test_remembered_before_the_post_under_our_own_id(rig: Callable[..., Rig]) -> None:
    one = rig(Script(uuid_rule=True, step_seconds=0))
    job = one.job()
    known: list[int] = []
    plan = job.engine.plan(job.request)

    def remember(data: dict[str, Any]) -> None:
        known.append(one.fake.posts("/prompt"))
        assert any(r.path == "/ws" for r in one.fake.requests)
        job.remembered.append(data)

    job.engine.paint(job.request, plan, job.emit, job.cancel, remember)
    (body,) = one.fake.prompts()
    assert known == [0]
    assert job.remembered[0]["prompt_id"] == body["prompt_id"]
    assert str(uuid.UUID(body["prompt_id"], version=4)) == body["prompt_id"]
    assert job.remembered[0]["client_id"] == body["client_id"] == one.fake.clients[0].sid
    json.dumps(job.remembered)


def test_the_first_frame_is_the_feature_flags(rig: Callable[..., Rig]) -> None:
    one = rig()
    one.job().paint()
    opcode, payload = one.fake.clients[0].got[0]
    assert opcode == 1
    assert json.loads(payload)["data"] == {"supports_preview_metadata": True}


def test_progress_and_previews(rig: Callable[..., Rig]) -> None:
    job = rig(Script(step_seconds=0.002, noise=True)).job(steps=6)
    job.paint()
    fractions = [data["fraction"] for data in job.of(EventType.GENERATE_PROGRESS)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] <= 1
    steps = [d["value"] for d in job.of(EventType.GENERATE_PROGRESS) if d["max"] == 6]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert any(data["eta"] is not None for data in job.of(EventType.GENERATE_PROGRESS))
    assert job.of(EventType.GENERATE_PROGRESS)[-1]["node"] == "Save Image"
    previews = job.of(EventType.GENERATE_PREVIEW)
    assert len(previews) == 6
    assert all(p["mime"] == "image/jpeg" and p["image"][:2] == b"\xff\xd8" for p in previews)
    assert job.of(EventType.GENERATE_QUEUED) == [{"position": 0}]


def test_without_previews(rig: Callable[..., Rig]) -> None:
    job = rig(Script(previews=False, step_seconds=0)).job()
    assert job.paint().images
    assert not job.of(EventType.GENERATE_PREVIEW)


def test_the_largest_seed_arrives_exactly(rig: Callable[..., Rig]) -> None:
    one = rig()
    assert one.job(seed=MAX_SEED).paint().images[0].seed == MAX_SEED
    assert one.fake.prompts()[0]["prompt"]["3"]["inputs"]["seed"] == 2**64 - 1


def test_several_pictures_as_a_batch(rig: Callable[..., Rig]) -> None:
    one = rig()
    result = one.job(count=3, seed=7).paint()
    assert [image.seed for image in result.images] == [7, 7, 7]
    assert len({image.png for image in result.images}) == 3
    assert one.fake.posts("/prompt") == 1


def test_several_pictures_as_several_runs(rig: Callable[..., Rig], tmp_path: Path) -> None:
    graph = changed()
    graph["5"]["inputs"]["batch_size"] = ["20", 0]
    graph["20"] = {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64}}
    del graph["5"]["inputs"]["batch_size"], graph["20"]
    one = rig()
    # the fake insists on a batch_size, so it is put in only after the plan was made
    job = one.job(count=3, seed=MAX_SEED, workflow=save(tmp_path, graph))
    plan = job.engine.plan(job.request)
    assert plan.runs == 3
    plan.file.graph["5"]["inputs"]["batch_size"] = 1
    result = job.paint(plan)
    assert [image.seed for image in result.images] == [MAX_SEED, 0, 1]
    assert [b["prompt"]["3"]["inputs"]["seed"] for b in one.fake.prompts()] == [MAX_SEED, 0, 1]
    assert len(job.remembered[-1]["prompts"]) == 3
    fractions = [data["fraction"] for data in job.of(EventType.GENERATE_PROGRESS)]
    assert fractions == sorted(fractions)


def test_several_outputs_in_order_saved_ones_first(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig()
    preview = {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}
    second = {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "b/two"}}
    graph = {"90": preview, **changed(n91=second)}
    job = one.job(count=2, workflow=save(tmp_path, graph))
    result = job.paint()
    assert len(result.images) == 6
    asked = [
        (r.query["type"], r.query["subfolder"]) for r in one.fake.requests if r.path == "/view"
    ]
    assert asked == [("output", "")] * 2 + [("output", "b")] * 2 + [("temp", "")] * 2


@pytest.mark.parametrize("flags", [True, False])
def test_pictures_over_the_websocket(
    rig: Callable[..., Rig], tmp_path: Path, flags: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not flags:  # an older server answers with frames of type 1
        monkeypatch.setattr("s2i.engines.comfyui.stream.FEATURE_FLAGS", '{"type":"hello"}')
    one = rig()
    graph = changed(n9={"class_type": "SaveImageWebsocket", "inputs": {"images": ["8", 0]}})
    job = one.job(count=2, workflow=save(tmp_path, graph))
    result = job.paint()
    assert len(result.images) == 2
    assert all(image.png.startswith(b"\x89PNG") for image in result.images)
    assert len(job.of(EventType.GENERATE_PREVIEW)) == 4
    assert all(p["mime"] == "image/jpeg" for p in job.of(EventType.GENERATE_PREVIEW))


@pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
def test_other_formats_become_png(rig: Callable[..., Rig], kind: str) -> None:
    result = rig(Script(picture_format=kind, step_seconds=0)).job().paint()
    assert result.images[0].png.startswith(b"\x89PNG")


def test_a_missing_checkpoint_is_named_before_the_job(rig: Callable[..., Rig]) -> None:
    one = rig(Script(checkpoints=["dreamshaper_7.safetensors", "flux.safetensors"]))
    with pytest.raises(ModelMissing) as caught:
        one.job().paint()
    assert "nearest: dreamshaper_7.safetensors" in caught.value.message
    assert one.fake.posts("/prompt") == 0


def test_the_same_checkpoint_in_a_folder_is_taken_and_said(rig: Callable[..., Rig]) -> None:
    one = rig(Script(checkpoints=["sd15/DreamShaper_8.safetensors"], step_seconds=0))
    job = one.job()
    plan = job.engine.plan(job.request)
    assert "sd15/DreamShaper_8.safetensors" in plan.warnings[0]
    assert job.paint(plan).images
    used = one.fake.prompts()[0]["prompt"]["4"]["inputs"]["ckpt_name"]
    assert used == "sd15/DreamShaper_8.safetensors"


def test_another_checkpoint_by_choice(rig: Callable[..., Rig]) -> None:
    one = rig(Script(checkpoints=["mine.safetensors"], step_seconds=0))
    job = one.job(one.engine(checkpoint="mine.safetensors"))
    assert job.paint().images
    assert one.fake.prompts()[0]["prompt"]["4"]["inputs"]["ckpt_name"] == "mine.safetensors"


def test_what_cannot_be_set_is_said(rig: Callable[..., Rig], tmp_path: Path) -> None:
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png", "text": "%prompt%"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    job = rig().job(
        workflow=save(tmp_path, graph), width=64, height=64, steps=3, negative="fog", count=2
    )
    plan = job.engine.plan(job.request)
    said = " ".join(plan.warnings)
    assert all(word in said for word in ("--size", "--steps", "--negative", "seed", "one picture"))
    assert (plan.width, plan.height, plan.steps, plan.negative) == (0, 0, None, "")


def test_one_bad_output_beside_a_good_one(rig: Callable[..., Rig], tmp_path: Path) -> None:
    graph = changed(
        n20={"class_type": "LoadImage", "inputs": {"image": "missing.png"}},
        n21={"class_type": "SaveImage", "inputs": {"images": ["20", 0], "filename_prefix": "x"}},
    )
    result = rig().job(workflow=save(tmp_path, graph)).paint()
    assert len(result.images) == 1
    assert "missing.png" in result.warnings[0]


def failure(job: Job) -> S2IError:
    with pytest.raises(S2IError) as caught:
        job.paint()
    return caught.value


def test_refusals_of_the_server(rig: Callable[..., Rig], tmp_path: Path) -> None:
    one = rig()
    unknown = changed(n8={"class_type": "NoSuchNode", "inputs": SD15["8"]["inputs"]})
    assert failure(one.job(workflow=save(tmp_path, unknown))).code == "comfyui-node-missing"
    sampler = json.loads(json.dumps(SD15["3"]))
    sampler["inputs"]["sampler_name"] = "nope"
    error = failure(one.job(workflow=save(tmp_path, changed(n3=sampler))))
    assert isinstance(error, WorkflowError)
    assert "nope" in error.message
    one.fake.script.failures = {"POST /prompt": [413]}
    assert failure(one.job()).code == "comfyui-too-large"
    one.fake.script.failures = {"POST /prompt": [401]}
    assert failure(one.job()).code == "comfyui-auth"


def test_a_node_that_fails(rig: Callable[..., Rig]) -> None:
    crash = ("RuntimeError", "Sizes of tensors must match\n")
    error = failure(rig(Script(errors={"KSampler": crash}, step_seconds=0)).job())
    assert isinstance(error, GenerateError)
    assert error.message == "ComfyUI failed in KSampler: Sizes of tensors must match."
    out = ("torch.OutOfMemoryError", "Allocation on device")
    error = failure(rig(Script(errors={"VAEDecode": out}, step_seconds=0)).job())
    assert error.code == "comfyui-out-of-memory"


def test_queue_position_among_all_clients(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.02))
    one.fake.queue_foreign(steps=20)
    one.fake.queue_foreign(steps=3, client_id=None)  # broadcasts to everybody
    job = one.job()
    result = job.paint()
    positions = [data["position"] for data in job.of(EventType.GENERATE_QUEUED)]
    assert positions[0] == 2
    assert positions == sorted(positions, reverse=True)
    assert positions[-1] == 0
    assert result.queue_seconds > 0.1
    assert len(job.of(EventType.GENERATE_PREVIEW)) == 4  # none of the others'
    maxima = {data["max"] for data in job.of(EventType.GENERATE_PROGRESS)}
    assert maxima == {1.0, 4.0}


def test_heap_order_is_not_the_order_of_the_queue(rig: Callable[..., Rig]) -> None:
    one = rig(Script(step_seconds=0.05))
    for _ in range(6):
        one.fake.queue_foreign(steps=1)
    job = one.job()
    job.paint()
    positions = [data["position"] for data in job.of(EventType.GENERATE_QUEUED)]
    assert positions == sorted(positions, reverse=True)
    assert positions[0] >= 4


def test_two_jobs_of_ours_at_once(rig: Callable[..., Rig]) -> None:
    one = rig()
    engine = one.engine()
    jobs = [one.job(engine, prompt=f"fox {i}", seed=i) for i in range(3)]
    for thread in [job.start() for job in jobs]:
        thread.join(20)
    for job in jobs:
        assert job.result is not None, job.error
        with Image.open(io.BytesIO(job.result.images[0].png)) as picture:
            text = json.loads(picture.text["prompt"])["6"]["inputs"]["text"]
        assert text == job.request.prompt


def test_nothing_is_left_behind(rig: Callable[..., Rig]) -> None:
    one = rig()
    before = set(threading.enumerate())
    one.job().paint()
    one.fake.wait_for(lambda: not one.fake.sockets)
    ours = {t for t in set(threading.enumerate()) - before if "process_request" not in t.name}
    assert not ours


def test_the_graph_sent_is_the_bound_one(rig: Callable[..., Rig]) -> None:
    one = rig()
    job = one.job(negative=None, steps=None)
    plan = job.engine.plan(job.request)
    job.paint(plan)
    values = Values("a red fox", plan.negative, 1)
    assert one.fake.prompts()[0]["prompt"] == bind(SD15, find(SD15, core()), values)
