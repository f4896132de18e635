"""/api/jobs: ask for pictures, see what became of them, stop, delete and have them back."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from s2i.engines import registry
from s2i.errors import InputError
from s2i.web import requests
from s2i.web.job_request import make_request, utterance_of
from s2i.web.services import services

PAGE, MAX_PAGE = 60, 200  # jobs of a list
_FORGOTTEN = "What was heard is no longer known here, so the picture doesn't note it."

blueprint = Blueprint("jobs", __name__, url_prefix="/api/jobs")


@blueprint.post("")
def submit() -> tuple[Response, int, dict[str, str]]:
    """`{text, …}` → 201 and the job; errors in what is asked for are the answer at once."""
    parts = services()
    given = requests.json_body()
    utterance = utterance_of(given)
    said = None if utterance is None else parts.listening.transcript(utterance)
    asked = make_request(given, parts.settings, registry.workflow_names(parts.settings))
    forgotten = utterance is not None and said is None
    job = parts.desk.submit(asked, said=said, warnings=[_FORGOTTEN] if forgotten else [])
    return jsonify(job), 201, {"Location": url_for(".show", name=job["id"])}


@blueprint.get("")
def listing() -> Response:
    """`?before=ID&limit=60` → newest first: jobs, more, total."""
    limit = requests.whole_number("limit", request.args.get("limit", PAGE))
    if not 1 <= limit <= MAX_PAGE:
        raise InputError("bad-limit", f"limit has to be 1 to {MAX_PAGE}.")
    return jsonify(services().desk.newest(request.args.get("before"), limit))


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """One job."""
    return jsonify(services().desk.get(name))


@blueprint.post("/<name>/cancel")
def cancel(name: str) -> Response:
    """Stop it; harmless once it is over."""
    return jsonify(services().desk.cancel(name))


@blueprint.delete("/<name>")
def delete(name: str) -> Response:
    """Delete it, with its pictures once the time to undo that is over."""
    return jsonify(services().desk.delete(name))


@blueprint.post("/<name>/restore")
def restore(name: str) -> Response:
    """Undo the deletion."""
    return jsonify(services().desk.restore(name))
