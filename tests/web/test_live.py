"""What a running job has come to, from its events."""

from __future__ import annotations

from typing import Any

import pytest

from s2i.events import Event, EventType
from s2i.web.live import MAX_PREVIEW, Live


@pytest.fixture
def live() -> Live:
    made = Live()
    tell(made, EventType.JOB_START)
    return made


def tell(live: Live, kind: EventType, job: str | None = "job", **data: Any) -> None:
    live(Event(kind, data, job))


def of(live: Live) -> dict[str, Any]:
    found = live.of("job")
    assert found is not None
    return found


def test_from_start_to_end(live: Live):
    assert of(live) == {
        "stage": None, "prompt": "", "queued": None, "progress": None, "preview": None,
    }  # fmt: skip
    tell(live, EventType.REFINE_START)
    tell(live, EventType.REFINE_DELTA, text="a ")
    tell(live, EventType.REFINE_DELTA, text="fox")
    assert (of(live)["stage"], of(live)["prompt"]) == ("refine", "a fox")
    tell(live, EventType.REFINE_START)
    assert of(live)["prompt"] == "", "it begins anew"
    tell(live, EventType.REFINE_END, prompt="a fox, vivid")
    tell(live, EventType.GENERATE_START)
    tell(live, EventType.GENERATE_QUEUED, position=3)
    assert (of(live)["stage"], of(live)["prompt"], of(live)["queued"]) == (
        "generate", "a fox, vivid", 3,
    )  # fmt: skip
    tell(live, EventType.GENERATE_PROGRESS, value=1, max=4, fraction=0.25, node="k", eta=2.5)
    assert (of(live)["queued"], of(live)["progress"]["fraction"]) == (None, 0.25)
    tell(live, EventType.GENERATE_PREVIEW, mime="image/jpeg", image=b"abc")
    assert of(live)["preview"] == "data:image/jpeg;base64,YWJj"
    tell(live, EventType.JOB_END, state="done")
    assert live.of("job") is None


@pytest.mark.parametrize(
    ("mime", "image"),
    [
        ("image/svg+xml", b"<svg/>"),
        ("text/html", b"x"),
        (None, b"x"),
        (["image/png"], b"x"),
        ("image/png;base64,x", b"x"),
        ("image/png", "text"),
        ("image/png", b"x" * (MAX_PREVIEW + 1)),
    ],
)
def test_previews_that_are_not_kept(live: Live, mime: Any, image: Any):
    tell(live, EventType.GENERATE_PREVIEW, mime="image/png", image=b"good")
    before = of(live)["preview"]
    tell(live, EventType.GENERATE_PREVIEW, mime=mime, image=image)
    assert of(live)["preview"] == before


def test_only_jobs_that_run(live: Live):
    tell(live, EventType.STT_PARTIAL, job="utterance", text="fox")
    tell(live, EventType.REFINE_DELTA, job=None, text="fox")
    tell(live, EventType.JOB_END, job="unknown")
    assert live.of("utterance") is None
    assert live.of("unknown") is None
