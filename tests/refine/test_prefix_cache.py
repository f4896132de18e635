"""The fixed part's state on disk: the same prompt with and without it, and no harm from damage."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from s2i.refine.prefix_cache import MAX_FILES
from s2i.refine.refiner import Refiner
from s2i.refine.template import load_template

pytestmark = [pytest.mark.model, pytest.mark.slow]
IDEA = "a red fox sleeping in the snow"


def refined(model: Path, cache: Path | None) -> str:
    """What a fresh process would make of IDEA."""
    refiner = Refiner(model, name="test", template=load_template(), cache=cache)
    try:
        answer = refiner.refine(IDEA, seed=5, emit=lambda *_, **__: None, cancel=threading.Event())
    finally:
        refiner.close()
    return answer.prompt + answer.raw


def states(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_the_prompt_is_the_same_to_the_letter(starter_gguf: Path, tmp_path: Path):
    plain = refined(starter_gguf, None)
    cold = refined(starter_gguf, tmp_path / "cache")
    (state,) = states(tmp_path / "cache")
    written = state.stat().st_mtime_ns
    warm = refined(starter_gguf, tmp_path / "cache")
    assert plain == cold == warm
    assert state.stat().st_mtime_ns == written, "it was read, not made again"


@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "a folder"])
def test_a_damaged_state_is_a_miss(starter_gguf: Path, tmp_path: Path, damage: str):
    plain = refined(starter_gguf, tmp_path)
    (state,) = states(tmp_path)
    whole = state.read_bytes()
    if damage == "flipped":
        middle = len(whole) // 2
        state.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    elif damage == "truncated":
        state.write_bytes(whole[: len(whole) // 2])
    elif damage == "empty":
        state.write_bytes(b"")
    else:
        state.unlink()
        state.mkdir()
    assert refined(starter_gguf, tmp_path) == plain
    if damage != "a folder":
        assert state.read_bytes() == whole, "it was made anew"


def test_a_folder_that_cannot_be_is_no_failure(starter_gguf: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert refined(starter_gguf, tmp_path / "file" / "cache") == refined(starter_gguf, None)


def test_only_the_newest_are_kept(starter_gguf: Path, tmp_path: Path):
    for number in range(MAX_FILES + 2):
        (tmp_path / f"prefix-{number}.state").write_bytes(b"old")
    refined(starter_gguf, tmp_path)
    assert len(states(tmp_path)) == MAX_FILES
