"""One job at the server: queue, watch, fetch; queue again where that can save the picture."""

from __future__ import annotations

import copy
import logging
import secrets
import time
import uuid
from collections.abc import Callable
from typing import Any

from s2i.engines.base import Painted, Remember
from s2i.engines.comfyui.api import Api, ImageGone
from s2i.engines.comfyui.cancel import take_back
from s2i.engines.comfyui.explain import node_errors
from s2i.engines.comfyui.graph import Graph, outputs
from s2i.engines.comfyui.http import ServerUnreachable
from s2i.engines.comfyui.link import Link, Timing
from s2i.engines.comfyui.messages import ImageRef
from s2i.engines.comfyui.pictures import to_png
from s2i.engines.comfyui.progress import Tracker
from s2i.engines.comfyui.watch import Item, PicturesMissed, PromptLost, Watcher
from s2i.errors import Cancelled, GenerateError
from s2i.events import StageEmit

_log = logging.getLogger(__name__)

MAX_AGAIN = 2  # how often one prompt is queued again, for whatever reason


class Session:
    """The prompts of one job, one after the other, over one websocket."""

    def __init__(
        self,
        api: Api,
        link: Link,
        *,
        emit: StageEmit,
        stop: Callable[[], None],
        remember: Remember,
        timing: Timing,
        workflow: str,
    ) -> None:
        self._api, self._link, self._emit, self._stop = api, link, emit, stop
        self._remember, self._timing, self._workflow = remember, timing, workflow
        self.prompts: list[dict[str, Any]] = []  # {"prompt_id", "seed"} of every run so far
        self.warnings: list[str] = []
        self.queue_seconds = 0.0

    def paint(self, graph: Graph, seed: int, tracker: Tracker, batch: int) -> list[Painted]:
        """Queue a graph, bring its pictures. Raises GenerateError, EngineUnavailable, Cancelled."""
        self.prompts.append({"prompt_id": "", "seed": seed})
        for attempt in range(MAX_AGAIN + 1):
            last = attempt == MAX_AGAIN
            try:
                items = self._run(graph, tracker, batch)
                return [Painted(self._fetch(item), seed) for item in items]
            except PromptLost as lost:
                if last or not lost.restarted:
                    raise _lost(lost) from lost
                tracker.again()
                self._warn("ComfyUI was restarted and had lost the job, so it was queued again.")
            except (ImageGone, PicturesMissed) as missed:
                if last:
                    raise GenerateError(
                        "comfyui-picture-gone",
                        "ComfyUI made the picture, but its file is not there any more.",
                        hint="Run it again.",
                        retryable=True,
                    ) from missed
                self._warn("ComfyUI's picture was not there any more, so it was made again.")
                graph = changed(graph)
                tracker.again()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _run(self, graph: Graph, tracker: Tracker, batch: int) -> list[Item]:
        """One prompt under a new id of ours, written down before the server hears of it."""
        prompt_id = str(uuid.uuid4())  # lowercase and canonical: newer servers insist
        self.prompts[-1]["prompt_id"] = prompt_id
        self._stop()
        self._remember(
            {
                "engine": "comfyui",
                "server": str(self._api.client.address),
                "client_id": self._link.client_id,
                "prompt_id": prompt_id,
                "prompts": copy.deepcopy(self.prompts),
                "workflow": self._workflow,
            }
        )
        self._stop()
        watcher = Watcher(
            self._api,
            self._link,
            prompt_id,
            graph,
            tracker=tracker,
            emit=self._emit,
            stop=self._stop,
            timing=self._timing,
            batch=batch,
        )
        queued = False
        try:
            self._submit(graph, prompt_id)
            queued = True
            return watcher.run()
        except (Cancelled, KeyboardInterrupt):
            if not take_back(self._api, prompt_id, self._timing.take_back, queued=queued):
                _log.info("ComfyUI may still be working on the cancelled prompt %s", prompt_id)
            raise
        finally:
            self.queue_seconds += watcher.queue_seconds

    def _submit(self, graph: Graph, prompt_id: str) -> None:
        """POST, and where the answer got lost find out whether the server has it."""
        for wait in (0.3, 0.7, 1.5, None):
            try:
                errors = self._api.post_prompt(
                    graph, self._link.client_id, prompt_id, stop=self._stop
                )
                break
            except ServerUnreachable:
                if wait is None:
                    raise
                self.pause(wait)
                if self._arrived(prompt_id):
                    return
        problem = node_errors(errors, graph)
        if problem is not None:
            self._warn(f"Part of the workflow doesn't run: {problem.message}")

    def _arrived(self, prompt_id: str) -> bool:
        """Whether the server has the prompt, though its answer to our POST never came."""
        try:
            if self._api.queue(stop=self._stop).position(prompt_id) is not None:
                return True
            return self._api.history(prompt_id, stop=self._stop) is not None
        except ServerUnreachable:
            return False

    def _fetch(self, item: Item) -> bytes:
        """A picture as a whole PNG. Raises ImageGone, GenerateError, EngineUnavailable."""
        if isinstance(item, bytes):
            png = to_png(item)
            if png is None:
                raise PicturesMissed
            return png
        return fetch(self._api, item, self._stop, self.pause, self._timing.patience)

    def pause(self, seconds: float) -> None:
        """Sleep, unless the user cancels."""
        pause(seconds, self._stop, self._timing.tick)

    def _warn(self, text: str) -> None:
        _log.info("%s", text)
        if text not in self.warnings:
            self.warnings.append(text)


