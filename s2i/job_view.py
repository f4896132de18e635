"""A job as the page sees it: the command line's object, and how far it has come. Pure."""

from __future__ import annotations

from typing import Any

from s2i.job import JobState, Request
from s2i.journal_record import JobRecord

ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
_TIMINGS = ("stt", "refine", "queue", "generate", "total")
_NOTHING_YET: dict[str, Any] = {"prompt": "", "queued": None, "progress": None, "preview": None}


def view(record: JobRecord, live: dict[str, Any] | None = None, ahead: int = 0) -> dict[str, Any]:
    """The job as JSON types.

    `live` is what s2i.web.live knows of it, `ahead` how many jobs of ours come before it; both are
    for one that is queued or running. Seeds are there as text as well: JavaScript's numbers end
    at 2^53.
    """
    shown = {
        **_outcome(record),
        "state": record.state.value,
        "stage": record.stage,
        "error": record.error,
        "created": record.created,
        "pictures": _pictures(record),
        "request": _request(record.request),
        "words": record.context.get("words", []),
        "deleted": record.deleted is not None,
    }
    shown["seed_text"] = _text(shown["seed"])
    if record.state in ACTIVE:
        now = {**_NOTHING_YET, **(live or {})}
        shown["stage"] = now.pop("stage", None) or record.stage
        shown["live"] = {**now, "ahead": ahead}
    return shown


def _outcome(record: JobRecord) -> dict[str, Any]:
    """The command line's object: of a finished job word for word, else as far as it is known."""
    if record.result is not None:
        return {"id": record.id, **record.result}
    known, request = record.context, record.request
    timings = dict.fromkeys(_TIMINGS, 0.0)
    return {
        "id": record.id,
        "idea": request.idea,
        "transcript": request.transcript,
        "prompt": known.get("prompt", request.idea),
        "negative": known.get("negative", request.negative or ""),
        "seed": known.get("seed", request.seed),
        "size": _size(known, request),
        "steps": known.get("steps", request.steps),
        "engine": known.get("engine", request.engine),
        "workflow": known.get("workflow"),
        "refiner": (known.get("refiner") or {}).get("model"),
        "recogniser": (known.get("recogniser") or {}).get("name"),
        "images": [],
        "placeholder": known.get("placeholder", False),
        "timings": {**timings, **known.get("timings", {})},
        "warnings": known.get("warnings", []),
    }


def _size(known: dict[str, Any], request: Request) -> str | None:
    """None where only the finished picture tells."""
    width = known.get("width") or request.width
    height = known.get("height") or request.height
    return f"{width}x{height}" if width and height else None


def _pictures(record: JobRecord) -> list[dict[str, Any]]:
    return [
        {
            "n": n,
            "url": f"/api/jobs/{record.id}/images/{n}",
            "thumb": f"/api/jobs/{record.id}/images/{n}?thumb=1",
            "width": picture.get("width"),
            "height": picture.get("height"),
            "seed_text": _text(picture.get("seed")),
        }
        for n, picture in enumerate(pictures_of(record))
    ]


def pictures_of(record: JobRecord) -> list[dict[str, Any]]:
    """path, seed, width and height of each, the last three as far as they are known."""
    if record.pictures:
        return list(record.pictures)
    result = record.result or {}
    first = {"seed": result.get("seed"), **_sides(result.get("size"))}
    return [
        {"path": path, **(first if n == 0 else {})}
        for n, path in enumerate(result.get("images", []))
    ]


def _sides(size: Any) -> dict[str, int]:
    width, _, height = str(size).partition("x")
    return (
        {"width": int(width), "height": int(height)}
        if width.isdecimal() and height.isdecimal()
        else {}
    )


def _request(request: Request) -> dict[str, Any]:
    given = request.to_dict()
    return {**given, "seed": _text(given["seed"]), "refine_seed": _text(given["refine_seed"])}


def _text(number: Any) -> str | None:
    return None if number is None else str(number)
