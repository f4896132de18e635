from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from s2i.engines.comfyui import messages
from s2i.engines.comfyui.messages import parse_binary, parse_text

JPEG = b"\xff\xd8\xff\xe0 and so on"
PNG = b"\x89PNG\r\n\x1a\n and so on"


def said(kind: str, **data: Any) -> messages.Message:
    return parse_text(json.dumps({"type": kind, "data": data}))


def test_every_message_of_the_server() -> None:
    assert said("status", status={"exec_info": {"queue_remaining": 3}}) == messages.Status(3)
    greeting = said("status", status={"exec_info": {"queue_remaining": 0}}, sid="me")
    assert greeting == messages.Status(0, greeting=True)
    assert said("execution_start", prompt_id="p") == messages.Started("p")
    assert said("execution_cached", prompt_id="p", nodes=["4", 5]) == messages.Cached(
        "p", ("4", "5")
    )
    assert said("executing", prompt_id="p", node="3") == messages.Executing("p", "3")
    assert said("executing", prompt_id="p", node=None) == messages.Executing("p", None)
    assert said("executing", node="3") == messages.Executing(None, "3")
    assert said("progress", prompt_id="p", node="3", value=1, max=4) == messages.Progress(
        "p", "3", 1.0, 4.0
    )
    state = said("progress_state", prompt_id="p", nodes={"3": {"value": 1, "max": 4, "state": "r"}})
    assert state == messages.ProgressState("p", {"3": (1.0, 4.0, "r")})
    image = {"filename": "a.png", "subfolder": "s", "type": "temp"}
    assert said(
        "executed", prompt_id="p", node="9", output={"images": [image]}
    ) == messages.Executed("p", "9", (messages.ImageRef("a.png", "s", "temp"),))
    assert said("execution_success", prompt_id="p") == messages.Succeeded("p")
    assert said("execution_interrupted", prompt_id="p", node_type="K") == messages.Interrupted(
        "p", "K"
    )
    failed = said("execution_error", prompt_id="p", node_id="3", exception_message="boom")
    assert isinstance(failed, messages.Failed)
    assert failed.exception_message == "boom"
    assert "boom" not in repr(failed.detail.__class__)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '"x"', '{"type":["a"]}', '{"type":null,"data":[]}', "[" * 100_000,
     '{"type":"brand_new","data":{}}', "1" * 5000],
)  # fmt: skip
def test_anything_else_is_unknown(text: str) -> None:
    assert isinstance(parse_text(text), messages.Unknown)


@pytest.mark.parametrize(
    "kind",
    ["status", "execution_start", "execution_cached", "executing", "progress", "progress_state",
     "executed", "execution_success", "execution_interrupted", "execution_error"],
)  # fmt: skip
@pytest.mark.parametrize(
    "data",
    [{}, [], None, 7,
     {"prompt_id": {}, "node": [], "nodes": 7, "output": "x", "value": "1", "max": {}},
     {"status": 5, "nodes": {"1": 5}, "output": {"images": [1, {"filename": 5}, {"filename": ""}]}},
     {"status": {"exec_info": []}, "value": -1, "max": 1e400, "node": "x" * 10_000},
     {"value": 10**400, "max": True, "node": 2**70}],
)  # fmt: skip
def test_missing_and_hostile_fields_do_no_harm(kind: str, data: Any) -> None:
    message = parse_text(json.dumps({"type": kind, "data": data}))
    assert not isinstance(message, messages.Unknown)
    if isinstance(message, messages.Progress):
        assert (message.value, message.max, message.node) == (0.0, 0.0, None)
    if isinstance(message, messages.Executed):
        assert message.images == ()


def test_binary_frames() -> None:
    assert parse_binary(struct.pack(">II", 1, 1) + JPEG) == messages.Picture("image/jpeg", JPEG)
    assert parse_binary(struct.pack(">II", 1, 2) + PNG) == messages.Picture("image/png", PNG)
    meta = json.dumps({"prompt_id": "p", "node_id": "3", "image_type": "image/png"}).encode()
    frame = struct.pack(">II", 4, len(meta)) + meta + JPEG
    # by its bytes, whatever the frame says
    assert parse_binary(frame) == messages.Picture("image/jpeg", JPEG, "p", "3")


@pytest.mark.parametrize(
    "frame", [b"", b"\0\0\0\1", struct.pack(">II", 4, 2**32 - 1) + b"{}", struct.pack(">II", 9, 0)]
)
def test_broken_binary_frames_are_unknown(frame: bytes) -> None:
    assert isinstance(parse_binary(frame), messages.Unknown)


def test_metadata_that_is_not_json_leaves_the_picture() -> None:
    frame = struct.pack(">II", 4, 3) + b"{{{" + JPEG
    assert parse_binary(frame) == messages.Picture("image/jpeg", JPEG)
