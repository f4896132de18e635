"""The workflows that there are, and that nothing is touched but them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from s2i.engines.comfyui.store import WorkflowStore
from s2i.engines.comfyui.store_files import clean_name
from s2i.errors import OutputError, WorkflowError

from . import writer
from .collection import SAMPLES
from .conftest import WORKFLOWS
from .test_files import png, webp

FLOW = SAMPLES["sd15"].flow
API = json.dumps(FLOW.api()).encode()
EDITOR = json.dumps(FLOW.ui()).encode()


@pytest.fixture
def store(tmp_path: Path) -> WorkflowStore:
    return WorkflowStore(WORKFLOWS, tmp_path / "data" / "workflows")


def code(action: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(WorkflowError) as caught:
        action(*args, **named)
    assert caught.value.message.endswith(".")
    return caught.value.code


def test_shipped_ones_without_a_folder_of_ones_own(store: WorkflowStore) -> None:
    assert store.names() == ["lcm", "sd15"]
    assert [(e.name, e.shipped, e.format) for e in store.list()] == [
        ("lcm", True, "api"), ("sd15", True, "api"),
    ]  # fmt: skip
    assert not store.own.exists()
    bindings = store.bindings("sd15")
    assert "prompt → node 6 CLIPTextEncode.text (Prompt)" in bindings.sentences
    assert bindings.error is None
    json.dumps(bindings.to_dict())


@pytest.mark.parametrize(
    ("data", "form"),
    [(API, "api"), (EDITOR, "editor"), (png(prompt=FLOW.api()), "api"),
     (webp(workflow=FLOW.ui()), "editor")],
    ids=["api", "editor", "png", "webp"],
)  # fmt: skip
def test_any_file_is_kept_and_told_of(store: WorkflowStore, data: bytes, form: str) -> None:
    entry, bindings = store.add("My castle.png", data, writer.INFO)
    assert (entry.name, entry.format, entry.shipped, entry.nodes) == ("My castle", form, False, 7)
    assert bindings.found["prompt"][0]["node"] == "6"
    assert bindings.found["prompt"][0]["value"] == "a castle"
    json.dumps([entry.to_dict(), bindings.to_dict()])
    assert store.names() == ["My castle", "lcm", "sd15"]
    kept = json.loads((store.own / "My castle.json").read_text())
    assert kept == (FLOW.api() if form == "api" else FLOW.ui())
    assert store.bindings("My castle", writer.INFO) == bindings


def test_without_a_server_it_is_kept_and_looked_at_later(store: WorkflowStore) -> None:
    _, bindings = store.add("mine", EDITOR)
    assert bindings.error is not None
    assert "Start ComfyUI" in bindings.error.hint
    assert store.bindings("mine", writer.INFO).error is None
    _, simple = store.add("simple", API)  # nothing but nodes that every ComfyUI has
    assert simple.error is None


def test_ambiguous_ones_are_kept_with_candidates_and_corrected(store: WorkflowStore) -> None:
    flow = writer.Flow()
    flow.nodes = SAMPLES["regional_titled"].flow.api()
    flow.nodes["20"]["_meta"]["title"] = "x"
    _, bindings = store.add("regions", json.dumps(flow.api()).encode(), writer.INFO)
    assert bindings.error is not None
    assert bindings.error.code == "workflow-ambiguous-text"
    offered = [place["node"] for place in bindings.candidates["prompt"]]
    assert {"6", "20"} <= set(offered)
    given = {"bindings": {"prompt": [["20", "text"]], "steps": []}}
    corrected = store.correct("regions", given, writer.INFO)
    assert corrected.error is None
    assert corrected.found["prompt"][0]["node"] == "20"
    assert "steps" not in corrected.found
    assert corrected.corrections["bindings"] == given["bindings"]
    assert store.get("regions").corrections.places["steps"] == ()
    assert store.list()[1].corrected
    assert store.names() == ["lcm", "regions", "sd15"]
    assert store.correct("regions", {"bindings": {}}, writer.INFO).error is not None
    assert not list(store.own.glob("*bindings*"))


def test_corrections_that_cannot_be(store: WorkflowStore) -> None:
    store.add("mine", API)
    assert code(store.correct, "mine", {"bindings": {"seed": [["9", "nope"]]}}) == (
        "workflow-bad-binding"
    )
    assert code(store.correct, "mine", "x") == "workflow-bad-bindings"
    assert code(store.correct, "sd15", {"bindings": {}}) == "workflow-shipped"
    assert code(store.correct, "gone", {"bindings": {}}) == "workflow-unknown"
    assert not list(store.own.glob("*bindings*"))


def test_names_are_taken_once_and_given_back(store: WorkflowStore) -> None:
    store.add("mine", API)
    assert code(store.add, "mine", API) == "workflow-exists"
    assert code(store.add, "MINE", API) == "workflow-exists"
    assert code(store.add, "MINE", API, replace=True) == "workflow-exists"
    store.correct("mine", {"bindings": {"steps": []}})
    entry, _ = store.add("mine", EDITOR, replace=True)
    assert entry.format == "editor"
    assert not entry.corrected  # they were of the older file
    store.delete("mine")
    assert code(store.delete, "mine") == "workflow-unknown"
    assert code(store.delete, "sd15") == "workflow-shipped"
    assert list(store.own.iterdir()) == []


def test_ones_own_wins_over_a_shipped_one(store: WorkflowStore) -> None:
    store.add("sd15", API)
    assert store.get("sd15").graph == FLOW.api()
    assert [e.shipped for e in store.list()] == [True, False]
    store.delete("sd15")
    assert store.list()[1].shipped


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../../x", "a/b", "a\\b", "/etc/passwd", "C:\\x", "con", "NUL.json",
     "x\0y", "x\ny", ".hidden", "end.", "a" * 101, "x.bindings", "x.bindings.json", "Lpt1.x",
     "\u202ex", "x:y", "*", "~", "猫" * 80],
)  # fmt: skip
def test_names_that_no_file_may_have(store: WorkflowStore, tmp_path: Path, name: str) -> None:
    for action in (store.get, store.delete, store.bindings):
        assert code(action, name) == "workflow-bad-name"
    assert code(store.add, name, API) == "workflow-bad-name"
    assert code(store.correct, name, {"bindings": {}}) == "workflow-bad-name"
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_fine() -> None:
    for name in ("sd15", "My flow (no)".replace("(no)", "2"), "größe", "猫", "a.b+c-d_e", "1"):
        assert clean_name(name) == name
    assert clean_name(" x.JSON ") == "x"


def test_bad_files_leave_nothing(store: WorkflowStore) -> None:
    assert code(store.add, "x", b"{") == "workflow-not-json"
    assert code(store.add, "x", png()) == "workflow-picture-without"
    no_picture = FLOW.api()
    del no_picture["9"]
    data = json.dumps(no_picture).encode()
    assert code(store.add, "x", data, writer.INFO) == "workflow-no-output"
    missing = FLOW.api()
    missing["8"]["class_type"] = "SomebodysDecoder"
    _, bindings = store.add("needs a node", json.dumps(missing).encode(), writer.INFO)
    assert bindings.error is not None  # kept: the node may be installed later
    assert "SomebodysDecoder" in bindings.error.message
    assert [path.name for path in store.own.iterdir()] == ["needs a node.json"]


def test_files_put_there_by_hand(store: WorkflowStore) -> None:
    store.own.mkdir(parents=True)
    (store.own / "broken.json").write_text("{")
    (store.own / ".part.json").write_text("{}")
    (store.own / "good.json").write_bytes(API)
    (store.own / "good.bindings.json").write_text('{"bindings": {"prompt": 5}}')
    assert [entry.name for entry in store.list()] == ["lcm", "sd15"]
    assert code(store.get, "good") == "workflow-bad-bindings"


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = WorkflowStore(WORKFLOWS, tmp_path / "file" / "workflows")
    with pytest.raises(OutputError) as caught:
        store.add("mine", API)
    assert caught.value.hint


def test_many_at_once(store: WorkflowStore) -> None:
    """Of several that add the same name one wins; a reader sees whole files only."""
    outcomes: list[str] = []
    broken: list[BaseException] = []
    done = threading.Event()

    def add(data: bytes) -> None:
        try:
            store.add("mine", data)
            outcomes.append("kept")
        except WorkflowError as error:
            outcomes.append(error.code)

    def look() -> None:
        while not done.is_set():
            try:
                store.get("mine")
            except WorkflowError as error:
                if error.code != "workflow-unknown":
                    broken.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    threads = [threading.Thread(target=add, args=(d,)) for d in (API, EDITOR) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for data in (EDITOR, API) * 5:
        store.add("mine", data, replace=True)
    done.set()
    watcher.join()
    assert sorted(outcomes) == ["kept", *["workflow-exists"] * 7]
    assert not broken
    assert [path.name for path in store.own.iterdir()] == ["mine.json"]
