"""The command line: options in, exit code out. What commands do lives in rooms of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from s2i import __version__, errors, log, terminal
from s2i import settings as settings_module
from s2i.errors import EXIT_CANCELLED, InputError, S2IError
from s2i.job import parse_size
from s2i.settings import ENGINE_NAMES, Settings

MAX_STDIN = 1 << 20  # bytes; far above the longest idea, far below what would hurt


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(
            "usage", f"{message[:1].upper()}{message[1:]}.", hint=f"See {COMMAND} --help"
        )


COMMAND = "python run.py"


def _setup(argv: Sequence[str], settings: Settings) -> int:
    from bootstrap import setup

    return setup.main(list(argv), settings.home)


def _doctor(argv: Sequence[str], settings: Settings) -> int:
    from bootstrap import doctor

    return doctor.main(list(argv), settings.home)


def _models(argv: Sequence[str], settings: Settings) -> int:
    from bootstrap import models_command

    return models_command.main(list(argv), settings)


def _bench(argv: Sequence[str], settings: Settings) -> int:
    from s2i import bench

    return bench.main(list(argv), settings)


COMMANDS: dict[str, tuple[Callable[[Sequence[str], Settings], int], str]] = {
    "setup": (_setup, "fetch the models ahead of time, after showing what that takes"),
    "doctor": (_doctor, "say of every part whether it is there, and what mends it"),
    "models": (_models, "list, get, remove and verify models"),
    "bench": (_bench, "measure this program on this machine"),
}
RUN_PY_COMMANDS = {
    "test": "run the tests (handled by run.py, as are the next two)",
    "check": "check format, lint and types",
    "fix": "mend format and lint",
}


def parser() -> argparse.ArgumentParser:
    """The options of a picture, documented in the README (a test compares them)."""
    listing = "\n".join(
        f"  {name:8} {text}"
        for name, text in [*((k, v[1]) for k, v in COMMANDS.items()), *RUN_PY_COMMANDS.items()]
    )
    result = _Parser(
        prog=COMMAND,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Say an idea, see the picture. Without --text, --audio or --mic: the server.",
        epilog=f"commands:\n{listing}\n\nexit codes: 0 made, 1 failed, 2 bad input or usage, "
        "3 something needed is missing or unreachable, 130 cancelled",
        allow_abbrev=False,
    )
    result.add_argument("--version", action="version", version=f"SpeechToImage {__version__}")
    result.add_argument("--text", metavar="IDEA", help="the idea; - reads standard input")
    result.add_argument("--audio", metavar="FILE", help="speech in any audio file; - reads it")
    result.add_argument("--mic", action="store_true", help="speak; it stops when you do")
    result.add_argument("--list", action="store_true", help="with --mic: the microphones there are")
    result.add_argument("--device", metavar="NAME", help="with --mic: a name or number of --list")
    result.add_argument("--silence", metavar="S", help="with --mic: silence that ends it, seconds")
    result.add_argument("--transcript", action="store_true", help="only the words, no picture")
    result.add_argument("--recogniser", metavar="NAME", help="auto, vosk or pocketsphinx")
    result.add_argument("--out", metavar="PATH", help="a .png file or a folder for the picture")
    result.add_argument("--engine", choices=ENGINE_NAMES, help="image engine (default: auto)")
    result.add_argument("--comfyui", metavar="URL", help="address of ComfyUI")
    result.add_argument("--workflow", metavar="NAME|FILE", help="ComfyUI workflow, any file")
    result.add_argument("--image", metavar="FILE", help="picture for workflows that begin with one")
    result.add_argument("--negative", metavar="TEXT", help="what the picture must not show")
    result.add_argument("--seed", metavar="N", help="0 to 2^64-1; left out: a random one")
    result.add_argument("--size", metavar="WxH", help="such as 512x768, in pixels")
    result.add_argument("--steps", metavar="N", help="sampling steps")
    result.add_argument("--count", metavar="N", help="pictures to make (default: 1)")
    result.add_argument("--no-refine", action="store_true", help="use the words as they are")
    result.add_argument("--refiner", metavar="ID|FILE", help="language model (default: auto)")
    result.add_argument("--language", metavar="CODE", help="language of the idea, such as en or fr")
    result.add_argument("--port", metavar="N", help="of the server (default: 5000 or the next)")
    result.add_argument("--no-open", action="store_true", help="don't open a browser")
    result.add_argument("--json", action="store_true", help="one JSON object on standard output")
    result.add_argument("--events", action="store_true", help="every event as a JSON line")
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors end as one sentence on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    _terminate_like_interrupt()
    try:
        return _run(arguments)
    except SystemExit as stop:  # argparse after --help and --version
        return int(stop.code or 0)
    except KeyboardInterrupt:
        terminal.say("Cancelled.")
        return EXIT_CANCELLED
    except S2IError as error:
        log.failure(error)
        if error.code == "cancelled":
            terminal.say(error.message)
        else:
            terminal.show_error(error)
        if as_json:
            terminal.print_json({"error": error.to_dict()})
        return error.exit_code
    except ImportError:
        raise  # a package of .venv is gone or broken: s2i.__main__ has it installed anew
    except Exception as error:  # noqa: BLE001 - the last door: a defect becomes a sentence, the log keeps the rest
        log.failure(error)
        terminal.show_error(
            S2IError(
                "internal",
                f"Something unexpected went wrong ({type(error).__name__}: {str(error)[:200]}).",
                hint=f"Run it again; if it stays, report it with {log.place()}.",
            )
        )
        return errors.EXIT_FAILED


def _terminate_like_interrupt() -> None:
    """SIGTERM ends the program as Ctrl-C does: cleanly, with 130."""

    def stop(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        settings = _load()
        log.begin(settings.data)
        return COMMANDS[arguments[0]][0](arguments[1:], settings)
    if arguments and arguments[0] in RUN_PY_COMMANDS:
        raise InputError("usage", f"'{arguments[0]}' goes through run.py.", hint=f"Use {COMMAND}.")
    options = parser().parse_args(arguments)
    spoken_or_typed = _check_sources(options)
    if not spoken_or_typed:
        return _serve(options)
    settings = _load(_overrides(options))
    log.begin(settings.data)
    if options.list:
        from s2i import microphones

        return microphones.show(as_json=options.json)
    from s2i import headless

    ask = headless.Ask(
        settings=settings,
        idea=None if options.text is None else read_idea(options.text),
        audio=options.audio,
        seed=whole_number("--seed", options.seed),
        out=options.out,
        image=options.image,
        refine=settings.refine,
        as_json=options.json,
        as_events=options.events,
    )
    return headless.transcribe(ask) if options.transcript else headless.paint(ask)


def _check_sources(options: argparse.Namespace) -> bool:
    """At most one source of the idea, and only options that go with it; whether there is one.

    Raises InputError.
    """
    sources = [
        name
        for name, given in (
            ("--text", options.text is not None),
            ("--audio", options.audio is not None),
            ("--mic", options.mic),
        )
        if given
    ]
    headless_only = {
        "--out": options.out is not None,
        "--image": options.image is not None,
        "--json": options.json,
        "--events": options.events,
        "--seed": options.seed is not None,
        "--transcript": options.transcript,
    }
    wanting = [name for name, given in headless_only.items() if given]
    if not sources and wanting:
        raise InputError(
            "no-idea",
            f"{wanting[0]} needs an idea.",
            hint=f'Write {COMMAND} --text "a red fox in the snow"; see {COMMAND} --help',
        )
    if len(sources) > 1:
        raise InputError(
            "usage", f"{' and '.join(sources)} don't go together.", hint="Choose one of them."
        )
    for name, given in (("--list", options.list), ("--device", options.device is not None)):
        if given and not options.mic:
            raise InputError("usage", f"{name} goes with --mic.", hint=f"See {COMMAND} --help")
    if options.transcript and options.text is not None:
        raise InputError("usage", "--transcript goes with --audio or --mic.")
    for name, given in (("--port", options.port is not None), ("--no-open", options.no_open)):
        if given and sources:
            raise InputError("usage", f"{name} is for the server, without {sources[0]}.")
    return bool(sources)


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    if options.size is not None:
        parse_size(options.size)
    return {
        "engine": options.engine,
        "comfyui_url": options.comfyui,
        "workflow": options.workflow,
        "negative": options.negative,
        "size": options.size,
        "steps": whole_number("--steps", options.steps, least=1),
        "count": whole_number("--count", options.count, least=1),
        "refiner": options.refiner,
        "recogniser": options.recogniser,
        "silence": options.silence,
        "device": options.device,
        "language": options.language,
        "refine": False if options.no_refine else None,
    }


def _load(overrides: dict[str, Any] | None = None) -> Settings:
    return settings_module.load(
        overrides=overrides, note=lambda text: terminal.say(f"Note: {text}")
    )


def _serve(options: argparse.Namespace) -> int:
    """The page, also where the settings file holds a mistake: it is where people mend it."""
    from s2i.settings_store import SettingsStore

    port = whole_number("--port", options.port, least=1)
    store = SettingsStore(overrides=_overrides(options))
    log.begin(store.current.data)
    for problem in store.problems:
        terminal.say(f"Note: {problem}")

    from s2i.web import server

    return server.serve(store, port=port, open_browser=not options.no_open)


def whole_number(name: str, text: str | None, least: int = 0) -> int | None:
    """An option's number; raises InputError. Written out because int() also takes '1_0' and '٣'."""
    if text is None:
        return None
    digits = text.strip()
    sign = digits[:1] in "+-"
    body = digits[1:] if sign and digits else digits
    if not (body.isascii() and body.isdigit()) or len(body) > 30:
        raise InputError("bad-number", f"{name} takes a whole number, not '{text[:40]}'.")
    number = -int(body) if digits.startswith("-") else int(body)
    if number < least:
        hint = "Leave --seed out for a random one." if name == "--seed" else ""
        raise InputError(
            "bad-seed" if name == "--seed" else "bad-number",
            f"{name} {number} is too small: the least is {least}.",
            hint=hint,
        )
    return number


def read_idea(text: str) -> str:
    """The idea itself; '-' means standard input, as UTF-8. Raises InputError."""
    if text != "-":
        return text
    if sys.stdin is None:
        raise InputError("no-stdin", "There is no standard input to read the idea from.")
    data = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(data) > MAX_STDIN:
        raise InputError(
            "idea-too-long", "Standard input holds over a megabyte.", hint="Give a short idea."
        )
    return data.decode("utf-8-sig", errors="replace")
