"""/api/jobs/{id}/images/{n}: the pictures themselves, and small versions of them.

Which file that is stands in the journal; nothing of the address becomes part of a path, but for
the name of a small version, which s2i.thumbs checks.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from s2i import output, thumbs
from s2i.errors import InputError, NotFound
from s2i.web.services import services

IMMUTABLE = "private, max-age=31536000, immutable"  # s; an id never gets another picture

blueprint = Blueprint("images", __name__)


@blueprint.get("/api/jobs/<name>/images/<int:n>")
def image(name: str, n: int) -> Response:
    """The PNG with its provenance; `?thumb=1`: a small WebP, `?download=1`: to be saved."""
    parts = services()
    path = parts.desk.picture(name, n)
    small = request.args.get("thumb") == "1"
    try:
        if small:
            data = thumbs.thumb(path, parts.settings.data / "thumbs", name, n)
        else:
            data = thumbs.read_png(path)
    except OSError as error:
        raise NotFound(
            "picture-unreadable",
            f"The picture's file can't be read ({(error.strerror or str(error)).lower()}).",
            hint="See to its permissions, or make the picture again.",
        ) from error
    except InputError as error:
        raise NotFound(
            "picture-damaged",
            "The picture's file is no whole PNG any more.",
            hint="The same words and seed make it again.",
        ) from error
    response = Response(data, mimetype="image/webp" if small else "image/png")
    response.headers["Cache-Control"] = IMMUTABLE
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    if request.args.get("download") == "1":
        idea = parts.desk.get(name)["idea"]
        number = f"-{n + 1}" if n else ""
        name = f"{output.slug(idea)}{number}.{'webp' if small else 'png'}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.make_conditional(request)
    return response
