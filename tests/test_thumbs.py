"""Small versions of every kind of PNG, and of none that would fill the memory."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from s2i import thumbs
from s2i.errors import InputError


def png(mode: str, size: tuple[int, int] = (800, 200)) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_every_kind(mode: str):
    with Image.open(io.BytesIO(thumbs.shrink(png(mode)))) as small:
        assert (small.format, small.size) == ("WEBP", (384, 96))


def test_a_small_picture_is_not_enlarged():
    with Image.open(io.BytesIO(thumbs.shrink(png("RGB", (64, 64))))) as small:
        assert small.size == (64, 64)


def test_too_many_pixels(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(thumbs, "MAX_PIXELS", 800 * 200 - 1)
    with pytest.raises(InputError, match="800x200"):
        thumbs.shrink(png("RGB"))


def test_too_large_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.png"
    path.write_bytes(png("RGB"))
    monkeypatch.setattr(thumbs, "MAX_FILE", 10)
    with pytest.raises(InputError):
        thumbs.read_png(path)


def test_pixels_that_cannot_be_unpacked():
    whole = bytearray(png("RGB"))
    at = whole.index(b"IDAT")
    length = int.from_bytes(whole[at - 4 : at], "big")
    import zlib

    whole[at + 4 : at + 4 + length] = b"\0" * length
    crc = zlib.crc32(whole[at : at + 4 + length])
    whole[at + 4 + length : at + 8 + length] = crc.to_bytes(4, "big")
    with pytest.raises(InputError, match="pixels"):
        thumbs.shrink(bytes(whole))


def test_forgetting_one_job_and_no_other(tmp_path: Path):
    for name in ("a-0.webp", "a-12.webp", "a-b-0.webp", "ab-0.webp", "a-x.webp"):
        (tmp_path / name).touch()
    thumbs.forget(tmp_path, "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "a-b-0.webp", "a-x.webp", "ab-0.webp",
    ]  # fmt: skip
    thumbs.forget(tmp_path, "*")
    thumbs.forget(tmp_path / "nowhere", "a")
    assert len(list(tmp_path.iterdir())) == 3
