"""GET / and GET /static/...: the page and its files, or for programs what is served here."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from jinja2 import TemplateNotFound

from s2i import __version__
from s2i.errors import NotFound, S2IError
from s2i.settings import ROOT
from s2i.web.services import services

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
PAGE = "index.html"
LANGUAGE = "en"
# Ours and not the system's: Windows' registry may call .js text/plain, which nosniff then refuses.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json; charset=utf-8",
    ".webp": "image/webp",
}
PACKED = frozenset({".css", ".js", ".json", ".mjs", ".svg", ".txt", ".webmanifest"})
"""Sent compressed to who takes it: a phone on the wireless network reads the same page."""
_NAME = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def index() -> Response:
    """The page for a browser; for a program its name and its API, as the routes are."""
    response = _page() if _wants_page() else jsonify(_listing())
    response.headers["Vary"] = "Accept, Accept-Language"
    return response


@blueprint.get("/static/<path:name>")
def static(name: str) -> Response:
    """A file of the page's."""
    path = _find(name)
    try:
        data = path.read_bytes()
    except OSError as error:  # removed since it was found
        raise _nothing() from error
    packed = path.suffix in PACKED and request.accept_encodings["gzip"] > 0
    if packed:
        data = _pack(data)
    response = Response(data, content_type=TYPES[path.suffix])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    # Asked for each time, answered with 304: an updated program never meets an old page's half.
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


@lru_cache(maxsize=128)
def _pack(data: bytes) -> bytes:
    # Without the time, so that the same file has the same ETag after a restart.
    return gzip.compress(data, compresslevel=9, mtime=0)


def _page() -> Response:
    try:
        text = render_template(
            PAGE,
            token=services().guard.token,
            boot=services().hub.boot,
            version=__version__,
            language=_language(),
        )
    except TemplateNotFound as error:
        raise S2IError(
            "no-page",
            f"The page's file templates/{error.name} is missing.",
            hint="Restore it with 'git checkout templates static'.",
        ) from error
    return Response(text, content_type="text/html; charset=utf-8")


def _wants_page() -> bool:
    """Browsers name text/html; curl and scripts take anything."""
    return any(kind == "text/html" and quality > 0 for kind, quality in request.accept_mimetypes)


def _language() -> str:
    """The interface's language that this browser likes best; of "fr-CH" the "fr" counts."""
    there = {path.stem for path in (STATIC / "lang").glob("*.json")}
    for tag, quality in request.accept_languages:  # best first
        code = tag.lower().partition("-")[0]
        if quality > 0 and code in there:
            return code
    return LANGUAGE


def _find(name: str) -> Path:
    """The file, by comparing names: what the system would make of an odd one doesn't matter."""
    if not _NAME.fullmatch(name) or len(name) > 200:
        raise _nothing()
    root = STATIC.resolve()
    for path in STATIC.rglob("*"):
        if path.relative_to(STATIC).as_posix() == name:
            real = path.resolve()
            if real.is_file() and real.is_relative_to(root) and path.suffix in TYPES:
                return path
    raise _nothing()


def _nothing() -> NotFound:
    return NotFound(
        "not-found", "There is nothing at this address.", hint="GET / lists what there is."
    )


def _listing() -> dict[str, object]:
    lines = {
        f"{method} {_shown(rule.rule)}": _first_line(rule.endpoint)
        for rule in current_app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }
    return {
        "program": "SpeechToImage",
        "version": __version__,
        "message": "This is the HTTP API; a browser gets the page at this address.",
        "api": lines,
    }


def _shown(rule: str) -> str:
    """A rule of Flask's as the documents write it: /api/jobs/{id}."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule).replace("{name}", "{id}")


def _first_line(endpoint: str) -> str:
    doc = current_app.view_functions[endpoint].__doc__ or ""
    return doc.strip().splitlines()[0] if doc.strip() else ""
