"""A job as the journal holds it: a row of its table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from s2i.job import JobState, Request


@dataclass(frozen=True)
class JobRecord:
    """A job as the journal holds it. `context` is what the pipeline settled so far, `remembered`
    what the engine put down to find its work again, `pictures` s2i.pictures.Picture.to_dict();
    `created` and `deleted` are in seconds since the epoch."""

    id: str
    created: float
    owner: str
    state: JobState
    stage: str | None
    request: Request
    context: dict[str, Any]
    remembered: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    pictures: tuple[dict[str, Any], ...] = ()
    deleted: float | None = None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> JobRecord:
        """A row of SELECT."""
        job, created, owner, state, stage = row[:5]
        request, context, remembered, result, error, pictures = map(_load, row[5:11])
        return cls(
            id=job,
            created=created,
            owner=owner,
            state=JobState(state),
            stage=stage,
            request=Request.from_dict(request),
            context=context,
            remembered=remembered,
            result=result,
            error=error,
            pictures=tuple(pictures or ()),
            deleted=row[11],
        )


SELECT = (
    "SELECT id, created, owner, state, stage, request, context, remembered, result, error,"
    " pictures, deleted FROM jobs"
)


def dump(data: Any) -> str:
    """What a column holds."""
    return json.dumps(data, ensure_ascii=False)


def _load(text: str | None) -> Any:
    return json.loads(text) if text else None
