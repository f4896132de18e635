from __future__ import annotations

import io

import pytest
from PIL import Image

from s2i.engines.comfyui.messages import ProgressState
from s2i.engines.comfyui.pictures import is_whole_png, to_png
from s2i.engines.comfyui.progress import Tracker
from s2i.engines.comfyui.workflow import load
from s2i.errors import GenerateError
from tests.fakes.comfyui import paint

from .conftest import WORKFLOWS

GRAPH = load("sd15", [WORKFLOWS]).graph  # seven nodes, 25 steps: 31 in weight


def test_fraction_and_remaining_time() -> None:
    tracker = Tracker(GRAPH)
    assert tracker.fraction() == 0
    assert tracker.eta(0.0) is None
    tracker.cached(("4", "5", "6", "7"))
    assert tracker.fraction() == pytest.approx(4 / 31)
    tracker.begun("3")
    assert tracker.eta(5.0) is None  # nothing is known before the first step
    tracker.step("3", 1, 25)
    assert tracker.eta(10.0) is None  # nor by one step, in which the model was loaded
    tracker.step("3", 2, 25)
    assert tracker.eta(12.0) == pytest.approx(2 * 25)
    tracker.state(ProgressState("p", dict.fromkeys(("3", "8", "9"), (1, 1, "finished"))))
    assert tracker.fraction() == 1
    assert tracker.eta(20.0) == 0


def test_a_prompt_queued_again_shows_what_it_showed() -> None:
    tracker = Tracker(GRAPH)
    tracker.step("3", 20, 25)
    shown = tracker.fraction()
    tracker.again()
    tracker.step("3", 1, 25)
    assert tracker.fraction() == shown
    assert tracker.eta(100.0) is None
    tracker.step("3", 2, 25)
    assert tracker.eta(101.0) == pytest.approx(29)


def test_it_never_falls_and_never_leaves_its_range() -> None:
    tracker = Tracker(GRAPH, runs=2)
    seen = []
    for _ in range(2):
        for value in (1, 30, 3, -5, 25):
            tracker.step("3", value, 25)
            seen.append(tracker.fraction())
        tracker.step("3", 1, 0)
        tracker.step("unknown", 1, 5)
        tracker.next_run()
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1
    assert seen[4] <= 0.5


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_every_format_becomes_the_same_png(kind: str) -> None:
    data = paint.picture(1, 64, 48, GRAPH, {"workflow": {}}, kind)
    png = to_png(data)
    assert png is not None
    assert is_whole_png(png)
    with Image.open(io.BytesIO(png)) as made, Image.open(io.BytesIO(data)) as given:
        assert made.format == "PNG"
        assert made.tobytes() == given.convert(made.mode).tobytes()
    if kind == "PNG":
        assert png == data  # chunks and all


def test_half_a_picture_is_not_taken() -> None:
    for kind in ("PNG", "WEBP", "JPEG"):
        data = paint.picture(1, 256, 256, GRAPH, None, kind)
        assert to_png(data[: len(data) // 2]) is None
    whole = paint.picture(1, 64, 64, GRAPH, None, "PNG")
    assert to_png(whole[:-1]) is None
    spoiled = bytearray(whole)
    spoiled[len(whole) // 2] ^= 1
    assert to_png(bytes(spoiled)) is None


@pytest.mark.parametrize("data", [b"", b"<html>", b"\0" * 100])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(GenerateError):
        to_png(data)
