"""One picture without a page: `run.py --text`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from s2i import output, terminal
from s2i.engines import registry
from s2i.errors import EXIT_CANCELLED, EXIT_MADE
from s2i.events import Emit, Event
from s2i.job import Outcome, Request, parse_size
from s2i.journal import Journal
from s2i.pipeline import Run, Tools
from s2i.recovery import recover
from s2i.refiner_choice import RefinerChoice
from s2i.settings import Settings
from s2i.text import clean_idea


def paint(
    idea: str,
    settings: Settings,
    *,
    seed: int | None,
    out: str | None,
    refine: bool,
    as_json: bool,
    as_events: bool,
) -> int:
    """Make one job's pictures and print where they are; returns the exit code.

    Raises S2IError for whatever ends it early.
    """
    request = _request(idea, settings, seed, refine)
    destination = output.choose(out, request.idea, settings.output)
    with RefinerChoice(settings, wanted=refine) as choice:
        chosen = registry.choose(settings)
        terminal.say(chosen.reason)
        refiner = choice.refiner()
        with closing(Journal(settings.data)) as journal:
            if journal.moved_aside:
                terminal.say(f"Note: the journal was damaged; it is kept as {journal.moved_aside}.")
            _recover(journal, settings)
            view = terminal.Terminal()
            listeners: list[Emit] = [view]
            if as_events:
                listeners.append(terminal.JsonLines())
            run = Run(
                request,
                Tools(
                    engine=chosen.engine,
                    refiner=refiner,
                    journal=journal,
                    spare_folder=settings.output,
                    model_hashes=choice.hashes,
                ),
                destination=destination,
                emit=lambda event: _tell(listeners, event),
            )
            try:
                outcome = _work(run)
            finally:
                view.close()
    _report(outcome, chosen.better, choice.improvement(), as_json=as_json, as_events=as_events)
    return EXIT_MADE


def _request(idea: str, settings: Settings, seed: int | None, refine: bool) -> Request:
    width, height = parse_size(settings.size) if settings.size else (None, None)
    return Request(
        idea=clean_idea(idea),
        language=settings.language,
        refine=refine,
        engine=settings.engine,
        workflow=settings.workflow,
        negative=clean_idea(settings.negative) if settings.negative.strip() else None,
        seed=seed,
        width=width,
        height=height,
        steps=settings.steps or None,
        count=settings.count,
    )


def _tell(listeners: list[Emit], event: Event) -> None:
    for listener in listeners:
        listener(event)


def _recover(journal: Journal, settings: Settings) -> None:
    for found in recover(journal, lambda name: registry.make(name, settings), settings.output):
        where = " ".join(str(path) for path in found.images)
        idea = found.idea if len(found.idea) <= 60 else found.idea[:57] + "..."
        terminal.say(f"Earlier job '{idea}': {found.reason} {where}".rstrip())


def _work(run: Run) -> Outcome:
    """Run the job in a thread of its own, so that Ctrl-C is heard at any moment on every OS."""
    box: list[Outcome | BaseException] = []

    def work() -> None:
        try:
            box.append(run.run())
        except BaseException as error:  # noqa: BLE001 - carried over to the main thread and raised there
            box.append(error)

    thread = threading.Thread(target=work, name="job")
    with _cancelled_by_signals(run.cancel):
        thread.start()
        while thread.is_alive():
            thread.join(0.1)
    result = box[0]
    if isinstance(result, BaseException):
        raise result
    return result


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


def _report(
    outcome: Outcome, better: str, improvement: str, *, as_json: bool, as_events: bool
) -> None:
    for warning in outcome.warnings:
        terminal.say(f"Note: {warning}")
    terminal.say(terminal.closing_line(outcome, better))
    if improvement:
        terminal.say(improvement)
    if as_json:
        from s2i.cli import print_json

        print_json(outcome.to_dict())
    elif not as_events:
        for path in outcome.images:
            _print_path(Path(path))


def _print_path(path: Path) -> None:
    """The path alone on a line, in the file system's own bytes, so that a pipe can open it."""
    try:
        sys.stdout.buffer.write(os.fsencode(path) + os.linesep.encode())
        sys.stdout.buffer.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody reads it; the picture is on disk all the same
