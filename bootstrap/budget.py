"""What `setup` is going to fetch, as a plan and as one table for people. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

from bootstrap.catalogue import RefinerEntry, SpeechEntry
from bootstrap.console import table
from bootstrap.machine import Memory
from bootstrap.progress import size_text
from bootstrap.staging import MARGIN_BYTES


@dataclass(frozen=True)
class Item:
    """One model of the plan. `there`: it is in place and vouched for, so nothing is fetched.

    where: whose folder it lies in, where that isn't ours. kept: bytes that an earlier run left.
    """

    entry: RefinerEntry | SpeechEntry
    there: bool
    where: str = ""
    kept: int = 0

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
        """Over the network: what isn't there of it yet."""
        return sum(max(0, item.entry.download_bytes - item.kept) for item in self.missing)

    @property
    def planned_bytes(self) -> int:
        """All that the missing files hold, those bytes included that an earlier run left."""
        return sum(item.entry.download_bytes for item in self.missing)

    @property
    def disk_bytes(self) -> int:
        """Room needed at the worst moment: all that is kept, plus one item's temporary files."""
        kept = sum(_kept(item) for item in self.missing)
        extra = max((item.entry.disk_bytes - _kept(item) for item in self.missing), default=0)
        there = sum(item.kept for item in self.missing)
        return max(0, kept + extra - there) + (MARGIN_BYTES if self.missing else 0)

    @property
    def free_after(self) -> int | None:
        """Free bytes of the disk when all is in place; None where that can't be told."""
        if self.free_disk is None:
            return None
        return self.free_disk - sum(_kept(item) - item.kept for item in self.missing)

    @property
    def memory_bytes(self) -> int:
        """What recogniser and refiner of the plan take while both work."""
        return sum(item.entry.memory_bytes for item in self.items)

    @property
    def fits_disk(self) -> bool:
        """Whether there is room; True where that couldn't be told."""
        return self.free_disk is None or self.disk_bytes <= self.free_disk

    @property
    def fits_memory(self) -> bool:
        """Whether both fit in what is free now; True where that couldn't be told."""
        return self.memory is None or self.memory_bytes <= self.memory.available

    def lines(self) -> list[str]:
        """The budget for people, one line each."""
        rows = [("what", "for", "from", "size", "licence")]
        for item in self.items:
            about = "" if isinstance(item.entry, RefinerEntry) or item.entry.bytes else "about "
            size = "there" if item.there else about + size_text(item.entry.download_bytes)
            if item.kept and not item.there:
                size += f" ({size_text(item.kept)} there)"
            source = item.where or str(item.entry.source)
            rows.append((item.name, item.purpose, source, size, item.entry.licence))
        return [*table(rows), *self._sums()]

    def _sums(self) -> list[str]:
        lines = [f"To download: {size_text(self.download_bytes)}"]
        if self.missing:
            free = "unknown" if self.free_disk is None else size_text(self.free_disk)
            text = f"Disk:   {size_text(self.disk_bytes)} needed, {free} free"
            if self.free_after is not None and self.fits_disk:
                text += f", {size_text(max(0, self.free_after))} free after it"
            lines.append(text)
        if self.memory_bytes:
            had = "unknown" if self.memory is None else (
                f"{size_text(self.memory.available)} of {size_text(self.memory.total)} free now"
            )  # fmt: skip
            lines.append(f"Memory: {size_text(self.memory_bytes)} needed while all work, {had}")
        if not self.fits_memory:
            lines.append("Memory is short now: a smaller model is used until more is free.")
        return lines


def _kept(item: Item) -> int:
    """Bytes that stay on disk."""
    entry = item.entry
    return entry.bytes if isinstance(entry, RefinerEntry) else entry.unpacked_bytes
