"""What a picture was made from, inside the picture: one PNG text chunk `s2i` that holds JSON.

Pure: bytes in, bytes out, nothing is re-encoded. Other chunks, ComfyUI's `prompt` and `workflow`
among them, stay byte for byte what they were. What is read is untrusted and treated so.

The layout of chunks is that of the PNG specification, third edition, sections 5.3 and 11.3.3.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, TypedDict

from s2i.errors import InputError

KEYWORD = "s2i"
SCHEMA = 1
MAX_TEXT = 16 * 2**20  # bytes of text that are read out of one picture, decompressed

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_MAX_NESTING = 100
_HINT = "Fetch the picture again, or take one that other programs can open."


class Word(TypedDict):
    """A recognised word. Seconds from the start of the speech; confidence 0..1 or None."""

    word: str
    start: float
    end: float
    confidence: float | None


class Refiner(TypedDict, total=False):
    """What turned the idea into the prompt. `template` is the version of its template."""

    model: str
    sha256: str | None
    template: str
    seed: int
    source: str


class Provenance(TypedDict, total=False):
    """What the `s2i` chunk holds, schema 1. Readers ignore keys that they don't know.

    Seeds are numbers up to 2^64-1, beyond what JavaScript holds exactly. Timings are in seconds.
    """

    schema: int
    job: str
    request: dict[str, Any]  # s2i.job.Request.to_dict()
    idea: str
    transcript: str | None
    words: list[Word]  # of the transcript
    recogniser: dict[str, Any] | None  # its model and that model's sha256
    refiner: Refiner | None  # None where the words were passed through
    prompt: str
    negative: str
    seed: int  # of the job's first picture
    image_seed: int  # of this picture
    image: int  # which of the job's pictures this is, from 0
    width: int  # px
    height: int
    steps: int | None
    engine: str
    placeholder: bool  # True where the picture only stands in for a real one
    workflow: str | None
    details: dict[str, Any]  # the engine's own, such as checkpoints with hashes
    timings: dict[str, float]  # stt, refine, queue, generate


class _Chunk(NamedTuple):
    """A chunk and where it lies: `start` at its length field, `end` after its CRC."""

    kind: bytes
    start: int
    end: int
    data: memoryview
    crc_ok: bool


def embed(png: bytes, data: Mapping[str, Any]) -> bytes:
    """`png` with `data` in its `s2i` chunk, before the pixels; an earlier one is replaced.

    Secrets are taken out of `data` first (see without_secrets). Raises InputError where `png` is
    no whole PNG, or the data is nested too deeply or larger than could be read again.
    """
    content = {"schema": SCHEMA, **without_secrets(data)}
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    raw = text.encode("utf-8", "replace")
    if len(raw) > MAX_TEXT:
        raise InputError(
            "provenance-too-large",
            f"What is to be noted in the picture takes {len(raw)} bytes.",
            hint=f"At most {MAX_TEXT} fit; a shorter text or workflow helps.",
        )
    ours = _chunk(b"iTXt", KEYWORD.encode("ascii") + b"\0\0\0\0\0" + raw)
    parts: list[bytes | memoryview] = []
    view = memoryview(png)
    kept = 0  # everything up to here is in `parts`
    placed = False
    for chunk in _chunks(png):
        if not placed and chunk.kind in (b"IDAT", b"IEND"):
            parts += [view[kept : chunk.start], ours]
            kept, placed = chunk.start, True
        if chunk.kind in _TEXT_CHUNKS and _keyword(chunk.data) == KEYWORD:
            parts.append(view[kept : chunk.start])
            kept = chunk.end
    parts.append(view[kept:])
    return b"".join(parts)


def read(png: bytes) -> dict[str, Any] | None:
    """What the `s2i` chunk of `png` holds, None where it has none. Raises InputError."""
    text = read_texts(png).get(KEYWORD)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable("its s2i chunk isn't JSON") from error
    if not isinstance(data, dict):
        raise _unreadable("its s2i chunk isn't a JSON object")
    return data


def read_texts(png: bytes) -> dict[str, str]:
    """All texts of `png` by keyword; the first of each keyword counts.

    Texts that can't be decoded are left out. Raises InputError where `png` is no PNG, is cut off
    or damaged, or holds more than MAX_TEXT bytes of text.
    """
    texts: dict[str, str] = {}
    left = MAX_TEXT
    for chunk in _chunks(png):
        if chunk.kind not in _TEXT_CHUNKS:
            continue
        if not chunk.crc_ok:
            raise _unreadable("a text in it is damaged")
        found = _text(chunk, left)
        if found is not None:
            left -= found[2]
            texts.setdefault(found[0], found[1])
    return texts


def check_png(png: bytes) -> tuple[int, int]:
    """(width, height) in px of a whole, undamaged PNG. Raises InputError for anything else.

    Every checksum is looked at, so half a download or a flipped bit is noticed; pixels aren't
    decoded.
    """
    size = (0, 0)
    pixels = False
    end = 0
    for number, chunk in enumerate(_chunks(png)):
        if not chunk.crc_ok:
            raise _unreadable(f"its {chunk.kind.decode('ascii')} chunk is damaged")
        if number == 0:
            size = _header(chunk)
        pixels = pixels or chunk.kind == b"IDAT"
        end = chunk.end
    if not pixels:
        raise _unreadable("it holds no pixels")
    if end != len(png):
        raise _unreadable("something else follows its end")
    return size


def _header(chunk: _Chunk) -> tuple[int, int]:
    if chunk.kind != b"IHDR" or len(chunk.data) != 13:
        raise _unreadable("its header is missing")
    width = int.from_bytes(chunk.data[:4], "big")
    height = int.from_bytes(chunk.data[4:8], "big")
    depth, colour, compression, filtering, interlace = chunk.data[8:]
    sound = depth in _DEPTHS.get(colour, ()) and (compression, filtering) == (0, 0)
    if not (sound and interlace < 2 and 0 < width < 2**31 and 0 < height < 2**31):
        raise _unreadable("its header makes no sense")
    return width, height


def _chunks(png: bytes) -> Iterator[_Chunk]:
    """The chunks of `png` up to IEND. Raises InputError where it isn't a PNG or is cut off."""
    if not png.startswith(_SIGNATURE):
        raise InputError("not-a-png", "This file is not a PNG picture.", hint=_HINT)
    view = memoryview(png)
    at = len(_SIGNATURE)
    while True:
        if at + 12 > len(png):
            raise _unreadable("it is cut off")
        length = int.from_bytes(view[at : at + 4], "big")
        kind = bytes(view[at + 4 : at + 8])
        end = at + 12 + length
        if not (kind.isalpha() and kind.isascii()):
            raise _unreadable("it is damaged")
        if end > len(png):
            raise _unreadable("it is cut off")
        crc = int.from_bytes(view[end - 4 : end], "big")
        crc_ok = zlib.crc32(view[at + 4 : end - 4]) == crc
        yield _Chunk(kind, at, end, view[at + 8 : end - 4], crc_ok)
        if kind == b"IEND":
            return
        at = end


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return len(data).to_bytes(4, "big") + kind + data + crc.to_bytes(4, "big")


