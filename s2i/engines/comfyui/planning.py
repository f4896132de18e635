"""What will be painted, settled and checked before a job starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from s2i.engines.base import PaintRequest, Plan
from s2i.engines.comfyui import binding as bindings
from s2i.engines.comfyui import models
from s2i.engines.comfyui.api import Api, patiently
from s2i.engines.comfyui.binding import Binding, Place
from s2i.engines.comfyui.finding import find
from s2i.engines.comfyui.graph import Graph
from s2i.engines.comfyui.http import ServerUnreachable
from s2i.engines.comfyui.workflow import Workflow, load
from s2i.errors import WorkflowError

_T = TypeVar("_T")

_MAX_CHECKED = 8  # node classes whose model files are looked up before a job


@dataclass(frozen=True)
class ComfyPlan(Plan):
    """A plan with the very workflow that was checked, should its file change meanwhile."""

    file: Workflow = field(default_factory=lambda: Workflow("", {}), repr=False)
    binding: Binding = field(default_factory=Binding, repr=False)
    replace: dict[Place, Any] = field(default_factory=dict, repr=False)
    runs: int = 1  # prompts to queue
    batch: int | None = None  # pictures per prompt; None: as the workflow has it


def make_plan(
    api: Api, request: PaintRequest, folders: list[Path], checkpoint: str | None
) -> ComfyPlan:
    """Load and check the workflow, and ask the server for its model files.

    Raises WorkflowError, ModelMissing, EngineUnavailable.
    """
    file = load(request.workflow, folders)
    try:
        binding = find(file.graph)
    except WorkflowError as error:
        named = error.message.replace("The workflow", f"The workflow {file.name}", 1)
        raise WorkflowError(error.code, named, hint=error.hint) from error
    own = bindings.current(file.graph, binding)
    warnings = [*binding.notes, *_unbound(request, binding)]
    if api.client.address.exposes_secret:
        warnings.append(f"The password or token goes to {api.client.address} unencrypted.")
    replace: dict[Place, Any] = {}
    if checkpoint is not None:
        if binding.checkpoint:
            replace = dict.fromkeys(binding.checkpoint, checkpoint)
        else:
            warnings.append("The workflow loads no checkpoint that could be replaced.")
    files = _check_models(api, file.graph, replace, warnings)
    runs, batch = 1, None
    if request.count > 1:
        if binding.has("batch"):
            batch = request.count
        elif binding.has("seed"):
            runs = request.count
        else:
            warnings.append("The workflow has no seed and no batch, so it makes one picture only.")
    elif "batch" in binding.marks:
        batch = 1
    settable = binding.has("size")
    width = request.width if settable and request.width else own.width
    height = request.height if settable and request.height else own.height
    steps = request.steps if request.steps and binding.has("steps") else own.steps
    negative = request.negative if binding.has("negative") else None
    return ComfyPlan(
        width=width if isinstance(width, int) else 0,
        height=height if isinstance(height, int) else 0,
        steps=steps if isinstance(steps, int) else None,
        negative=own.negative or "" if negative is None else negative,
        workflow=file.name,
        details={
            "workflow_sha256": file.sha256,
            "bindings": binding.described(file.graph),
            "models": files,
        },
        warnings=tuple(warnings),
        file=file,
        binding=binding,
        replace=replace,
        runs=runs,
        batch=batch,
    )


def _check_models(
    api: Api, graph: Graph, replace: dict[Place, Any], warnings: list[str]
) -> list[str]:
    """Look every model file up; one that lies in another folder there is put into `replace`."""
    infos: dict[str, dict[str, Any] | None] = {}
    files: list[str] = []
    for use in models.uses(graph):
        place = (use.node_id, use.input_name)
        wanted = str(replace.get(place, use.file))
        if use.class_type not in infos:
            if len(infos) == _MAX_CHECKED:
                continue  # the server's own check explains the rest
            infos[use.class_type] = _node_info(api, use.class_type)
        offered = models.choices(infos[use.class_type] or {}, use.input_name)
        if offered is not None and wanted not in offered:
            there = models.same_file(wanted, offered)
            if there is None:
                raise models.missing(wanted, use.input_name, offered)
            replace[place] = there
            warnings.append(f"Uses {models.plain_name(there)} as {models.plain_name(wanted)}.")
            wanted = there
        files.append(wanted)
    if not infos:
        _asked(api.system_stats)
    return files


def _node_info(api: Api, class_type: str) -> dict[str, Any] | None:
    info = _asked(lambda: api.node_info(class_type))
    if info is None:
        api.system_stats()  # raises where this is no ComfyUI at all
        raise WorkflowError(
            "comfyui-node-missing",
            f"This ComfyUI hasn't got the node {models.plain_name(class_type)}.",
            hint="Install the custom node that brings it, or choose another workflow.",
        )
    return info


def _asked(ask: Callable[[], _T]) -> _T:
    """Ask, and once more after a moment where the server was only busy."""
    try:
        return ask()
    except ServerUnreachable as error:
        if error.code != "comfyui-busy":
            raise
        return patiently(ask, time.sleep)


def _unbound(request: PaintRequest, binding: Binding) -> list[str]:
    """What was asked for and can't be set: said, never silently left out."""
    asked = {
        "size": request.width is not None,
        "steps": request.steps is not None,
        "negative": bool(request.negative),
        "seed": True,
    }
    words = {
        "size": "The workflow has no size that can be set, so --size does nothing.",
        "steps": "The workflow has no steps that can be set, so --steps does nothing.",
        "negative": "The workflow has no negative text, so --negative does nothing.",
        "seed": "The workflow has no seed that can be set, so the picture can't be repeated by it.",
    }
    return [words[name] for name, wanted in asked.items() if wanted and not binding.has(name)]
