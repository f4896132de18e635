"""One settings object: defaults < data/settings.json < environment (S2I_*) < command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from s2i.errors import InputError
from s2i.job import MAX_COUNT, MAX_STEPS
from s2i.settings_values import Kind, Rule, checked

ROOT = Path(__file__).resolve().parent.parent
"""The project folder: run.py, workflows/ and the rest lie here."""

ENGINE_NAMES = ("auto", "comfyui", "local", "storyboard")
RECOGNISER_NAMES = ("auto", "vosk", "pocketsphinx")
SEED_POLICIES = ("random", "last", "fixed")
FILE_NAME = "settings.json"
_MEND = "Correct it, or remove it to start from the defaults."


def _setting(default: Any, help_text: str, kind: Kind = Kind.TEXT, **rule: Any) -> Any:
    return field(default=default, metadata={"help": help_text, "rule": Rule(kind, **rule)})


@dataclass(frozen=True)
class Settings:
    """What can be set, in the order in which a page shows it.

    The environment's name of each is S2I_ and its name in capitals.
    """

    home: Path = _setting(ROOT, "folder that holds models/, output/ and data/")
    language: str = _setting(
        "en", "language that is spoken, as a code such as en or fr", Kind.LANGUAGE, longest=40
    )
    recogniser: str = _setting(
        "auto",
        "speech recogniser: auto, vosk or pocketsphinx",
        Kind.CHOICE,
        names=RECOGNISER_NAMES,
        noun="speech recogniser",
    )
    silence: float = _setting(
        0.8,
        "seconds of silence that end an utterance at the microphone",
        Kind.NUMBER,
        least=0.2,
        most=5.0,
        step=0.1,
        unit="s",
    )
    refine: bool = _setting(
        True, "whether the language model writes the prompt; off: your words as they are", Kind.FLAG
    )
    refiner: str = _setting(
        "auto",
        "language model: auto, an id from the catalogue or a .gguf file",
        blank=False,
    )
    model_folders: str = _setting(
        "", "folders with language models of other programs, divided as PATH is"
    )
    engine: str = _setting(
        "auto",
        "image engine: auto, comfyui, local or storyboard",
        Kind.CHOICE,
        names=ENGINE_NAMES,
        noun="image engine",
    )
    comfyui_url: str = _setting("http://127.0.0.1:8188", "address of ComfyUI", blank=False)
    comfyui_token: str = _setting("", "bearer token for ComfyUI behind a proxy", Kind.SECRET)
    workflow: str = _setting(
        "sd15", "ComfyUI workflow: a name from workflows/ or a file", blank=False
    )
    size: str = _setting("", "WIDTHxHEIGHT in pixels; empty: the workflow's own", Kind.SIZE)
    steps: int = _setting(
        0, "sampling steps; 0: the workflow's own", Kind.WHOLE, least=0, most=MAX_STEPS
    )
    seed_policy: str = _setting(
        "random",
        "seed of the next picture: random, last (the one before) or fixed",
        Kind.CHOICE,
        names=SEED_POLICIES,
        noun="seed policy",
    )
    seed: str = _setting("", "seed that fixed means, 0 to 2^64-1; empty: a random one", Kind.SEED)
    negative: str = _setting(
        "", "what the picture must not show; empty: the workflow's own", lines=True
    )
    count: int = _setting(1, "pictures per idea", Kind.WHOLE, least=1, most=MAX_COUNT)
    device: str = _setting("", "microphone: a name or number from --mic --list; empty: the default")

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
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    note: Callable[[str], object] | None = None,
) -> Settings:
    """Settings from file, environment and `overrides` (None there means: not given).

    What doesn't stop the program (a setting in the file that this version doesn't know) is told
    to `note`, a sentence each. Raises InputError, naming the source, where a value can't be used.
    """
    home = find_home(environ, overrides)
    path = home / "data" / FILE_NAME
    given, unknown = split_known(read_file(path))
    for name in unknown:
        if note is not None:
            note(unknown_setting(name, path))
    values = {
        name: check(name, value, f"the setting {name} in {path}") for name, value in given.items()
    }
    values.update(from_environment(environ))
    values.update(from_options(overrides))
    return replace(Settings(home=home), **values)


def names() -> tuple[str, ...]:
    """Every setting but `home`, which is where the others are kept."""
    return tuple(item.name for item in fields(Settings) if item.name != "home")


def rule(name: str) -> Rule:
    """What values the setting takes."""
    found: Rule = Settings.__dataclass_fields__[name].metadata["rule"]
    return found


def check(name: str, value: Any, source: str) -> Any:
    """The value in the setting's own type. Raises InputError that names `source`."""
    return checked(rule(name), value, source)


def find_home(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Path:
    """The folder that holds models/, output/ and data/."""
    environ = os.environ if environ is None else environ
    found = (overrides or {}).get("home") or environ.get("S2I_HOME") or ROOT
    return Path(found).expanduser().absolute()


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What S2I_* sets; an empty one counts as not there. Raises InputError."""
    environ = os.environ if environ is None else environ
    given = {name: environ.get(f"S2I_{name.upper()}", "").strip() for name in names()}
    return {
        name: check(name, text, f"the environment's S2I_{name.upper()}")
        for name, text in given.items()
        if text
    }


def from_options(overrides: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the command line sets. Raises InputError."""
    return {
        name: check(name, value, f"the option {_OPTIONS.get(name, '--' + name)}")
        for name, value in (overrides or {}).items()
        if value is not None and name != "home"
    }


_OPTIONS = {"comfyui_url": "--comfyui", "refine": "--no-refine"}


def read_file(path: Path) -> dict[str, Any]:
    """The settings file's object, unchecked; {} where there is no file. Raises InputError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError too
        raise InputError(
            "bad-settings-file", f"The settings file {path} isn't valid JSON ({error}).", hint=_MEND
        ) from error
    except OSError as error:
        raise InputError(
            "bad-settings-file", f"The settings file {path} can't be read ({error}).", hint=_MEND
        ) from error
    if not isinstance(data, dict):
        raise InputError(
            "bad-settings-file",
            f"The settings file {path} should hold one JSON object.",
            hint=_MEND,
        )
    return data


def split_known(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(settings of this version, what another version or a slip of the pen left)."""
    known = set(names())
    return (
        {name: value for name, value in data.items() if name in known},
        {name: value for name, value in data.items() if name not in known},
    )


def unknown_setting(name: str, path: Path) -> str:
    """What is said of one."""
    return f"{path} holds a setting '{name[:60]}' that this version doesn't know; it is left alone."
