from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from bootstrap import verify
from bootstrap.probe import ProbeResult
from s2i.errors import ModelMissing
from tests.bootstrap.conftest import Said


def test_a_mark_holds_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF123")
    assert verify.read_mark(path) is None
    mark = verify.write_mark(path, sha256="f" * 64, probed_by="me")
    assert verify.read_mark(path) == mark
    os.utime(path, ns=(1, 1))
    assert verify.read_mark(path) is None
    verify.write_mark(path, sha256=None, probed_by="me")
    path.write_bytes(b"GGUF1234")
    assert verify.read_mark(path) is None
    path.unlink()
    assert verify.read_mark(path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"size": 7}', "null"])
def test_a_damaged_mark_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF123")
    verify.mark_path(path).write_text(text, encoding="utf-8")
    assert verify.read_mark(path) is None


def test_the_mark_of_a_folder_sees_what_is_inside(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    (folder / "am").mkdir(parents=True)
    (folder / "am" / "final.mdl").write_bytes(b"abc")
    mark = verify.write_mark(folder, sha256=None, probed_by="vosk")
    assert verify.mark_path(folder) == tmp_path / "voice.ok.json"
    assert verify.read_mark(folder) == mark
    (folder / "am" / "final.mdl").write_bytes(b"abcd")
    assert verify.read_mark(folder) is None


def test_the_hash_is_shown_beside_the_expected_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"hello" * 500_000)
    wanted = hashlib.sha256(b"hello" * 500_000).hexdigest()
    said = Said()
    verify.check_hash(path, wanted, said)
    assert said.begun == [("Checking a.bin", 2_500_000)]
    with pytest.raises(ModelMissing) as caught:
        verify.check_hash(path, "0" * 64)
    assert wanted in caught.value.message
    assert "0" * 64 in caught.value.message


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf<HTML>", "web page"),
        (b"PK\x03\x04", "no GGUF"),
        (b"GGUF12", "cut short: 6 bytes"),
        (b"GGUF" + bytes(10), "too long"),
    ],
)
def test_a_glance_tells(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelMissing, match=text) as caught:
        verify.glance_gguf(path, 8)
    assert "m.gguf" in caught.value.message
    assert "run.py setup" in caught.value.hint


def test_a_glance_at_folders_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="is a folder"):
        verify.glance_gguf(tmp_path)
    with pytest.raises(ModelMissing, match="isn't there"):
        verify.glance_gguf(tmp_path / "no.gguf")
    (tmp_path / "yes.gguf").write_bytes(b"GGUF1234")
    verify.glance_gguf(tmp_path / "yes.gguf", 8)


def vosk_model(folder: Path, *left_out: str) -> Path:
    for group in verify.VOSK_FILES:
        if group[-1] not in left_out:
            path = folder / group[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    return folder


def test_what_a_vosk_model_must_hold(tmp_path: Path) -> None:
    verify.check_vosk_contents(vosk_model(tmp_path / "small"))
    big = vosk_model(tmp_path / "big", "graph/Gr.fst", "graph/HCLr.fst")
    with pytest.raises(ModelMissing, match=r"graph/HCLr\.fst is missing"):
        verify.check_vosk_contents(big)
    (big / "graph").mkdir()
    (big / "graph" / "HCLG.fst").write_bytes(b"x")
    verify.check_vosk_contents(big)
    (big / "am" / "final.mdl").write_bytes(b"")
    with pytest.raises(ModelMissing, match=r"am/final\.mdl is empty"):
        verify.check_vosk_contents(big)


def test_what_a_probe_says_goes_into_the_sentence(tmp_path: Path) -> None:
    def prober(kind: str, path: Path) -> ProbeResult:
        return ProbeResult(kind == "gguf", "the moon is full", "1.2")

    assert verify.check_probe("gguf", tmp_path, "m", prober) == "llama-cpp-python 1.2"
    with pytest.raises(ModelMissing, match="m can't be used: the moon is full"):
        verify.check_probe("vosk", tmp_path, "m", prober)
