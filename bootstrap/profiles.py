"""What `setup` offers, in words: smallest, balanced, best. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap.catalogue import Catalogue, RefinerEntry, SpeechEntry
from bootstrap.console import table
from bootstrap.machine import Memory
from bootstrap.progress import size_text
from bootstrap.staging import MARGIN_BYTES

NAMES = ("smallest", "balanced", "best")


@dataclass(frozen=True)
class Profile:
    """Models that go together; `speech` is None where the language has none."""

    name: str
    refiner: RefinerEntry
    speech: SpeechEntry | None

    @property
    def entries(self) -> list[RefinerEntry | SpeechEntry]:
        """Its models."""
        return [self.refiner, *([self.speech] if self.speech else [])]

    @property
    def download_bytes(self) -> int:
        """Over the network, where nothing is there yet."""
        return sum(entry.download_bytes for entry in self.entries)

    @property
    def memory_bytes(self) -> int:
        """Of all its models at once."""
        return sum(entry.memory_bytes for entry in self.entries)


def offered(catalogue: Catalogue, language: str) -> list[Profile]:
    """The profiles for a language, smallest first; those that would be the same only once."""
    speech = catalogue.speech_for(language)
    first = speech[0] if speech else None
    largest = max(speech, key=lambda entry: entry.download_bytes, default=None)
    made = [
        Profile("balanced", catalogue.default, first),
        Profile("smallest", catalogue.small, first),
        Profile("best", catalogue.best, largest),
    ]
    kept: list[Profile] = []
    for one in made:
        if all(one.entries != other.entries for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: NAMES.index(one.name))


def fitting(profiles: list[Profile], memory: Memory | None, free_disk: int | None) -> Profile:
    """The one to choose beforehand: balanced, or the smallest where memory or disk is short.

    Measured against half of all memory, not what is free at the moment: the models stay, and the
    system, a browser and an image engine want theirs. The best is never chosen unasked: it takes
    gigabytes and is slow on a laptop. Where none fits, the smallest comes nearest.
    """

    def fits(one: Profile) -> bool:
        room = (
            free_disk is None or sum(e.disk_bytes for e in one.entries) + MARGIN_BYTES <= free_disk
        )
        return room and (memory is None or one.refiner.memory_bytes <= memory.total // 2)

    wanted = [one for one in profiles if one.name == "balanced" and fits(one)]
    return (wanted or sorted(profiles, key=lambda one: one.download_bytes))[0]


def prompt_seconds(entry: RefinerEntry) -> float:
    """About how long a prompt takes on two cores of a laptop, once the model is loaded.

    Between what was measured: 0.3 s for a file of 0.1 GB, 1.3 s for one of 1.1 GB.
    """
    return round(0.2 + entry.bytes / 1e9, 1)


def lines(profiles: list[Profile], chosen: Profile) -> list[str]:
    """The choice for people."""
    rows = [("", "profile", "writes the prompt", "hears", "size", "memory", "a prompt in")]
    rows += [
        (
            "*" if one is chosen else " ",
            one.name,
            one.refiner.name,
            one.speech.name if one.speech else "-",
            size_text(one.download_bytes),
            size_text(one.memory_bytes),
            f"about {prompt_seconds(one.refiner):g} s",
        )
        for one in profiles
    ]
    note = "* is what will be taken. Memory: both at once. Seconds: an estimate, for two cores."
    return [*table(rows), f"  {note}"]
