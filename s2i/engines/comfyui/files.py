"""What is in a workflow file: API format, the editor's format, or a picture with either. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.comfyui import embedded
from s2i.engines.comfyui.editor.document import is_document
from s2i.engines.comfyui.graph import Graph, links
from s2i.errors import WorkflowError

MAX_FILE = 16 * 2**20  # bytes of JSON
MAX_PICTURE = 128 * 2**20  # bytes; a 16-megapixel PNG has about 40 MB
MAX_NODES = 5000
MAX_DEPTH = 40  # of lists and objects in one node; a link is a list of depth one
_HINT = (
    "Give a file that ComfyUI saved (Workflow > Save or Export), or a PNG or WebP picture that it "
    "painted."
)


@dataclass(frozen=True)
class Content:
    """A file's workflow: `graph` in API format, or `editor` (the editor's JSON) to be converted."""

    graph: Graph | None = field(default=None, repr=False)
    editor: dict[str, Any] | None = field(default=None, repr=False)

    def to_json(self) -> bytes:
        """The workflow alone, as a JSON file."""
        whole = self.graph if self.graph is not None else self.editor
        return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def limit(start: bytes) -> int:
    """The most bytes that a file of this beginning may have."""
    return MAX_PICTURE if embedded.is_picture(start) else MAX_FILE


def parse(data: bytes, shown: str) -> Content:
    """The workflow in a file's bytes, checked. `shown` names it in errors. Raises WorkflowError."""
    if len(data) > limit(data[:16]):
        raise too_big(data[:16], shown)
    if embedded.is_picture(data):
        return _from_picture(data, shown)
    content = _json(data, shown)
    if is_document(content):
        return Content(editor=_shallow(content, shown))
    prompt = content.get("prompt") if isinstance(content, dict) else None
    if isinstance(prompt, dict) and "class_type" not in prompt:
        return Content(check(prompt, shown))  # the body of a POST /prompt
    if isinstance(content, dict) and isinstance(content.get("output"), dict):
        if is_document(content.get("workflow")):  # what the editor's graphToPrompt returns
            return Content(check(content["output"], shown))
    elif isinstance(content, dict) and is_document(content.get("workflow")):
        return Content(editor=_shallow(content["workflow"], shown))
    return Content(check(content, shown))


def too_big(start: bytes, shown: str) -> WorkflowError:
    """The error for a file of this beginning that is too large."""
    return WorkflowError(
        "workflow-too-big", f"The workflow {shown} is larger than {limit(start) >> 20} MB."
    )


def check(content: Any, shown: str) -> Graph:
    """The content as an API graph of plain parts. Raises WorkflowError where it isn't one."""
    if not isinstance(content, dict) or not content:
        raise WorkflowError("workflow-not-api", f"{shown} is not a ComfyUI workflow.", hint=_HINT)
    if len(content) > MAX_NODES:
        raise WorkflowError(
            "workflow-too-big", f"The workflow {shown} has more than {MAX_NODES} nodes."
        )
    graph: Graph = {}
    for node_id, node in content.items():
        whole = isinstance(node, dict) and isinstance(node.get("inputs"), dict)
        if not whole or not isinstance(node.get("class_type"), str):
            raise WorkflowError(
                "workflow-not-api",
                f"{shown} is not a ComfyUI workflow in API format (entry '{node_id[:40]}').",
                hint=_HINT,
            )
        if _depth(node) > MAX_DEPTH:
            raise WorkflowError(
                "workflow-too-deep", f"{shown} nests values too deeply (node '{node_id[:40]}')."
            )
        graph[node_id] = {"class_type": node["class_type"], "inputs": node["inputs"]}
        if isinstance(node.get("_meta"), dict):
            graph[node_id]["_meta"] = node["_meta"]
    if not any(any(links(node, graph)) for node in graph.values()):
        raise WorkflowError(
            "workflow-no-output",
            f"The workflow {shown} has no node that a picture could come out of.",
            hint="It needs a SaveImage node at its end.",
        )
    return graph


