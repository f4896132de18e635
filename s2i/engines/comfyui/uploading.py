"""A picture of the user's for a workflow that needs one: read, checked, sent to the server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from s2i.engines.comfyui.api import Api
from s2i.engines.comfyui.pictures import MAX_PIXELS
from s2i.errors import InputError

MAX_BYTES = 50 * 2**20
_KINDS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp", "BMP": "bmp", "GIF": "gif"}


@dataclass(frozen=True)
class Picture:
    """A whole picture file. `name` is made from its content: the same file, the same name."""

    name: str
    kind: str  # MIME type
    data: bytes = field(repr=False)


def read(path: Path) -> Picture:
    """A picture from disk. Raises InputError where there is none that can be used."""
    shown = "".join(c for c in path.name if c.isprintable())[:100] or "the picture"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "bad path"
        raise InputError(
            "image-unreadable", f"The picture {shown} can't be read ({why}).",
            hint="Check the path given with --image.",
        ) from error  # fmt: skip
    return check(data, shown)


def check(data: bytes, shown: str) -> Picture:
    """A picture from bytes. Raises InputError."""
    if len(data) > MAX_BYTES:
        raise InputError("image-too-big", f"{shown} is larger than {MAX_BYTES >> 20} MB.")
    try:
        with Image.open(BytesIO(data), formats=list(_KINDS)) as image:
            kind = str(image.format)
            if image.width * image.height > MAX_PIXELS:
                raise InputError("image-too-big", f"{shown} has too many pixels.")
            image.load()
    except UnidentifiedImageError:
        raise InputError(
            "image-not-a-picture", f"{shown} is not a picture.",
            hint=f"Give a {', '.join(_KINDS)} file.",
        ) from None  # fmt: skip
    except Image.DecompressionBombError:
        raise InputError("image-too-big", f"{shown} has too many pixels.") from None
    except (OSError, ValueError, SyntaxError):  # Pillow's words for a file that is cut off
        raise InputError(
            "image-broken", f"The picture {shown} is broken or cut off.", hint="Copy it again."
        ) from None
    ending = _KINDS[kind]
    name = f"s2i_{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
    return Picture(name, f"image/{kind.lower()}", data)


def upload(api: Api, picture: Picture) -> str:
    """Put a picture into the server's input folder; the name that LoadImage takes for it.

    Raises EngineUnavailable. Sending the same picture again changes nothing.
    """
    ref = api.upload_image(picture.name, picture.kind, picture.data)
    return f"{ref.subfolder}/{ref.filename}" if ref.subfolder else ref.filename
