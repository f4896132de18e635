"""A home with thousands of finished pictures, as the bench's gallery needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from s2i.engines.base import PaintRequest
from s2i.engines.storyboard.engine import StoryboardEngine
from s2i.job import JobState, Outcome, Request, new_job_id
from s2i.journal import Journal
from s2i.pictures import Picture

IDEAS = (
    "a red fox sleeping in the snow under the northern lights",
    "an old lighthouse in a storm",
    "a castle on a hill at night",
    "three boats on a calm lake at dawn",
    "a blue bird in a forest in the rain",
    "a horse on a beach at sunset",
)
DIFFERENT = 24  # pictures that are really painted; the jobs take them in turn
APART = 60.0  # s between two jobs


def fill(home: Path, jobs: int) -> None:
    """Put `jobs` finished jobs into the journal of `home`, with real pictures in its output/."""
    pictures = _paint(home / "output" / "bench", min(jobs, DIFFERENT))
    first = time.time() - jobs * APART
    with closing(Journal(home / "data")) as journal:
        for number in range(jobs):
            picture = pictures[number % len(pictures)]
            job, request = new_job_id(), Request(idea=_idea(number), refine=False)
            journal.begin(job, request, first + number * APART)
            journal.finish(
                job,
                JobState.DONE,
                result=_outcome(job, request, picture).to_dict(),
                pictures=[picture.to_dict()],
            )


def _idea(number: int) -> str:
    return IDEAS[number % len(IDEAS)]


def _paint(folder: Path, count: int) -> Sequence[Picture]:
    folder.mkdir(parents=True, exist_ok=True)
    engine = StoryboardEngine()
    pictures = []
    for seed in range(count):
        asked = PaintRequest(prompt=_idea(seed), negative=None, seed=seed)
        plan = engine.plan(asked)
        painted = engine.paint(asked, plan, _nobody, threading.Event(), _nobody)
        path = folder / f"{seed}.png"
        path.write_bytes(painted.images[0].png)
        pictures.append(Picture(path, seed, plan.width, plan.height))
    return pictures


def _nobody(*_: object, **__: object) -> None:
    """Listens to no event."""


def _outcome(job: str, request: Request, picture: Picture) -> Outcome:
    return Outcome(
        id=job,
        idea=request.idea,
        transcript=None,
        prompt=request.idea,
        negative="",
        seed=picture.seed,
        size=f"{picture.width}x{picture.height}",
        steps=None,
        engine=StoryboardEngine.name,
        workflow=None,
        refiner=None,
        recogniser=None,
        images=[str(picture.path)],
        placeholder=True,
        timings={"stt": 0.0, "refine": 0.0, "queue": 0.0, "generate": 0.1, "total": 0.1},
        warnings=[],
    )
