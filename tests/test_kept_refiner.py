"""The kept language model: real llama.cpp with the starter, real files that are missing or bad."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2i.errors import Cancelled, ModelMissing, RefineError, S2IError
from s2i.events import EventType
from s2i.kept_refiner import KeptRefiner
from s2i.settings import Settings

FOX = "a red fox in the snow"
WAIT = 120  # s; a hang guard
GONE = "qwen2.5-1.5b"


class World:
    """A keeper, the settings that it asks for, and what it told."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.told: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.kept = KeptRefiner(lambda: self.settings, self.tell, say=self.said.append)

    def tell(self) -> None:
        self.told.append(self.kept.status())

    def change(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        self.kept.use()

    def refine(
        self, emit: Callable[..., None] | None = None, cancel: threading.Event | None = None
    ) -> Any:
        tool = self.kept.tool()
        assert tool is not None
        return tool.refine(
            FOX,
            seed=1,
            emit=emit or (lambda kind, **data: None),
            cancel=cancel or threading.Event(),
        )

    def wait(self, state: str) -> dict[str, Any]:
        found: dict[str, Any] = until(self.kept.status, lambda found: found["state"] == state)
        return found


def until(look: Callable[[], Any], right: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + WAIT
    while not right(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except OSError:  # Windows, where not everybody may
        shutil.copy2(target, path)


def ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("refiner")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.kept.close()
    until(ours, lambda names: not names)


@pytest.fixture
def starter(world: World, starter_gguf: Path) -> World:
    """The starter is installed (linked), and vouched for where the original is."""
    folder = world.settings.home / "models" / "refiners"
    folder.mkdir(parents=True)
    link(folder / starter_gguf.name, starter_gguf)
    mark = starter_gguf.with_name(starter_gguf.name + ".ok.json")
    if mark.is_file():
        shutil.copy(mark, folder / mark.name)
    return world


def test_off_loads_nothing(world: World):
    world.change(refine=False)
    world.kept.start()
    assert world.kept.tool() is None
    assert world.kept.status()["state"] == "off"
    assert not ours()


def test_one_that_is_not_there_says_what_fetches_it(world: World):
    world.change(refiner=GONE)
    found = world.wait("missing")
    assert f"setup --refiner {GONE}" in found["reason"]
    assert found["name"] == GONE
    with pytest.raises(ModelMissing):
        world.refine()
    assert world.told[0]["state"] == "loading"
    assert world.told[-1]["state"] == "missing"


def test_a_broken_file(world: World):
    folder = world.settings.home / "models" / "refiners"
    folder.mkdir(parents=True)
    (folder / "mine.gguf").write_bytes(b"<html>log in</html>")
    world.change(refiner="mine")
    assert "web page" in world.wait("failed")["reason"]
    with pytest.raises(S2IError):
        world.refine()


def test_a_broken_template_of_the_users(world: World):
    folder = world.settings.home / "models" / "refiners"
    folder.mkdir(parents=True)
    world.change(refine=False)
    world.settings.data.mkdir()
    (world.settings.data / "refine.json").write_text("{")
    (folder / "mine.gguf").write_bytes(b"GGUF")
    world.change(refine=True, refiner="mine")
    assert world.wait("failed")["reason"]


@pytest.mark.model
def test_it_loads_in_the_background_and_refines(starter: World):
    began = time.monotonic()
    starter.kept.start()
    assert time.monotonic() - began < WAIT / 4
    assert starter.refine().prompt.startswith(FOX)  # waits for it
    found = starter.kept.status()
    assert (found["state"], found["name"]) == ("ready", "smollm2-135m")
    assert "setup" in found["better"]
    assert set(starter.kept.hashes) == {"smollm2-135m"}
    assert starter.told[0]["state"] == "loading"
    assert starter.told[-1]["state"] == "ready"
    starter.change(language="fr")  # no other model, but something to be said of it
    assert "translate" in starter.told[-1]["reason"]


@pytest.mark.model
def test_cancel_does_not_wait_for_the_load(starter: World):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        starter.refine(cancel=cancel)


@pytest.mark.model
def test_a_change_lets_the_running_refinement_end(starter: World):
    def emit(kind: EventType, **data: Any) -> None:
        if kind is EventType.REFINE_DELTA and starter.settings.refine:
            starter.change(refine=False)

    assert starter.refine(emit).prompt.startswith(FOX)
    assert starter.kept.status()["state"] == "off"
    until(ours, lambda names: not names)  # and then it left memory
    starter.change(refine=True)
    assert starter.refine().model == "smollm2-135m"


@pytest.mark.model
def test_another_model_while_this_one_loads(starter: World, starter_gguf: Path):
    own = starter.settings.home / "models" / "refiners" / "own.gguf"
    link(own, starter_gguf)
    starter.change(refiner="own")  # is tried out in a child first: takes a while
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(starter.refine()))
    thread.start()
    until(lambda: starter.kept._held, lambda held: held is not None and held.users > 0)
    starter.change(refiner="smollm2-135m")
    thread.join(WAIT)
    # the one who waited got the new one, unless the old one was quicker
    assert results
    assert results[0].model in {"smollm2-135m", "own"}
    assert starter.refine().model == "smollm2-135m"
    until(ours, lambda names: names.count("refiner") <= 1)


@pytest.mark.model
def test_a_model_that_died_is_loaded_anew(starter: World):
    starter.refine()
    held = starter.kept._held
    assert held is not None
    assert held.refiner is not None
    held.refiner.close()
    with pytest.raises(RefineError):
        starter.refine()
    assert starter.kept.status()["state"] == "failed"
    assert starter.refine().prompt.startswith(FOX)
    assert starter.kept.status()["state"] == "ready"


@pytest.mark.model
def test_one_that_is_put_there_later_is_found(world: World, starter_gguf: Path):
    world.change(refiner="mine.gguf")
    world.wait("failed")
    folder = world.settings.home / "models" / "refiners"
    folder.mkdir(parents=True, exist_ok=True)
    link(folder / "mine.gguf", starter_gguf)
    assert world.refine().model == "mine"
    assert any("mine.gguf" in sentence for sentence in world.said)


@pytest.mark.model
def test_the_end_does_not_wait(starter: World):
    starter.kept.start()
    starter.kept.close()
    with pytest.raises(RefineError) as caught:
        starter.refine()
    assert caught.value.code == "refiner-closed"
    starter.kept.start()
    until(ours, lambda names: not names)
