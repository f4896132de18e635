"""The workflows that there are: those that ship with the program, and the user's own.

    data/workflows/NAME.json            the workflow, in API format or as the editor saved it
    data/workflows/NAME.bindings.json   what the user said about its inputs (corrections.py)

Names are plain words: nothing is ever read or written outside the two folders. Files appear and
change at once or not at all.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.engines.comfyui import corrections as user
from s2i.engines.comfyui import files, finding, resolving
from s2i.engines.comfyui.binding import place_json
from s2i.engines.comfyui.catalogue import Catalogue
from s2i.engines.comfyui.store_files import clean_name, unwritable, write
from s2i.engines.comfyui.workflow import BINDINGS, Workflow, names, read
from s2i.errors import S2IError, WorkflowError

MAX_OWN = 1000  # workflows of the user's


@dataclass(frozen=True)
class Entry:
    """One workflow in the list. `format`: 'api' or 'editor'. `size`: bytes."""

    name: str
    shipped: bool
    format: str
    nodes: int
    size: int
    corrected: bool

    def to_dict(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class Bindings:
    """Where a workflow's inputs are. `error` is set where they couldn't be found or told.

    `found`, `candidates`: meaning → places as plain JSON; `sentences`: for people;
    `corrections`: as in the file.
    """

    found: dict[str, list[dict[str, Any]]]
    sentences: list[str]
    candidates: dict[str, list[dict[str, Any]]]
    notes: list[str]
    corrections: dict[str, Any]
    error: S2IError | None = None

    def to_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "error": self.error.to_dict() if self.error else None}


class WorkflowStore:
    """Workflows by name; the user's own win over shipped ones. May be used by several threads."""

    def __init__(self, shipped: Path, own: Path) -> None:
        self.shipped, self.own = shipped, own
        self._lock = threading.Lock()

    @property
    def folders(self) -> list[Path]:
        """Where `workflow.load` and the engine look, in turn."""
        return [self.own, self.shipped]

    def names(self) -> list[str]:
        """All names, sorted."""
        return names(self.folders)

    def list(self) -> list[Entry]:
        """Every workflow that can be read, sorted by name."""
        found = []
        for name in self.names():
            try:
                found.append(self._entry(self.get(name)))
            except WorkflowError:
                continue  # put there by hand, and none
        return found

    def get(self, name: str) -> Workflow:
        """One workflow with its corrections. Raises WorkflowError (`workflow-unknown`)."""
        return read(self._find(clean_name(name)))

    def add(
        self,
        name: str,
        data: bytes,
        object_info: dict[str, Any] | None = None,
        *,
        replace: bool = False,
    ) -> tuple[Entry, Bindings]:
        """Keep a file of any format under a name; what was found in it.

        With `object_info` (what the server said) a workflow is refused from which no picture can
        come, and one whose nodes are missing isn't: the user may install them. Raises
        WorkflowError, OutputError.
        """
        wanted = clean_name(name)
        content = files.parse(data, wanted)
        text = content.to_json()
        path = self._path(wanted)
        if object_info is not None:
            file = Workflow(wanted, content.graph or {}, editor=content.editor)
            try:
                resolving.to_graph(file, Catalogue(object_info))
            except WorkflowError as error:
                if error.code != "comfyui-node-missing":
                    raise
        with self._lock:
            self._make_room(wanted, replace)
            write(path, text)
            if replace:
                self._corrections(wanted).unlink(missing_ok=True)  # they were of the older file
        file = self.get(wanted)
        return self._entry(file), self._bindings(file, object_info)

    def delete(self, name: str) -> None:
        """Remove one of the user's own. Raises WorkflowError (unknown, shipped), OutputError."""
        wanted = clean_name(name)
        with self._lock:
            path = self._path(wanted)
            if not path.is_file():
                if (self.shipped / f"{wanted}.json").is_file():
                    raise WorkflowError(
                        "workflow-shipped",
                        f"The workflow {wanted} belongs to the program and stays.",
                        hint="One of your own with the same name is used instead of it.",
                    )
                raise self._unknown(wanted)
            try:
                path.unlink()
                self._corrections(wanted).unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from error

    def bindings(self, name: str, object_info: dict[str, Any] | None = None) -> Bindings:
        """Where a workflow's inputs are; without `object_info` only a shipped one's can be told.

        Raises WorkflowError (unknown or unreadable file).
        """
        return self._bindings(self.get(name), object_info)

    def correct(self, name: str, given: Any, object_info: dict[str, Any] | None = None) -> Bindings:
        """Keep the user's corrections, {"bindings": {"prompt": [["6", "text"]]}}; or take all back.

        Checked against the workflow as far as it can be. Raises WorkflowError, OutputError.
        """
        wanted = clean_name(name)
        file = self.get(wanted)
        corrections = user.parse(given, "What was given")
        if not self._path(wanted).is_file():
            raise WorkflowError(
                "workflow-shipped",
                f"The workflow {wanted} belongs to the program and stays as it is.",
                hint="Add a copy of it under another name, and correct that one.",
            )
        known = Catalogue(object_info or {})
        if object_info is not None or file.editor is None:
            graph = resolving.to_graph(file, known)[0] if object_info is not None else file.graph
            user.check(corrections, graph, known)
        with self._lock:
            path = self._corrections(wanted)
            if corrections:
                text = json.dumps(corrections.to_dict(), indent=1, ensure_ascii=False) + "\n"
                write(path, text.encode("utf-8", "replace"))
            else:
                path.unlink(missing_ok=True)
        return self.bindings(wanted, object_info)

    def _bindings(self, file: Workflow, object_info: dict[str, Any] | None) -> Bindings:
        kept = file.corrections.to_dict()
        known = resolving.core() if object_info is None else Catalogue(object_info)
        simple = all(node["class_type"] in known for node in file.graph.values())
        if object_info is None and (file.editor is not None or not simple):
            error = WorkflowError(
                "workflow-not-looked-at",
                f"The inputs of the workflow {file.name} aren't known yet.",
                hint="Start ComfyUI: what its nodes are is asked of it.",
            )
            return Bindings({}, [], {}, [], kept, error)
        graph: dict[str, Any] = {}
        try:
            graph, notes = resolving.to_graph(file, known)
            binding = resolving.bound(file, graph, known)
        except WorkflowError as error:
            return Bindings({}, [], _candidates(graph, known), [], kept, error)
        return Bindings(
            found=binding.listed(graph),
            sentences=binding.sentences(graph),
            candidates=_candidates(graph, known),
            notes=[*notes, *binding.notes.values()],
            corrections=kept,
        )

    def _entry(self, file: Workflow) -> Entry:
        assert file.path is not None  # noqa: S101  # it was read from one
        nodes = file.graph if file.editor is None else file.editor["nodes"]
        return Entry(
            name=file.name,
            shipped=file.path.parent == self.shipped,
            format="api" if file.editor is None else "editor",
            nodes=len(nodes),
            size=file.path.stat().st_size,
            corrected=bool(file.corrections),
        )

    def _path(self, name: str) -> Path:
        return self.own / f"{name}.json"

    def _corrections(self, name: str) -> Path:
        return self.own / f"{name}{BINDINGS}.json"

    def _find(self, name: str) -> Path:
        for folder in self.folders:
            path = folder / f"{name}.json"
            if path.is_file():
                return path
        raise self._unknown(name)

    def _unknown(self, name: str) -> WorkflowError:
        return WorkflowError(
            "workflow-unknown",
            f"There is no workflow '{name}'.",
            hint=f"Known workflows: {', '.join(self.names()[:50]) or 'none'}.",
        )

    def _make_room(self, name: str, replace: bool) -> None:
        """Make the folder; raise WorkflowError where the name is taken or there are too many."""
        try:
            self.own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.own, error) from error
        own = names([self.own])
        same = [known for known in own if known.casefold() == name.casefold()]
        if same and not (replace and same == [name]):
            raise WorkflowError(
                "workflow-exists",
                f"There is a workflow '{same[0]}' already.",
                hint="Delete it first, or give this one another name.",
            )
        if not same and len(own) >= MAX_OWN:
            raise WorkflowError(
                "workflow-too-many",
                f"There are {MAX_OWN} workflows already.",
                hint="Delete one that isn't needed.",
            )


def _candidates(graph: dict[str, Any], known: Catalogue) -> dict[str, list[dict[str, Any]]]:
    return {
        meaning: [place_json(graph, place) for place in places]
        for meaning, places in finding.candidates(graph, known).items()
        if places
    }
