"""/api/workflows: ComfyUI workflows, the shipped ones and the user's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from s2i.engines import registry
from s2i.engines.comfyui.engine import ComfyUIEngine
from s2i.engines.comfyui.files import MAX_PICTURE
from s2i.engines.comfyui.store import WorkflowStore
from s2i.errors import S2IError
from s2i.web import requests
from s2i.web.services import services

blueprint = Blueprint("workflows", __name__, url_prefix="/api/workflows")


@blueprint.get("")
def listing() -> Response:
    """Every workflow: name, shipped, format, nodes, size, corrected."""
    return jsonify({"workflows": [entry.to_dict() for entry in _store().list()]})


@blueprint.post("")
def add() -> tuple[Response, int, dict[str, str]]:
    """`?name=NAME[&replace=1]` with any file that ComfyUI saved as the body → 201."""
    name = requests.text("name", request.args.get("name"), "", longest=200)
    data = requests.body(MAX_PICTURE, "The workflow")
    entry, bindings = _store().add(
        name, data, _object_info(), replace=request.args.get("replace") == "1"
    )
    told = jsonify({"workflow": entry.to_dict(), "bindings": bindings.to_dict()})
    return told, 201, {"Location": url_for(".show", name=entry.name)}


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """One workflow: where its prompt, seed and the rest go, and where else they could."""
    return jsonify({"name": name, "bindings": _store().bindings(name, _object_info()).to_dict()})


@blueprint.put("/<name>")
def correct(name: str) -> Response:
    """`{"bindings": {"prompt": [["6", "text"]]}}`: say where something goes; {} takes all back."""
    bindings = _store().correct(name, requests.json_body(), _object_info())
    return jsonify({"name": name, "bindings": bindings.to_dict()})


@blueprint.delete("/<name>")
def delete(name: str) -> Response:
    """Remove one of the user's own."""
    _store().delete(name)
    return jsonify({"name": name})


def _store() -> WorkflowStore:
    return WorkflowStore(registry.WORKFLOWS, registry.own_workflows(services().settings))


def _object_info() -> dict[str, Any] | None:
    """What the nodes are, from ComfyUI; None where it doesn't answer now."""
    try:
        engine = registry.make("comfyui", services().settings)
    except S2IError:  # an address that can't be
        return None
    assert isinstance(engine, ComfyUIEngine)  # noqa: S101 - by its name
    try:
        return engine.object_info()
    finally:
        engine.close()
