"""What each setting can be set to on this machine, what can't work and why. Cheap: files only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bootstrap import catalogue as catalogues
from bootstrap import downloads, models, own_models
from bootstrap.catalogue import Catalogue
from bootstrap.progress import size_text
from s2i import settings as layers
from s2i.engines import registry as engines
from s2i.errors import InputError, S2IError
from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.settings_values import Kind
from s2i.url_secrets import hide_password

_SHOWN = {
    Kind.LANGUAGE: "choice",
    Kind.WHOLE: "number",
    Kind.SEED: "text",
}


def describe(store: SettingsStore, *, comfyui: str = "") -> list[dict[str, Any]]:
    """Every setting as GET /api/settings has it. `comfyui`: why ComfyUI can't paint now, or ''."""
    now = store.current
    offered = _choices(now, comfyui)
    return [_one(store, name, offered) for name in layers.names()]


def check(name: str, value: Any, candidate: Settings) -> None:
    """Refuse what is no such thing; what isn't installed yet may be chosen. Raises InputError."""
    if name in {"comfyui_url", "comfyui_token"}:
        _check_address(candidate)
    elif name == "workflow":
        names = engines.workflow_names(candidate)
        if value not in names and not _is_file(value):
            raise InputError(
                "no-workflow",
                f"There is no workflow '{value[:80]}'.",
                hint=f"Choose one of {', '.join(names)}, or the path of a file.",
            )
    elif name == "refiner":
        known = {item["value"] for item in _refiners(candidate)}
        if value not in known and not (value.lower().endswith(".gguf") and _is_file(value)):
            raise InputError(
                "unknown-refiner",
                f"There is no language model '{value[:80]}'.",
                hint=f"Choose one of {', '.join(sorted(known))}, or the path of a .gguf file.",
            )


def _check_address(candidate: Settings) -> None:
    from s2i.engines.comfyui.address import parse_address

    address = parse_address(candidate.comfyui_url, candidate.comfyui_token)
    try:
        address.host.encode("idna")  # what a look-up does first: ".." and the like end there
    except UnicodeError:
        raise InputError(
            "bad-url",
            "The host name of the ComfyUI address can't exist.",
            hint="Write it like http://127.0.0.1:8188.",
        ) from None


def _one(
    store: SettingsStore, name: str, offered: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    rule = layers.rule(name)
    value, default = getattr(store.current, name), getattr(store.default, name)
    secret = rule.kind is Kind.SECRET
    if name == "comfyui_url":
        value, default = hide_password(value), hide_password(default)
    kind = "choice" if name in offered else _SHOWN.get(rule.kind, rule.kind.value)
    found: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "value": None if secret else value,
        "default": None if secret else default,
        "fixed": store.fixed(name),
    }
    if secret:
        found["set"] = bool(value)
    if name in offered:
        found["choices"] = _with_present(offered[name], value)
    if kind == "number":
        found.update(min=rule.least, max=rule.most, step=rule.step, unit=rule.unit)
    return found


def _choices(now: Settings, comfyui: str) -> dict[str, list[dict[str, Any]]]:
    catalogue = catalogues.load()
    return {
        "language": _languages(now, catalogue),
        "recogniser": _recognisers(now, catalogue),
        "refiner": _refiners(now),
        "engine": _engines(now, comfyui),
        "workflow": [_choice(name) for name in engines.workflow_names(now)],
        "seed_policy": [_choice(name) for name in layers.SEED_POLICIES],
    }


def _choice(value: str, missing: str = "", **more: str) -> dict[str, Any]:
    return {"value": value, "available": not missing, "reason": missing, **more}


def _with_present(choices: list[dict[str, Any]], value: str) -> list[dict[str, Any]]:
    """The value in force is among them, also where the list doesn't know it (a file's path)."""
    if any(item["value"] == value for item in choices):
        return choices
    return [*choices, _choice(value)]


def _languages(now: Settings, catalogue: Catalogue) -> list[dict[str, Any]]:
    brought = own_models.speech(now.home)
    named = {entry.language: entry.language_name for entry in (*catalogue.speech, *brought)}
    return [
        _choice(code, _no_speech(now.recogniser, code, now.home, catalogue), label=label)
        for code, label in named.items()
    ]


def _recognisers(now: Settings, catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        _choice(name, _no_speech(name, now.language, now.home, catalogue))
        for name in layers.RECOGNISER_NAMES
    ]


def _no_speech(recogniser: str, language: str, home: Path, catalogue: Catalogue) -> str:
    """Why a recogniser can't hear a language; '' where it can.

    Asks nothing of the model itself: a folder that was put there by hand is tried when loaded.
    """
    if recogniser != "pocketsphinx" and any(
        downloads.speech_path(home, entry).is_dir() for entry in catalogue.speech_for(language)
    ):
        return ""
    from s2i.speech import registry

    try:
        registry.choose(language, recogniser, home=home)
    except S2IError as error:
        return f"{error.message} {error.hint}".strip()
    return ""


def _refiners(now: Settings) -> list[dict[str, Any]]:
    catalogue = catalogues.load()
    there = models.installed_refiners(now.home, catalogue)
    ids = {item.id for item in there}
    found = [_choice("auto"), *(_choice(item.id, label=item.name) for item in there)]
    for entry in catalogue.refiners:
        if entry.id in ids:
            continue
        if entry is catalogue.starter:
            size = size_text(entry.download_bytes)
            item = _choice(entry.id, label=entry.name)
            item["reason"] = f"It is fetched when it is first used ({size})."
            found.append(item)
            continue
        missing = (
            f"It isn't installed: 'python run.py setup --refiner {entry.id}' fetches it "
            f"({size_text(entry.download_bytes)})."
        )
        found.append(_choice(entry.id, missing, label=entry.name))
    return found


def _engines(now: Settings, comfyui: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in layers.ENGINE_NAMES:
        item = _choice(name)
        if name == "comfyui":
            item["reason"] = comfyui  # it may be started later, so it can be chosen
        elif name != "auto":
            item = _choice(name, _unavailable(partial(engines.make, name, now)))
        found.append(item)
    return found


def _unavailable(make: Callable[[], object]) -> str:
    try:
        make()
    except S2IError as error:
        return error.message
    return ""


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL
        return False
