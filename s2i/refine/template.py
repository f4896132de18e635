"""What the refiner tells the model, and the banks it completes prompts from: data with a version.

`templates/default.json` ships with the program. A user's own file of the same shape overrides it
key by key, so that a file which holds nothing but another system line is whole. Its version is
its own with a digest of what it amounts to, so that two prompts made with the same version were
made with the same data.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from s2i.errors import InputError
from s2i.text import plain

DEFAULT_FILE = Path(__file__).parent / "templates" / "default.json"
MAX_FILE_BYTES = 256 * 1024
MAX_EXAMPLES = 20

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Example:
    """An idea and the prompt that should come of it; the prompt begins with the idea."""

    idea: str
    prompt: str


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn; the names are llama.cpp's."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    max_tokens: int


@dataclass(frozen=True)
class Limits:
    """Sizes of a good prompt, in words.

    An idea that is long by itself may exceed max_words; new_words is what the guard asks the
    model to add.
    """

    min_words: int
    max_words: int
    new_words: int


@dataclass(frozen=True)
class Bank:
    """One kind of phrase that a prompt should have: `signs` tell that one is there already."""

    signs: frozenset[str]
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """Everything about refining that is data.

    `unwanted` are words that a model may not bring in by itself: what can't be seen, and second
    subjects. `exclusive` has, per topic, sets of words of which no two sets go together ("night"
    and "sunlight").
    """

    version: str
    system: str
    examples: tuple[Example, ...]
    sampling: Sampling
    limits: Limits
    unwanted: frozenset[str]
    banks: Mapping[str, Bank]
    exclusive: Mapping[str, tuple[frozenset[str], ...]]


def load_template(user_file: Path | None = None) -> Template:
    """The shipped template, with what `user_file` says instead where that file exists.

    Raises InputError (`bad-template`) that names the file, the key and what belongs there.
    """
    data = json.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    if user_file is None or not user_file.exists():
        return _build(data, DEFAULT_FILE)
    own = _read(user_file)
    _check_keys(own, data, user_file, "")
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(data[key], dict):
            data[key] = {**data[key], **value}
        else:
            data[key] = value
    data["version"] = own.get("version", f"{data['version']}+own")
    template = _build(data, user_file)
    return Template(**{**template.__dict__, "version": f"{template.version}-{_digest(template)}"})


def _digest(template: Template) -> str:
    """Eight hex digits of what the template amounts to, whatever its file's layout."""
    plain_data = asdict(template)
    plain_data["unwanted"] = sorted(template.unwanted)
    plain_data["banks"] = {
        name: [sorted(bank.signs), list(bank.phrases)] for name, bank in template.banks.items()
    }
    plain_data["exclusive"] = {
        topic: [sorted(words) for words in sets] for topic, sets in template.exclusive.items()
    }
    text = json.dumps(plain_data, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            _refuse(path, f"it is larger than {MAX_FILE_BYTES // 1024} KB")
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        _refuse(path, f"it can't be read ({error.strerror or error})")
    except UnicodeDecodeError:
        _refuse(path, "it is not UTF-8 text")
    except json.JSONDecodeError as error:
        _refuse(path, f"line {error.lineno} is not valid JSON ({error.msg})")
    except RecursionError:
        _refuse(path, "it is nested too deeply")
    if not isinstance(data, dict):
        _refuse(path, "it must hold one JSON object { … }")
    return data


def _check_keys(own: dict[str, Any], known: dict[str, Any], path: Path, where: str) -> None:
    """Refuse a misspelt key, which would otherwise change nothing without a word.

    Below `banks` and `exclusive` names are free.
    """
    for key, value in own.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f'; did you mean "{near[0]}"?' if near else f" (known: {', '.join(known)})"
            _refuse(path, f'"{where}{key}" is not a key of a template{meant}')
        if isinstance(known[key], dict):
            if not isinstance(value, dict):
                _refuse(path, f'"{where}{key}" must be an object {{ … }}')
            if key not in ("banks", "exclusive"):
                _check_keys(value, known[key], path, f"{key}.")


def _build(data: dict[str, Any], path: Path) -> Template:
    examples = data["examples"]
    if not isinstance(examples, list) or not 1 <= len(examples) <= MAX_EXAMPLES:
        _refuse(path, f'"examples" must be a list of 1 to {MAX_EXAMPLES} examples')
    limits = {
        key: _number(data["limits"][key], f"limits.{key}", path, int, (0, 200))
        for key in data["limits"]
    }
    if limits["min_words"] > limits["max_words"]:
        _refuse(path, '"limits.min_words" is above "limits.max_words"')

    def share(key: str, low: float, high: float) -> float:
        return _number(data["sampling"][key], f"sampling.{key}", path, float, (low, high))

    def whole(key: str, low: float, high: float) -> int:
        return _number(data["sampling"][key], f"sampling.{key}", path, int, (low, high))

    return Template(
        version=_text(data["version"], path, '"version"'),
        system=_text(data["system"], path, '"system"'),
        examples=tuple(_example(entry, path, place) for place, entry in enumerate(examples, 1)),
        sampling=Sampling(
            temperature=share("temperature", 0, 2),
            top_p=share("top_p", 0.01, 1),
            top_k=whole("top_k", 0, 1000),
            min_p=share("min_p", 0, 1),
            repeat_penalty=share("repeat_penalty", 1, 2),
            max_tokens=whole("max_tokens", 1, 512),
        ),
        limits=Limits(**limits),
        unwanted=frozenset(word.lower() for word in _texts(data["unwanted"], path, '"unwanted"')),
        banks={name: _bank(entry, path, name) for name, entry in data["banks"].items()},
        exclusive={
            topic: _sets(entry, path, f'"exclusive.{topic}"')
            for topic, entry in data["exclusive"].items()
        },
    )


def _example(entry: object, path: Path, place: int) -> Example:
    if not isinstance(entry, dict) or set(entry) != {"idea", "prompt"}:
        _refuse(path, f'example {place} must have "idea" and "prompt", and nothing else')
    idea = _text(entry["idea"], path, f'"idea" of example {place}')
    prompt = _text(entry["prompt"], path, f'"prompt" of example {place}')
    if not prompt.startswith(f"{idea},"):
        _refuse(
            path,
            f'the prompt of example {place} must begin with its idea and a comma ("{idea}, …")',
        )
    return Example(idea=idea, prompt=prompt)


def _bank(entry: object, path: Path, name: str) -> Bank:
    if not isinstance(entry, dict) or set(entry) != {"signs", "phrases"}:
        _refuse(path, f'"banks.{name}" must have "signs" and "phrases", and nothing else')
    signs = _texts(entry["signs"], path, f'"banks.{name}.signs"')
    phrases = _texts(entry["phrases"], path, f'"banks.{name}.phrases"')
    if not phrases:
        _refuse(path, f'"banks.{name}.phrases" is empty')
    return Bank(signs=frozenset(sign.lower() for sign in signs), phrases=phrases)


def _sets(entry: object, path: Path, what: str) -> tuple[frozenset[str], ...]:
    if not isinstance(entry, list):
        _refuse(path, f"{what} must be a list of lists of words")
    return tuple(frozenset(word.lower() for word in _texts(words, path, what)) for words in entry)


def _texts(entry: object, path: Path, what: str) -> tuple[str, ...]:
    if not isinstance(entry, list):
        _refuse(path, f"{what} must be a list of texts")
    return tuple(_text(text, path, what) for text in entry)


def _text(value: object, path: Path, what: str) -> str:
    """One line of visible text, with the model's control tokens taken out."""
    if not isinstance(value, str) or not plain(value):
        _refuse(path, f"{what} must hold a text")
    return plain(value)


def _number(
    value: Any, what: str, path: Path, kind: type[_Number], allowed: tuple[float, float]
) -> _Number:
    low, high = allowed
    fits = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
    if not fits or not low <= kind(value) <= high:
        noun = "a whole number" if kind is int else "a number"
        _refuse(path, f'"{what}" must be {noun} from {low:g} to {high:g}')
    return kind(value)


def _refuse(path: Path, reason: str) -> NoReturn:
    raise InputError(
        "bad-template",
        f"The refiner's template {path} can't be used: {reason}.",
        hint="Mend the file, or move it away to refine with the template that ships.",
    )
