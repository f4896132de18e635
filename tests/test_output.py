"""Names of pictures, the check beforehand, and writing whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from s2i import output
from s2i.errors import InputError, OutputError


@pytest.mark.parametrize(
    ("idea", "expected"),
    [
        ("A red fox, sleeping!", "a-red-fox-sleeping"),
        ("Ein Fuchs über Köln", "ein-fuchs-uber-koln"),
        ("🦊🦊", "picture"),
        ("شجرة", "picture"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con"),
        ("w" * 100, "w" * 40),
        (
            "one two three four five six seven eight nine ten",
            "one-two-three-four-five-six-seven-eight",
        ),
    ],
)
def test_slug_is_safe_everywhere(idea: str, expected: str):
    assert output.slug(idea) == expected


def test_without_out_pictures_lie_by_day_and_never_collide(tmp_path: Path):
    first = output.choose(None, "red fox", tmp_path, now=0.0)
    second = output.choose(None, "red fox", tmp_path, now=0.0)
    assert first.path != second.path
    assert first.path.parent.parent == tmp_path
    assert first.nth(2).stem == first.path.stem + "-3"
    assert list(first.path.parent.iterdir()) == [], "the check leaves nothing behind"


def test_out_may_be_a_folder(tmp_path: Path):
    assert output.choose(str(tmp_path), "red fox", tmp_path).path.parent == tmp_path


def test_a_spoken_idea_gives_our_names_but_not_the_users(tmp_path: Path):
    ours = output.choose(None, "", tmp_path)
    assert "a-red-fox" in ours.named("a red fox").path.name
    assert ours.named("a red fox").path.parent == ours.path.parent
    theirs = output.choose(str(tmp_path / "mine.png"), "", tmp_path)
    assert theirs.named("a red fox").path == tmp_path / "mine.png"


@pytest.mark.parametrize(
    "out", ["missing/pic.png", "pic.jpg", "pic", "", "  ", "bad\0.png", "n" * 300 + ".png"]
)
def test_a_bad_out_is_named_before_anything_is_done(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        output.choose(out, "fox", tmp_path)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_of_the_folder(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="doesn't exist"):
        output.choose(str(tmp_path / "file" / "pic.png"), "fox", tmp_path)
    with pytest.raises(OutputError, match="can't be written"):
        output.choose(None, "fox", tmp_path / "file")


def test_write_replaces_whole_files_only(tmp_path: Path):
    path = tmp_path / "pic.png"
    path.write_bytes(b"old")
    assert output.write(b"new", path, tmp_path / "spare") == path
    assert path.read_bytes() == b"new"
    assert [item.name for item in tmp_path.iterdir()] == ["pic.png"]


def test_a_picture_goes_elsewhere_rather_than_being_lost(tmp_path: Path):
    (tmp_path / "file").write_text("")
    kept = output.write(b"data", tmp_path / "file" / "pic.png", tmp_path / "spare")
    assert kept.parent == tmp_path / "spare"
    assert kept.read_bytes() == b"data"


def test_nowhere_to_write_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file" / "tmp"))
    with pytest.raises(OutputError, match="can't be written") as caught:
        output.write(b"data", tmp_path / "file" / "pic.png", tmp_path / "file" / "spare")
    assert caught.value.retryable
