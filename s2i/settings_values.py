"""What values a setting takes, and how text, JSON and options become such a value. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from s2i.errors import InputError
from s2i.job import MAX_SEED, parse_size


class Kind(str, Enum):
    """How a setting is shown; CHOICE and LANGUAGE as a list, WHOLE as a number too."""

    TEXT = "text"
    CHOICE = "choice"
    LANGUAGE = "language"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "switch"
    SECRET = "secret"  # noqa: S105 - a kind's name
    SIZE = "size"
    SEED = "seed"


@dataclass(frozen=True)
class Rule:
    """What a setting takes. `names` and `noun` of a choice; least, most and step of a number,
    `unit` as people write it; of a text its longest, whether it may be blank or have lines."""

    kind: Kind = Kind.TEXT
    names: tuple[str, ...] = ()
    noun: str = ""
    least: float = 0
    most: float = 0
    step: float = 1
    unit: str = ""
    longest: int = 4000
    blank: bool = True
    lines: bool = False


_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")


def checked(rule: Rule, value: Any, source: str) -> Any:
    """`value` in the rule's own type: str, int, float or bool; text may stand for any of them.

    Raises InputError, which names `source` and never repeats a secret.
    """
    return _CHECKS[rule.kind](rule, value, source)


def _text(rule: Rule, value: Any, source: str) -> str:
    if not isinstance(value, str):
        raise _bad(f"{source} should be text, not {_shown(rule, value)}.")
    text = value.strip()
    if not text and not rule.blank:
        raise _bad(f"{source} is empty.")
    if len(text) > rule.longest:
        raise _bad(f"{source} is longer than {rule.longest} characters.", "Write less.")
    allowed = "\n\r\t" if rule.lines else ""
    # Cs: half a character, which JSON can name and no file can hold
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in text):
        raise _bad(f"{source} holds a control character.", "Remove it.")
    return text


def _choice(rule: Rule, value: Any, source: str) -> str:
    text = _text(rule, value, source)
    if text not in rule.names:
        raise _bad(
            f"{source}: there is no {rule.noun} '{text[:40]}'.",
            f"Choose one of {', '.join(rule.names)}.",
        )
    return text


def _language(rule: Rule, value: Any, source: str) -> str:
    text = _text(rule, value, source)
    if not _LANGUAGE.fullmatch(text):
        raise _bad(
            f"{source} should be a language's code, not '{text[:40]}'.", "Write such as en or fr."
        )
    return text


def _number(rule: Rule, value: Any, source: str) -> float:
    number: float | None = None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    if number is None or math.isnan(number):
        raise _bad(f"{source} should be a number, not {_shown(rule, value)}.")
    return _within(rule, number, source)


def _whole(rule: Rule, value: Any, source: str) -> int:
    number: int | None = None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None:
        raise _bad(f"{source} should be a whole number, not {_shown(rule, value)}.")
    _within(rule, number, source)
    return number


def _within(rule: Rule, number: float, source: str) -> float:
    if not rule.least <= number <= rule.most:
        shown = f"{number:g}" if isinstance(number, float) else str(number)
        unit = f" {rule.unit}" if rule.unit else ""
        raise _bad(
            f"{source} can't be {shown if len(shown) <= 40 else 'so large'}.",
            f"Choose {rule.least:g} to {rule.most:g}{unit}.",
        )
    return number


def _switch(rule: Rule, value: Any, source: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        found = _SWITCH.get(str(value)[:20].strip().lower())
        if found is not None:
            return found
    raise _bad(f"{source} should be on or off, not {_shown(rule, value)}.", "Write 1 or 0.")


def _size(rule: Rule, value: Any, source: str) -> str:
    text = _text(rule, value, source)
    if not text:
        return ""
    try:
        width, height = parse_size(text)
    except InputError as error:
        raise _bad(f"{source}: {error.message}", error.hint) from error
    return f"{width}x{height}"


def _seed(rule: Rule, value: Any, source: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEED:
        return str(value)
    text = _text(rule, value, source)
    if not text:
        return ""
    digits = text.isascii() and text.isdigit() and len(text) <= 40
    if not digits or int(text) > MAX_SEED:
        raise _bad(
            f"{source} should be a seed, not '{text[:40]}'.",
            f"Write a whole number, 0 to {MAX_SEED}, or nothing for a random one.",
        )
    return str(int(text))


_CHECKS: dict[Kind, Callable[[Rule, Any, str], Any]] = {
    Kind.TEXT: _text,
    Kind.SECRET: _text,
    Kind.CHOICE: _choice,
    Kind.LANGUAGE: _language,
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.FLAG: _switch,
    Kind.SIZE: _size,
    Kind.SEED: _seed,
}


def _shown(rule: Rule, value: Any) -> str:
    if rule.kind is Kind.SECRET:
        return "that"
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    try:
        text = str(value)
    except ValueError:  # more digits than Python writes
        return "a number that large"
    # ascii: what came may hold half a character, which no terminal can show
    return f"'{text[:40]}'" if text.isprintable() else ascii(text[:40])


def _bad(message: str, hint: str = "Correct it or leave it out.") -> InputError:
    return InputError("bad-setting", message[:1].upper() + message[1:], hint=hint)
