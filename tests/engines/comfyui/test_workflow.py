from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2i.engines.comfyui.files import MAX_FILE
from s2i.engines.comfyui.workflow import load, names
from s2i.errors import WorkflowError

from .conftest import WORKFLOWS


def code(name: str, *folders: Path) -> str:
    with pytest.raises(WorkflowError) as caught:
        load(name, list(folders))
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_by_name_and_by_path(tmp_path: Path) -> None:
    assert load("sd15", [WORKFLOWS]).name == "sd15"
    assert load("sd15.json", [WORKFLOWS]).graph == load("sd15", [WORKFLOWS]).graph
    copy = tmp_path / "my own ü.json"
    copy.write_bytes(b"\xef\xbb\xbf" + (WORKFLOWS / "lcm.json").read_bytes())
    assert load(str(copy), [WORKFLOWS]).graph == load("lcm", [WORKFLOWS]).graph


def test_the_users_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "sd15.json").write_bytes((WORKFLOWS / "lcm.json").read_bytes())
    assert load("sd15", [tmp_path, WORKFLOWS]).graph == load("lcm", [WORKFLOWS]).graph
    assert names([tmp_path, WORKFLOWS]) == ["lcm", "sd15"]


def test_the_body_of_a_request_is_taken_too(tmp_path: Path) -> None:
    graph = load("sd15", [WORKFLOWS]).graph
    (tmp_path / "w.json").write_text(json.dumps({"prompt": graph, "client_id": "x"}))
    assert load("w", [tmp_path]).graph == graph


def test_unknown_names_say_which_there_are() -> None:
    with pytest.raises(WorkflowError) as caught:
        load("sd51", [WORKFLOWS])
    assert caught.value.code == "workflow-unknown"
    assert "lcm, sd15" in caught.value.hint
    for name in ("../sd15", "x" * 5000, "a\0b", "~nobody-here/x", ""):
        assert code(name, WORKFLOWS) == "workflow-unknown"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "workflow-not-json"),
        (b"{", "workflow-not-json"),
        (b"\xff\xfe\x00", "workflow-not-json"),
        (b"[" * 100_000, "workflow-not-json"),
        (b"\x89PNG\r\n\x1a\n", "workflow-picture-cut-off"),
        (b"[]", "workflow-not-api"),
        (b"{}", "workflow-not-api"),
        (b'{"a": 1}', "workflow-not-api"),
        (b'{"a": {"class_type": "X"}}', "workflow-not-api"),
        (b'{"a": {"class_type": 3, "inputs": {}}}', "workflow-not-api"),
        (b'{"a": {"class_type": "X", "inputs": {}}}', "workflow-no-output"),
        (b" " * (MAX_FILE + 1), "workflow-too-big"),
        (
            b'{"a": {"class_type": "X", "inputs": {"y": ' + b"[" * 500 + b"]" * 500 + b"}}}",
            "workflow-too-deep",
        ),
    ],
)
def test_bad_files(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "w.json").write_bytes(content)
    assert code("w", tmp_path) == expected


def test_too_many_nodes(tmp_path: Path) -> None:
    nodes = {str(i): {"class_type": "X", "inputs": {}} for i in range(5001)}
    (tmp_path / "w.json").write_text(json.dumps(nodes))
    assert code("w", tmp_path) == "workflow-too-big"
