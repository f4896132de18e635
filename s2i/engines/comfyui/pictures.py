"""Pictures as they come from the server: whole PNGs only, other formats converted. Pure."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, UnidentifiedImageError

from s2i.errors import GenerateError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_PIXELS = 16384 * 16384


def is_png(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def is_whole_png(data: bytes) -> bool:
    """Whether a PNG is there to its end: every chunk complete, its checksum right, IEND last."""
    if not is_png(data):
        return False
    view = memoryview(data)
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            return False
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(view[at + 4 : end - 4]) != checksum:
            return False
        if data[at + 4 : at + 8] == b"IEND":
            return True
        at = end
    return False


def to_png(data: bytes) -> bytes | None:
    """The picture as a PNG, losslessly; a whole PNG stays as it is, chunks and all.

    None where the picture is cut off, which is worth asking for again. Raises GenerateError for
    what is no picture.
    """
    if is_png(data):
        return data if is_whole_png(data) else None
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _not_a_picture("too large")
            keep = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
            picture = image if image.mode in keep else image.convert("RGB")
            buffer = io.BytesIO()
            # quick rather than small: somebody waits for it
            picture.save(buffer, "PNG", compress_level=3, icc_profile=image.info.get("icc_profile"))
            return buffer.getvalue()
    except UnidentifiedImageError:
        raise _not_a_picture("unknown format") from None
    except Image.DecompressionBombError:
        raise _not_a_picture("too large") from None
    except (OSError, ValueError, SyntaxError):  # Pillow's words for a file that is cut off
        return None


def _not_a_picture(why: str) -> GenerateError:
    return GenerateError(
        "comfyui-not-a-picture",
        f"What ComfyUI sent is not a picture that can be used ({why}).",
        hint="The workflow should end in a SaveImage node.",
    )
