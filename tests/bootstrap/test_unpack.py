from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from bootstrap import unpack
from bootstrap.progress import Progress
from s2i.errors import ModelMissing


def packed(tmp_path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return path


def refused(tmp_path: Path, archive: Path) -> str:
    target = tmp_path / "inner" / "out"
    with pytest.raises(ModelMissing) as caught:
        unpack.unpack_zip(archive, target, Progress())
    outside = [item for item in tmp_path.rglob("*") if target not in item.parents]
    assert {item.name for item in outside if item.is_file()} == {archive.name}
    assert caught.value.code == "bad-archive"
    return caught.value.message


def test_files_and_folders(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("m/am/final.mdl", b"a" * 5000), ("m/é.conf", b"b"), ("m/e/", b""))
    unpack.unpack_zip(archive, tmp_path / "out", Progress())
    folder = unpack.only_folder(tmp_path / "out")
    assert folder.name == "m"
    assert (folder / "am" / "final.mdl").read_bytes() == b"a" * 5000
    assert (folder / "é.conf").read_bytes() == b"b"


@pytest.mark.parametrize(
    "name", ["../up.txt", "a/../../up.txt", "/etc/up.txt", "C:/up.txt", "a\\..\\up.txt"]
)
def test_ways_out_of_the_folder(tmp_path: Path, name: str) -> None:
    assert "outside its folder" in refused(tmp_path, packed(tmp_path, (name, b"x")))


def test_links(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link" in refused(tmp_path, packed(tmp_path, (link, b"/etc/passwd")))


def test_bombs(tmp_path: Path) -> None:
    assert "zip bomb" in refused(tmp_path, packed(tmp_path, ("a", bytes(5_000_000))))


def test_too_many_files(tmp_path: Path) -> None:
    many = [(f"a/{number}", b"") for number in range(unpack.MAX_FILES + 1)]
    assert "2001 files" in refused(tmp_path, packed(tmp_path, *many))


def test_a_lie_about_the_size(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a", b"x" * 1000))
    data = archive.read_bytes()
    archive.write_bytes(data.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert "no whole zip" in refused(tmp_path, archive)


@pytest.mark.parametrize("data", [b"", b"<html>log in</html>", b"PK\x03\x04 and no more"])
def test_no_zip(tmp_path: Path, data: bytes) -> None:
    archive = tmp_path / "model.zip"
    archive.write_bytes(data)
    assert "no whole zip" in refused(tmp_path, archive)


def test_damaged_inside(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a", bytes(range(256)) * 20))
    data = bytearray(archive.read_bytes())
    data[60] ^= 0xFF
    archive.write_bytes(bytes(data))
    assert "no whole zip" in refused(tmp_path, archive)


def test_encrypted(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("a", b"x" * 100))
    data = archive.read_bytes()
    # Bit 0 of the flags, in the local header and in the directory, says: encrypted.
    data = data.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
    at = data.index(b"PK\x01\x02") + 8
    archive.write_bytes(data[:at] + b"\x01" + data[at + 1 :])
    assert "no whole zip" in refused(tmp_path, archive)


def test_a_member_of_the_wrong_size(tmp_path: Path) -> None:
    archive = packed(tmp_path, ("p/a.gguf", b"x" * 10))
    with pytest.raises(ModelMissing, match="holds 10 bytes"):
        unpack.take_member(archive, "p/a.gguf", tmp_path / "a", 11, Progress())
    unpack.take_member(archive, "p/a.gguf", tmp_path / "a", 10, Progress())
    assert (tmp_path / "a").read_bytes() == b"x" * 10


def test_a_folder_beside_others_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    assert unpack.only_folder(tmp_path) == tmp_path / "a"
    (tmp_path / "b").mkdir()
    assert unpack.only_folder(tmp_path) == tmp_path
