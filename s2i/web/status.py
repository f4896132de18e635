"""GET /api/status: what works, and how much at once."""

from __future__ import annotations

import os

from flask import Blueprint, Response, jsonify

from s2i import __version__
from s2i.speech.pcm import MAX_BYTES
from s2i.web.services import services
from s2i.web.transcriptions import MAX_FILE

blueprint = Blueprint("status", __name__)


@blueprint.get("/api/status")
def status() -> Response:
    """What works, and how much at once; `event`: what happened up to this one is contained."""
    parts = services()
    # Before the snapshot: it may have to ask an engine, which takes up to a second.
    engine = parts.watcher.status()
    event, jobs = parts.hub.snapshot(parts.desk.running)
    return jsonify(
        {
            "program": "SpeechToImage",
            "version": __version__,
            "boot": parts.hub.boot,
            "event": event,
            "pid": os.getpid(),
            "language": parts.settings.language,
            "recogniser": parts.recognisers.status(),
            "refiner": parts.refiner.status(),
            "engine": engine,
            "jobs": jobs,
            "utterances": parts.listening.status(),
            "streams": {"open": parts.hub.streams, "limit": parts.hub.max_streams},
            "limits": {"chunk_bytes": MAX_BYTES, "file_bytes": MAX_FILE},
            **{name: report() for name, report in parts.reports.items()},
        }
    )
