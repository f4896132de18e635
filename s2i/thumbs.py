"""Small versions of pictures for a gallery: WebP, made when first asked for, and kept."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tempfile
import threading
import warnings
from pathlib import Path

from PIL import Image

from s2i import provenance
from s2i.errors import InputError

SIDE = 384  # px, the longer one
QUALITY = 82
MAX_PIXELS = 80_000_000  # of the picture; decoded it takes four bytes each
MAX_FILE = 512 << 20  # bytes

_SAFE = re.compile(r"[A-Za-z0-9-]{1,64}")
_decoding = threading.Semaphore(2)  # a gallery asks for dozens at once


def read_png(path: Path) -> bytes:
    """The bytes of a whole, undamaged PNG. Raises InputError, or OSError."""
    if path.stat().st_size > MAX_FILE:
        raise _unusable(f"it has over {MAX_FILE >> 20} MB")
    png = path.read_bytes()
    provenance.check_png(png)
    return png


def thumb(path: Path, cache: Path, job: str, n: int) -> bytes:
    """A WebP of picture `n` of `job`, whose file is `path`; kept in `cache` as <job>-<n>.webp.

    Raises InputError where the file is no picture that can be shown, or OSError.
    """
    kept = cache / f"{job}-{n}.webp" if _SAFE.fullmatch(job) else None
    if kept is not None:
        with contextlib.suppress(OSError):
            known = kept.read_bytes()
            if _is_whole(known):
                return known
    with _decoding:
        made = shrink(read_png(path))
    if kept is not None:
        _keep(made, kept)
    return made


def shrink(png: bytes) -> bytes:
    """A checked PNG as a WebP whose longer side is at most SIDE. Raises InputError."""
    width, height = provenance.check_png(png)
    if width * height > MAX_PIXELS:
        raise _unusable(f"it has {width}x{height} pixels")
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            warnings.simplefilter("ignore")  # the size has been looked at
            image.thumbnail((SIDE, SIDE))
            has_alpha = "A" in image.getbands() or "transparency" in image.info
            image.convert("RGBA" if has_alpha else "RGB").save(buffer, "WEBP", quality=QUALITY)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise _unusable("its pixels can't be read") from error
    return buffer.getvalue()


def forget(cache: Path, job: str) -> None:
    """Remove what is kept of a job. Never raises."""
    if _SAFE.fullmatch(job):
        with contextlib.suppress(OSError):
            for path in cache.glob(f"{job}-*.webp"):
                if path.stem.removeprefix(f"{job}-").isdecimal():
                    path.unlink(missing_ok=True)


def _is_whole(webp: bytes) -> bool:
    """Whether it is as long as its head says (RIFF: size in bytes 4 to 8, little-endian)."""
    return (
        webp[:4] == b"RIFF"
        and webp[8:12] == b"WEBP"
        and int.from_bytes(webp[4:8], "little") + 8 == len(webp)
    )


def _keep(webp: bytes, path: Path) -> None:
    """Put it down whole or not at all; without it, it is made again."""
    spare: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".s2i-", suffix=".part", dir=path.parent)
        spare = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(webp)
        spare.replace(path)
    except OSError:
        if spare is not None:
            with contextlib.suppress(OSError):
                spare.unlink(missing_ok=True)


def _unusable(why: str) -> InputError:
    return InputError("bad-png", f"The PNG picture can't be used: {why}.")
