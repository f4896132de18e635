"""The limits of a request."""

from __future__ import annotations

from typing import Any

import pytest

from s2i.errors import InputError
from s2i.job import MAX_SEED, Request, parse_size


@pytest.mark.parametrize(("text", "size"), [("512x768", (512, 768)), (" 64 X 4096", (64, 4096))])
def test_sizes(text: str, size: tuple[int, int]):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["7x7", "banana", "", "x", "512", "512x", "512x513", "-512x512", "1e3x512",
             "99999999999x512", "512x512x512", "٥١٢x512", "65536x65536", "0x0"],
)  # fmt: skip
def test_what_is_no_size(text: str):
    with pytest.raises(InputError) as caught:
        parse_size(text)
    assert "512x768" in caught.value.hint


@pytest.mark.parametrize(
    "values",
    [
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"refine_seed": -5},
        {"steps": 0},
        {"steps": 201},
        {"count": 0},
        {"count": 17},
        {"width": 512},
        {"width": 500, "height": 512},
    ],
)
def test_what_no_request_can_hold(values: dict[str, Any]):
    with pytest.raises(InputError):
        Request(idea="fox", **values)


def test_the_limits_themselves_are_fine():
    assert Request(idea="fox", seed=0).seed == 0
    assert (
        Request(idea="fox", seed=MAX_SEED, steps=200, count=16, width=64, height=4096).steps == 200
    )


def test_a_request_survives_the_journal_and_newer_versions():
    request = Request(idea="fox", seed=MAX_SEED, negative="hat")
    assert Request.from_dict({**request.to_dict(), "from_the_future": 1}) == request
