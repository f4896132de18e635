"""The server's errors as one sentence for people, with the way out. Pure."""

from __future__ import annotations

import logging
import re
from typing import Any

from s2i.engines.comfyui.graph import Graph, title
from s2i.engines.comfyui.messages import Failed
from s2i.engines.comfyui.models import SUFFIXES, missing
from s2i.errors import GenerateError, S2IError, WorkflowError

_log = logging.getLogger(__name__)

_OUT_OF_MEMORY = re.compile(
    r"out of memory|outofmemory|can't allocate memory|not enough memory|alloc\w* .{0,40}failed"
    r"|insufficient memory|paging file is too small",
    re.IGNORECASE,
)
_BROKEN_FILE = re.compile(
    r"deserializing header|invalid header|unpicklingerror|invalid load key|safetensorerror"
    r"|incomplete metadata|not a zip archive|pytorchstreamreader",
    re.IGNORECASE,
)
_NO_NODE = re.compile(r"node '?([\w .:+()-]{1,80}?)'? (?:does not exist|not found)", re.IGNORECASE)
_PATH = re.compile(r"(?:[A-Za-z]:\\|/)(?:[^\s/\\:*?\"<>|]+[/\\])+")  # folders of the server's disk


def plain(text: str, limit: int = 200) -> str:
    """The server's words, fit to be shown: one line, printable, no folders of its disk."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    words = _PATH.sub("", words)
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def failed(error: Failed, graph: Graph) -> S2IError:
    """An execution_error. Its kilobytes go to the log."""
    _log.info("ComfyUI's execution_error: %.8000r", error.detail)
    both = f"{error.exception_type} {error.exception_message}"
    node = title(graph, error.node_id) or plain(error.node_type, 60) or "a node"
    if _OUT_OF_MEMORY.search(both):
        return GenerateError(
            "comfyui-out-of-memory",
            f"ComfyUI ran out of memory in {node}.",
            hint="Try a smaller --size or fewer pictures, close other programs that use the "
            "graphics card, or start ComfyUI with --lowvram.",
            retryable=True,
        )
    if _BROKEN_FILE.search(both):
        return GenerateError(
            "comfyui-broken-model",
            f"ComfyUI can't read a model file in {node}: it is broken or only half there.",
            hint="Download that file again.",
        )
    said = plain(error.exception_message) or plain(error.exception_type)
    return GenerateError(
        "comfyui-error",
        f"ComfyUI failed in {node}: {_ended(said)}",
        hint="ComfyUI's own console has the details.",
    )


def rejected(status: int, body: Any, graph: Graph) -> S2IError:
    """A POST /prompt that the server refused (400, 413, 500)."""
    _log.info("ComfyUI refused the prompt (HTTP %d): %.8000r", status, body)
    if status == 413:
        return GenerateError(
            "comfyui-too-large", "The workflow is larger than ComfyUI takes (100 MB)."
        )
    body = body if isinstance(body, dict) else {}
    of_node = node_errors(body.get("node_errors"), graph)
    if of_node is not None:
        return of_node
    error = body.get("error")
    error = (
        error if isinstance(error, dict) else {"message": error if isinstance(error, str) else ""}
    )
    kind, message = _text(error.get("type")), plain(_text(error.get("message")))
    absent = _NO_NODE.search(message)
    if absent or kind == "missing_node_type":
        name = absent[1] if absent else "that the workflow uses"
        return WorkflowError(
            "comfyui-node-missing",
            f"This ComfyUI hasn't got the node {name}.",
            hint="Install the custom node that brings it (ComfyUI-Manager lists missing ones), or "
            "choose another workflow.",
        )
    if kind == "prompt_no_outputs":
        return WorkflowError(
            "workflow-no-output",
            "The workflow has no output node, so no picture would come out.",
            hint="Add a SaveImage node at its end.",
        )
    detail = plain(_text(error.get("details")))
    said = ": ".join(part for part in (message, detail) if part) or f"HTTP {status}"
    return GenerateError(
        "comfyui-refused-prompt",
        f"ComfyUI refused the workflow: {_ended(said)}",
        hint="ComfyUI's own console has the details.",
    )


def node_errors(errors: Any, graph: Graph) -> S2IError | None:
    """The first of the errors by node, missing model files before all others; None for none."""
    if not isinstance(errors, dict):
        return None
    found: list[tuple[int, S2IError]] = []
    for node_id, entry in errors.items():
        problems = entry.get("errors") if isinstance(entry, dict) else None
        found.extend(
            _node_error(str(node_id), problem, entry, graph)
            for problem in (problems if isinstance(problems, list) else [])
            if isinstance(problem, dict)
        )
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _node_error(
    node_id: str, problem: dict[str, Any], entry: dict[str, Any], graph: Graph
) -> tuple[int, S2IError]:
    """(rank, error) of one problem of one node."""
    kind = _text(problem.get("type"))
    info = problem.get("extra_info")
    info = info if isinstance(info, dict) else {}
    name, value = plain(_text(info.get("input_name")), 60), info.get("received_value")
    node = (
        title(graph, node_id) or plain(_text(entry.get("class_type")), 60) or f"node {node_id[:20]}"
    )
    if kind == "value_not_in_list":
        config = info.get("input_config")
        offered = config[0] if isinstance(config, list) and config else None
        offered = [o for o in offered if isinstance(o, str)] if isinstance(offered, list) else None
        if isinstance(value, str) and value.lower().endswith(SUFFIXES):
            return 0, missing(value, name, offered, _text(entry.get("class_type")))
        shown = f": {', '.join(plain(o, 40) for o in offered[:8])}" if offered else ""
        return 1, WorkflowError(
            "comfyui-bad-value",
            f"{node} doesn't know {name} '{plain(str(value), 60)}'.",
            hint=f"Choose one that this ComfyUI knows{shown}.",
        )
    if kind in ("value_bigger_than_max", "value_smaller_than_min"):
        return 1, WorkflowError(
            "comfyui-bad-value", f"{node}, {name}: {_ended(plain(_text(problem.get('message'))))}"
        )
    if kind == "custom_validation_failed":
        return 1, WorkflowError(
            "comfyui-bad-value",
            f"{node}: {_ended(plain(_text(problem.get('details'))))}",
            hint="The workflow needs an input file that this ComfyUI hasn't got.",
        )
    said = plain(_text(problem.get("message"))) or kind
    detail = plain(_text(problem.get("details")))
    # the deeper nodes' "Exception when validating inner node" only repeat the real one
    rank = 3 if kind == "exception_during_inner_validation" else 2
    return rank, WorkflowError(
        "comfyui-bad-workflow",
        f"{node}: {_ended(said + (f' ({detail})' if detail else ''))}",
        hint="Open the workflow in ComfyUI, mend it there and export it again.",
    )


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