def _keyword(data: memoryview) -> str:
    """The keyword of a text chunk: Latin-1 up to the first NUL, at most 79 bytes."""
    return bytes(data[:80]).partition(b"\0")[0].decode("latin-1")


def _text(chunk: _Chunk, left: int) -> tuple[str, str, int] | None:
    """(keyword, text, bytes), None where it can't be decoded. At most `left` bytes are unpacked."""
    keyword = _keyword(chunk.data)
    rest = bytes(chunk.data[len(keyword) + 1 :])
    if chunk.kind == b"tEXt":
        raw, packed, encoding = rest, False, "latin-1"
    elif chunk.kind == b"zTXt":
        raw, packed, encoding = rest[1:], True, "latin-1"
    else:
        # compression flag, method, language, NUL, translated keyword, NUL, text
        pieces = rest[2:].split(b"\0", 2)
        if len(pieces) < 3:
            return None
        raw, packed, encoding = pieces[2], rest[:1] == b"\1", "utf-8"
    if packed:
        unpacked = _unpack(raw, left)
        if unpacked is None:
            return None
        raw = unpacked
    if len(raw) > left:
        raise _unreadable(f"it holds more than {MAX_TEXT} bytes of text")
    try:
        return keyword, raw.decode(encoding), len(raw)
    except UnicodeDecodeError:
        return None


def _unpack(packed: bytes, left: int) -> bytes | None:
    """The zlib stream `packed`, None where it is broken or unfinished; never over `left` + 1."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(packed, left + 1)
    except zlib.error:
        return None
    return raw if stream.eof or len(raw) > left else None


def _unreadable(why: str) -> InputError:
    return InputError("bad-png", f"The PNG picture can't be used: {why}.", hint=_HINT)


_SECRET_WORDS = frozenset(
    {"password", "passwd", "passphrase", "secret", "authorization", "auth", "cookie", "bearer",
     "credential", "credentials", "apikey"}
)  # fmt: skip
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key")})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_USERINFO = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^/\s?#]*@")
_QUERY = re.compile(
    r"(?i)([?&](?:access_?token|auth_?token|token|api_?key|key|password|secret)=)[^&\s#]+"
)
_HEADER = re.compile(r"(?i)\b(Bearer|Basic)\s+[A-Za-z0-9._~+/-]{16,}=*")


def without_secrets(data: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `data` in plain JSON types, fit to be given away with a picture.

    Entries whose key names a secret (token, password, authorization, …) are left out; user names
    and passwords in URLs and tokens in texts are cut out, at any depth. Numbers that JSON doesn't
    have become None. Raises InputError where `data` is nested deeper than 100.
    """
    return {str(key): _scrub(value, 1) for key, value in data.items() if not _is_secret(str(key))}


def _is_secret(key: str) -> bool:
    """Whether a key names a secret. 'max_tokens' and 'token_normalization' don't."""
    words = [word.lower() for word in _CAMEL.split(key) if word]
    if not words:
        return False
    pairs = set(pairwise(words))
    return (
        words[-1] == "token" or not _SECRET_WORDS.isdisjoint(words) or bool(pairs & _SECRET_PAIRS)
    )


def _scrub(value: Any, depth: int) -> Any:
    if depth > _MAX_NESTING:
        raise InputError(
            "nested-too-deeply",
            f"What is to be noted in the picture is nested deeper than {_MAX_NESTING}.",
            hint="Take a simpler workflow.",
        )
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {
            str(key): _scrub(item, depth + 1)
            for key, item in value.items()
            if not _is_secret(str(key))
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrub(item, depth + 1) for item in value]
    return scrub_text(str(value))


def scrub_text(text: str) -> str:
    """`text` without the user names and passwords of URLs, and without tokens."""
    text = _USERINFO.sub(r"\1", text)
    text = _QUERY.sub(r"\1…", text)
    return _HEADER.sub(r"\1 …", text)
