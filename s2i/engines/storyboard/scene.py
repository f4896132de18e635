"""A Scene: what there is to paint, and nothing about how. reading.py finds it in a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.storyboard.colour import RGB


@dataclass(frozen=True)
class Subject:
    """A thing to paint `count` times. `size` is a share of the panel's shorter side.

    `place` is ground, far (on the horizon), sky, water or hover. `on` and `held_by` are indices
    into Scene.subjects: this one rides on that one, or is in its hand.
    """

    key: str
    shape: str
    colour: RGB
    size: float
    count: int = 1
    place: str = "ground"
    pose: str = ""
    coloured: bool = False  # the prompt named the colour
    held: bool = False  # small enough to be in a hand
    on: int | None = None
    held_by: int | None = None
    seat: tuple[float, float, float] | None = None  # x, y and scale for a rider, in own heights
    variant: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """Everything that the painters need to know. `title` is the idea in the user's words.

    `board` holds words for a sign in the picture, where the subject has no shape of its own.
    """

    title: str
    time: str = "day"
    ground: str = "meadow"
    sky: frozenset[str] = frozenset()
    weather: frozenset[str] = frozenset()
    backdrops: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset()
    season: str = ""
    subjects: tuple[Subject, ...] = ()
    sky_colour: RGB | None = None
    ground_colour: RGB | None = None
    accents: tuple[RGB, ...] = ()
    board: str = ""

    @property
    def snowy(self) -> bool:
        """Whether the ground is white whatever it is made of."""
        return self.ground == "snow" or self.season == "winter" or "snow" in self.weather

    @property
    def indoors(self) -> bool:
        """Whether the sky is only seen through a window, if at all."""
        return self.ground in ("room", "cave", "underwater")
