"""What the server says on the websocket, as dataclasses. Pure; believes nothing.

Shapes as ComfyUI 0.3.64 sends them; a field that is missing or of another type becomes None or
empty, an unknown type becomes Unknown, so that a newer or a hostile server can't stop the reader.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_NAME = 1024  # characters of a file name or node id that we carry on


@dataclass(frozen=True)
class ImageRef:
    """A file on the server, as /view wants it. `type` is output, temp or input."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True)
class Status:
    """Jobs of all clients that run or wait; None where the message doesn't say.

    `greeting`: the first one of a websocket, which doesn't count what we post afterwards.
    """

    remaining: int | None
    greeting: bool = False


@dataclass(frozen=True)
class Started:
    prompt_id: str | None


@dataclass(frozen=True)
class Cached:
    """Nodes that won't run, because their result is still there."""

    prompt_id: str | None
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Executing:
    """A node began; node None: the whole prompt is over. After a reconnect without prompt_id."""

    prompt_id: str | None
    node: str | None


@dataclass(frozen=True)
class Progress:
    """Steps of one node, such as a sampler's."""

    prompt_id: str | None
    node: str | None
    value: float
    max: float


@dataclass(frozen=True)
class ProgressState:
    """All nodes so far that aren't cached: id → (value, max, state)."""

    prompt_id: str | None
    nodes: dict[str, tuple[float, float, str]]


@dataclass(frozen=True)
class Executed:
    """An output node is done."""

    prompt_id: str | None
    node: str | None
    images: tuple[ImageRef, ...]


@dataclass(frozen=True)
class Succeeded:
    prompt_id: str | None


@dataclass(frozen=True)
class Interrupted:
    prompt_id: str | None
    node_type: str = ""


@dataclass(frozen=True)
class Failed:
    """execution_error. `detail` is the whole message, kilobytes, for the log alone."""

    prompt_id: str | None
    node_id: str
    node_type: str
    exception_type: str
    exception_message: str
    detail: dict[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A binary frame: a preview, or SaveImageWebsocket's picture. Ids in frames of type 4 only."""

    mime: str
    data: bytes = field(repr=False)
    prompt_id: str | None = None
    node: str | None = None


@dataclass(frozen=True)
class Unknown:
    type: str


Message = (
    Status
    | Started
    | Cached
    | Executing
    | Progress
    | ProgressState
    | Executed
    | Succeeded
    | Interrupted
    | Failed
    | Picture
    | Unknown
)


def parse_text(text: str) -> Message:
    """One text frame. Never raises."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Unknown("not JSON")
    if not isinstance(message, dict):
        return Unknown("not an object")
    data = message.get("data")
    return parse_event(message.get("type"), data if isinstance(data, dict) else {})


def parse_event(kind: Any, data: dict[str, Any]) -> Message:
    """One (type, data) pair, as frames and /history's status.messages hold them. Never raises."""
    read = _READERS.get(kind) if isinstance(kind, str) else None
    return read(_name(data.get("prompt_id")), data) if read else Unknown(_text(kind)[:80])


def parse_binary(frame: bytes) -> Message:
    """One frame, big-endian u32s: [1][format][image] or [4][length][JSON][image]. Never raises."""
    if len(frame) < 8:
        return Unknown("short binary frame")
    kind, second = struct.unpack(">II", frame[:8])
    if kind == 1:
        return Picture(_mime(frame[8:]), frame[8:])
    if kind == 4:
        end = 8 + second
        if end > len(frame):
            return Unknown("binary frame with a wrong length")
        try:
            meta = json.loads(frame[8:end])
        except (ValueError, RecursionError):
            meta = None
        if not isinstance(meta, dict):
            meta = {}
        node = _name(meta.get("node_id"))
        return Picture(_mime(frame[end:]), frame[end:], _name(meta.get("prompt_id")), node)
    return Unknown(f"binary frame of type {kind}")


def image_refs(output: Any) -> tuple[ImageRef, ...]:
    """The files in one node's output; whatever isn't a proper reference is left out."""
    images = output.get("images") if isinstance(output, dict) else None
    if not isinstance(images, list):
        return ()
    refs = []
    for image in images:
        name = image.get("filename") if isinstance(image, dict) else None
        if isinstance(name, str) and 0 < len(name) <= MAX_NAME:
            kind = image.get("type")
            refs.append(
                ImageRef(
                    name,
                    _text(image.get("subfolder"))[:MAX_NAME],
                    kind if kind in ("output", "temp", "input") else "output",
                )
            )
    return tuple(refs)


def _mime(image: bytes) -> str:
    """By its first bytes: what a frame says about itself needn't be true."""
    if image.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if image.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return "application/octet-stream"


def _name(value: Any) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_NAME:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return 0.0
        if math.isfinite(number) and number >= 0:
            return number
    return 0.0


def _remaining(data: dict[str, Any]) -> int | None:
    status = data.get("status")
    info = status.get("exec_info") if isinstance(status, dict) else None
    count = info.get("queue_remaining") if isinstance(info, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def _node_states(nodes: Any) -> dict[str, tuple[float, float, str]]:
    if not isinstance(nodes, dict):
        return {}
    return {
        key: (_number(node.get("value")), _number(node.get("max")), _text(node.get("state")))
        for key, node in nodes.items()
        if isinstance(node, dict)
    }


def _cached(prompt_id: str | None, data: dict[str, Any]) -> Message:
    nodes = data.get("nodes")
    names = [_name(node) for node in nodes] if isinstance(nodes, list) else []
    return Cached(prompt_id, tuple(name for name in names if name is not None))


def _progress(prompt_id: str | None, data: dict[str, Any]) -> Message:
    value, top = _number(data.get("value")), _number(data.get("max"))
    return Progress(prompt_id, _name(data.get("node")), value, top)


def _failed(prompt_id: str | None, data: dict[str, Any]) -> Message:
    return Failed(
        prompt_id,
        node_id=_text(data.get("node_id")),
        node_type=_text(data.get("node_type")),
        exception_type=_text(data.get("exception_type")),
        exception_message=_text(data.get("exception_message")),
        detail=data,
    )


_READERS: dict[str, Callable[[str | None, dict[str, Any]], Message]] = {
    "status": lambda _, data: Status(_remaining(data), "sid" in data),
    "execution_start": lambda prompt_id, _: Started(prompt_id),
    "execution_cached": _cached,
    "executing": lambda prompt_id, data: Executing(prompt_id, _name(data.get("node"))),
    "progress": _progress,
    "progress_state": lambda prompt_id, data: ProgressState(
        prompt_id, _node_states(data.get("nodes"))
    ),
    "executed": lambda prompt_id, data: Executed(
        prompt_id, _name(data.get("node")), image_refs(data.get("output"))
    ),
    "execution_success": lambda prompt_id, _: Succeeded(prompt_id),
    "execution_interrupted": lambda prompt_id, data: Interrupted(
        prompt_id, _text(data.get("node_type"))
    ),
    "execution_error": _failed,
}
