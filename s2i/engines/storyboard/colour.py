"""Colours and how they mix. Pure; a colour is (red, green, blue), 0..255 each."""

from __future__ import annotations

RGB = tuple[int, int, int]

INK: RGB = (52, 48, 54)
PAPER: RGB = (250, 246, 238)
WHITE: RGB = (255, 255, 255)


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`one` with `share` (0..1) of `other` in it."""
    share = min(1.0, max(0.0, share))
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def lighter(colour: RGB, share: float = 0.25) -> RGB:
    """`colour` nearer to white."""
    return mix(colour, WHITE, share)


def darker(colour: RGB, share: float = 0.25) -> RGB:
    """`colour` nearer to a deep ink, which looks livelier than black."""
    return mix(colour, (26, 22, 40), share)


def luma(colour: RGB) -> float:
    """How bright it looks, 0..255 (Rec. 601 weights)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
