"""`models get`: what a word means (an id, a language, a path, a hub's file), and fetching it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import downloads, hub, machine, own_models, setup_plan, staging
from bootstrap.catalogue import Catalogue, HubSource, RefinerEntry, SpeechEntry
from bootstrap.own_models import Brought
from bootstrap.progress import Progress, size_text
from s2i.errors import InputError, NetworkError
from s2i.settings import Settings

ASK_BYTES = 100 * 10**6  # nothing larger comes over the network without a yes


@dataclass(frozen=True)
class Wanted:
    """What is to be fetched. bytes: what comes over the network; lines: the budget, for people."""

    name: str
    bytes: int
    lines: list[str]
    fetch: Callable[[Progress], Path]

    @property
    def needs_a_yes(self) -> bool:
        """Whether somebody must agree first."""
        return self.bytes > ASK_BYTES


def find(settings: Settings, what: str, language: str) -> Wanted:
    """What is meant. Raises InputError where that is nothing, NetworkError where a hub has no
    such file or can't be asked, MissingError where the disk has no room."""
    catalogue = catalogues.load()
    entry = _entry(catalogue, what)
    if entry is not None:
        return _of_catalogue(settings, entry)
    brought = own_models.recognise(what)
    if brought is None:
        raise InputError(
            "unknown-model",
            f"There is no model '{what[:80]}'.",
            hint="'python run.py models' lists what there is. One of yours is a path, or "
            "owner/name:file.gguf of a hub.",
        )
    return _of_yours(settings, brought, language)


def _entry(catalogue: Catalogue, what: str) -> RefinerEntry | SpeechEntry | None:
    for refiner in catalogue.refiners:
        if what in {refiner.id, refiner.file}:
            return refiner
    for speech in catalogue.speech:
        if what == speech.name:
            return speech
    by_language = catalogue.speech_for(what) if what.isalpha() and len(what) <= 3 else ()
    return by_language[0] if by_language else None


def _of_catalogue(settings: Settings, entry: RefinerEntry | SpeechEntry) -> Wanted:
    home = settings.home
    item = setup_plan.item(home, entry, Progress())
    if item.there:
        lines = [f"{item.name} is there already" + (f" ({item.where})." if item.where else ".")]
        return Wanted(item.name, 0, lines, lambda _: _place(home, entry))
    size = max(0, entry.download_bytes - item.kept)
    staging.check_room(home, entry.disk_bytes - item.kept, item.name)
    trouble = hub.unreachable() if isinstance(entry.source, HubSource) else ""
    if trouble:
        raise NetworkError("unreachable", trouble, hint="Check the network, then run it again.")

    def fetch(progress: Progress) -> Path:
        progress.plan(entry.download_bytes)
        if isinstance(entry, RefinerEntry):
            return downloads.fetch_refiner(home, entry, progress)
        return downloads.fetch_speech(home, entry, progress)

    about = f"{item.name} ({item.purpose}), {size_text(entry.download_bytes)}"
    told = [f"{about}, from {entry.source}, licence {entry.licence}"]
    if item.kept:
        told.append(f"{size_text(item.kept)} of it are there already.")
    return Wanted(item.name, size, [*told, *_free(home)], fetch)


def _place(home: Path, entry: RefinerEntry | SpeechEntry) -> Path:
    if isinstance(entry, SpeechEntry):
        return downloads.speech_path(home, entry)
    from bootstrap import models

    return next(one.path for one in models.installed_refiners(home) if one.id == entry.id)


def _of_yours(settings: Settings, brought: Brought, language: str) -> Wanted:
    home = settings.home
    lines = [f"{brought.name}, {size_text(brought.size)}, from {brought.said}, licence: its own"]

    def fetch(progress: Progress) -> Path:
        progress.plan(brought.size)
        return own_models.bring(home, brought, language, progress)

    over_network = brought.size if brought.hub is not None else 0
    over_network -= min(over_network, staging.kept_bytes(home, brought.name))
    return Wanted(brought.name, over_network, [*lines, *_free(home)], fetch)


def _free(home: Path) -> list[str]:
    free = machine.free_disk(home)
    return [] if free is None else [f"{size_text(free)} of disk are free."]
