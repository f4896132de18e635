"""Events: what a job tells whoever listens (journal, terminal, page, log).

Stages call one `Emit` and never know who listens. Event types and what `data` holds:

    job-start          {"request": {...}}
    stt-start          {"recogniser", "language"}
    stt-partial        {"text"}
    stt-end            {"text", "words"}
    refine-start       {"model", "seed"}
    refine-delta       {"text"}            a piece to append to what came before
    refine-end         {"prompt", "source", "seconds", "warnings"}
    generate-start     {"engine", "placeholder", "seed", "width", "height", "steps"}
    generate-queued    {"position"}        jobs that run before ours; 0 = ours is next or running
    generate-progress  {"value", "max", "fraction", "node", "eta"}   eta in seconds or null
    generate-preview   {"mime", "image"}   image: bytes; base64 in JSON
    generate-end       {"images": [{"path", "seed", "width", "height"}], "seconds"}
    error              {"stage", "code", "message", "hint", "retryable"}
    job-end            {"state"}           done | failed | cancelled; exactly once, always last
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class EventType(str, Enum):
    """The event types of DESIGN.md; the value is what goes over the wire."""

    JOB_START = "job-start"
    STT_START = "stt-start"
    STT_PARTIAL = "stt-partial"
    STT_END = "stt-end"
    REFINE_START = "refine-start"
    REFINE_DELTA = "refine-delta"
    REFINE_END = "refine-end"
    GENERATE_START = "generate-start"
    GENERATE_QUEUED = "generate-queued"
    GENERATE_PROGRESS = "generate-progress"
    GENERATE_PREVIEW = "generate-preview"
    GENERATE_END = "generate-end"
    ERROR = "error"
    JOB_END = "job-end"


@dataclass(frozen=True)
class Event:
    """One thing that happened. `time` is in seconds since the epoch."""

    type: EventType
    data: Mapping[str, Any] = field(default_factory=dict)
    job: str | None = None
    time: float = field(default_factory=time.time)

    def to_dict(self) -> dict[str, Any]:
        """The event as plain JSON types; bytes become base64 text."""
        data = {
            key: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
            for key, value in self.data.items()
        }
        return {"type": self.type.value, "job": self.job, "time": self.time, "data": data}

    def to_json(self) -> str:
        """The event as one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


Emit = Callable[[Event], None]
"""A listener, or the fan-out to many. Must be quick and must not raise."""

StageEmit = Callable[..., None]
"""What a stage is given: `emit(EventType.REFINE_DELTA, text="…")`; the job id is already bound."""
