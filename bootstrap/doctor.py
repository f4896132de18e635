"""`python run.py doctor`: of every part whether it is there, and what mends it.

Exit codes: 0 where the main job (words to a picture) can run, 3 where it can't, 2 bad usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap.checks import CHECKS, Check, Context, State
from bootstrap.setup import with_home
from s2i import settings
from s2i.errors import EXIT_CANCELLED, EXIT_MADE, EXIT_MISSING, S2IError


def main(argv: Sequence[str], home: Path | None = None) -> int:
    """Run `doctor`; `home` is the folder that holds models/ (None: the settings' own)."""
    parser = argparse.ArgumentParser(
        prog="run.py doctor",
        description="Say of every part whether it is there, and what mends it.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--home", metavar="DIR", type=Path, help="look at the models of this folder"
    )
    parser.add_argument("--language", metavar="CODE", help="language that is spoken")
    options = parser.parse_args(list(argv))
    try:
        found = settings.load(
            environ=with_home(options.home or home), overrides={"language": options.language}
        )
        checks = examine(Context(found, catalogues.load()))
    except S2IError as error:
        sys.stderr.write(f"Error: {error.message}\n  {error.hint}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_CANCELLED
    able = can_run(checks)
    if options.json:
        data = {"ok": able, "checks": [{**asdict(one), "state": one.state.value} for one in checks]}
        _print(json.dumps(data, ensure_ascii=False))
    else:
        _print(report(checks))
    return EXIT_MADE if able else EXIT_MISSING


def examine(
    context: Context, checks: Sequence[Callable[[Context], Check]] = tuple(CHECKS)
) -> list[Check]:
    """Run the checks, a few at a time (most wait for a child process), in order."""

    def one(check: Callable[[Context], Check]) -> Check:
        try:
            return check(context)
        except Exception as error:  # noqa: BLE001 - a doctor doesn't fall ill over one patient
            detail = f"the check itself failed ({type(error).__name__}: {error})"
            return Check(check.__name__, State.BROKEN, detail, "report this", needed=True)

    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="doctor") as pool:
        return list(pool.map(one, checks))


def can_run(checks: Sequence[Check]) -> bool:
    """Whether the main job can run: everything needed is there and whole."""
    return all(check.state is State.OK for check in checks if check.needed)


def report(checks: Sequence[Check]) -> str:
    """The findings for people."""
    width = max(len(check.name) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{check.state.value:<8} {check.name:<{width}}  {check.detail}".rstrip())
        if check.fix:
            lines.append(f"{'':<8} {'':<{width}}  -> {check.fix}")
    lost = [check.name for check in checks if check.needed and check.state is not State.OK]
    lines.append("")
    if lost:
        lines.append(f"The main job can't run yet: {', '.join(lost)}.")
    else:
        lines.append("The main job can run.")
    return "\n".join(lines)


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
