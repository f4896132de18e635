"""`python run.py setup`: fetch the models ahead of time, after showing once what that takes.

Exit codes: 0 all there (or, without a hub, at least a refiner is) · 1 refused at the question ·
2 bad usage, or nobody there to be asked · 3 something couldn't be fetched · 130 stopped.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import console, downloads, profiles, setup_plan, staging
from bootstrap.budget import Budget, Item
from bootstrap.catalogue import Catalogue, RefinerEntry
from bootstrap.console import ask, complain, is_yes, print_out
from bootstrap.progress import ConsoleProgress, Progress, size_text
from bootstrap.setup_plan import Plan, Wish
from s2i import settings
from s2i.errors import (
    EXIT_BAD_INPUT,
    EXIT_CANCELLED,
    EXIT_FAILED,
    EXIT_MADE,
    EXIT_MISSING,
    InputError,
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
            "Stopped. What was complete is kept; what was under way goes on where it stopped "
            "with the next 'python run.py setup'."
        )
        return EXIT_CANCELLED
    except S2IError as error:
        complain(progress, error)
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
        "--profile", metavar="NAME", help="smallest, balanced or best (default: what fits)"
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
    _make_home(options.home)
    wish = Wish(
        options.home,
        options.language,
        options.language_asked,
        options.refiner or "",
        options.profile or "",
    )
    while True:
        plan = setup_plan.make(wish, catalogue, progress)
        budget = plan.budget
        _show(plan, options.home)
        if not budget.missing:
            staging.sweep(options.home)
            nothing = not plan.trouble
            progress.say(
                "Nothing to fetch." if nothing else setup_plan.still_missing(wish.home, plan.wanted)
            )
            return _verdict(wish, catalogue, plan, failed=False)
        if not budget.fits_disk:
            _make_room(options.home, budget)
        if options.yes:
            break
        answer = _ask(plan, progress)
        if answer in profiles.NAMES:
            wish = replace(wish, profile=answer)
            continue
        if not is_yes(answer):
            progress.say("Nothing was fetched.")
            return EXIT_FAILED if console.somebody_is_there() else EXIT_BAD_INPUT
        break
    staging.sweep(options.home)
    progress.plan(budget.planned_bytes)
    failed = [item for item in budget.missing if not _get(options.home, item, progress)]
    if plan.trouble:
        progress.say(setup_plan.still_missing(wish.home, plan.wanted))
    elif not failed:
        progress.say("All there.")
    return _verdict(wish, catalogue, plan, failed=bool(failed))


def _make_home(home: Path) -> None:
    try:
        (home / "models").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "bad-home",
            f"The folder {home} can't be used ({error.strerror}).",
            hint="Choose another with --home or S2I_HOME.",
        ) from error


def _make_room(home: Path, budget: Budget) -> None:
    """Say what could go, then raise MissingError unless there is room after all."""
    staging.sweep(home)  # leftovers of a killed run may be what fills the disk
    wanted = {item.name for item in budget.missing}
    for name, size in staging.leftovers(home):
        if name not in wanted:
            print_out(
                f"{size_text(size)} of an unfinished download of {name} are kept: "
                f"'python run.py models remove {name}' throws them away."
            )
    staging.check_room(home, budget.disk_bytes - staging.MARGIN_BYTES, "This setup")


def _verdict(wish: Wish, catalogue: Catalogue, plan: Plan, *, failed: bool) -> int:
    if failed:
        return EXIT_MISSING
    if plan.trouble and wish.refiner:
        asked = catalogue.refiner(wish.refiner)
        if not setup_plan.exists(wish.home, asked):
            return EXIT_MISSING  # this very model was asked for
    return EXIT_MADE


def _show(plan: Plan, home: Path) -> None:
    a_choice = plan.profile is not None and len(plan.profiles) > 1 and not plan.trouble
    if plan.profile is not None and a_choice and plan.budget.missing:
        print_out("Profiles:")
        for line in profiles.lines(list(plan.profiles), plan.profile):
            print_out(line)
    if plan.budget.items:
        print_out(f"Models for {home}:")
        for line in plan.budget.lines():
            print_out(line)


def _ask(plan: Plan, progress: Progress) -> str:
    """What was answered: yes, no, or the name of a profile."""
    if not console.somebody_is_there():
        progress.say("Nobody is there to be asked (no terminal).")
        progress.say("  Run 'python run.py setup --yes' to fetch all this without a question.")
        return "no"
    chosen = plan.profile
    profiled = chosen is not None and not plan.trouble
    others = [one.name for one in plan.profiles if profiled and one is not chosen]
    or_else = f", or {' or '.join(others)}" if others else ""
    return ask(f"Fetch this now? [Y/n]{or_else} ")


def _get(home: Path, item: Item, progress: Progress) -> bool:
    try:
        if isinstance(item.entry, RefinerEntry):
            place = downloads.fetch_refiner(home, item.entry, progress)
        else:
            place = downloads.fetch_speech(home, item.entry, progress)
    except S2IError as error:
        progress.end()
        complain(progress, error)
        return False
    progress.say(f"{item.name} is in place: {os.path.relpath(place, home)}")
    return True
