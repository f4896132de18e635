"""Models that the user brings: a .gguf file, a Vosk zip or folder, or a file of a hub repository.

They are tried out before they count, and lie beside the catalogue's: models/refiners/<file>.gguf,
models/speech/<name>/, with <name>.own.json saying whence it came and which language it hears.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from bootstrap import catalogue as catalogues
from bootstrap import downloads, hub, probe, staging, unpack, verify
from bootstrap.catalogue import HubSource, OwnSource, SpeechEntry
from bootstrap.control import Control
from bootstrap.progress import Progress
from bootstrap.transfer import Remote
from bootstrap.transfer_errors import other_hash
from s2i.errors import InputError, ModelMissing

_REPO_FILE = re.compile(r"([A-Za-z0-9._-]+/[A-Za-z0-9._-]+):([^\s:\\]+)")
_VOSK_NAME = re.compile(r"vosk-model-(?:small-)?([a-z]{2})\b")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")


class _Told(TypedDict):
    name: str
    progress: Progress
    prober: verify.Prober


@dataclass(frozen=True)
class Brought:
    """What is to be put in place. Exactly one of `path` and `hub` is given.

    name: of the file or folder that it becomes. size in bytes, as far as it can be told before.
    """

    kind: str  # "gguf", "vosk-zip" or "vosk-folder"
    name: str
    size: int
    path: Path | None = None
    hub: HubSource | None = None
    remote: Remote | None = None

    @property
    def said(self) -> str:
        """Whence it comes, for people."""
        return str(self.path) if self.hub is None else f"{self.hub.repo}:{self.hub.path}"


def recognise(text: str) -> Brought | None:
    """What `text` names: a path, or owner/name:file of a hub, which is asked for its size.

    None where it is neither. Raises InputError for a file of another kind, NetworkError.
    """
    path = Path(text).expanduser()
    with contextlib.suppress(OSError, ValueError):  # a text that can't be a path
        if path.exists():
            try:
                return _local(path.absolute())
            except ModelMissing as error:
                hint = "Take it from where it was published once more, or try another."
                raise ModelMissing(error.code, error.message, hint=hint) from error
    found = _REPO_FILE.fullmatch(text)
    if found is None:
        return None
    inner = found[2]
    if ".." in inner.split("/") or inner.startswith("/"):
        raise InputError("bad-path", f"'{inner[:60]}' is no file of a repository.")
    source = HubSource(found[1], inner, "main")
    kind, name = _kind(inner.rsplit("/", 1)[-1], text)
    remote = hub.describe(source)
    return Brought(kind, name, remote.size or 0, hub=source, remote=remote)


def bring(
    home: Path,
    brought: Brought,
    language: str,
    progress: Progress,
    *,
    prober: verify.Prober = probe.run,
    control: Control | None = None,
) -> Path:
    """Put it in place once it has been tried out; where it is now.

    language: what a speech model hears; "" takes it from the model's name. Raises InputError
    where that can't be told, ModelMissing where it is no model, NetworkError, MissingError.
    """
    target = target_of(home, brought)
    if brought.kind != "gguf":
        language = language or _language_of(brought.name)
    if verify.read_mark(target) is not None:
        raise InputError(
            "already-there",
            f"A model called {brought.name} is there already.",
            hint=f"'python run.py models remove {brought.name}' makes room, or rename yours.",
        )
    fetched = brought.name + ("" if brought.kind == "gguf" else ".zip")

    def work(folder: Path) -> None:
        staged = folder / fetched
        sha256 = _get(brought, staged, progress, control)
        told: _Told = {"name": brought.name, "progress": progress, "prober": prober}
        if brought.kind == "gguf":
            verify.glance_gguf(staged)
            sha256 = sha256 or verify.sha256_of(staged, progress)
            entry = catalogues.load().by_file(brought.name)
            if entry is not None and entry.sha256 != sha256:
                raise other_hash(brought.name, "SHA-256", sha256, entry.sha256)
            downloads.place_gguf(staged, target, sha256=sha256, **told)
        elif brought.kind == "vosk-zip":
            downloads.place_vosk(staged, target, sha256=sha256, **told)
        else:
            downloads.place_vosk_folder(staged, target, sha256=None, **told)
        note = {"source": brought.said, "language": language, "bytes": brought.size}
        note_path(target).write_text(json.dumps(note) + "\n", encoding="utf-8")

    times = 4 if brought.kind == "vosk-zip" else 1
    staging.install(
        home,
        target,
        brought.name,
        source=brought.said,
        needed=times * brought.size,
        keep=fetched,
        progress=progress,
        work=work,
        control=control,
    )
    return target


def target_of(home: Path, brought: Brought) -> Path:
    """Where it will lie."""
    folder = "refiners" if brought.kind == "gguf" else "speech"
    return home / "models" / folder / brought.name


def note_path(path: Path) -> Path:
    """Where it is kept whence a model of the user's came."""
    return path.with_name(path.name + ".own.json")


