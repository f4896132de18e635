"""Models that other programs have on this machine: found, used, never touched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import elsewhere, models, verify
from bootstrap.machine import Memory
from s2i.errors import ModelMissing
from tests.bootstrap.conftest import REVISION, World, made_up_gguf
from tests.bootstrap.test_models import put

PLENTY = Memory(10**12, 10**12)
BIG = made_up_gguf(9000)


@pytest.fixture
def shelf(world: World) -> World:
    """alpha, the starter, and before it 'big', the default."""
    world.refiner("big", BIG, memory_bytes=900_000)
    world.data["refiners"].append(world.data["refiners"].pop(0))
    world.data.update(default_refiner="big", small_refiner="big")
    world.save()
    return world


def in_hub_cache(tmp_path: Path, data: bytes = BIG) -> Path:
    """The file as the hub's library keeps it: a blob, and a link to it (a copy on Windows)."""
    repo = tmp_path / "hf" / "hub" / "models--me--models"
    path = repo / "snapshots" / REVISION / "big.gguf"
    path.parent.mkdir(parents=True)
    if sys.platform == "win32":
        path.write_bytes(data)
        return path
    (repo / "blobs").mkdir()
    (repo / "blobs" / "0123").write_bytes(data)
    path.symlink_to("../../blobs/0123")
    return path


def found(world: World) -> list[tuple[str, str]]:
    return [(item.entry.id, item.where) for item in elsewhere.find(world.home, catalogues.load())]


def vouch(world: World, path: Path) -> None:
    verify.write_mark(
        path, sha256="f" * 64, probed_by="test", mark_file=elsewhere.mark_file(world.home, path)
    )


def everything(folder: Path) -> dict[str, int]:
    return {str(item): item.stat().st_mtime_ns for item in folder.rglob("*") if item.is_file()}


def test_nothing_elsewhere(shelf: World) -> None:
    assert found(shelf) == []


def test_in_the_hubs_cache(shelf: World, tmp_path: Path) -> None:
    path = in_hub_cache(tmp_path)
    before = everything(tmp_path / "hf")
    assert found(shelf) == [("big", "the hub's cache")]
    listed = models.installed_refiners(shelf.home)
    assert [(item.id, item.path, item.where) for item in listed] == [
        ("big", path, "the hub's cache")
    ]
    with pytest.raises(ModelMissing, match="can't be used"):
        models.best_refiner(shelf.home, "big")  # right hash, but the real probe: it is no model
    vouch(shelf, path)
    best = models.best_refiner(shelf.home, memory=PLENTY)
    assert best is not None
    assert (best.path, best.sha256) == (path, "f" * 64)
    assert everything(tmp_path / "hf") == before
    assert models.improvement(shelf.home, "tlh", PLENTY) == ""


def test_the_caches_place_can_be_set(
    shelf: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_hub_cache(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "other"))
    assert found(shelf) == []
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    assert found(shelf) == [("big", "the hub's cache")]


@pytest.mark.parametrize("folder", [".lmstudio/models", ".cache/lm-studio/models"])
def test_in_lm_studio(shelf: World, tmp_path: Path, folder: str) -> None:
    path = tmp_path / "user" / folder / "me" / "models" / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(BIG)
    assert found(shelf) == [("big", "LM Studio")]


def test_where_lm_studio_was_moved_to(shelf: World, tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    pointer = tmp_path / "user" / ".lmstudio-home-pointer"
    pointer.write_text(f"{tmp_path / 'moved'}\n", encoding="utf-8")
    path = tmp_path / "moved" / "models" / "x" / "y" / "big.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(BIG)
    assert found(shelf) == [("big", "LM Studio")]


def test_in_folders_that_were_named(
    shelf: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shelf é"
    (folder / "deep" / "down").mkdir(parents=True)
    (folder / "deep" / "down" / "big.gguf").write_bytes(BIG)
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("S2I_MODEL_FOLDERS", f"{nowhere}{os.pathsep}{folder}")
    assert found(shelf) == [("big", str(folder))]
    monkeypatch.delenv("S2I_MODEL_FOLDERS")
    (shelf.home / "data").mkdir()
    settings = shelf.home / "data" / "settings.json"
    settings.write_text(json.dumps({"model_folders": str(folder)}), encoding="utf-8")
    assert found(shelf) == [("big", str(folder))]
    settings.write_text("{broken", encoding="utf-8")
    assert found(shelf) == []


def test_name_and_size_and_then_the_hash(
    shelf: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("S2I_MODEL_FOLDERS", str(folder))
    (folder / "big.gguf").write_bytes(BIG[:-1])
    assert found(shelf) == []
    (folder / "big.gguf").write_bytes(made_up_gguf(9000, seed=7))
    assert found(shelf) == [("big", str(folder))]
    put(shelf, "alpha.gguf")
    best = models.best_refiner(shelf.home, memory=PLENTY)
    assert best is not None
    assert best.id == "alpha"
    assert "SHA-256" in best.note
    assert not list(folder.glob("*.ok.json"))


def test_ours_come_first_and_the_starter_last(shelf: World, tmp_path: Path) -> None:
    in_hub_cache(tmp_path)
    put(shelf, "alpha.gguf")
    put(shelf, "mine.gguf")
    listed = [(item.id, bool(item.where)) for item in models.installed_refiners(shelf.home)]
    assert listed == [("mine", False), ("big", True), ("alpha", False)]
    put(shelf, "big.gguf")
    listed = [(item.id, bool(item.where)) for item in models.installed_refiners(shelf.home)]
    assert listed == [("big", False), ("mine", False), ("alpha", False)]
