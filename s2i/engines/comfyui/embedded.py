"""Workflows inside pictures that ComfyUI saved: PNG text chunks, WebP EXIF. Pure.

Only chunk headers and texts are looked at, never a pixel. Lengths are believed only as far as the
bytes are there, and texts are unpacked up to MAX_TEXT only.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 16 * 2**20  # bytes of one text, unpacked
MAX_CHUNKS = 100_000
WANTED = ("prompt", "workflow")


class TextTooLong(Exception):
    """A text is, or would unpack to, more than MAX_TEXT."""


class CutOff(Exception):
    """The picture ends in the middle."""


def is_picture(data: bytes) -> bool:
    """Whether the bytes begin as a PNG or a WebP."""
    return data.startswith(PNG) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def texts(data: bytes) -> dict[str, bytes]:
    """The texts 'prompt' and 'workflow' of a picture. Raises TextTooLong, CutOff."""
    found = _png_texts(data) if data.startswith(PNG) else _webp_texts(data)
    kept: dict[str, bytes] = {}
    for name, text in found:
        if name in WANTED:
            kept.setdefault(name, text)
            if len(kept) == len(WANTED):
                break
    return kept


def _png_texts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """tEXt, zTXt and iTXt chunks (PNG specification, 11.3.3), as (keyword, UTF-8 or Latin-1)."""
    at = len(PNG)
    seen: set[str] = set()  # a second text of the same name isn't unpacked
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            raise CutOff
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        end = at + 8 + length
        if kind == b"IEND":
            return
        if end + 4 > len(data):
            raise CutOff
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword = data[at + 8 : min(end, at + 8 + 80)].partition(b"\0")[0]
            name = keyword.decode("latin-1")
            if name in WANTED and name not in seen:
                seen.add(name)
                if length > MAX_TEXT:
                    raise TextTooLong
                body = data[at + 8 + len(keyword) + 1 : end]
                text = _unpacked(kind, body)
                if text is not None:
                    yield name, text
        at = end + 4
    raise CutOff


def _unpacked(kind: bytes, body: bytes) -> bytes | None:
    """The text of one chunk behind its keyword."""
    if kind == b"tEXt":
        # ComfyUI's JSON is ASCII; other writers put UTF-8 here although the format says Latin-1
        return body
    if kind == b"zTXt":
        return _inflated(body[1:]) if body[:1] == b"\0" else None
    packed, method, rest = body[:1], body[1:2], body[2:]
    _language, _, rest = rest.partition(b"\0")
    _translated, _, text = rest.partition(b"\0")
    if packed == b"\0":
        return text
    return _inflated(text) if method == b"\0" else None


def _inflated(data: bytes) -> bytes | None:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, MAX_TEXT + 1)
    except zlib.error:
        return None
    if len(text) > MAX_TEXT:
        raise TextTooLong
    return text


def _webp_texts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """ComfyUI writes 'prompt:{…}' and 'workflow:{…}' into EXIF texts such as Make and Model."""
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        kind = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            raise CutOff
        if kind == b"EXIF":
            if length > 2 * MAX_TEXT:
                raise TextTooLong
            for text in _exif_texts(body):
                name, colon, rest = text.partition(b":")
                if colon:
                    yield name.decode("latin-1").strip().lower(), rest.rstrip(b"\0")
        at += 8 + length + (length & 1)


def _exif_texts(exif: bytes) -> Iterator[bytes]:
    """The ASCII values of the first directory (TIFF 6.0, page 14)."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return
    (count,) = struct.unpack_from(order + "H", exif, start)
    left = 2 * MAX_TEXT  # entries may all point at the same bytes
    for index in range(min(count, 512)):
        at = start + 2 + index * 12
        if at + 12 > len(exif):
            return
        _tag, kind, length, offset = struct.unpack_from(order + "HHII", exif, at)
        if kind == 2 and length > 4 and offset + length <= len(exif):
            left -= length
            if length > MAX_TEXT or left < 0:
                raise TextTooLong
            yield exif[offset : offset + length]
