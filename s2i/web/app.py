"""The application factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, request

from s2i.web import (
    answers,
    events,
    images,
    jobs,
    page,
    security,
    settings,
    status,
    transcriptions,
    utterances,
    workflows,
)
from s2i.web.requests import MAX_JSON
from s2i.web.services import Services

BLUEPRINTS = (
    page.blueprint,
    status.blueprint,
    settings.blueprint,
    jobs.blueprint,
    images.blueprint,
    events.blueprint,
    utterances.blueprint,
    transcriptions.blueprint,
    workflows.blueprint,
)


def create_app(services: Services, *, config: Mapping[str, Any] | None = None) -> Flask:
    """Page and API as a WSGI application. `config` goes over Flask's defaults, for tests."""
    app = Flask("s2i.web", static_folder=None, template_folder=str(page.TEMPLATES))
    app.config["MAX_CONTENT_LENGTH"] = MAX_JSON
    app.config.update(config or {})
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    # A redirect would send a body twice and tell who knocks with //; 404 says it all.
    app.url_map.merge_slashes = False
    app.url_map.redirect_defaults = False
    app.extensions["s2i"] = services
    security.protect(app, services.guard)
    answers.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

    @app.before_request
    def _watched() -> None:
        if request.endpoint == "events.listen":  # a page has come, or come back
            services.watcher.wake()

    return app
