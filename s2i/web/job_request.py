"""What POST /api/jobs may ask for: every value looked at, the rest out of the settings. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from s2i.errors import InputError
from s2i.job import Request, parse_size
from s2i.settings import ENGINE_NAMES, Settings
from s2i.text import MAX_IDEA_CHARS, clean_idea, plain

MAX_PROMPT_CHARS = 2 * MAX_IDEA_CHARS  # what the refiner made of the longest idea must fit
KEYS = (
    "text", "utterance", "prompt", "engine", "seed", "size", "steps", "count", "workflow",
    "negative", "refine", "language",
)  # fmt: skip
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_MAX_RAW = 1 << 16  # characters that are looked at at all


def make_request(given: dict[str, Any], settings: Settings, workflows: Collection[str]) -> Request:
    """The request that the body of a POST stands for. null is as good as leaving a value out.

    `workflows` are the names that may be asked for, besides the one in the settings. Raises
    InputError, which names the value.
    """
    for key in given:
        if key not in KEYS:
            raise InputError(
                "unknown-value",
                f"There is no '{plain(key)[:40]}' that a picture could be asked for with.",
                hint=f"Known are: {', '.join(KEYS)}.",
            )
    prompt = _text(given, "prompt", _prompt)
    idea = _text(given, "text", clean_idea)
    if idea is None:
        if prompt is None:
            raise InputError(
                "bad-text",
                "text is missing: the idea to paint.",
                hint='Send {"text": "a red fox"}.',
            )
        idea = prompt
    size = _typed(given, "size", str, "text such as 512x768") or settings.size
    width, height = parse_size(size) if size else (None, None)
    return Request(
        idea=idea,
        prompt=prompt,
        language=_language(given) or settings.language,
        refine=_or(_typed(given, "refine", bool, "true or false"), settings.refine),
        engine=_engine(given) or settings.engine,
        workflow=_workflow(given, settings.workflow, workflows),
        negative=_negative(given, settings),
        seed=_seed(given.get("seed")),
        width=width,
        height=height,
        steps=_or(_typed(given, "steps", int, "a whole number"), settings.steps or None),
        count=_or(_typed(given, "count", int, "a whole number"), settings.count),
    )


def utterance_of(given: dict[str, Any]) -> str | None:
    """The id of the utterance whose words these are. Raises InputError."""
    found = _typed(given, "utterance", str, "an utterance's id")
    return None if found is None else str(found)[:100]


def _or(value: Any, other: Any) -> Any:
    return other if value is None else value


def _typed(given: dict[str, Any], name: str, kind: type, what: str) -> Any:
    value = given.get(name)
    if value is None or (isinstance(value, kind) and isinstance(value, bool) == (kind is bool)):
        return value
    raise _bad(name, f"{name} has to be {what}.")


def _text(given: dict[str, Any], name: str, clean: Callable[[str], str]) -> str | None:
    value = _typed(given, name, str, "text")
    if value is None:
        return None
    if len(value) > _MAX_RAW:
        raise InputError(
            "idea-too-long",
            f"{name} has {len(value):,} characters.",
            hint="Send a sentence or two.",
        )
    return clean(value)


def _prompt(text: str) -> str:
    prompt = plain(text)
    if not any(unicodedata.category(char)[0] in "LNS" for char in prompt):
        raise InputError(
            "empty-prompt", "The prompt is empty.", hint="Write what the picture should show."
        )
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InputError(
            "prompt-too-long",
            f"The prompt has {len(prompt):,} characters; at most {MAX_PROMPT_CHARS:,} are taken.",
            hint="Image models read far less than that: shorten it.",
        )
    return prompt


def _negative(given: dict[str, Any], settings: Settings) -> str | None:
    """None, the workflow's own, where it is blank."""
    value = _or(_typed(given, "negative", str, "text"), settings.negative)
    return clean_idea(value[:_MAX_RAW]) if value.strip() else None


def _language(given: dict[str, Any]) -> str | None:
    value = _typed(given, "language", str, "text")
    if value is not None and not _LANGUAGE.fullmatch(value):
        raise _bad("language", "language has to be a code.", "Write such as en or fr.")
    return None if value is None else str(value)


def _engine(given: dict[str, Any]) -> str | None:
    value = _typed(given, "engine", str, "text")
    if value is not None and value not in ENGINE_NAMES:
        raise _bad(
            "engine",
            f"There is no image engine '{plain(value)[:40]}'.",
            f"Choose one of {', '.join(ENGINE_NAMES)}.",
        )
    return None if value is None else str(value)


def _workflow(given: dict[str, Any], own: str, names: Collection[str]) -> str:
    """A name and never a path: a page may not say which files of the server are read."""
    value = _or(_typed(given, "workflow", str, "text"), own)
    if value != own and value not in names:
        raise _bad(
            "workflow",
            f"There is no workflow '{plain(value)[:40]}'.",
            f"Known are: {', '.join(sorted(names)) or 'none'}.",
        )
    return str(value)


def _seed(value: Any) -> int | None:
    """A number, or its decimal text: JavaScript's numbers end at 2^53. Request checks the range."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    raise _bad(
        "seed",
        "The seed isn't a whole number.",
        "Choose 0 to 2^64-1, or leave it out for a random one.",
    )


def _bad(name: str, message: str, hint: str = "") -> InputError:
    return InputError(f"bad-{name}", message, hint=hint)
