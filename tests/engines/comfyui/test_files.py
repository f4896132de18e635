"""Workflow files of every format, and what is wrong with them."""

from __future__ import annotations

import json
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from s2i.engines.comfyui import embedded, files
from s2i.engines.comfyui.workflow import read
from s2i.errors import WorkflowError

from .collection import SAMPLES

FLOW = SAMPLES["sd15"].flow
EDITOR = {**FLOW.ui(), "extra": {"ds": {}}}


def png(**texts: Any) -> bytes:
    """A picture as ComfyUI saves it."""
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, value if isinstance(value, str) else json.dumps(value))
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def webp(**texts: Any) -> bytes:
    """As SaveAnimatedWEBP does: 'prompt:{…}' as the camera's model, others before it."""
    exif = Image.Exif()
    tags = {"prompt": 0x0110, "workflow": 0x010F}
    for name, value in texts.items():
        exif[tags[name]] = f"{name}:{json.dumps(value)}"
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "WEBP", exif=exif)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def with_chunk(kind: bytes, body: bytes) -> bytes:
    """A picture with one more chunk, behind its header."""
    plain = png()
    return plain[:33] + chunk(kind, body) + plain[33:]


def refused(data: bytes, shown: str = "mine.png") -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        files.parse(data, shown)
    message = caught.value.message
    assert message.endswith(".")
    assert message.count(". ") == 0, "one sentence"
    assert len(message) < 300
    return caught.value


@pytest.mark.parametrize("make", [png, webp])
def test_pictures(make: Any) -> None:
    assert files.parse(make(prompt=FLOW.api()), "x").graph == FLOW.api()
    only = files.parse(make(workflow=EDITOR), "x")
    assert only.graph is None
    assert only.editor == EDITOR


def test_a_picture_with_both_gives_the_api_graph_with_the_editors_titles() -> None:
    api = FLOW.api()
    for node in api.values():
        del node["_meta"]  # as ComfyUI wrote them until 2024
    editor = json.loads(json.dumps(EDITOR))
    next(n for n in editor["nodes"] if n["id"] == 6)["title"] = "Prompt"
    graph = files.parse(png(prompt=api, workflow=editor), "x").graph
    assert graph is not None
    assert graph["6"]["_meta"]["title"] == "Prompt"
    assert "_meta" not in graph["7"]
    assert graph["6"]["inputs"] == api["6"]["inputs"]


def test_titles_within_subgraphs() -> None:
    api = {"10:6": FLOW.api()["6"], "3": FLOW.api()["3"]}
    api["3"]["inputs"]["positive"] = ["10:6", 0]
    editor = {
        "nodes": [{"id": 10, "type": "s"}, {"id": 3, "type": "KSampler"}],
        "definitions": {"subgraphs": [{"id": "s", "nodes": [{"id": 6, "title": "Words"}]}]},
    }
    graph = files.parse(png(prompt=api, workflow=editor), "x").graph
    assert graph is not None
    assert graph["10:6"]["_meta"]["title"] == "Words"


def test_packed_texts_of_a_png() -> None:
    text = json.dumps(FLOW.api()).encode()
    for kind, body in (
        (b"zTXt", b"prompt\0\0" + zlib.compress(text)),
        (b"iTXt", b"prompt\0\1\0en\0\0" + zlib.compress(text)),
        (b"iTXt", b"prompt\0\0\0\0\0" + text),
    ):
        assert files.parse(with_chunk(kind, body), "x").graph == FLOW.api()


def test_nan_in_a_prompt_as_comfyui_writes_it() -> None:
    api = FLOW.api()
    api["9"]["is_changed"] = [float("nan")]
    graph = files.parse(png(prompt=api), "x").graph
    assert graph == FLOW.api()


def test_a_broken_prompt_beside_a_good_workflow() -> None:
    assert files.parse(png(prompt="{", workflow=EDITOR), "x").editor == EDITOR
    assert files.parse(png(prompt={"a": 1}, workflow=EDITOR), "x").editor == EDITOR
    assert refused(png(prompt="{")).code == "workflow-not-json"