def _from_picture(data: bytes, shown: str) -> Content:
    """The API graph where a picture has both, with the titles of the editor's."""
    try:
        found = embedded.texts(data)
    except embedded.TextTooLong:
        raise WorkflowError(
            "workflow-too-big",
            f"The workflow in the picture {shown} is larger than {embedded.MAX_TEXT >> 20} MB.",
        ) from None
    except embedded.CutOff:
        raise WorkflowError(
            "workflow-picture-cut-off",
            f"The picture {shown} is cut off in the middle.",
            hint="Copy or download it again.",
        ) from None
    contents: dict[str, Any] = {}
    broken: WorkflowError | None = None
    for name, text in found.items():
        try:
            contents[name] = _json(text, f"in the picture {shown}")
        except WorkflowError as error:
            broken = error
    given = contents.get("workflow")
    editor: dict[str, Any] | None = _shallow(given, shown) if is_document(given) else None
    prompt = contents.get("prompt")
    if isinstance(prompt, dict) and prompt:
        try:
            graph = check(prompt, shown)
        except WorkflowError:
            if editor is None:
                raise
        else:
            return Content(_titled(graph, editor) if editor is not None else graph)
    if editor is not None:
        return Content(editor=editor)
    if broken is not None:
        raise broken
    raise WorkflowError(
        "workflow-picture-without",
        f"The picture {shown} holds no ComfyUI workflow.",
        hint="Only pictures as ComfyUI saved them do; sending one through a messenger or an "
        "editor takes the workflow out.",
    )


def _titled(graph: Graph, editor: dict[str, Any]) -> Graph:
    """The graph with the titles that the user gave in the editor."""
    named = dict(_titles(editor, ""))
    listed = editor.get("definitions")
    listed = listed.get("subgraphs") if isinstance(listed, dict) else None
    definitions = {
        item["id"]: item
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    }
    for node_id, node in graph.items():
        title = named.get(node_id)
        if title is None and ":" in node_id:
            title = _inner_title(editor, definitions, node_id.split(":"))
        if title:
            node["_meta"] = {**node.get("_meta", {}), "title": title}
    return graph


def _titles(level: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    nodes = level.get("nodes")
    return [
        (f"{prefix}{node.get('id')}", node["title"])
        for node in (nodes if isinstance(nodes, list) else [])
        if isinstance(node, dict) and isinstance(node.get("title"), str)
    ]


def _inner_title(
    level: dict[str, Any], definitions: dict[str, dict[str, Any]], path: list[str]
) -> str | None:
    """The title of a node within subgraphs; its id is the path there."""
    for depth, step in enumerate(path):
        nodes = level.get("nodes")
        node = next(
            (n for n in (nodes if isinstance(nodes, list) else [])
             if isinstance(n, dict) and str(n.get("id")) == step), None
        )  # fmt: skip
        if node is None:
            return None
        if depth == len(path) - 1:
            title = node.get("title")
            return title if isinstance(title, str) else None
        inner = definitions.get(str(node.get("type")))
        if inner is None:
            return None
        level = inner
    return None


def _json(data: bytes, shown: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise WorkflowError(
            "workflow-not-json", f"The workflow {shown} is not JSON{line}.", hint=_HINT
        ) from error


def _shallow(editor: dict[str, Any], shown: str) -> dict[str, Any]:
    """The editor's JSON, of limited size and depth."""
    nodes = editor["nodes"]
    if len(nodes) > MAX_NODES:
        raise WorkflowError(
            "workflow-too-big", f"The workflow {shown} has more than {MAX_NODES} nodes."
        )
    if _depth(editor) > 2 * MAX_DEPTH:
        raise WorkflowError("workflow-too-deep", f"{shown} nests values too deeply.")
    return editor


def _depth(value: Any) -> int:
    """How deeply lists and objects nest, up to twice MAX_DEPTH; without recursion of our own."""
    level: list[Any] = [value]
    for depth in range(2 * MAX_DEPTH + 1):
        level = [
            child
            for item in level
            if isinstance(item, (list, dict))
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return depth
    return 2 * MAX_DEPTH + 1
