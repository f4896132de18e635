"""The pipeline: one ordered list of stages; a text idea is just a later start.

Everything is checked and prepared before `job-start`; `job-end` comes exactly once, last.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from s2i import output
from s2i.engines.base import Engine, PaintRequest, PaintResult, Plan
from s2i.errors import Cancelled, OutputError, S2IError
from s2i.events import Emit, Event, EventType
from s2i.job import JobState, Outcome, Request, new_job_id, random_seed
from s2i.journal import Journal
from s2i.pictures import Picture, keep_pictures
from s2i.speech.base import Transcript
from s2i.stages import Refined, RefinerLike, SpeechSource
from s2i.text import clean_idea


class Stage(str, Enum):
    """The stages in the order in which they run."""

    STT = "stt"
    REFINE = "refine"
    GENERATE = "generate"


@dataclass(frozen=True)
class Tools:
    """What a job works with. `refiner` is None where the words are passed through; `speech` is
    None where they were typed."""

    engine: Engine
    refiner: RefinerLike | None
    journal: Journal
    spare_folder: Path
    speech: SpeechSource | None = None
    model_hashes: dict[str, str] = field(default_factory=dict)


class Run:
    """One job from request to pictures. Make it (which checks and prepares), then `run()` once.

    Raises InputError, MissingError and OutputError when made; nothing has been announced or
    written by then. `run()` raises S2IError after announcing it as an `error` event; `drop()`
    ends it without having begun.

    `said`: what was heard before, where the idea are these words, perhaps edited.
    """

    def __init__(
        self,
        request: Request,
        tools: Tools,
        *,
        destination: output.Destination,
        emit: Emit,
        cancel: threading.Event | None = None,
        warnings: tuple[str, ...] = (),
        said: Transcript | None = None,
    ) -> None:
        self._begun = time.monotonic()
        self.id = new_job_id()
        if said is not None:
            request = replace(request, transcript=said.text)
            warnings = (*warnings, *said.warnings)
        self.request = request
        self.cancel = cancel or threading.Event()
        self._tools = tools
        self._destination = destination
        self._listener = emit
        self._warnings = list(warnings)
        self._timings: dict[str, float] = {}
        self._seed = random_seed() if request.seed is None else request.seed
        self._prompt = request.idea if request.prompt is None else request.prompt
        self._refined: Refined | None = None
        self._transcript = said
        self._paint = PaintRequest(
            prompt=self._prompt,
            negative=request.negative,
            seed=self._seed,
            width=request.width,
            height=request.height,
            steps=request.steps,
            count=request.count,
            workflow=request.workflow,
            image=request.image,
        )
        self._plan: Plan = tools.engine.plan(self._paint)
        self._warnings += self._plan.warnings
        self._images: list[Picture] = []
        tools.journal.begin(self.id, request, time.time(), self._settled())

    def drop(self, why: S2IError) -> None:
        """End it, announced and written down, instead of running it."""
        self._end(JobState.FAILED, why, self._first(), None)

    def run(self) -> Outcome:
        """Go through the stages; blocks until the pictures are on disk."""
        stages = {
            Stage.STT: self._listen,
            Stage.REFINE: self._refine,
            Stage.GENERATE: self._generate,
        }
        stage = first = self._first()
        state, failure = JobState.FAILED, None
        outcome: Outcome | None = None
        try:
            self._emit(EventType.JOB_START, request=self.request.to_dict())
            for stage in list(Stage)[list(Stage).index(first) :]:
                if self.cancel.is_set():
                    raise Cancelled
                started = time.monotonic()
                stages[stage]()
                self._timings.setdefault(stage.value, time.monotonic() - started)
            outcome = self._outcome()
            state = JobState.DONE
            return outcome
        except S2IError as error:
            failure = error
            raise
        except Exception as error:
            # a defect of ours must still end the job properly and reach the user as a sentence
            failure = S2IError(
                "internal",
                f"Something unexpected went wrong while working on this ({_short(error)}).",
                hint="Run it again; if it stays, report it with the log.",
                retryable=True,
            )
            raise failure from error
        finally:
            self._end(state, failure, stage, outcome)

    def _first(self) -> Stage:
        return Stage.REFINE if self._tools.speech is None else Stage.STT

    def _end(
        self,
        state: JobState,
        failure: S2IError | None,
        stage: Stage,
        outcome: Outcome | None,
    ) -> None:
        if isinstance(failure, Cancelled):
            state = JobState.CANCELLED
        if failure is not None:
            self._emit(EventType.ERROR, stage=stage.value, **failure.to_dict())
        try:
            self._tools.journal.finish(
                self.id,
                state,
                result=outcome.to_dict() if outcome else None,
                error={"stage": stage.value, **failure.to_dict()} if failure else None,
                pictures=[picture.to_dict() for picture in self._images] if outcome else [],
                context=self._settled(),
            )
        except OutputError as error:
            # the picture is made and written: a full disk under the journal must not take it back
            self._warn(error.message)
            if outcome is not None:
                outcome.warnings = list(self._warnings)
        self._emit(EventType.JOB_END, state=state.value)

    def _listen(self) -> None:
        assert self._tools.speech is not None  # noqa: S101 - else this stage isn't the start
        said = self._tools.speech.listen(self._emit, self.cancel)
        self._transcript = said
        self._warnings += said.warnings
        self.request = replace(self.request, idea=clean_idea(said.text), transcript=said.text)
        if self.request.prompt is None:
            self._prompt = self.request.idea
        self._destination = self._destination.named(self.request.idea)
        self._tools.journal.reword(self.id, self.request)

    def _refine(self) -> None:
        refiner = self._tools.refiner
        if refiner is None or not self.request.refine or self.request.prompt is not None:
            return
        seed = self._seed if self.request.refine_seed is None else self.request.refine_seed
        self._refined = refiner.refine(
            self.request.idea, seed=seed, emit=self._emit, cancel=self.cancel
        )
        self._prompt = self._refined.prompt
        self._warnings += self._refined.warnings

    def _generate(self) -> None:
        engine, plan = self._tools.engine, self._plan
        request = PaintRequest(**{**self._paint.__dict__, "prompt": self._prompt})
        self._tools.journal.settle(self.id, self._settled())
        self._emit(
            EventType.GENERATE_START,
            engine=engine.name,
            placeholder=engine.placeholder,
            seed=self._seed,
            width=plan.width,
            height=plan.height,
            steps=plan.steps,
        )
        started = time.monotonic()
        result = engine.paint(
            request,
            plan,
            self._emit,
            self.cancel,
            lambda data: self._tools.journal.remember(self.id, data),
        )
        seconds = time.monotonic() - started
        self._timings["queue"] = result.queue_seconds
        self._timings["generate"] = seconds - result.queue_seconds
        self._warnings += result.warnings
        self._keep(result)
        self._emit(
            EventType.GENERATE_END,
            images=[picture.to_dict() for picture in self._images],
            seconds=seconds,
        )

    def _keep(self, result: PaintResult) -> None:
        self._images, warnings = keep_pictures(
            result,
            self._destination,
            self._tools.spare_folder,
            {**self._context(), "details": {**self._plan.details, **result.details}},
        )
        self._warnings += warnings

    def _settled(self) -> dict[str, Any]:
        """What is known by now, for the journal."""
        return {**self._context(), "warnings": list(self._warnings)}

    def _context(self) -> dict[str, Any]:
        refined, said = self._refined, self._transcript
        return {
            "job": self.id,
            "request": _for_others(self.request),
            "idea": self.request.idea,
            "transcript": self.request.transcript,
            "words": [asdict(word) for word in said.words] if said else [],
            "recogniser": {"name": said.recogniser, "model": said.model} if said else None,
            "prompt": self._prompt,
            "negative": self._plan.negative,
            "seed": self._seed,
            "width": self._plan.width,
            "height": self._plan.height,
            "steps": self._plan.steps,
            "engine": self._tools.engine.name,
            "placeholder": self._tools.engine.placeholder,
            "workflow": self._plan.workflow,
            "refiner": None
            if refined is None
            else {
                "model": refined.model,
                "sha256": self._tools.model_hashes.get(refined.model),
                "template": refined.template_version,
                "seed": refined.seed,
                "source": refined.source,
            },
            "timings": dict(self._timings),
            "out": str(self._destination.path),
        }

    def _outcome(self) -> Outcome:
        timings = {"stt": 0.0, "refine": 0.0, "queue": 0.0, "generate": 0.0, **self._timings}
        timings["total"] = time.monotonic() - self._begun
        return Outcome(
            id=self.id,
            idea=self.request.idea,
            transcript=self.request.transcript,
            prompt=self._prompt,
            negative=self._plan.negative,
            seed=self._seed,
            size=f"{self._images[0].width}x{self._images[0].height}",
            steps=self._plan.steps,
            engine=self._tools.engine.name,
            workflow=self._plan.workflow,
            refiner=self._refined.model if self._refined else None,
            recogniser=self._transcript.recogniser if self._transcript else None,
            images=[str(picture.path) for picture in self._images],
            placeholder=self._tools.engine.placeholder,
            timings={name: round(value, 4) for name, value in timings.items()},
            warnings=list(self._warnings),
        )

    def _warn(self, text: str) -> None:
        if text not in self._warnings:
            self._warnings.append(text)

    def _emit(self, kind: EventType, **data: Any) -> None:
        event = Event(kind, data, self.id)
        try:
            self._tools.journal.record(event)
        except OutputError as error:
            self._warn(error.message)
        self._listener(event)


def _for_others(request: Request) -> dict[str, Any]:
    """The request as the picture carries it, which may be shown to anybody: no path of theirs."""
    given = request.to_dict()
    return {**given, "image": request.image and Path(request.image).name}


def _short(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
