"""What will be painted, settled and checked before a job starts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from s2i.engines.base import PaintRequest, Plan
from s2i.engines.comfyui import binding as bindings
from s2i.engines.comfyui import checking, models, uploading
from s2i.engines.comfyui.api import Api, patiently
from s2i.engines.comfyui.binding import Binding, Place, Values
from s2i.engines.comfyui.catalogues import catalogue
from s2i.engines.comfyui.graph import Graph
from s2i.engines.comfyui.http import ServerUnreachable
from s2i.engines.comfyui.resolving import Resolved, bound, core, resolve
from s2i.engines.comfyui.workflow import Workflow, load
from s2i.errors import ModelMissing, WorkflowError

_T = TypeVar("_T")

_MAX_KEPT = 32
_MAX_CHECKED = 8  # node classes of a shipped workflow whose model files are looked up


@dataclass(frozen=True)
class ComfyPlan(Plan):
    """A plan with the very workflow that was checked, should its file change meanwhile."""

    file: Workflow = field(default_factory=lambda: Workflow("", {}), repr=False)
    binding: Binding = field(default_factory=Binding, repr=False)
    replace: dict[Place, Any] = field(default_factory=dict, repr=False)
    image: str | None = None  # the server's name of the user's picture
    runs: int = 1  # prompts to queue
    batch: int | None = None  # pictures per prompt; None: as the workflow has it

    def values(self, request: PaintRequest, seed: int) -> Values:
        """What goes into the workflow for one run."""
        return Values(
            prompt=request.prompt,
            negative=request.negative if request.negative is not None else self.negative,
            seed=seed,
            width=request.width,
            height=request.height,
            steps=request.steps,
            batch=self.batch,
            image=self.image,
            replace=self.replace,
        )


def make_plan(
    api: Api, request: PaintRequest, folders: list[Path], checkpoint: str | None
) -> ComfyPlan:
    """Load and check the workflow against what the server has. The last folder is the shipped one.

    A picture of the user's is sent to the server. Raises WorkflowError, ModelMissing, InputError,
    EngineUnavailable.
    """
    file = load(request.workflow, folders)
    picture = uploading.read(Path(request.image)) if request.image else None
    if _shipped(file, folders):
        resolved = Resolved(file.graph, _found(file))
        plan = _settle(api, request, file, resolved, checkpoint)
        files, replace, warnings = _look_up(api, file.graph, plan.replace)
    else:
        plan, report = _checked(api, request, file, checkpoint, picture is not None)
        files, replace, warnings = report.models, report.replace, report.warnings
    said = [*plan.warnings, *warnings]
    image = None
    if picture is not None:
        if plan.binding.has("image"):
            image = uploading.upload(api, picture)
        else:
            note = plan.binding.notes.get("image", "The workflow takes no picture")
            said.append(f"{note.rstrip('.')}, so --image does nothing.")
    return dataclasses.replace(
        plan,
        image=image,
        replace={**plan.replace, **replace},
        details={**plan.details, "models": files},
        warnings=tuple(dict.fromkeys(said)),
    )


_kept: dict[str, Binding] = {}  # by the hash of a shipped file: its places can't change


def _found(file: Workflow) -> Binding:
    """Where a shipped workflow's inputs are; looked for once."""
    if file.corrections:
        return bound(file, file.graph, core())
    if file.sha256 not in _kept:
        if len(_kept) >= _MAX_KEPT:
            _kept.clear()
        _kept[file.sha256] = bound(file, file.graph, core())
    return _kept[file.sha256]


def _shipped(file: Workflow, folders: list[Path]) -> bool:
    """Whether a workflow is one of ours, whose nodes every ComfyUI has."""
    return (
        file.path is not None
        and file.path.parent == folders[-1]
        and file.editor is None
        and all(node["class_type"] in core() for node in file.graph.values())
    )


def _checked(
    api: Api, request: PaintRequest, file: Workflow, checkpoint: str | None, picture: bool
) -> tuple[ComfyPlan, checking.Report]:
    """Plan and check by /object_info; asked again before it is said that something is missing."""
    fresh = False
    while True:
        known, asked_now = _asked(lambda fresh=fresh: catalogue(api, fresh=fresh))  # type: ignore[misc]  # bound at once
        try:
            plan = _settle(api, request, file, resolve(file, known), checkpoint)
            if "image" in plan.binding.marks and not picture:
                raise WorkflowError(
                    "workflow-needs-image",
                    f"The workflow {file.name} needs an input picture.",
                    hint="Give one with --image FILE.",
                )
            values = plan.values(request, request.seed)
            graph = bindings.bind(plan.file.graph, plan.binding, values)
            return plan, checking.values(graph, known, _uploaded(plan) if picture else frozenset())
        except (WorkflowError, ModelMissing):
            if asked_now:
                raise
            fresh = True


def _uploaded(plan: ComfyPlan) -> frozenset[Place]:
    """Where the name of the user's picture will stand, which the server doesn't know yet."""
    marked = {
        (node_id, name)
        for node_id, node in plan.file.graph.items()
        for name, value in node["inputs"].items()
        if isinstance(value, str) and "%image%" in value
    }
    return frozenset({*plan.binding.of("image"), *marked})


def _settle(
    api: Api, request: PaintRequest, file: Workflow, resolved: Resolved, checkpoint: str | None
) -> ComfyPlan:
    """Fill in what the request leaves open, and say what it asks for in vain."""
    binding, graph = resolved.binding, resolved.graph
    own = bindings.current(graph, binding)
    warnings = [*resolved.warnings, *_unbound(request, binding)]
    if api.client.address.exposes_secret:
        warnings.append(f"The password or token goes to {api.client.address} unencrypted.")
    replace: dict[Place, Any] = {}
    if checkpoint is not None:
        if binding.of("checkpoint"):
            replace = dict.fromkeys(binding.of("checkpoint"), checkpoint)
        else:
            warnings.append("The workflow loads no checkpoint that could be replaced.")
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
        details={"workflow_sha256": file.sha256, "bindings": binding.described(graph)},
        warnings=tuple(warnings),
        file=dataclasses.replace(file, graph=graph, editor=None),
        binding=binding,
        replace=replace,
        runs=runs,
        batch=batch,
    )


def _look_up(
    api: Api, graph: Graph, replaced: dict[Place, Any]
) -> tuple[list[str], dict[Place, Any], list[str]]:
    """(model files, those that lie in another folder there, warnings) of a shipped workflow."""
    infos: dict[str, dict[str, Any] | None] = {}
    files: list[str] = []
    replace: dict[Place, Any] = {}
    warnings: list[str] = []
    for use in models.uses(graph):
        place = (use.node_id, use.input_name)
        wanted = str(replaced.get(place, use.file))
        if use.class_type not in infos:
            if len(infos) == _MAX_CHECKED:
                continue  # the server's own check explains the rest
            infos[use.class_type] = _node_info(api, use.class_type)
        offered = models.choices(infos[use.class_type] or {}, use.input_name)
        if offered is not None and wanted not in offered:
            there = models.same_file(wanted, offered)
            if there is None:
                raise models.missing(wanted, use.input_name, offered, use.class_type)
            replace[place] = there
            warnings.append(f"Uses {models.plain_name(there)} as {models.plain_name(wanted)}.")
            wanted = there
        files.append(wanted)
    if not infos:
        _asked(api.system_stats)
    return files, replace, warnings


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
    said = [binding.notes["prompt"]] if "prompt" in binding.notes else []
    for name, wanted in asked.items():
        if wanted and not binding.has(name):
            said += [binding.notes[name]] if name in binding.notes else []
            said.append(words[name])
    return said
