"""Every error as `{"error": {"code", "message", "hint"}}` with a fitting status.

`retryable` is there, and true, where trying again may help; `field` where a setting is meant.
"""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from s2i import log
from s2i.errors import (
    Cancelled,
    Conflict,
    InputError,
    MissingError,
    NotFound,
    OutputError,
    S2IError,
)
from s2i.settings_store import BadSetting
from s2i.web import refusals
from s2i.web.hub import TooManyStreams

RETRY_AFTER = 2  # s
_BY_CODE = {
    "busy": 503,
    "no-speech": 422,
    "workflow-unknown": 404,
    "workflow-exists": 409,
    "workflow-shipped": 409,
}
"""Codes that say more than their class does."""
_STATUS: tuple[tuple[type[S2IError], int], ...] = (
    (refusals.Forbidden, 403),
    (NotFound, 404),
    (refusals.TooSlow, 408),
    (Conflict, 409),
    (Cancelled, 409),
    (refusals.Gone, 410),
    (refusals.TooLarge, 413),
    (TooManyStreams, 503),
    (InputError, 400),
    (MissingError, 503),
    (OutputError, 507),
)
_SENTENCES = {
    404: ("not-found", "There is nothing at this address.", "GET / lists what there is."),
    405: (
        "method-not-allowed",
        "This address doesn't take {method}.",
        "GET / lists what there is.",
    ),
    413: ("too-large", "The request is too large.", ""),
}
_log = logging.getLogger(__name__)


def status_of(error: S2IError) -> int:
    """The HTTP status of an error of ours."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def answer(error: S2IError, status: int | None = None) -> Response:
    """The error as an answer."""
    status = status_of(error) if status is None else status
    shown: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if error.retryable:
        shown["retryable"] = True
    if isinstance(error, BadSetting):
        shown["field"] = error.field
    extra = error.extra if isinstance(error, Conflict) else {}
    response = jsonify({"error": shown, **extra})
    response.status_code = status
    if status == 503 and error.retryable:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def register(app: Flask) -> None:
    """Answer every error of `app` as JSON, with nothing in it that people needn't see."""

    @app.errorhandler(S2IError)
    def _ours(error: S2IError) -> Response:
        if status_of(error) >= 500:
            log.failure(error)
        return answer(error)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        code, sentence, hint = _SENTENCES.get(
            status,
            (error.name.lower().replace(" ", "-"), error.description or f"{error.name}.", ""),
        )
        response = answer(
            S2IError(code, sentence.replace("{method}", request.method), hint=hint), status
        )
        allowed = error.get_response().headers.get("Allow")
        if allowed:
            response.headers["Allow"] = allowed
        return response

    @app.errorhandler(Exception)
    def _defect(error: Exception) -> Response:
        log.failure(error)
        return answer(
            S2IError(
                "internal",
                "Something unexpected went wrong.",
                hint="Try it again; if it stays, report it with the log, data/s2i.log.",
            ),
            500,
        )
