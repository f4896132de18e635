from __future__ import annotations

from pathlib import Path

import pytest

from bootstrap import folders, staging, verify
from bootstrap.catalogue import HubSource
from s2i.errors import ModelMissing, NetworkError
from tests.bootstrap.conftest import Said, World, made_up_gguf
from tests.fakes.hub import COMMIT, Drop, Status

SOURCE = HubSource("me/painter", "", COMMIT)
FILES = {
    "model_index.json": b'{"class": "x"}',
    "unet/openvino_model.bin": made_up_gguf(50_000, seed=1),
    "unet/openvino_model.xml": b"<?xml version='1.0'?><net/>",
    "vae/openvino_model.bin": made_up_gguf(30_000, seed=2),
    "README.md": b"# words",
}


@pytest.fixture
def painter(world: World) -> World:
    for path, data in FILES.items():
        world.hub.add("me/painter", path, data)
    return world


def fetch(world: World) -> Path:
    listing = folders.look(SOURCE, ("*.json", "unet/*", "vae/*"))
    assert listing.bytes == sum(len(data) for name, data in FILES.items() if name != "README.md")
    target = world.home / "models" / "images" / "painter"
    return folders.fetch(
        world.home,
        target,
        "painter",
        listing,
        Said(),
        check=lambda folder: f"tested {sum(1 for _ in folder.rglob('*.bin'))}",
        pauses=(),
    )


def test_a_folder_comes_as_one(painter: World) -> None:
    target = fetch(painter)
    found = {
        item.relative_to(target).as_posix(): item.read_bytes()
        for item in target.rglob("*")
        if item.is_file()
    }
    assert found == {name: data for name, data in FILES.items() if name != "README.md"}
    mark = verify.read_mark(target)
    assert mark is not None
    assert mark.probed_by == "tested 2"
    assert painter.left_behind() == []
    painter.hub.served = 0
    fetch(painter)
    assert painter.hub.served == 0


def test_what_came_of_it_stays(painter: World) -> None:
    painter.hub.script("GET", "vae/openvino_model.bin", Drop(0.5), Status(403))
    for _ in range(2):
        with pytest.raises(NetworkError):
            fetch(painter)
        assert staging.sweep(painter.home) == 0
    assert not (painter.home / "models" / "images" / "painter").exists()
    assert staging.kept_bytes(painter.home, "painter") > 65_000
    painter.hub.served = 0
    assert (fetch(painter) / "vae" / "openvino_model.bin").read_bytes() == made_up_gguf(
        30_000, seed=2
    )
    assert painter.hub.served < 16_000  # the rest of one file (and no large one twice)


def test_one_that_is_no_good(painter: World) -> None:
    def check(folder: Path) -> str:
        raise ModelMissing("model-broken", "It paints nothing.")

    target = painter.home / "models" / "images" / "painter"
    with pytest.raises(ModelMissing, match="paints nothing"):
        folders.fetch(painter.home, target, "painter", folders.look(SOURCE), Said(), check=check)
    assert not target.exists()
    assert painter.left_behind() == []


def test_a_part_of_a_repository(painter: World) -> None:
    listing = folders.look(HubSource("me/painter", "unet", COMMIT))
    target = painter.home / "models" / "images" / "unet"
    folders.fetch(painter.home, target, "unet", listing, Said(), check=lambda _: "x")
    assert sorted(item.name for item in target.iterdir()) == [
        "openvino_model.bin",
        "openvino_model.xml",
    ]


def test_nothing_of_it(painter: World) -> None:
    with pytest.raises(ModelMissing, match="holds nothing"):
        folders.look(SOURCE, ("moon/*",))
    with pytest.raises(NetworkError, match="no repository"):
        folders.look(HubSource("me/nothing", "", COMMIT))


def test_a_listing_that_leads_astray(world: World) -> None:
    world.hub.add("me/painter", "../evil.bin", b"x")
    with pytest.raises(ModelMissing, match="can't be used"):
        folders.look(SOURCE)
