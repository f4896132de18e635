"""What this machine has: memory and free disk space, without a library for it."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Memory:
    """Bytes of memory. `available`: what a new program can have without others being swapped."""

    total: int
    available: int


def memory() -> Memory | None:
    """This machine's memory, within the limit of a container; None where it can't be told."""
    try:
        if sys.platform == "win32":
            return _windows()
        if sys.platform == "darwin":
            return _macos()
        found = parse_meminfo(Path("/proc/meminfo").read_text(encoding="ascii", errors="replace"))
        return within(found, _cgroup_limit()) if found else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def parse_meminfo(text: str) -> Memory | None:
    """Memory out of Linux's /proc/meminfo."""
    values = {
        match[1]: int(match[2]) * 1024 for match in re.finditer(r"(?m)^(\w+):\s+(\d+) kB", text)
    }
    if "MemTotal" not in values:
        return None
    # Kernels before 3.14 have no MemAvailable; free plus cached is close.
    fallback = values.get("MemFree", 0) + values.get("Cached", 0)
    return Memory(values["MemTotal"], values.get("MemAvailable", fallback))


def parse_vm_stat(text: str, total: int) -> Memory | None:
    """Memory out of macOS's vm_stat; free, inactive, speculative and purgeable can be had."""
    page = re.search(r"page size of (\d+) bytes", text)
    if page is None:
        return None
    wanted = r"(?m)^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\."
    pages = sum(int(count) for count in re.findall(wanted, text))
    return Memory(total, min(total, pages * int(page[1])))


def within(found: Memory, limit: tuple[int, int] | None) -> Memory:
    """`found`, cut down to a container's (limit, used) in bytes."""
    if limit is None:
        return found
    most, used = limit
    return Memory(min(found.total, most), max(0, min(found.available, most - used)))


def free_disk(path: Path) -> int | None:
    """Free bytes where `path` is or will be; None where that can't be told."""
    for folder in (path, *path.parents):
        if folder.exists():
            try:
                return shutil.disk_usage(folder).free
            except OSError:
                return None
    return None


def _cgroup_limit() -> tuple[int, int] | None:
    for most, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            return int(Path(most).read_text(encoding="ascii")), int(
                Path(used).read_text(encoding="ascii")
            )
        except (OSError, ValueError):  # not there, or "max": no limit
            continue
    return None


def _macos() -> Memory | None:
    total = subprocess.run(
        ["/usr/sbin/sysctl", "-n", "hw.memsize"],
        capture_output=True,
        text=True,
        timeout=5,
        check=True,
    )
    pages = subprocess.run(
        ["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True
    )
    return parse_vm_stat(pages.stdout, int(total.stdout))


class _MemoryStatus(ctypes.Structure):
    # MEMORYSTATUSEX of the Windows API
    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 5),
    )


def _windows() -> Memory | None:
    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    api = getattr(ctypes, "windll").kernel32  # noqa: B009 - unknown to type checkers off Windows
    if not api.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return Memory(int(status.total), int(status.available))
