"""Threads for the refiner."""

from __future__ import annotations

import pytest

from s2i.refine.threads import MOST, default_threads, threads_for, usable_cpus


@pytest.mark.parametrize(
    ("cpus", "threads"), [(1, 1), (2, 2), (4, 4), (6, 4), (8, 4), (12, 6), (16, 8), (128, MOST)]
)
def test_threads_for(cpus, threads):
    assert threads_for(cpus) == threads


def test_this_machine():
    assert 1 <= default_threads() <= max(MOST, usable_cpus())
