"""Pictures of the fake: deterministic by seed, with the chunks that ComfyUI's SaveImage writes."""

from __future__ import annotations

import io
import json
import random
from functools import lru_cache
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo


@lru_cache(maxsize=32)
def _noise(seed: int, width: int, height: int) -> Image.Image:
    generator = random.Random(seed)
    small = Image.frombytes("RGB", (32, 32), generator.randbytes(32 * 32 * 3))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def picture(
    seed: int, width: int, height: int, graph: dict[str, Any], extra: Any, kind: str
) -> bytes:
    """The bytes of one file."""
    buffer = io.BytesIO()
    image = _noise(seed, width, height)
    if kind == "PNG":
        info = PngInfo()
        info.add_text("prompt", json.dumps(graph))
        for name, value in (extra or {}).items():
            info.add_text(name, json.dumps(value))
        image.save(buffer, "PNG", pnginfo=info, compress_level=4)
    elif kind == "WEBP":
        image.save(buffer, "WEBP", lossless=True)
    else:
        image.save(buffer, kind, quality=90)
    return buffer.getvalue()


@lru_cache(maxsize=64)
def preview(seed: int, step: int) -> bytes:
    """A JPEG of 512 px, about as large as the real one."""
    buffer = io.BytesIO()
    _noise(seed + step, 512, 512).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()
