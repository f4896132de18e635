"""Downloads that are steered and watched."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bootstrap import hub, partial
from bootstrap.control import Control
from bootstrap.shared_progress import Report, SharedProgress
from s2i.errors import Cancelled
from tests.bootstrap.conftest import Said, World
from tests.bootstrap.transfers import DATA, SHA256, SOURCE, fetch, until, until_there
from tests.fakes.hub import (
    Drop,
    Hold,
    Status,
)


class TestControl:
    def test_cancel_in_the_middle_keeps_what_came(self, world: World, target: Path) -> None:
        world.hub.script("GET", "alpha.gguf", Hold(0.5))
        control = Control()

        def stop() -> None:
            assert world.hub.holding.wait(60)
            until_there(target, 100_000)
            control.cancel()

        threading.Thread(target=stop).start()
        with pytest.raises(Cancelled):
            fetch(target, control=control)
        assert partial.part_path(target).stat().st_size == 100_000
        world.hub.release.set()
        assert fetch(target) == SHA256
        assert world.hub.served == len(DATA)

    def test_a_pause_lets_the_connection_go_and_goes_on(self, world: World, target: Path) -> None:
        world.hub.script("GET", "alpha.gguf", Hold(0.5))
        shared = SharedProgress()
        states: list[str] = []
        shared.listen(lambda report: states.append(report.state))
        control = Control(shared.steered)
        done: list[str] = []
        worker = threading.Thread(
            target=lambda: done.append(
                hub.fetch(SOURCE, target, size=len(DATA), progress=shared, control=control)
            )
        )
        worker.start()
        assert world.hub.holding.wait(60)
        until_there(target, 100_000)
        control.pause()
        assert control.state == "paused"
        # The server's side of the connection ends: nobody holds it while people have lunch.
        world.hub.release.set()
        assert len(world.hub.seen("GET", "alpha.gguf")) == 1
        assert not done
        control.resume()
        worker.join(60)
        assert done == [SHA256]
        assert [seen.range for seen in world.hub.seen("GET", "alpha.gguf")][1] == "bytes=100000-"
        assert "paused" in states
        assert shared.report.state == "idle"

    def test_cancel_while_paused_and_while_waiting(self, world: World, target: Path) -> None:
        control = Control()
        control.pause()
        control.cancel()
        with pytest.raises(Cancelled):
            fetch(target, control=control)
        assert world.hub.requests == []
        later = Control()
        world.hub.script("GET", "alpha.gguf", Status(503))
        said = Said()

        def stop() -> None:
            until(lambda: "Trying again" in said.text)
            later.cancel()

        threading.Thread(target=stop).start()
        with pytest.raises(Cancelled):
            fetch(target, said, control=later, pauses=(300.0,))


def test_several_see_the_same(world: World, target: Path) -> None:
    world.hub.script("GET", "alpha.gguf", Drop(0.5))
    first: list[Report] = []
    second: list[Report] = []
    told = Said()
    shared = SharedProgress(told)
    shared.plan(len(DATA))
    leave = shared.listen(first.append)
    shared.listen(second.append)
    hub.fetch(SOURCE, target, size=len(DATA), progress=shared, pauses=(0.0,))
    assert first == second
    assert first[-1].state == "idle"
    assert (first[-1].all_done, first[-1].all_total) == (len(DATA), len(DATA))
    assert told.done["Fetching alpha.gguf"][-1] == len(DATA)
    leave()
    shared.say("more")
    assert first[-1].said != "more"
    assert second[-1].said == "more"
    late: list[Report] = []
    shared.listen(late.append)
    assert late == [second[-1]]
