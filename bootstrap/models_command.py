"""`python run.py models`: what is there and what could be; get, remove, verify.

Exit codes: 0 done · 1 refused at the question · 2 bad usage, no such model, or nobody there to be
asked · 3 it couldn't be fetched, or a model is broken · 130 stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any

from bootstrap import console, inventory, machine, model_get, model_remove, model_verify, staging
from bootstrap.console import complain, print_out, table
from bootstrap.inventory import AVAILABLE, ELSEWHERE, THERE, UNFINISHED, Row
from bootstrap.progress import ConsoleProgress, Progress, size_text
from s2i.errors import EXIT_BAD_INPUT, EXIT_CANCELLED, EXIT_FAILED, EXIT_MADE, S2IError
from s2i.settings import Settings

_STATES = {
    THERE: "there",
    ELSEWHERE: "found",
    UNFINISHED: "unfinished",
    AVAILABLE: "-",
}


def main(argv: Sequence[str], settings: Settings) -> int:
    """Run `models`. Errors end as one sentence on standard error."""
    options = _parser().parse_args(list(argv))
    progress = ConsoleProgress()
    try:
        return _run(options, settings, progress)
    except KeyboardInterrupt:
        progress.end()
        progress.say("Stopped. What came is kept; the same command goes on where it stopped.")
        return EXIT_CANCELLED
    except S2IError as error:
        complain(progress, error)
        if options.json:
            print_out(json.dumps({"error": error.to_dict()}, ensure_ascii=False))
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run.py models",
        description="Which models are there, which could be; get, remove and verify them.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    get = commands.add_parser("get", help="fetch a model of the list, or take one of yours")
    get.add_argument(
        "what",
        metavar="MODEL",
        help="an id of the list, a language code, a .gguf file, a Vosk zip or folder, "
        "or owner/name:file of a hub",
    )
    get.add_argument("--language", metavar="CODE", help="what a speech model of yours hears")
    remove = commands.add_parser("remove", help="delete a model, or what came of one so far")
    remove.add_argument("what", metavar="MODEL", help="an id of the list")
    verify = commands.add_parser("verify", help="check hashes and try the models out again")
    verify.add_argument("what", metavar="MODEL", nargs="?", help="an id of the list; all without")
    for one in (get, remove):
        one.add_argument("--yes", "-y", action="store_true", help="without a question")
    for one in (get, remove, verify):
        one.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON object"
        )
    return parser


def _run(options: argparse.Namespace, settings: Settings, progress: Progress) -> int:
    commands: dict[str | None, Callable[..., int]] = {
        None: _list,
        "get": _get,
        "remove": _remove,
        "verify": _verify,
    }
    return commands[options.command](options, settings, progress)


def _list(options: argparse.Namespace, settings: Settings, progress: Progress) -> int:
    rows = inventory.rows(settings)
    free, memory = machine.free_disk(settings.home), machine.memory()
    unfinished = staging.leftovers(settings.home)
    if options.json:
        data: dict[str, Any] = {
            "home": str(settings.home),
            "models": [row.to_dict() for row in rows],
            "unfinished": [{"id": name, "bytes": size} for name, size in unfinished],
            "free_disk": free,
            "free_memory": memory.available if memory else None,
        }
        print_out(json.dumps(data, ensure_ascii=False))
        return EXIT_MADE
    for kind, title in (("refiner", "Prompt writers"), ("speech", "Speech models")):
        print_out(f"{title}:")
        for line in table(_table([row for row in rows if row.kind == kind])):
            print_out(line)
    print_out("  * in use   found: another program's, used where it lies")
    known = {row.id for row in rows}
    for name, size in unfinished:
        if name not in known:
            print_out(f"Unfinished: {name}, {size_text(size)} of it")
    free_text = "unknown" if free is None else size_text(free)
    free_memory = size_text(memory.available) if memory else "unknown"
    print_out(f"Free: {free_text} of disk, {free_memory} of memory")
    progress.end()
    return EXIT_MADE


def _table(rows: list[Row]) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = [("", "id", "name", "", "size", "memory", "licence", "from")]
    made += [
        (
            "*" if row.in_use else " ",
            row.id,
            row.name,
            _STATES[row.state] + ("" if row.checked or row.state in _UNCHECKED else ", unchecked"),
            size_text(row.bytes),
            size_text(row.memory_bytes),
            row.licence,
            row.source,
        )
        for row in rows
    ]
    return made


_UNCHECKED = {UNFINISHED, AVAILABLE}


def _get(options: argparse.Namespace, settings: Settings, progress: Progress) -> int:
    wanted = model_get.find(settings, options.what, options.language or "")
    _tell(options, wanted.lines)
    if wanted.needs_a_yes and not options.yes:
        refused = _ask(f"Fetch {size_text(wanted.bytes)} now? [Y/n] ", progress)
        if refused is not None:
            return refused
    path = wanted.fetch(progress)
    progress.say(f"{wanted.name} is in place: {path}")
    return _done(options, {"id": wanted.name, "path": str(path)})


def _remove(options: argparse.Namespace, settings: Settings, progress: Progress) -> int:
    found = model_remove.find(settings, options.what, sure=options.yes)
    _tell(options, [found.said])
    if not options.yes:
        refused = _ask("Remove it? [Y/n] ", progress)
        if refused is not None:
            return refused
    freed = found.remove()
    progress.say(f"{found.id} is removed; {size_text(freed)} are free again.")
    return _done(options, {"id": found.id, "bytes": freed})


def _verify(options: argparse.Namespace, settings: Settings, progress: Progress) -> int:
    results = model_verify.verify(settings, options.what or "", progress)
    for one in results:
        if not options.json:
            print_out(f"{one.id}: {'good' if one.ok else one.reason}")
    if not results and not options.json:
        print_out("No model is there yet.")
    if options.json:
        print_out(json.dumps({"models": [one.to_dict() for one in results]}, ensure_ascii=False))
    return EXIT_MADE if all(one.ok for one in results) else model_verify.EXIT_BROKEN


def _ask(question: str, progress: Progress) -> int | None:
    """None to go on, else the exit code."""
    if not console.somebody_is_there():
        progress.say("Nobody is there to be asked (no terminal). --yes goes without a question.")
        return EXIT_BAD_INPUT
    if console.is_yes(console.ask(question)):
        return None
    progress.say("Nothing was done.")
    return EXIT_FAILED


def _tell(options: argparse.Namespace, lines: list[str]) -> None:
    for line in [] if options.json else lines:
        print_out(line)


def _done(options: argparse.Namespace, data: dict[str, Any]) -> int:
    if options.json:
        print_out(json.dumps(data, ensure_ascii=False))
    return EXIT_MADE
