"""What `doctor` looks at: small functions that each return one Check. Later issues add theirs."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

from bootstrap import downloads, machine, models, probe, staging
from bootstrap.catalogue import Catalogue
from bootstrap.progress import size_text
from s2i.engines import registry
from s2i.engines.base import PaintRequest
from s2i.errors import S2IError
from s2i.settings import ROOT, Settings

SETUP = "python run.py setup"
_REINSTALL = "remove the .venv folder, then: python run.py doctor"
_LOW_DISK = 2 * 10**9  # bytes; the default models need about 1.5


class State(str, Enum):
    """How a part is; the value is what JSON carries."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True)
class Check:
    """One part: `fix` is the command or deed that mends it, `needed` whether the main job (words
    to a picture) can't run without it."""

    name: str
    state: State
    detail: str
    fix: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Context:
    """What checks may look at."""

    settings: Settings
    catalogue: Catalogue

    @property
    def home(self) -> Path:
        """The folder that holds models/, output/ and data/."""
        return self.settings.home


def python(_: Context) -> Check:
    """The interpreter and where it lives."""
    version = ".".join(map(str, sys.version_info[:3]))
    place = "in the project's own .venv" if Path(sys.prefix).name == ".venv" else sys.prefix
    return Check("Python", State.OK, f"{version}, {place}", needed=True)


def packages(_: Context) -> Check:
    """Every requirement is installed and its module can be found."""
    there: list[str] = []
    missing: list[str] = []
    for name in requirement_names(_requirements()):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        module = _MODULES.get(name.lower(), name.replace("-", "_").lower())
        if importlib.util.find_spec(module) is None:
            missing.append(f"{name} (its files)")
        else:
            there.append(f"{name} {version}")
    if missing:
        return Check("Packages", State.MISSING, ", ".join(missing), _REINSTALL, True)
    return Check("Packages", State.OK, ", ".join(there), needed=True)


_MODULES = {"llama-cpp-python": "llama_cpp", "websocket-client": "websocket", "pillow": "PIL"}


def _requirements() -> str:
    try:
        return (ROOT / "requirements.txt").read_text(encoding="utf-8")
    except OSError:
        return ""


def requirement_names(text: str) -> list[str]:
    """Names of the packages in a requirements file, those for other systems left out."""
    names: list[str] = []
    for line in text.splitlines():
        found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", line)
        # Only plain requirements: one with a marker (";") may rightly not be installed here.
        if found and ";" not in line.split("#")[0]:
            names.append(found[1])
    return names


def llama(_: Context) -> Check:
    """llama.cpp's library loads, tried in a child process."""
    result = probe.run("llama")
    if result.ok:
        return Check("llama.cpp", State.OK, f"llama-cpp-python {result.version}", needed=True)
    return Check("llama.cpp", State.BROKEN, result.reason, _REINSTALL, True)


def refiner(context: Context) -> Check:
    """The language model that a run would take: hash vouched for, and tried out now."""
    name = "Prompt writer"
    try:
        found = models.best_refiner(context.home, context.settings.refiner)
    except S2IError as error:
        return Check(name, State.BROKEN, error.message, error.hint, True)
    if found is None:
        listed = models.installed_refiners(context.home, context.catalogue)
        if listed:
            broken = ", ".join(item.path.name for item in listed)
            return Check(name, State.BROKEN, f"{broken} can't be used", SETUP, True)
        return Check(name, State.MISSING, "no language model is there", SETUP, True)
    result = probe.run("gguf", found.path)
    if not result.ok:
        return Check(name, State.BROKEN, f"{found.path.name}: {result.reason}", SETUP, True)
    better = models.improvement(context.home, "")
    detail = f"{found.name}, {size_text(found.path.stat().st_size)}"
    return Check(name, State.OK, f"{detail}. {found.note or better}".rstrip(". "), needed=True)


def vosk(_: Context) -> Check:
    """Vosk's library loads, tried in a child process."""
    result = probe.run("vosk-library")
    if result.ok:
        return Check("Vosk", State.OK, result.version)
    return Check("Vosk", State.BROKEN, result.reason, _REINSTALL)


def speech_model(context: Context) -> Check:
    """A Vosk model of the language is there and was vouched for."""
    language = context.settings.language
    name = f"Speech model ({language})"
    fix = f"{SETUP} --language {language}"
    if found := models.installed_speech(context.home, language):
        return Check(name, State.OK, found.name)
    entries = context.catalogue.speech_for(language)
    if not entries:
        known = ", ".join(context.catalogue.languages)
        return Check(name, State.MISSING, "the catalogue has none", f"choose one of {known}")
    for entry in reversed(entries):
        folder = downloads.speech_path(context.home, entry)
        if folder.exists():
            try:
                models.vouch_speech(context.home, entry)
            except S2IError as error:
                return Check(name, State.BROKEN, error.message, fix)
            return Check(name, State.OK, entry.name)
    return Check(name, State.MISSING, f"{entries[0].name} isn't there", fix)


def pocketsphinx(_: Context) -> Check:
    """PocketSphinx, the starter for English, loads with its model."""
    result = probe.run("pocketsphinx")
    if result.ok:
        return Check("PocketSphinx", State.OK, f"{result.version}, English")
    return Check("PocketSphinx", State.BROKEN, result.reason, _REINSTALL)


