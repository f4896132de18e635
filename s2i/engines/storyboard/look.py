"""How one thing is to look: what a shape's painter is told beside its pen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from s2i.engines.storyboard.colour import RGB

EYE: RGB = (38, 32, 40)


@dataclass(frozen=True)
class Look:
    """Colour, pose and variant of a subject; `lit` when lamps are on, `snowy` when snow lies."""

    colour: RGB
    pose: str = ""
    variant: Mapping[str, Any] = field(default_factory=dict)
    lit: bool = False
    snowy: bool = False

    def flag(self, name: str) -> bool:
        """Whether the variant has `name`."""
        return bool(self.variant.get(name))

    def number(self, name: str, default: float) -> float:
        """A measure of the variant."""
        return float(self.variant.get(name, default))

    def word(self, name: str, default: str = "") -> str:
        """A word of the variant."""
        return str(self.variant.get(name, default))

    def rgb(self, name: str, default: RGB) -> RGB:
        """A second colour of the variant."""
        red, green, blue = self.variant.get(name, default)
        return int(red), int(green), int(blue)


def hand(look: Look) -> tuple[float, float]:
    """Where the outstretched hand is, in heights of the figure."""
    return (0.27, 0.50) if look.flag("child") else (0.26, 0.52)
