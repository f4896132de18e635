"""GET /api/events: what happens, as server-sent events."""

from __future__ import annotations

from flask import Blueprint, Response, request

from s2i.web import requests
from s2i.web.services import services

blueprint = Blueprint("events", __name__)


@blueprint.get("/api/events")
def listen() -> Response:
    """Stream events, of one job with `?job=`; go on after Last-Event-ID (or `?last=`).

    `?last=` is for a page that makes a new EventSource, which can't send the header itself.
    `?session=` is a random text of the browser's: of one session only a few streams stay open.
    """
    job = request.args.get("job")
    session = requests.text("session", request.args.get("session") or None, "", longest=100)
    last = request.headers.get("Last-Event-ID") or request.args.get("last", "")
    if request.method == "HEAD":
        return Response(mimetype="text/event-stream")
    stream = services().hub.listen(
        last_id=last[:100],
        job=requests.text("job", job, "") if job is not None else None,
        session=session,
    )
    response = Response(stream, mimetype="text/event-stream")
    response.call_on_close(stream.close)
    return response