def microphone(_: Context) -> Check:
    """PortAudio loads and knows an input."""
    result = probe.run("microphone")
    if result.ok:
        inputs = result.details.get("inputs") or ["?"]
        return Check("Microphone", State.OK, _printable(str(inputs[0])))
    if "library not found" in result.reason:
        return Check(
            "Microphone",
            State.MISSING,
            "PortAudio isn't installed (the page's microphone works without it)",
            "Debian, Ubuntu: sudo apt install libportaudio2; Fedora: sudo dnf install portaudio",
        )
    return Check(
        "Microphone", State.MISSING, _printable(result.reason), "connect one, allow its use"
    )


def comfyui(context: Context) -> Check:
    """A ComfyUI answers at the configured address."""
    try:
        found = registry.make("comfyui", context.settings).available()
    except S2IError as error:
        return Check("ComfyUI", State.BROKEN, error.message, error.hint)
    if found.ready:
        return Check("ComfyUI", State.OK, _printable(found.reason))
    fix = "start ComfyUI, or put its address into S2I_COMFYUI_URL"
    return Check("ComfyUI", State.MISSING, _printable(found.reason), fix)


def storyboard(context: Context) -> Check:
    """The engine that every machine has paints a small picture."""
    try:
        engine = registry.make("storyboard", context.settings)
        request = PaintRequest("a red fox in the snow", None, 1, 64, 64)
        plan = engine.plan(request)
        done = engine.paint(request, plan, lambda *_, **__: None, threading.Event(), lambda _: None)
        if not done.images[0].png.startswith(b"\x89PNG"):
            return Check("Storyboard", State.BROKEN, "it paints no PNG", "git checkout s2i", True)
    except (S2IError, OSError, ImportError, ValueError) as error:
        return Check("Storyboard", State.BROKEN, str(error), "git checkout s2i", True)
    return Check("Storyboard", State.OK, "paints placeholders", needed=True)


def folders(context: Context) -> Check:
    """models/, output/ and data/ can be written."""
    for folder in (context.settings.models, context.settings.output, context.settings.data):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder) as stream:
                stream.write(b"x")
        except OSError as error:
            detail = f"{folder} can't be written ({error.strerror})"
            fix = "give yourself write permission there, or set S2I_HOME to a folder of yours"
            return Check("Folders", State.BROKEN, detail, fix, True)
    return Check("Folders", State.OK, f"models, output and data in {context.home}", needed=True)


def journal(context: Context) -> Check:
    """The journal, where there is one already, is a sound database."""
    path = context.settings.data / "journal.db"
    if not path.exists():
        return Check("Journal", State.OK, "none yet, the first job makes it")
    try:
        with_uri = f"{path.as_uri()}?mode=rw"
        database = sqlite3.connect(with_uri, uri=True, timeout=2)
        try:
            answer = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
            count = database.execute("SELECT count(*) FROM jobs").fetchone()[0]
        finally:
            database.close()
    except sqlite3.Error as error:
        return Check("Journal", State.BROKEN, f"{path}: {error}", "the next job sets it aside")
    if answer != "ok":
        return Check("Journal", State.BROKEN, f"{path}: {answer}", "move the file away")
    return Check("Journal", State.OK, f"{count} jobs")


def leftovers(context: Context) -> Check:
    """Fetches that were cut off."""
    found = staging.leftovers(context.home)
    if not found:
        return Check("Downloads", State.OK, "none was cut off")
    listed = ", ".join(f"{name} after {size_text(size)}" for name, size in found)
    fix = f"{SETUP} goes on there; python run.py models remove NAME throws it away"
    return Check("Downloads", State.BROKEN, f"cut off: {listed}", fix)


def disk(context: Context) -> Check:
    """Room for models and pictures."""
    free = machine.free_disk(context.home)
    if free is None:
        return Check("Disk", State.OK, "free space unknown")
    if free < _LOW_DISK:
        fix = "make room, or set S2I_HOME to a folder on a larger disk"
        return Check("Disk", State.BROKEN, f"only {size_text(free)} free", fix)
    return Check("Disk", State.OK, f"{size_text(free)} free")


def memory(context: Context) -> Check:
    """Memory for the language model that `setup` would fetch."""
    found = machine.memory()
    if found is None:
        return Check("Memory", State.OK, "unknown")
    wanted = models.fitting_refiner(context.catalogue, found)
    text = f"{size_text(found.available)} of {size_text(found.total)} free"
    if wanted.memory_bytes > found.available:
        detail = f"{text}; {wanted.id} needs {size_text(wanted.memory_bytes)}"
        return Check("Memory", State.BROKEN, detail, "close other programs")
    return Check("Memory", State.OK, text)


CHECKS: list[Callable[[Context], Check]] = [
    python,
    packages,
    llama,
    refiner,
    vosk,
    speech_model,
    pocketsphinx,
    microphone,
    comfyui,
    storyboard,
    folders,
    journal,
    leftovers,
    disk,
    memory,
]
"""Every check, in the order in which `doctor` shows them."""


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]
