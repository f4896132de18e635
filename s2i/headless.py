"""One picture without a page: `run.py --text`, `--audio` or `--mic`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar, cast

from s2i import output, terminal
from s2i.engines import registry
from s2i.errors import EXIT_CANCELLED, EXIT_MADE, InputError
from s2i.events import Emit, Event, EventType
from s2i.job import Outcome, Request, parse_size
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from s2i.recovery import recover
from s2i.refiner_choice import RefinerChoice
from s2i.seeds import seeded
from s2i.settings import Settings
from s2i.stages import SpeechSource
from s2i.text import clean_idea

_T = TypeVar("_T")


@dataclass(frozen=True)
class Ask:
    """What the command line asks for: typed words, an audio file ("-": standard input), or
    neither, which means the microphone."""

    settings: Settings
    idea: str | None
    audio: str | None
    seed: int | None
    out: str | None
    image: str | None
    refine: bool
    as_json: bool
    as_events: bool


def paint(ask: Ask) -> int:
    """Make one job's pictures and print where they are; returns the exit code.

    Raises S2IError for whatever ends it early.
    """
    settings = ask.settings
    request = _request(ask)
    destination = output.choose(ask.out, request.idea, settings.output)
    view = terminal.Terminal()
    with RefinerChoice(settings, wanted=ask.refine) as choice, _speech(ask, view) as speech:
        chosen = registry.choose(settings)
        terminal.say(chosen.reason)
        refiner = choice.refiner()
        with closing(Journal(settings.data)) as journal:
            if journal.moved_aside:
                terminal.say(f"Note: the journal was damaged; it is kept as {journal.moved_aside}.")
            _recover(journal, settings)
            run = Run(
                seeded(request, settings, journal),
                Tools(
                    engine=chosen.engine,
                    refiner=refiner,
                    journal=journal,
                    spare_folder=settings.output,
                    speech=speech,
                    model_hashes=choice.hashes,
                ),
                destination=destination,
                emit=_listeners(ask, view),
            )
            try:
                outcome = _in_thread(run.run, run.cancel)
            finally:
                view.close()
    _report(ask, outcome, chosen.better, choice.improvement())
    return EXIT_MADE


def transcribe(ask: Ask) -> int:
    """Only the words: on standard output, with --json all that the recogniser knows of them."""
    view = terminal.Terminal()
    tell = _listeners(ask, view)

    def emit(kind: EventType, **data: Any) -> None:
        tell(Event(kind, data))

    cancel = threading.Event()
    with _speech(ask, view) as source:
        if source is None:
            raise InputError("usage", "--transcript goes with --audio or --mic.")
        try:
            said = _in_thread(lambda: source.listen(emit, cancel), cancel)
        finally:
            view.close()
    for warning in said.warnings:
        terminal.say(f"Note: {warning}")
    if ask.as_json:
        terminal.print_json(said.to_dict())
    elif not ask.as_events:
        terminal.write(sys.stdout, said.text + "\n")
    return EXIT_MADE


@contextmanager
def _speech(ask: Ask, view: terminal.Terminal) -> Iterator[SpeechSource | None]:
    """Where spoken words come from, opened and checked; None where they were typed."""
    if ask.idea is not None:
        yield None
        return
    from s2i.speech import listening

    with listening.opened(ask.audio, ask.settings, say=terminal.say, meter=view.level) as source:
        yield source


def _request(ask: Ask) -> Request:
    settings = ask.settings
    width, height = parse_size(settings.size) if settings.size else (None, None)
    return Request(
        idea="" if ask.idea is None else clean_idea(ask.idea),
        language=settings.language,
        refine=ask.refine,
        engine=settings.engine,
        workflow=settings.workflow,
        negative=clean_idea(settings.negative) if settings.negative.strip() else None,
        seed=ask.seed,
        width=width,
        height=height,
        steps=settings.steps or None,
        count=settings.count,
        image=None if ask.image is None else str(Path(ask.image).expanduser().absolute()),
    )


def _listeners(ask: Ask, view: terminal.Terminal) -> Emit:
    """Who is told what happens: the terminal, and with --events standard output."""
    if not ask.as_events:
        return view
    lines = terminal.JsonLines()

    def tell(event: Event) -> None:
        view(event)
        lines(event)

    return tell


def _recover(journal: Journal, settings: Settings) -> None:
    for found in recover(journal, lambda name: registry.make(name, settings), settings.output):
        where = " ".join(str(path) for path in found.images)
        idea = found.idea if len(found.idea) <= 60 else found.idea[:57] + "..."
        terminal.say(f"Earlier job '{idea}': {found.reason} {where}".rstrip())


def _in_thread(work: Callable[[], _T], cancel: threading.Event) -> _T:
    """Work in a thread of its own, so that Ctrl-C is heard at any moment on every OS."""
    box: list[tuple[_T | None, BaseException | None]] = []

    def run() -> None:
        try:
            box.append((work(), None))
        except BaseException as error:  # noqa: BLE001 - carried over to the main thread and raised there
            box.append((None, error))

    thread = threading.Thread(target=run, name="job")
    with _cancelled_by_signals(cancel):
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    result, error = box[0]
    if error is not None:
        raise error
    return cast(_T, result)


@contextmanager
def _cancelled_by_signals(cancel: threading.Event) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) cancels the job, a second one leaves at once."""

    def stop(number: int, frame: FrameType | None) -> None:
        if cancel.is_set():
            os._exit(EXIT_CANCELLED)
        cancel.set()
        terminal.say("\nCancelling ... (once more to leave at once)")

    before: dict[int, Any] = {}
    for wanted in (signal.SIGINT, signal.SIGTERM):
        before[wanted] = signal.signal(wanted, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(ask: Ask, outcome: Outcome, better: str, improvement: str) -> None:
    for warning in outcome.warnings:
        terminal.say(f"Note: {warning}")
    terminal.say(terminal.closing_line(outcome, better))
    if improvement:
        terminal.say(improvement)
    if ask.as_json:
        terminal.print_json(outcome.to_dict())
    elif not ask.as_events:
        for path in outcome.images:
            _print_path(Path(path))


def _print_path(path: Path) -> None:
    """The path alone on a line, in the file system's own bytes, so that a pipe can open it."""
    try:
        sys.stdout.buffer.write(os.fsencode(path) + os.linesep.encode())
        sys.stdout.buffer.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody reads it; the picture is on disk all the same
