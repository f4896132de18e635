"""How many threads the language model gets."""

from __future__ import annotations

import math
import os
from pathlib import Path

MOST = 8  # token generation waits for memory, not for cores, long before that
_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def default_threads() -> int:
    """Threads for the refiner on this machine.

    All of up to four cores. Measured on two cores under a load of 3 to 5 only, never idle, with
    sleeping waits (see s2i.refine.native): 250 tokens took 1.1 to 2.4 s with two threads and 1.8 to
    2.9 s with one. From there half of them, since two logical cores mostly share one real core;
    that and the limits for larger machines are a rule of thumb, not measured.
    """
    return threads_for(usable_cpus())


def threads_for(cpus: int) -> int:
    """Threads for `cpus` logical cores."""
    return max(1, min(cpus, 4) if cpus <= 8 else min(cpus // 2, MOST))


def usable_cpus() -> int:
    """Logical cores that this process may use: affinity and a container's quota count."""
    try:
        cpus = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows don't have it
        cpus = os.cpu_count() or 1
    return max(1, min(cpus, _quota(cpus)))


def _quota(cpus: int) -> int:
    """A cgroup's CPU quota in whole cores; `cpus` where there is none."""
    try:
        quota, period = _CGROUP_LIMIT.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, "max", another format
        return cpus
