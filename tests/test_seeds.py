"""The seed of a picture whose request names none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from s2i.job import JobState, Request
from s2i.journal import Journal
from s2i.seeds import seeded
from s2i.settings import Settings


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    made.begin("a", Request(idea="fox"), 1.0)
    made.finish("a", JobState.DONE, result={"seed": 77})
    yield made
    made.close()


@pytest.mark.parametrize(
    ("policy", "fixed", "expected"),
    [
        ("random", "5", None),
        ("fixed", "5", 5),
        ("fixed", "18446744073709551615", 2**64 - 1),
        ("fixed", "0", 0),
        ("fixed", "", None),
        ("last", "5", 77),
    ],
)
def test_policies(journal: Journal, policy: str, fixed: str, expected: int | None):
    settings = Settings(seed_policy=policy, seed=fixed)
    assert seeded(Request(idea="fox"), settings, journal).seed == expected
    assert seeded(Request(idea="fox", seed=0), settings, journal).seed == 0, "it was asked for"


def test_before_the_first_picture(tmp_path: Path):
    journal = Journal(tmp_path)
    try:
        settings = Settings(seed_policy="last")
        assert seeded(Request(idea="fox"), settings, journal).seed is None
    finally:
        journal.close()
