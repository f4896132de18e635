"""Words to and from a person at a terminal, for `setup` and `models`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bootstrap.progress import Progress
from s2i.errors import S2IError


def print_out(text: str) -> None:
    """One line on standard output, whatever its encoding."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def somebody_is_there() -> bool:
    """Whether there is a terminal to ask at."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> str:
    """What was answered, in small letters; "no" where the input ended, "yes" for a mere Enter."""
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if answer == "":
        sys.stderr.write("\n")
        return "no"
    return answer.strip().lower() or "yes"


def is_yes(answer: str) -> bool:
    """Whether an answer agrees."""
    return answer in {"y", "yes"}


def complain(progress: Progress, error: S2IError) -> None:
    """An error for people: what, and the way out."""
    progress.end()
    progress.say(f"Error: {error.message}")
    if error.hint:
        progress.say(f"  {error.hint}")


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as aligned lines, indented by two."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
