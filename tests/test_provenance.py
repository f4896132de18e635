"""What a picture was made from, in and out of PNGs: round trips, hostile files, secrets."""

from __future__ import annotations

import io
import json
import random
import re
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from s2i import provenance
from s2i.errors import InputError

WORKFLOW = json.dumps({str(n): {"class_type": "CLIPTextEncode", "inputs": {}} for n in range(6000)})
PROMPT = '{"3": {"inputs": {"seed": 0}}}'


def png(size: tuple[int, int] = (64, 48), **texts: str) -> bytes:
    """A PNG as Pillow (and so ComfyUI) writes it, with its texts as tEXt or zTXt chunks."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key.removesuffix("_z"), text, zip=key.endswith("_z"))
    noise = random.Random(5).randbytes(size[0] * size[1] * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", size, noise).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def chunks(data: bytes) -> list[bytes]:
    """All chunks of a sound PNG, whole."""
    found, at = [], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found


def with_chunk(data: bytes, extra: bytes) -> bytes:
    """`data` with a chunk put in after its header."""
    return data[:33] + extra + data[33:]


DATA: dict[str, Any] = {
    "request": {"idea": "ein roter Fuchs 🦊", "seed": 2**64 - 1},
    "words": [{"word": "狐", "start": 0.1, "end": 0.5, "confidence": 0.93}],
    "prompt": "a red fox\nin the snow",
    "timings": {"stt": 0.5},
    "transcript": None,
}


def test_round_trip_keeps_everything() -> None:
    assert provenance.read(provenance.embed(png(), DATA)) == {"schema": 1, **DATA}


def test_pillow_reads_it_and_the_picture_is_the_same() -> None:
    plain = png()
    with Image.open(io.BytesIO(provenance.embed(plain, DATA))) as seen:
        seen.load()
        assert isinstance(seen, PngImagePlugin.PngImageFile)
        assert json.loads(seen.text["s2i"])["prompt"] == DATA["prompt"]
        assert seen.tobytes() == Image.open(io.BytesIO(plain)).tobytes()


def test_comfyuis_own_chunks_stay_byte_for_byte() -> None:
    before = png(prompt=PROMPT, workflow=WORKFLOW)
    assert len(WORKFLOW) > 300_000
    after = provenance.embed(before, DATA)
    ours = [c for c in chunks(after) if c not in chunks(before)]
    assert [c for c in chunks(after) if c not in ours] == chunks(before)
    assert [c[4:8] for c in ours] == [b"iTXt"]
    texts = provenance.read_texts(after)
    assert (texts["prompt"], texts["workflow"]) == (PROMPT, WORKFLOW)


def test_it_stands_before_the_pixels() -> None:
    kinds = [c[4:8] for c in chunks(provenance.embed(png(), DATA))]
    assert kinds.index(b"iTXt") < kinds.index(b"IDAT")


@pytest.mark.parametrize("old", ["embedded", "tEXt", "zTXt", "after the pixels"])
def test_an_earlier_chunk_is_replaced(old: str) -> None:
    picture = png()
    if old == "embedded":
        picture = provenance.embed(picture, {"idea": "old"})
    elif old == "tEXt":
        picture = png(s2i='{"idea":"old"}')
    elif old == "zTXt":
        picture = png(s2i_z='{"idea":"old"}')
    else:
        picture = picture[:-12] + chunk(b"tEXt", b's2i\0{"idea":"old"}') + picture[-12:]
    new = provenance.embed(picture, {"idea": "new"})
    assert provenance.read(new) == {"schema": 1, "idea": "new"}
    assert new == provenance.embed(png(), {"idea": "new"})


def test_a_picture_without_one() -> None:
    assert provenance.read(png()) is None
    assert provenance.read_texts(png()) == {}


def test_all_kinds_of_texts_are_read() -> None:
    packed = b"long\0\1\0en\0\0" + zlib.compress("Füchse".encode())
    picture = with_chunk(png(plain="a", packed_z="b" * 5000), chunk(b"iTXt", packed))
    assert provenance.read_texts(picture) == {"plain": "a", "packed": "b" * 5000, "long": "Füchse"}


def test_texts_that_cannot_be_decoded_are_left_out() -> None:
    picture = provenance.embed(png(), DATA)
    for broken in (b"x\0\0nonsense", b"y\0\0"):
        picture = with_chunk(picture, chunk(b"zTXt", broken))
    for broken in (b"a", b"b\0\0\0\0\0\xff\xfe", b"c\0\1\0\0\0nonsense", b""):
        picture = with_chunk(picture, chunk(b"iTXt", broken))
    assert list(provenance.read_texts(picture)) == ["s2i"]


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_bomb_is_refused(kind: bytes) -> None:
    bomb = zlib.compress(bytes(provenance.MAX_TEXT + 1), 9)
    head = b"k\0\0" if kind == b"zTXt" else b"k\0\1\0\0\0"
    with pytest.raises(InputError, match="bytes of text"):
        provenance.read_texts(with_chunk(png(), chunk(kind, head + bomb)))


def test_many_small_bombs_are_refused_together() -> None:
    part = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(provenance.MAX_TEXT // 3), 9))
    with pytest.raises(InputError, match="bytes of text"):
        provenance.read_texts(with_chunk(png(), part * 4))


@pytest.mark.parametrize(
    "text", ["[1]", "{", "nonsense", "[" * 100_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_a_chunk_that_is_no_json_object(text: str) -> None:
    with pytest.raises(InputError, match="s2i chunk"):
        provenance.read(png(s2i=text))


def test_check_png_gives_the_size() -> None:
    assert provenance.check_png(png((320, 8))) == (320, 8)
    assert provenance.check_png(provenance.embed(png(), DATA)) == (64, 48)


def test_check_png_notices_every_cut_and_every_flipped_byte() -> None:
    whole = png((16, 8), prompt=PROMPT)
    for end in range(len(whole)):
        with pytest.raises(InputError):
            provenance.check_png(whole[:end])
    for at in range(len(whole)):
        broken = bytearray(whole)
        broken[at] ^= 0x10
        with pytest.raises(InputError):
            provenance.check_png(bytes(broken))


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"GIF89a",
        b"<html>502 Bad Gateway</html>",
        png()[:8],
        png()[:-12],  # no IEND
        png() + b"more",
        png()[:33] + png()[-12:],  # no pixels
        png()[:8] + png()[33:],  # no header
        png()[:8] + chunk(b"IHDR", bytes(13)) + png()[33:],
        png()[:8] + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\7\2\0\0\0") + png()[33:],
        png()[:8] + b"\xff\xff\xff\xffIHDR" + png()[16:],
    ],
)
def test_what_is_no_whole_png(picture: bytes) -> None:
    with pytest.raises(InputError) as caught:
        provenance.check_png(picture)
    assert caught.value.message.endswith(".")
    assert caught.value.hint


def test_damage_never_raises_anything_else() -> None:
    rng = random.Random(20)
    whole = provenance.embed(png((24, 16), prompt=PROMPT, packed_z="text " * 300), DATA)
    for _ in range(1500):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        broken = broken[: rng.randint(0, len(broken))] if rng.random() < 0.5 else broken
        for function in (provenance.read, provenance.read_texts, provenance.check_png):
            try:
                function(bytes(broken))
            except InputError as error:
                assert error.message  # noqa: PT017 - any number of these, and nothing else
        try:
            provenance.embed(bytes(broken), DATA)
        except InputError as error:
            assert error.message  # noqa: PT017 - as above


def test_damage_that_keeps_the_checksums_never_raises_anything_else() -> None:
    """Random bytes in text chunks whose checksums are right reach the decoders."""
    rng = random.Random(21)
    plain = png((16, 8))
    for _ in range(800):
        kind = rng.choice((b"tEXt", b"zTXt", b"iTXt"))
        key = rng.choice((b"s2i", b"prompt", b"", b"k" * 90))
        body = key + b"\0" * rng.randint(0, 6) + rng.randbytes(rng.randint(0, 60))
        picture = with_chunk(plain, chunk(kind, body))
        for function in (provenance.read, provenance.read_texts):
            try:
                function(picture)
            except InputError as error:
                assert error.message  # noqa: PT017 - any number of these, and nothing else
        assert provenance.read(provenance.embed(picture, {"a": 1})) == {"schema": 1, "a": 1}


def test_embedding_needs_a_png() -> None:
    with pytest.raises(InputError, match="not a PNG"):
        provenance.embed(b"JPEG", DATA)


def test_odd_values_become_plain_json() -> None:
    data = {
        "nan": float("nan"),
        "inf": float("inf"),
        "half": "a\ud800b",
        "pair": (1, 2),
        "yes": True,
    }
    read = provenance.read(provenance.embed(png(), data))
    assert read == {
        "schema": 1,
        "nan": None,
        "inf": None,
        "half": "a?b",
        "pair": [1, 2],
        "yes": True,
    }


def test_bottomless_nesting_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    with pytest.raises(InputError, match="nested deeper"):
        provenance.embed(png(), deep)


def test_too_much_is_refused() -> None:
    with pytest.raises(InputError, match="bytes"):
        provenance.embed(png(), {"idea": "x" * (provenance.MAX_TEXT + 1)})


@pytest.mark.parametrize(
    "key",
    ["token", "password", "Authorization", "S2I_COMFYUI_TOKEN", "comfyuiToken", "api_key", "apikey",
     "api-key", "X-Auth", "client_secret", "Set-Cookie", "hf_token", "accessKey"],
)  # fmt: skip
def test_keys_that_name_a_secret_are_left_out_at_any_depth(key: str) -> None:
    data = {key: "hunter2", "list": [{"deep": {key: "hunter2", "kept": 1}}]}
    raw = provenance.embed(png(), data)
    assert b"hunter2" not in raw
    assert provenance.read(raw) == {"schema": 1, "list": [{"deep": {"kept": 1}}]}


@pytest.mark.parametrize("key", ["max_tokens", "token_normalization", "tokens", "author", "key"])
def test_keys_that_only_look_like_it_are_kept(key: str) -> None:
    assert provenance.without_secrets({key: 7}) == {key: 7}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("http://me:pa%20ss@host:8188/x", "http://host:8188/x"),
        ("see https://user@host and wss://a:b@c", "see https://host and wss://c"),
        ("http://a:p@ss@host/", "http://host/"),
        ("http://host/?token=abc123&size=7", "http://host/?token=…&size=7"),
        ("Bearer abcdefghijklmnop1234", "Bearer …"),
        ("mail me@host.org about the Bearer of bad news", None),
        ("http://host/path@home a fox @ night", None),
        ("a fox: red // blue", None),
    ],
)
def test_secrets_in_texts(text: str, clean: str | None) -> None:
    expected = text if clean is None else clean
    assert provenance.without_secrets({"a": [text]}) == {"a": [expected]}


def test_the_documented_keys_survive() -> None:
    """No key of the schema looks like a secret, or it would silently be lost."""
    keys = provenance.Provenance.__annotations__
    assert set(provenance.without_secrets(dict.fromkeys(keys, 1))) == set(keys)
    assert all(re.fullmatch(r"[a-z0-9_]+", key) for key in keys)