def source_of(path: Path) -> str:
    """Whence a model came, for people; "" where nobody noted it."""
    return str(_note(path).get("source", ""))


def speech(home: Path) -> tuple[SpeechEntry, ...]:
    """Vosk models that the user brought, as entries like the catalogue's."""
    with contextlib.suppress(OSError):
        notes = sorted((home / "models" / "speech").glob("*.own.json"))
        folders = [item.with_name(item.name.removesuffix(".own.json")) for item in notes]
        return tuple(_entry(folder, _note(folder)) for folder in folders if folder.is_dir())
    return ()


def speech_for(home: Path, language: str) -> tuple[SpeechEntry, ...]:
    """Those of a language ("en", also "en-GB")."""
    code = language.lower().replace("_", "-").split("-")[0]
    return tuple(entry for entry in speech(home) if entry.language == code)


def _entry(folder: Path, note: dict[str, object]) -> SpeechEntry:
    language, size = str(note.get("language", "")), note.get("bytes")
    return SpeechEntry(
        name=folder.name,
        language=language,
        language_name=language,
        bytes=None,
        about_bytes=size if isinstance(size, int) and size > 0 else 1,
        sha256=None,
        licence="its own",
        source=OwnSource(str(note.get("source", ""))),
    )


def _note(path: Path) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        data = json.loads(note_path(path).read_text(encoding="utf-8"))
        return data if isinstance(data, dict) else {}
    return {}


def _local(path: Path) -> Brought:
    if path.is_dir():
        verify.check_vosk_contents(path)
        size = sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
        return Brought("vosk-folder", _plain(path.name), size, path=path)
    kind, name = _kind(path.name, str(path))
    if kind == "gguf":
        verify.glance_gguf(path)
    return Brought(kind, name, path.stat().st_size, path=path)


def _kind(file: str, text: str) -> tuple[str, str]:
    suffix = Path(file).suffix.lower()
    if suffix == ".gguf":
        return "gguf", _plain(file[: -len(suffix)]) + ".gguf"
    if suffix == ".zip":
        return "vosk-zip", _plain(file[: -len(suffix)])
    raise InputError(
        "unknown-model-kind",
        f"'{text[-80:]}' is neither a .gguf file nor a Vosk zip or folder.",
        hint="Language models come as .gguf, speech models as Vosk's zips.",
    )


def _plain(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    return made if _PLAIN.fullmatch(made) else "model"


def _language_of(name: str) -> str:
    found = _VOSK_NAME.match(name)
    if found is None:
        raise InputError(
            "no-language",
            f"Which language {name} hears can't be told from its name.",
            hint="Say it with --language, such as --language fr.",
        )
    return "zh" if found[1] == "cn" else found[1]


def _get(brought: Brought, target: Path, progress: Progress, control: Control | None) -> str | None:
    if brought.hub is not None:
        size = brought.size or None
        return hub.fetch(brought.hub, target, size=size, progress=progress, control=control)
    assert brought.path is not None  # noqa: S101 - one of both is given
    progress.say(f"Copying {brought.path.name}.")
    if brought.path.is_dir():
        unpack.remove_tree(target)
        shutil.copytree(brought.path, target)
        return None
    target.unlink(missing_ok=True)
    try:
        os.link(brought.path, target)  # no second copy where both lie on the same disk
    except OSError:
        shutil.copyfile(brought.path, target)
    return None