def fetch(
    api: Api,
    ref: ImageRef,
    stop: Callable[[], None],
    sleep: Callable[[float], None],
    patience: float,
) -> bytes:
    """One picture from /view, whole, as PNG; asks again where it is cut off or the server away.

    Raises ImageGone, GenerateError, EngineUnavailable (after `patience` s without the server).
    """
    deadline = time.monotonic() + patience
    wait = 0.2
    halves = 0
    while True:
        try:
            png = to_png(api.view(ref, stop=stop))
            if png is not None:
                return png
            halves += 1
            _log.info("half a picture came for %s", ref.filename)
            if halves == 5:
                raise GenerateError(
                    "comfyui-half-picture",
                    "ComfyUI sends only a part of the picture, again and again.",
                    hint="Is the disk of its machine full?",
                    retryable=True,
                )
        except ServerUnreachable:
            if time.monotonic() > deadline:
                raise
        sleep(wait)
        wait = min(wait * 2, 2.0)


def pause(seconds: float, stop: Callable[[], None], tick: float) -> None:
    """Sleep in short turns; `stop` raises where the user cancels."""
    deadline = time.monotonic() + seconds
    while True:
        stop()
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, tick))


def changed(graph: Graph) -> Graph:
    """The same picture for the server to save anew: its cache knows a node by its inputs.

    A file name's prefix grows where there is one; else an input that the node doesn't know, which
    0.3.64 ignores but takes for a change.
    """
    again = copy.deepcopy(graph)
    for node_id in outputs(again):
        inputs = again[node_id]["inputs"]
        if isinstance(inputs.get("filename_prefix"), str):
            inputs["filename_prefix"] += f"_{secrets.token_hex(2)}"
        else:
            inputs["s2i_again"] = secrets.token_hex(4)
    return again


def _lost(lost: PromptLost) -> GenerateError:
    if lost.restarted:
        return GenerateError(
            "comfyui-lost-job",
            "ComfyUI was restarted again and again and lost the job each time.",
            hint="Its own console says why it stops; then run this again.",
            retryable=True,
        )
    return GenerateError(
        "comfyui-removed-job",
        "ComfyUI doesn't know this picture any more: somebody removed it from the queue.",
        hint="Run it again.",
        retryable=True,
    )
