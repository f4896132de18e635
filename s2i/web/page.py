"""GET /: what is served here. The page itself is yet to come."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from s2i import __version__

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def index() -> Response:
    """Name the program and list its API, as the routes are."""
    lines = {
        f"{method} {rule.rule}".replace("<name>", "{id}"): _first_line(rule.endpoint)
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }
    return jsonify(
        {
            "program": "SpeechToImage",
            "version": __version__,
            "message": "The page is being built; this is the API that it will use.",
            "api": lines,
        }
    )


def _first_line(endpoint: str) -> str:
    doc = current_app.view_functions[endpoint].__doc__ or ""
    return doc.strip().splitlines()[0] if doc.strip() else ""
