from __future__ import annotations

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import machine
from bootstrap.budget import Budget, Item
from bootstrap.catalogue import SHIPPED
from bootstrap.machine import Memory
from bootstrap.progress import ConsoleProgress, Progress, as_progress, line, size_text
from bootstrap.staging import MARGIN_BYTES

CATALOGUE = catalogues.load(SHIPPED)
VOICE = CATALOGUE.speech[0]


def budget(*items: Item, free: int | None = 10**12, memory: Memory | None = None) -> Budget:
    return Budget(items, free, memory)


def test_only_what_is_missing_counts() -> None:
    found = budget(Item(CATALOGUE.default, there=True), Item(VOICE, there=False))
    assert found.download_bytes == VOICE.bytes
    assert [item.name for item in found.missing] == ["vosk-model-small-en-us-0.15"]
    assert found.disk_bytes == 4 * VOICE.download_bytes + MARGIN_BYTES
    assert budget(Item(VOICE, there=True)).disk_bytes == 0


def test_the_worst_moment_is_what_needs_room() -> None:
    both = budget(Item(CATALOGUE.default, there=False), Item(VOICE, there=False))
    assert both.disk_bytes == CATALOGUE.default.bytes + 4 * VOICE.download_bytes + MARGIN_BYTES
    starter = budget(Item(CATALOGUE.starter, there=False))
    assert starter.disk_bytes == CATALOGUE.starter.bytes + 2 * 92_871_040 + MARGIN_BYTES


def test_against_what_the_machine_has() -> None:
    item = Item(CATALOGUE.default, there=False)
    assert not budget(item, free=10**9).fits_disk
    assert budget(item, free=2 * 10**9).fits_disk
    assert budget(item, free=None).fits_disk
    assert not budget(item, memory=Memory(8 * 10**9, 10**9)).fits_memory
    assert budget(item, memory=Memory(8 * 10**9, 4 * 10**9)).fits_memory
    assert budget(item).fits_memory


def test_the_table() -> None:
    memory = Memory(8 * 10**9, 10**9)
    chinese = CATALOGUE.speech_for("zh")[0]
    found = budget(
        Item(CATALOGUE.default, there=False), Item(chinese, there=False), memory=memory
    ).lines()
    assert found[1].split() == [
        "qwen2.5-1.5b",
        "writes",
        "the",
        "prompt",
        "hub,",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        "1.1",
        "GB",
        "Apache-2.0",
    ]
    assert "hears Chinese" in found[2]
    assert "about 44 MB" in found[2]
    assert found[3] == "To download: 1.2 GB"
    assert found[4] == "Disk:   1.5 GB needed, 1000.0 GB free, 998.8 GB free after it"
    assert found[5] == "Memory: 2.1 GB needed while all work, 1.0 GB of 8.0 GB free now"
    assert "Memory is short" in found[6]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (98_362_432, "98 MB"),
        (999_600_000, "1.0 GB"),
        (1_117_320_736, "1.1 GB"),
    ],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert size_text(size) == text


def test_progress_in_words() -> None:
    assert line("Fetching x", 0, None, 5.0) == "Fetching x: 0 kB"
    assert line("Fetching x", 50_000_000, 100_000_000, 10.0) == (
        "Fetching x: 50 MB of 100 MB (50 %), 5 MB/s, about 10 s left"
    )
    assert line("Fetching x", 100, 100, 1.0).endswith("(100 %), 1 kB/s")


def test_progress_off_a_terminal_is_lines() -> None:
    lines: list[str] = []
    shown = as_progress(lines.append)
    assert isinstance(shown, ConsoleProgress)
    shown.begin("Fetching x", 10)
    shown.update(5)  # too soon after the beginning for a line
    shown.say("hello")
    shown.end()
    assert lines == ["hello"]
    assert as_progress(shown) is shown
    assert type(as_progress(None)) is Progress


MEMINFO = """MemTotal:        8000000 kB
MemFree:          100000 kB
MemAvailable:    4000000 kB
Cached:           300000 kB
"""
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            200000.
Pages inactive:                           20000.
Pages speculative:                         3000.
Pages throttled:                              0.
Pages wired down:                        100000.
Pages purgeable:                           1000.
"""


class TestMemory:
    def test_linux(self) -> None:
        assert machine.parse_meminfo(MEMINFO) == Memory(8_192_000_000, 4_096_000_000)
        old = MEMINFO.replace("MemAvailable", "Other")
        assert machine.parse_meminfo(old) == Memory(8_192_000_000, 409_600_000)
        assert machine.parse_meminfo("nothing") is None

    def test_macos(self) -> None:
        assert machine.parse_vm_stat(VM_STAT, 10**10) == Memory(10**10, 34_000 * 16384)
        assert machine.parse_vm_stat("nothing", 10**10) is None

    def test_containers(self) -> None:
        found = Memory(1000, 800)
        assert machine.within(found, None) == found
        assert machine.within(found, (500, 100)) == Memory(500, 400)
        assert machine.within(found, (5000, 100)) == found
        assert machine.within(found, (500, 600)) == Memory(500, 0)
