"""The fake held against the recorded traffic of a real ComfyUI 0.3.64.

The same requests are sent to the fake; what it answers must have the same status and shape, what
it says on the websocket the same types in the same order with the same keys.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.fakes.comfyui import FakeComfyUI, Script, nodes

from .conftest import Rig

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings" / "comfyui-0.3.64"

pytestmark = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="no recorded traffic of ComfyUI here (../shared/recordings)"
)

# which of these run depends on what the real server had cached before the recording began
TRIVIAL = {"CheckpointLoaderSimple", "CLIPTextEncode", "EmptyLatentImage", "VAEDecode"}


def recorded(scenario: str) -> list[dict[str, Any]]:
    with (RECORDINGS / f"{scenario}.jsonl").open() as file:
        return [json.loads(line) for line in file]


def exchanges(scenario: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(request, answer) pairs, in order."""
    waiting: list[dict[str, Any]] = []
    for entry in recorded(scenario):
        if entry["channel"] != "http":
            continue
        if entry["dir"] == "send":
            waiting.append(entry)
            continue
        for request in waiting:
            if (request["method"], request["path"]) == (entry["method"], entry["path"]):
                waiting.remove(request)
                yield request, entry
                break


def ask(fake: FakeComfyUI, request: dict[str, Any]) -> tuple[int, Any]:
    """Send one recorded request to the fake: (status, JSON or None)."""
    headers = {
        name: value.replace("8188", str(fake.port))
        for name, value in (request.get("headers") or {}).items()
    }
    body = json.dumps(request["body"]).encode() if "body" in request else None
    path = request["path"].replace(" ", "%20")
    http = urllib.request.Request(
        fake.url + path, data=body, headers=headers, method=request["method"]
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(http, timeout=10) as answer:
            status, data = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, data = error.code, error.read()
    try:
        return status, json.loads(data)
    except ValueError:
        return status, None


def keys(data: Any) -> Any:
    return sorted(data) if isinstance(data, dict) else type(data).__name__


# HTTP


def test_refusals_of_prompts(rig: Callable[..., Rig]) -> None:
    """Same status, same types of error at the same nodes, same keys."""
    fake = rig(Script(checkpoints=["dreamshaper_8.safetensors"], step_seconds=0)).fake
    compared = set()
    for request, answer in exchanges("c_validation_errors"):
        if request["method"] != "POST" or "body" not in request:
            continue
        status, said = ask(fake, request)
        assert status == answer["status"], request
        real = answer.get("body")
        if not isinstance(real, dict):
            continue
        assert keys(said) == keys(real)
        assert (set(said["node_errors"])) == set(real["node_errors"])
        if "error" in real:
            assert keys(said["error"]) == keys(real["error"])
            for key in ("type", "message", "details"):
                assert said["error"][key] == real["error"][key]
            compared.add(real["error"]["type"])
        for node, errors in real["node_errors"].items():
            mine = said["node_errors"][node]
            assert keys(mine) == keys(errors)
            assert mine["dependent_outputs"] == errors["dependent_outputs"]
            for one, other in zip(
                sorted(mine["errors"], key=str), sorted(errors["errors"], key=str), strict=True
            ):
                assert one["type"] == other["type"]
                assert one["message"] == other["message"]
                assert one["extra_info"]["input_name"] == other["extra_info"]["input_name"]
                compared.add(one["type"])
    assert compared >= {
        "prompt_outputs_failed_validation", "invalid_prompt", "prompt_no_outputs", "no_prompt",
        "value_not_in_list", "required_input_missing", "invalid_input_type",
        "value_bigger_than_max", "value_smaller_than_min", "return_type_mismatch",
        "custom_validation_failed", "exception_during_inner_validation",
    }  # fmt: skip


def test_other_routes_and_origins(rig: Callable[..., Rig]) -> None:
    fake = rig(Script(checkpoints=["broken.safetensors", "dreamshaper_8.safetensors"])).fake
    known = ("/queue", "/prompt", "/system_stats", "/features", "/models/checkpoints", "/history",
             "/object_info/", "/interrupt", "/nope", "/api")  # fmt: skip
    compared = 0
    for request, answer in exchanges("j_info_and_security"):
        if not request["path"].startswith(known) or request["method"] not in ("GET", "POST", "PUT"):
            continue
        if "body_note" in request:
            continue
        status, said = ask(fake, request)
        assert status == answer["status"], request
        real = answer.get("body")
        if isinstance(real, dict) and real and "/history" not in request["path"]:
            assert keys(said) == keys(real), request
            for key, value in real.items():
                if isinstance(value, dict):
                    assert set(said[key]) <= set(value), request
        compared += 1
    assert compared > 25


def test_view(rig: Callable[..., Rig]) -> None:
    fake = rig().fake
    fake.files["output", "", "ComfyUI_00007_.png"] = b"\x89PNG"
    compared = 0
    for request, answer in exchanges("a_success_feature_flags"):
        if request["path"].startswith("/view") and "preview" not in request["path"]:
            assert ask(fake, request)[0] == answer["status"], request["path"]
            compared += 1
    assert compared >= 6


def test_the_nodes_are_the_servers() -> None:
    real = json.loads((RECORDINGS / "object_info_full.json").read_text())
    for name in nodes.NODES:
        mine = nodes.object_info(name, ["a"])
        assert mine is not None
        assert set(mine["input"]["required"]) == set(real[name]["input"]["required"])
        assert mine["output"] == real[name]["output"]
        assert mine["output_node"] == real[name]["output_node"]
        assert set(mine) <= set(real[name])
        for key, spec in mine["input"]["required"].items():
            theirs = real[name]["input"]["required"][key]
            if isinstance(spec[0], str):
                assert spec[0] == theirs[0]
            for limit in {"min", "max", "default"} & set(spec[1] if len(spec) > 1 else {}):
                assert spec[1][limit] == theirs[1][limit]


# websocket


def tokens(messages: list[Any], graph: dict[str, Any], prompt_id: str) -> list[Any]:
    """What was said of one prompt: (type, keys, node class), trivial nodes left out."""
    found: list[Any] = []
    node: Any = None
    for message in messages:
        if isinstance(message, tuple):  # (type of binary frame, metadata or None)
            if message[1] is None or message[1]["prompt_id"] == prompt_id:
                found.append(("binary", message[0], keys(message[1])))
            continue
        kind, data = message["type"], message["data"]
        if data.get("prompt_id") != prompt_id:
            continue
        if kind == "progress_state":
            node = list(data["nodes"].values())[-1]
            token: tuple[Any, ...] = (kind, keys(data), keys(node), node["state"])
            node = node["real_node_id"]
        else:
            node = data.get("node", node)
            token = (kind, keys(data))
        name = graph[node]["class_type"] if node in graph else None
        if name not in TRIVIAL or kind.startswith("execution"):
            found.append((*token, name))
    return found


def real_messages(scenario: str, conn: str) -> list[Any]:
    found: list[Any] = []
    for entry in recorded(scenario):
        if entry["channel"] != "ws" or entry["dir"] != "recv" or entry.get("conn") != conn:
            continue
        if "text" in entry:
            found.append(json.loads(entry["text"]))
        elif "size" in entry:
            found.append((entry["event_type"], entry.get("metadata")))
    return found


class Listener:
    """A websocket to the fake that keeps what it hears, as the recording has it."""

    def __init__(self, fake: FakeComfyUI, client_id: str, flags: bool) -> None:
        self.socket = websocket.create_connection(
            f"ws://127.0.0.1:{fake.port}/ws?clientId={client_id}", timeout=10, suppress_origin=True
        )
        self.heard: list[Any] = []
        if flags:
            self.socket.send(
                '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'
            )
        # The server knows of this socket once it greets it, not when it accepts it.
        self.until(lambda m: m["type"] == ("feature_flags" if flags else "status"))

    def until(self, done: Callable[[Any], bool]) -> None:
        while not (self.heard and done(self.heard[-1])):
            data = self.socket.recv()
            if isinstance(data, str):
                self.heard.append(json.loads(data))
                continue
            kind, length = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
            self.heard.append((kind, json.loads(data[8 : 8 + length]) if kind == 4 else None))


@pytest.fixture
def listen() -> Iterator[Callable[[FakeComfyUI, bool], Listener]]:
    """Opens websockets; closed at the end."""
    opened: list[Listener] = []

    def make(fake: FakeComfyUI, flags: bool) -> Listener:
        opened.append(Listener(fake, "me", flags))
        return opened[-1]

    yield make
    for listener in opened:
        listener.socket.close()


def over(prompt_id: str) -> Callable[[Any], bool]:
    def done(message: Any) -> bool:
        return (
            isinstance(message, dict)
            and message["type"] == "executing"
            and message["data"] == {"node": None, "prompt_id": prompt_id}
        )

    return done


@pytest.mark.parametrize(
    ("scenario", "before", "flags", "limit"),
    [
        ("a0_success_no_feature_flags", None, False, 1),
        ("a_success_feature_flags", None, True, 1),
        ("b_same_prompt_cached", "a_success_feature_flags", True, 2),
        ("d_execution_error", None, False, 4),
        ("h_batch_websocket_preview", None, True, 6),
        ("h2_savewebsocket_no_feature_flags", None, False, 1),
    ],
)
def test_what_is_said_of_a_prompt(
    rig: Callable[..., Rig],
    listen: Callable[..., Listener],
    scenario: str,
    before: str | None,
    flags: bool,
    limit: int,
) -> None:
    fake = rig(Script(checkpoints=["broken.safetensors", "dreamshaper_8.safetensors"],
                      step_seconds=0)).fake  # fmt: skip
    listener = listen(fake, flags)
    posts = [
        (request["body"], answer["body"])
        for request, answer in exchanges(scenario)
        if request["path"] == "/prompt" and request["body"].get("client_id")
    ][:limit]
    if before is not None:  # what the real server had just run
        request, _ = next(e for e in exchanges(before) if e[0]["path"] == "/prompt")
        _, said = ask(fake, {**request, "body": {**request["body"], "client_id": "me"}})
        listener.until(over(said["prompt_id"]))
    heard = real_messages(scenario, "A")
    for body, answered in posts:
        graph, real_id = body["prompt"], answered["prompt_id"]
        failed = [
            m["data"]
            for m in real_slice(heard, real_id)
            if isinstance(m, dict) and m["type"] == "execution_error"
        ]
        fake.script.errors = {
            one["node_type"]: (one["exception_type"], one["exception_message"].rstrip("\n"))
            for one in failed
        }
        listener.heard.clear()
        status, said = ask(fake, {"method": "POST", "path": "/prompt",
                                  "body": {**body, "client_id": "me"}})  # fmt: skip
        assert status == 200
        assert keys(said) == keys(answered)
        listener.until(over(said["prompt_id"]))
        real = real_slice(heard, real_id)
        mine = tokens(listener.heard, graph, said["prompt_id"])
        assert mine == tokens(real, graph, real_id)
        check_statuses(listener.heard)
        if failed:
            error = next(m["data"] for m in listener.heard if isinstance(m, dict)
                         and m["type"] == "execution_error")  # fmt: skip
            assert error["exception_message"] == failed[0]["exception_message"]


def real_slice(heard: list[Any], prompt_id: str) -> list[Any]:
    """From the prompt's start to its end: frames of type 1 carry no id."""
    first = next(
        i
        for i, m in enumerate(heard)
        if isinstance(m, dict) and m["data"].get("prompt_id") == prompt_id
    )
    last = next(i for i, m in enumerate(heard) if over(prompt_id)(m))
    return heard[first : last + 1]


def check_statuses(heard: list[Any]) -> None:
    """Twice before execution_start (put, taken), once before executing{null}."""
    kinds = [m["type"] for m in heard if isinstance(m, dict) and m["type"] != "feature_flags"]
    start = kinds.index("execution_start")
    assert kinds[:start].count("status") in (2, 3)  # three with the greeting
    assert kinds[-2:] == ["status", "executing"]


def test_history_entries(rig: Callable[..., Rig]) -> None:
    fake = rig(Script(checkpoints=["dreamshaper_8.safetensors"], step_seconds=0)).fake
    for scenario in ("a_success_feature_flags", "d_execution_error"):
        pairs = list(exchanges(scenario))
        request = next(r for r, _ in pairs if r["path"] == "/prompt")
        real = next(iter(next(a["body"] for r, a in pairs if "/history/" in r["path"]).values()))
        kind = "LatentConcat"
        fake.script.errors = {kind: ("X", "y")} if scenario.startswith("d") else {}
        _, said = ask(fake, request)
        fake.wait_for(lambda said=said: said["prompt_id"] in fake.history)
        mine = fake.history[said["prompt_id"]]
        assert keys(mine) == keys(real)
        assert keys(mine["status"]) == keys(real["status"])
        assert len(mine["prompt"]) == len(real["prompt"])
        assert keys(mine["outputs"]) == keys(real["outputs"])
        assert keys(mine["meta"]) == keys(real["meta"])
        assert [(k, keys(d)) for k, d in mine["status"]["messages"]] == [
            (k, keys(d)) for k, d in real["status"]["messages"]
        ]


def test_a_reconnect_with_the_same_id(
    rig: Callable[..., Rig], listen: Callable[..., Listener]
) -> None:
    """f: status, one executing{node} without prompt_id, then live; a second socket goes silent."""
    fake = rig(Script(step_seconds=0.25)).fake
    entries = real_messages("f_reconnect", "A2")
    first = listen(fake, False)
    request, _ = next(e for e in exchanges("f_reconnect") if e[0]["path"] == "/prompt")
    ask(fake, {**request, "body": {**request["body"], "client_id": "me"}})
    first.until(lambda m: isinstance(m, dict) and m["type"] == "progress")
    second = listen(fake, False)
    second.until(lambda m: isinstance(m, dict) and m["type"] == "executing")
    assert [m["type"] for m in second.heard] == [m["type"] for m in entries[:2]]
    for mine, real in zip(second.heard, entries, strict=False):
        assert keys(mine["data"]) == keys(real["data"])
    first.socket.close()
    fake.wait_for(lambda: "me" not in fake.sockets)
    second.socket.settimeout(0.6)  # over two steps; what was under way may still arrive
    with pytest.raises(websocket.WebSocketTimeoutException):
        second.until(lambda _: False)
    assert fake.running is not None  # silent while there is something to say


def test_queue_and_interrupt(rig: Callable[..., Rig]) -> None:
    """e: shapes of /queue; pending ids are deleted, running ones interrupted, others left alone."""
    fake = rig(Script(checkpoints=["dreamshaper_8.safetensors"], step_seconds=0.05)).fake
    real = next(a["body"] for r, a in exchanges("e_interrupt_and_queue") if r["path"] == "/queue"
                and r["method"] == "GET")  # fmt: skip
    request, _ = next(e for e in exchanges("e_interrupt_and_queue") if e[0]["path"] == "/prompt")
    ids = [ask(fake, request)[1]["prompt_id"] for _ in range(3)]
    fake.wait_for(lambda: fake.running is not None)
    _, queue = ask(fake, {"method": "GET", "path": "/queue"})
    assert keys(queue) == keys(real)
    for part in ("queue_running", "queue_pending"):
        for mine, theirs in zip(queue[part], real[part], strict=False):
            assert [type(x) for x in mine] == [type(x) for x in theirs]

    def post(path: str, body: Any) -> None:
        assert ask(fake, {"method": "POST", "path": path, "body": body})[0] == 200

    post("/interrupt", {"prompt_id": ids[1]})  # pending: nothing happens
    post("/queue", {"delete": [ids[0]]})  # running: nothing happens
    post("/queue", {"delete": [ids[1]]})
    assert fake.running is not None
    assert fake.running.prompt_id == ids[0]
    assert [job.prompt_id for job in fake.pending] == [ids[2]]
    post("/interrupt", {"prompt_id": ids[0]})
    fake.wait_for(lambda: ids[0] in fake.history)
    entry = fake.history[ids[0]]
    answers = (
        answer["body"]
        for request, answer in exchanges("e_interrupt_and_queue")
        if request["path"].startswith("/history/") and answer["body"]
    )
    real = next(iter(next(answers).values()))
    assert [(k, keys(d)) for k, d in entry["status"]["messages"]] == [
        (k, keys(d)) for k, d in real["status"]["messages"]
    ]
    assert entry["status"]["status_str"] == real["status"]["status_str"] == "error"


def test_a_restart(rig: Callable[..., Rig]) -> None:
    """i: queue and history are empty, numbers start at 0, temp files are gone."""
    fake = rig(Script(checkpoints=["dreamshaper_8.safetensors"], step_seconds=0)).fake
    request, _ = next(e for e in exchanges("i_server_killed") if e[0]["path"] == "/prompt")
    _, said = ask(fake, request)
    fake.wait_for(lambda: said["prompt_id"] in fake.history)
    assert any(kind == "temp" for kind, _, _ in fake.files)
    fake.restart()
    empty: dict[str, Any] = {"queue_running": [], "queue_pending": []}
    assert ask(fake, {"method": "GET", "path": "/queue"}) == (200, empty)
    assert ask(fake, {"method": "GET", "path": "/history"}) == (200, {})
    assert not any(kind == "temp" for kind, _, _ in fake.files)
    assert ask(fake, request)[1]["number"] == 0