@pytest.mark.parametrize(
    "wrapped",
    [
        {"prompt": FLOW.api(), "client_id": "x"},
        {"output": FLOW.api(), "workflow": EDITOR},
    ],
)
def test_wrapped_graphs(wrapped: dict[str, Any]) -> None:
    assert files.parse(json.dumps(wrapped).encode(), "x").graph == FLOW.api()


def test_a_node_called_prompt_is_a_node() -> None:
    api = {("prompt" if i == "9" else i): node for i, node in FLOW.api().items()}
    assert files.parse(json.dumps(api).encode(), "x").graph == api


# bad input


def test_a_picture_without_a_workflow() -> None:
    for data in (png(), png(Comment="hello"), webp(), png(prompt="[]")):
        error = refused(data)
        assert error.code == "workflow-picture-without"
        assert error.hint


def test_a_zip_bomb_in_a_chunk() -> None:
    bomb = zlib.compress(b"[" * (64 * 2**20), 9)
    assert len(bomb) < 100_000
    for kind, body in (
        (b"zTXt", b"prompt\0\0" + bomb),
        (b"iTXt", b"workflow\0\1\0\0\0" + bomb),
    ):
        assert refused(with_chunk(kind, body)).code == "workflow-too-big"
    # a text of another name isn't even unpacked
    data = with_chunk(b"zTXt", b"other\0\0" + bomb)
    assert refused(data).code == "workflow-picture-without"


def test_a_chunk_that_promises_more_than_there_is() -> None:
    data = png()[:33] + struct.pack(">I", 2**31 - 1) + b"tEXtprompt\0{}"
    assert refused(data).code == "workflow-picture-cut-off"
    whole = png(prompt=FLOW.api())
    assert refused(whole[:60]).code == "workflow-picture-cut-off"
    assert refused(webp(prompt=FLOW.api())[:-40]).code == "workflow-picture-cut-off"


def test_a_chunk_that_is_too_long() -> None:
    data = with_chunk(b"tEXt", b"prompt\0" + b" " * (embedded.MAX_TEXT + 1))
    assert refused(data).code == "workflow-too-big"


def test_hostile_exif_ends() -> None:
    """A directory of entries that all point at everything."""
    text = b"prompt:" + b"x" * 4000
    entries = b"".join(struct.pack("<HHII", 0x110, 2, len(text), 8) for _ in range(40))
    for start, count in ((8 + len(text), 40), (8 + len(text), 65535), (2**31, 1), (0, 1)):
        exif = b"II*\0" + struct.pack("<I", start) + text + struct.pack("<H", count) + entries
        body = b"WEBPEXIF" + struct.pack("<I", len(exif)) + exif
        data = b"RIFF" + struct.pack("<I", len(body)) + body
        assert refused(data).code in ("workflow-not-json", "workflow-picture-without")


def test_every_cut_of_a_file_is_one_sentence() -> None:
    whole = json.dumps(FLOW.api()).encode()
    for at in range(0, len(whole) - 1, 97):
        assert refused(whole[:at]).code == "workflow-not-json"


def test_a_hundred_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    with path.open("wb") as file:  # a hole, not 100 MB of disk
        file.truncate(100 * 2**20)
    with pytest.raises(WorkflowError) as caught:
        read(path)
    assert caught.value.code == "workflow-too-big"
    assert "16 MB" in caught.value.message


def test_ten_thousand_nodes() -> None:
    api = {str(i): {"class_type": "X", "inputs": {"a": ["0", 0]}} for i in range(10_000)}
    assert refused(json.dumps(api).encode()).code == "workflow-too-big"
    ui = {"nodes": [{"id": i, "type": "X"} for i in range(10_000)], "links": []}
    assert refused(json.dumps(ui).encode()).code == "workflow-too-big"


def test_deep_nesting() -> None:
    deep = b'{"nodes": [], "extra": ' + b"[" * 500 + b"]" * 500 + b"}"
    assert refused(deep).code == "workflow-too-deep"
    assert refused(b"[" * 200_000).code == "workflow-not-json"


def test_other_files() -> None:
    for data in (b"", b"hello", b"\x00\x01", b"RIFF\0\0\0\0WAVE", b"%PDF-1.4", b"null", b'"x"'):
        assert refused(data).code in ("workflow-not-json", "workflow-not-api")
