"""What `setup` is going to fetch, as a plan and as one table for people. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap.catalogue import RefinerEntry, SpeechEntry
from bootstrap.downloads import MARGIN_BYTES
from bootstrap.machine import Memory
from bootstrap.progress import size_text


@dataclass(frozen=True)
class Item:
    """One model of the plan. `there`: it is in place and vouched for, so nothing is fetched."""

    entry: RefinerEntry | SpeechEntry
    there: bool

    @property
    def name(self) -> str:
        """Its id or name."""
        return self.entry.id if isinstance(self.entry, RefinerEntry) else self.entry.name

    @property
    def purpose(self) -> str:
        """What it is for, in words."""
        if isinstance(self.entry, RefinerEntry):
            return "writes the prompt"
        return f"hears {self.entry.language_name}"


@dataclass(frozen=True)
class Budget:
    """The plan against what the machine has. Bytes; None where the machine couldn't say."""

    items: tuple[Item, ...]
    free_disk: int | None
    memory: Memory | None

    @property
    def missing(self) -> tuple[Item, ...]:
        """What will be fetched."""
        return tuple(item for item in self.items if not item.there)

    @property
    def download_bytes(self) -> int:
        """Over the network."""
        return sum(item.entry.download_bytes for item in self.missing)

    @property
    def disk_bytes(self) -> int:
        """Room needed at the worst moment: all that is kept, plus one item's temporary files."""
        kept = sum(_kept(item) for item in self.missing)
        extra = max((item.entry.disk_bytes - _kept(item) for item in self.missing), default=0)
        return kept + extra + (MARGIN_BYTES if self.missing else 0)

    @property
    def memory_bytes(self) -> int:
        """What the largest refiner of the plan takes while it works."""
        entries = [item.entry for item in self.items]
        return max(
            (one.memory_bytes for one in entries if isinstance(one, RefinerEntry)), default=0
        )

    @property
    def fits_disk(self) -> bool:
        """Whether there is room; True where that couldn't be told."""
        return self.free_disk is None or self.disk_bytes <= self.free_disk

    @property
    def fits_memory(self) -> bool:
        """Whether the refiner fits in what is free now; True where that couldn't be told."""
        return self.memory is None or self.memory_bytes <= self.memory.available

    def lines(self) -> list[str]:
        """The budget for people, one line each."""
        rows = [("what", "for", "from", "size", "licence")]
        for item in self.items:
            about = "" if isinstance(item.entry, RefinerEntry) or item.entry.bytes else "about "
            size = "there" if item.there else about + size_text(item.entry.download_bytes)
            rows.append((item.name, item.purpose, str(item.entry.source), size, item.entry.licence))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        table = [
            "  "
            + "  ".join(f"{cell:<{widths[column]}}" for column, cell in enumerate(row)).rstrip()
            for row in rows
        ]
        return [*table, *self._sums()]

    def _sums(self) -> list[str]:
        lines = [f"To download: {size_text(self.download_bytes)}"]
        if self.missing:
            free = "unknown" if self.free_disk is None else size_text(self.free_disk)
            lines.append(f"Disk:   {size_text(self.disk_bytes)} needed, {free} free")
        if self.memory_bytes:
            had = "unknown" if self.memory is None else (
                f"{size_text(self.memory.available)} of {size_text(self.memory.total)} free now"
            )  # fmt: skip
            lines.append(f"Memory: {size_text(self.memory_bytes)} needed while it works, {had}")
        if not self.fits_memory:
            lines.append("Memory is short now: a smaller model is used until more is free.")
        return lines


def _kept(item: Item) -> int:
    """Bytes that stay on disk."""
    entry = item.entry
    return entry.bytes if isinstance(entry, RefinerEntry) else entry.unpacked_bytes
