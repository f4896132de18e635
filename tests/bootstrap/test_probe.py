from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from bootstrap import loaders, probe


class TestReading:
    def test_an_answer_among_noise(self) -> None:
        out = 'hello\n{"ok": true, "reason": "", "version": "1", "details": {"a": 2}}\nbye\n'
        assert probe.read_result(0, out, "") == probe.ProbeResult(True, "", "1", {"a": 2})

    def test_vosk_says_why_on_standard_error(self) -> None:
        out = '{"ok": false, "reason": "Failed to create a model", "version": "", "details": {}}'
        err = "ERROR (VoskAPI:Model():model.cc:122) Folder 'x' does not contain model files. Make"
        result = probe.read_result(0, out, err)
        assert result.reason == "Folder 'x' does not contain model files"

    def test_no_answer(self) -> None:
        assert probe.read_result(1, "", "Traceback\nValueError: no\n").reason == "ValueError: no"
        assert probe.read_result(0, "5\n[]\n", "").reason == "it gave no answer"

    @pytest.mark.parametrize(
        ("code", "text"),
        [
            (0, ""),
            (1, ""),
            (-11, "crashed its loader (SIGSEGV)"),
            (-6, "crashed its loader (SIGABRT)"),
            (-4, "built for another processor"),
            (-9, "lack of memory"),
            (0xC0000005, "Windows exception 0xc0000005"),
            (0xC000001D, "built for another processor"),
        ],
    )
    def test_exits(self, code: int, text: str) -> None:
        said = probe.describe_exit(code)
        assert text in said
        assert bool(said) == bool(text)


class TestJudging:
    def test_a_working_model(self) -> None:
        assert loaders.judge(2.2, 10.8, " sets in the west.") == ""

    @pytest.mark.parametrize(
        ("surprise", "text"),
        [
            (math.nan, ""),
            (10.8, "any text"),
            (11.5, "............"),
            (3.0, "............"),
            (3.0, " "),
            (3.0, "ababababab"),
        ],
    )
    def test_damaged_ones(self, surprise: float, text: str) -> None:
        assert "damaged" in loaders.judge(surprise, 10.8, text)


def test_the_child_gives_the_real_reason(tmp_path: Path) -> None:
    path = tmp_path / "é x.gguf"
    path.write_bytes(b"<html>")
    result = probe.run("gguf", path)
    assert not result.ok
    assert "magic" in result.reason


def test_a_vosk_folder_with_nothing_in_it(tmp_path: Path) -> None:
    result = probe.run("vosk", tmp_path)
    assert not result.ok
    assert "does not contain model files" in result.reason


def test_an_unknown_probe_is_no_success() -> None:
    assert "probe what?" in probe.run("moon").reason


def test_a_probe_that_takes_too_long(tmp_path: Path) -> None:
    assert "didn't finish" in probe.run("llama", timeout=0.01).reason


@pytest.mark.model
def test_the_starter_passes(starter_gguf: Path) -> None:
    result = probe.run("gguf", starter_gguf)
    assert result.ok, result.reason
    assert result.version
    assert 0 < result.details["surprise"] < 6


@pytest.mark.model
@pytest.mark.parametrize("fill", ["random", "zeros"])
def test_random_tensors_do_not(starter_gguf: Path, tmp_path: Path, fill: str) -> None:
    data = starter_gguf.read_bytes()
    kept = 6_000_000  # header, vocabulary and the first tensors
    rest = len(data) - kept
    filling = bytes(rest) if fill == "zeros" else random.Random(1).randbytes(rest)
    path = tmp_path / "damaged.gguf"
    path.write_bytes(data[:kept] + filling)
    result = probe.run("gguf", path)
    assert not result.ok
    assert "damaged" in result.reason


@pytest.mark.model
def test_half_a_file_does_not(starter_gguf: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(starter_gguf.read_bytes()[:50_000_000])
    result = probe.run("gguf", path)
    assert not result.ok
    assert "not within the file bounds" in result.reason
