"""/api/settings: what is set, what it could be, and changing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from s2i import settings_offers
from s2i.web import requests
from s2i.web.services import services

blueprint = Blueprint("settings", __name__)


@blueprint.get("/api/settings")
def show() -> Response:
    """Every setting with its choices, what can't work and why, and what fixes it."""
    return jsonify(_all())


@blueprint.put("/api/settings")
def change() -> Response:
    """`{name: value, ...}`, null for the default: saves and applies all of them, or none."""
    services().store.update(requests.json_body())
    return jsonify(_all())


def _all() -> dict[str, Any]:
    parts = services()
    return {
        "settings": settings_offers.describe(parts.store, comfyui=parts.watcher.comfyui()),
        "problems": list(parts.store.problems),
    }
