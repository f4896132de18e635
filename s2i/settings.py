"""One settings object: defaults < data/settings.json < environment (S2I_*) < command line."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from s2i.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
"""The project folder: run.py, workflows/ and the rest lie here."""

_NUMBERS: dict[type, str] = {int: "a whole number", float: "a number"}

ENGINE_NAMES = ("auto", "comfyui", "local", "storyboard")


def _setting(default: Any, help_text: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"help": help_text, "secret": secret})


@dataclass(frozen=True)
class Settings:
    """What can be set. The environment's name of each is S2I_ and its name in capitals."""

    home: Path = _setting(ROOT, "folder that holds models/, output/ and data/")
    engine: str = _setting("auto", "image engine: auto, comfyui, local or storyboard")
    comfyui_url: str = _setting("http://127.0.0.1:8188", "address of ComfyUI")
    comfyui_token: str = _setting("", "bearer token for ComfyUI behind a proxy", secret=True)
    workflow: str = _setting("sd15", "ComfyUI workflow: a name from workflows/ or a file")
    language: str = _setting("en", "language that is spoken, as a code such as en or fr")
    recogniser: str = _setting("auto", "speech recogniser: auto, vosk or pocketsphinx")
    silence: float = _setting(0.8, "seconds of silence that end an utterance at the microphone")
    device: str = _setting("", "microphone: a name or number from --mic --list; empty: the default")
    refiner: str = _setting(
        "auto", "language model: auto, an id from the catalogue or a .gguf file"
    )
    negative: str = _setting("", "what the picture must not show; empty: the workflow's own")
    size: str = _setting("", "WIDTHxHEIGHT in pixels; empty: the workflow's own")
    steps: int = _setting(0, "sampling steps; 0: the workflow's own")
    count: int = _setting(1, "pictures per idea")

    @property
    def models(self) -> Path:
        """Folder of downloaded models."""
        return self.home / "models"

    @property
    def output(self) -> Path:
        """Folder of finished pictures."""
        return self.home / "output"

    @property
    def data(self) -> Path:
        """Folder of the journal, settings and user templates."""
        return self.home / "data"


def load(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from file, environment and `overrides` (None there means: not given).

    Raises InputError, naming the source, where a value can't be used.
    """
    environ = os.environ if environ is None else environ
    overrides = {key: value for key, value in (overrides or {}).items() if value is not None}
    home = Path(overrides.get("home") or environ.get("S2I_HOME") or ROOT).expanduser().absolute()
    values: dict[str, Any] = {}
    values.update(_from_file(home / "data" / "settings.json"))
    for name in _names():
        given = environ.get("S2I_" + name.upper())
        if given is not None and given.strip():
            values[name] = _typed(name, given.strip(), f"the environment's S2I_{name.upper()}")
    for name, value in overrides.items():
        if name == "home":
            continue
        values[name] = _typed(name, value, f"the option --{name.replace('_', '-')}")
    values["home"] = home
    settings = replace(Settings(), **values)
    if settings.engine not in ENGINE_NAMES:
        raise InputError(
            "bad-setting",
            f"There is no image engine '{settings.engine}'.",
            hint=f"Choose one of {', '.join(ENGINE_NAMES)}.",
        )
    return settings


def _names() -> tuple[str, ...]:
    return tuple(item.name for item in fields(Settings) if item.name != "home")


def _typed(name: str, value: Any, source: str) -> Any:
    wanted: Any = type(next(item.default for item in fields(Settings) if item.name == name))
    if wanted in _NUMBERS and not isinstance(value, bool):
        try:
            number = wanted(value)
        except (TypeError, ValueError):
            pass
        else:
            if math.isfinite(number):
                return number
    elif wanted is str and isinstance(value, str):
        return value
    raise InputError(
        "bad-setting",
        f"{source} should be {_NUMBERS.get(wanted, 'text')}, not '{value}'.",
        hint="Correct it or leave it out.",
    )


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "bad-settings-file",
            f"The settings file {path} can't be read ({error}).",
            hint="Correct it, or remove it to start from the defaults.",
        ) from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(
            "bad-settings-file",
            f"The settings file {path} isn't valid JSON ({error}).",
            hint="Correct it, or remove it to start from the defaults.",
        ) from error
    if not isinstance(data, dict):
        raise InputError(
            "bad-settings-file",
            f"The settings file {path} should hold one JSON object.",
            hint="Correct it, or remove it to start from the defaults.",
        )
    unknown = sorted(set(data) - set(_names()))
    if unknown:
        raise InputError(
            "bad-settings-file",
            f"The settings file {path} holds an unknown setting '{unknown[0]}'.",
            hint=f"Known are: {', '.join(_names())}.",
        )
    return {name: _typed(name, value, f"{name} in {path}") for name, value in data.items()}
