"""The storyboard as an engine: plan, events, cancellation, seeds."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from s2i import provenance
from s2i.engines.base import Engine
from s2i.engines.storyboard.engine import StoryboardEngine
from s2i.errors import Cancelled
from s2i.events import Event, EventType
from s2i.job import MAX_SEED
from tests.engines.storyboard.painting import Listener, paint, request, run

ROOT = Path(__file__).resolve().parents[3]


def test_it_is_an_engine_and_says_what_it_is() -> None:
    engine: Engine = StoryboardEngine()
    assert (engine.name, engine.placeholder) == ("storyboard", True)
    state = engine.available()
    assert state.ready
    assert "placeholder" in state.reason
    assert state.reason.endswith(".")


def test_the_plan_fills_in_the_defaults() -> None:
    plan = StoryboardEngine().plan(request("a fox"))
    assert (plan.width, plan.height, plan.steps, plan.negative) == (512, 512, None, "")
    assert plan.workflow is None
    assert plan.warnings == ()


def test_the_plan_keeps_what_was_asked_for_and_warns_about_steps() -> None:
    asked = request("a fox", negative="dogs", width=768, height=64, steps=20)
    plan = StoryboardEngine().plan(asked)
    assert (plan.width, plan.height, plan.steps, plan.negative) == (768, 64, None, "dogs")
    [warning] = plan.warnings
    assert "steps" in warning


def test_progress_runs_forward_to_the_end() -> None:
    listener = Listener()
    run(request("a fox in the snow", width=128, height=128, count=3), listener)
    events = listener.of(EventType.GENERATE_PROGRESS)
    fractions = [data["fraction"] for data in events]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert {"sky", "land", "subjects", "weather", "lettering"} <= {data["node"] for data in events}
    assert all(data["value"] / data["max"] == data["fraction"] for data in events)
    assert all(data["eta"] is None or data["eta"] >= 0 for data in events)
    assert set(events[0]) == {"value", "max", "fraction", "node", "eta"}
    for kind, data in listener.events:
        Event(kind, data).to_json()


def test_one_preview_that_can_be_shown() -> None:
    listener = Listener()
    run(request("a fox", count=2), listener)
    [preview] = listener.of(EventType.GENERATE_PREVIEW)
    assert preview["mime"] == "image/jpeg"
    with Image.open(io.BytesIO(preview["image"])) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 512


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_cancelling_between_layers(after: int) -> None:
    cancel = threading.Event()
    listener = Listener(then=lambda count: cancel.set() if count >= after else None)
    if after == 0:
        cancel.set()
    with pytest.raises(Cancelled):
        run(request("a fox", width=64, height=64, count=4), listener, cancel)
    assert len(listener.events) == after


def test_a_cancel_during_the_last_layer_counts_too() -> None:
    cancel = threading.Event()
    listener = Listener(then=lambda count: cancel.set() if count == 6 else None)
    with pytest.raises(Cancelled):
        run(request("a fox", width=64, height=64), listener, cancel)
    assert listener.of(EventType.GENERATE_PROGRESS)[-1]["fraction"] < 1


def test_nothing_to_recover() -> None:
    assert StoryboardEngine().recover({"anything": 1}, threading.Event()) is None


def test_several_pictures_take_the_seeds_that_follow() -> None:
    result = run(request("a fox", width=64, height=64, seed=5, count=3))
    assert [image.seed for image in result.images] == [5, 6, 7]
    for image in result.images:
        assert image.png == paint("a fox", width=64, height=64, seed=image.seed)
    assert len({image.png for image in result.images}) == 3


def test_seeds_wrap_at_their_limit() -> None:
    result = run(request("a fox", width=64, height=64, seed=MAX_SEED, count=2))
    assert [image.seed for image in result.images] == [MAX_SEED, 0]


def test_the_details_say_what_was_understood() -> None:
    scene = run(request("two foxes at night", width=64, height=64)).details["scene"]
    assert scene["time"] == "night"
    assert scene["subjects"] == [{"key": "fox", "count": 2}]


_HASH = """
import hashlib
from tests.engines.storyboard.painting import paint
prompts = ("three birds over a misty forest at dusk, red, green", "a glass harp in a city, rain")
print(hashlib.sha256(b"".join(paint(p, width=192, height=128) for p in prompts)).hexdigest())
"""


def test_the_same_bytes_in_every_process() -> None:
    seen = set()
    for hash_seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", _HASH],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_provenance_fits_into_it() -> None:
    png = provenance.embed(paint("a fox"), {"placeholder": True})
    assert provenance.check_png(png) == (256, 256)
    assert provenance.read(png) == {"schema": 1, "placeholder": True}
