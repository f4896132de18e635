"""What a running job has come to so far: what its events, taken together, say."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s2i.events import Event, EventType

PREVIEW_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
MAX_PREVIEW = 4 << 20  # bytes; a larger one isn't kept for those who come later


@dataclass
class _Job:
    stage: str | None = None
    prompt: str = ""
    queued: int | None = None
    progress: dict[str, Any] | None = None
    preview: tuple[str, bytes] | None = None


class Live:
    """Follows the events (it is an `Emit`, and quick) of the jobs that run now.

    So a page that comes in the middle sees at once what another has seen come. May be used from
    any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}

    def __call__(self, event: Event) -> None:
        """Take one event; those of jobs that don't run are nothing to us."""
        if event.job is None:
            return
        with self._lock:
            if event.type is EventType.JOB_START:
                self._jobs[event.job] = _Job()
            elif event.type is EventType.JOB_END:
                self._jobs.pop(event.job, None)
            elif (job := self._jobs.get(event.job)) is not None:
                follow = _FOLLOW.get(event.type)
                if follow is not None:
                    follow(job, event.data)

    def of(self, job: str) -> dict[str, Any] | None:
        """stage, prompt, queued, progress and preview of a running job as JSON; None: unknown."""
        with self._lock:
            found = self._jobs.get(job)
            if found is None:
                return None
            shown = {
                "stage": found.stage,
                "prompt": found.prompt,
                "queued": found.queued,
                "progress": found.progress,
            }
            preview = found.preview
        return {**shown, "preview": _data_url(*preview) if preview else None}


def _data_url(mime: str, image: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(image).decode('ascii')}"


def _stt_start(job: _Job, data: Mapping[str, Any]) -> None:
    job.stage = "stt"


def _refine_start(job: _Job, data: Mapping[str, Any]) -> None:
    job.stage, job.prompt = "refine", ""


def _refine_delta(job: _Job, data: Mapping[str, Any]) -> None:
    job.prompt += str(data.get("text", ""))


def _refine_end(job: _Job, data: Mapping[str, Any]) -> None:
    job.prompt = str(data.get("prompt", job.prompt))


def _generate_start(job: _Job, data: Mapping[str, Any]) -> None:
    job.stage = "generate"


def _queued(job: _Job, data: Mapping[str, Any]) -> None:
    job.queued = data.get("position")


def _progress(job: _Job, data: Mapping[str, Any]) -> None:
    job.queued, job.progress = None, dict(data)


def _preview(job: _Job, data: Mapping[str, Any]) -> None:
    mime, image = data.get("mime"), data.get("image")
    if not isinstance(mime, str) or not isinstance(image, bytes):
        return
    if mime in PREVIEW_TYPES and len(image) <= MAX_PREVIEW:
        job.preview = mime, image


_FOLLOW: dict[EventType, Callable[[_Job, Mapping[str, Any]], None]] = {
    EventType.STT_START: _stt_start,
    EventType.REFINE_START: _refine_start,
    EventType.REFINE_DELTA: _refine_delta,
    EventType.REFINE_END: _refine_end,
    EventType.GENERATE_START: _generate_start,
    EventType.GENERATE_QUEUED: _queued,
    EventType.GENERATE_PROGRESS: _progress,
    EventType.GENERATE_PREVIEW: _preview,
}
