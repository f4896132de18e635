"""The ComfyUI engine: what the rest of the program knows of ComfyUI."""

from __future__ import annotations

import logging
import queue as queues
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2i.engines.base import Availability, Painted, PaintRequest, PaintResult, Plan, Remember
from s2i.engines.comfyui import models
from s2i.engines.comfyui.address import parse_address
from s2i.engines.comfyui.api import Api, ImageGone
from s2i.engines.comfyui.binding import bind
from s2i.engines.comfyui.http import HttpClient
from s2i.engines.comfyui.link import Link, Timing
from s2i.engines.comfyui.planning import ComfyPlan, make_plan
from s2i.engines.comfyui.progress import Tracker
from s2i.engines.comfyui.session import Session, fetch, pause
from s2i.errors import Cancelled, EngineUnavailable, S2IError
from s2i.events import StageEmit
from s2i.job import MAX_SEED

_log = logging.getLogger(__name__)

_PROBE_SECONDS = 0.9


class ComfyUIEngine:
    """Paints with the ComfyUI server at `url`. May be used by several threads at once.

    `token`: a bearer token, for a proxy that wants one; user and password go into the URL.
    `workflows` ships with the program; `user_workflows` wins over it. `checkpoint` replaces the one
    that a workflow names. Raises InputError for an address or token that can't be.
    """

    name = "comfyui"
    placeholder = False

    def __init__(
        self,
        url: str,
        token: str | None,
        workflows: Path,
        user_workflows: Path | None = None,
        *,
        checkpoint: str | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.address = parse_address(url, token)
        self._client = HttpClient(self.address)
        self._api = Api(self._client)
        self._folders = [folder for folder in (user_workflows, workflows) if folder is not None]
        self._checkpoint = checkpoint
        self._timing = timing or Timing()

    def __repr__(self) -> str:
        return f"ComfyUIEngine({self.address})"

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def available(self) -> Availability:
        """Ask /system_stats; within 1 s, whatever name service or network do. Never raises."""
        answers: queues.SimpleQueue[Availability] = queues.SimpleQueue()
        threading.Thread(
            target=lambda: answers.put(self._probe()), name="comfyui-probe", daemon=True
        ).start()
        try:
            return answers.get(timeout=_PROBE_SECONDS)
        except queues.Empty:
            return Availability(False, f"ComfyUI at {self.address} doesn't answer within a second.")

    def _probe(self) -> Availability:
        try:
            system = self._api.system_stats(timeout=_PROBE_SECONDS)["system"]
        except S2IError as error:
            return Availability(False, error.message, {"code": error.code, "hint": error.hint})
        version = system.get("comfyui_version")
        version = version if isinstance(version, str) else None
        previews = _previews(system.get("argv"))
        called = f"ComfyUI {models.plain_name(version)}" if version else "ComfyUI"
        reason = f"{called} answers at {self.address}"
        if previews is False:
            reason += " (without previews: start it with --preview-method auto to see them)"
        return Availability(True, f"{reason}.", {"version": version, "previews": previews})

    def object_info(self) -> dict[str, Any] | None:
        """What the server's nodes are, by their names; None where it doesn't answer."""
        try:
            self._api.system_stats(timeout=_PROBE_SECONDS)  # a quick no before the long question
            return self._api.object_info()
        except S2IError:
            return None

    def plan(self, request: PaintRequest) -> ComfyPlan:
        """Load the workflow, of whatever format, and check it against what the server has.

        width and height are 0 where the workflow decides them by itself (from an input image).
        Raises WorkflowError, ModelMissing, EngineUnavailable.
        """
        return make_plan(self._api, request, self._folders, self._checkpoint)

    def paint(
        self,
        request: PaintRequest,
        plan: Plan,
        emit: StageEmit,
        cancel: threading.Event,
        remember: Remember,
    ) -> PaintResult:
        """Queue the workflow and bring its pictures; see engines/base.py.

        Raises GenerateError, EngineUnavailable, Cancelled; ModelMissing or WorkflowError where only
        the server's own check finds what is wrong.
        """
        if not isinstance(plan, ComfyPlan):
            raise TypeError("a plan of another engine")
        stop = _stopper(cancel)
        link = Link(self._client, str(uuid.uuid4()), self._timing)
        session = Session(
            self._api,
            link,
            emit=emit,
            stop=stop,
            remember=remember,
            timing=self._timing,
            workflow=plan.file.name,
        )
        images: list[Painted] = []
        try:
            stop()
            link.open()  # before the POST, so that nothing is missed; without it we poll
            tracker = Tracker(plan.file.graph, plan.runs)
            for run in range(plan.runs):
                seed = (request.seed + run) % (MAX_SEED + 1)
                graph = bind(plan.file.graph, plan.binding, plan.values(request, seed))
                if run:
                    tracker.next_run()
                images += session.paint(graph, seed, tracker, plan.batch or 1)
        finally:
            link.close()
        if not link.ever:
            session.warnings.append(f"There was no live progress: {link.why}")
        return PaintResult(
            images=tuple(images),
            queue_seconds=session.queue_seconds,
            details={"prompt_ids": [prompt["prompt_id"] for prompt in session.prompts]},
            warnings=tuple(session.warnings),
        )

    def recover(self, remembered: dict[str, Any], cancel: threading.Event) -> PaintResult | None:
        """The pictures of a job that an earlier process left at this server.

        None where server and files have nothing of it any more. Raises EngineUnavailable where it
        still waits or runs, or where it was at another server; Cancelled.
        """
        stop = _stopper(cancel)
        server = remembered.get("server")
        if server != str(self.address):
            raise EngineUnavailable(
                "comfyui-other-server",
                f"That job was at {server}, not at {self.address}.",
                hint=f"Give --comfyui {server} to fetch it.",
            )
        images: list[Painted] = []
        for prompt in _prompts(remembered):
            prompt_id, seed = prompt
            if self._api.queue(stop=stop).position(prompt_id) is not None:
                raise EngineUnavailable(
                    "comfyui-still-running",
                    f"ComfyUI at {self.address} is still busy with that job.",
                    hint="It is fetched at a later start.",
                    retryable=True,
                )
            history = self._api.history(prompt_id, stop=stop)
            if history is None or not history.success:
                continue
            refs = [ref for node in history.outputs.values() for ref in node]
            for ref in sorted(refs, key=lambda ref: ref.type != "output"):
                try:
                    png = fetch(self._api, ref, stop, lambda s: pause(s, stop, 0.2), patience=3.0)
                except ImageGone:
                    _log.info("the file %s of an earlier job is gone", ref.filename)
                else:
                    images.append(Painted(png, seed))
        return PaintResult(tuple(images)) if images else None


def _stopper(cancel: threading.Event) -> Callable[[], None]:
    def stop() -> None:
        if cancel.is_set():
            raise Cancelled

    return stop


def _previews(argv: Any) -> bool | None:
    """Whether the server sends previews, by its own command line; None where it doesn't say."""
    if not isinstance(argv, list):
        return None
    for at, word in enumerate(argv):
        if isinstance(word, str) and word.startswith("--preview-method"):
            method = word.partition("=")[2] or (argv[at + 1] if at + 1 < len(argv) else "none")
            return method != "none"
    return False


def _prompts(remembered: dict[str, Any]) -> list[tuple[str, int]]:
    """(prompt id, seed) of every run that was remembered; wrong entries are left out."""
    entries = remembered.get("prompts")
    return [
        (entry["prompt_id"], entry["seed"])
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
        and isinstance(entry.get("prompt_id"), str)
        and isinstance(entry.get("seed"), int)
    ]
