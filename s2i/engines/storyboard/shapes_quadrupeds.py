"""Animals on four legs: one body whose measures come from the vocabulary. They face right."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from s2i.engines.storyboard.canvas import Pen, Point, path
from s2i.engines.storyboard.colour import RGB, darker, lighter, mix
from s2i.engines.storyboard.look import EYE, Look
from s2i.engines.storyboard.shapes_heads import bib
from s2i.engines.storyboard.shapes_heads import head as draw_head

_BELLY: RGB = (248, 240, 226)


def quadruped(pen: Pen, look: Look) -> None:
    """An animal of the look's measures, standing, running, sitting or curled up asleep."""
    if not look.pose and look.word("rest"):
        look = replace(look, pose=look.word("rest"))
    if look.pose == "sleep" and look.number("neck", 0.0) < 0.2 and not look.flag("trunk"):
        _asleep(pen, look)
    elif look.pose == "sit" and look.number("neck", 0.0) < 0.2 and not look.flag("trunk"):
        _sitting(pen, look)
    else:
        _standing(pen, look)


def _standing(pen: Pen, look: Look) -> None:
    legs, slim = look.number("legs", 0.32), look.number("slim", 1.0)
    neck, head = look.number("neck", 0.10), look.number("head", 0.135)
    thick = look.number("thick", 1.0)
    colour = look.colour
    far = darker(colour, 0.22)
    deep = 0.25 * slim
    top = legs + deep
    stride = 0.20 if look.pose in ("run", "fly") else 0.03
    hind, fore = (-0.25, 0.24) if stride < 0.1 else (-0.27, 0.26)
    leg = 0.095 * thick
    _tail(pen, look, (-0.34, top - deep * 0.22), far)
    for x, swing in ((hind + 0.09, stride), (fore - 0.08, -stride)):
        _leg(pen.sub(x, 0, 1), look, swing, (top - deep * 0.45, leg), far)
    if look.flag("hump"):
        pen.blob(
            [(-0.26, top - 0.06), (-0.06, top + 0.18), (0.14, top - 0.06)], darker(colour, 0.06)
        )
    body: list[Point] = [
        (-0.37, legs + deep * 0.62), (-0.27, top - deep * 0.02), (-0.04, top - deep * 0.06),
        (0.22, top), (0.37, legs + deep * 0.66), (0.31, legs + deep * 0.14),
        (0.03, legs + deep * 0.06), (-0.27, legs - deep * 0.02),
    ]  # fmt: skip
    hx, hy = 0.38 + neck * 0.42, top + 0.03 + neck * 0.92
    _back_trim(pen, look, (0.22, top - 0.04), (hx, hy), head)
    if look.flag("wool"):
        _wool(pen, body, colour)
    else:
        pen.limb(
            [(0.25, top - deep * 0.34), (0.31 + neck * 0.2, top + neck * 0.35), (hx, hy)],
            deep * 0.78,
            head * 1.25,
            colour,
        )
        pen.blob(body, colour)
    _coat(pen, look, legs, deep)
    for x, swing in ((hind, -stride), (fore, stride)):
        if not look.flag("panda"):
            pen.disc(x, legs + deep * 0.30, leg * 0.95, deep * 0.46, fill=colour, angle=-8)
        _leg(pen.sub(x, 0, 1), look, swing, (legs + deep * 0.35, leg), colour)
    if look.flag("bib"):
        pen.limb(
            [
                (hx - head * 0.1, hy - head * 0.75),
                (0.345, top - deep * 0.30),
                (0.30, legs + deep * 0.24),
            ],
            0.10,
            0.06,
            bib(colour),
        )
    draw_head(pen, look, hx, hy, head)
    if look.flag("collar"):
        pen.limb([(0.30, top - 0.01), (0.42, top - 0.075)], 0.035, 0.035, (206, 62, 58))


def _leg(pen: Pen, look: Look, swing: float, size: tuple[float, float], colour: RGB) -> None:
    """A leg below (0, top) that swings forward (or back); `size` is (top, width)."""
    top, width = size
    colour = (48, 46, 52) if look.flag("panda") else colour
    bend = (swing * 0.45 + (0.02 if swing < 0 else -0.01), top * 0.5)
    lift = 0.06 if abs(swing) > 0.1 else 0.0
    foot = (swing, lift + width * 0.3)
    pen.limb([(0, top), bend, foot], width, width * 0.62, colour)
    if look.flag("socks") or look.flag("hooves"):
        dark = (58, 46, 44) if look.flag("hooves") else darker(colour, 0.55)
        pen.limb(
            [(foot[0] - (foot[0] - bend[0]) * 0.35, foot[1] + (bend[1] - foot[1]) * 0.35), foot],
            width * 0.66,
            width * 0.70,
            dark,
        )
    else:
        pen.disc(
            foot[0] + width * 0.12, foot[1] - width * 0.02, width * 0.48, width * 0.32, fill=colour
        )


def _wool(pen: Pen, body: Sequence[Point], colour: RGB) -> None:
    rng = random.Random(7)  # the same curls on every sheep
    for x, y in body:
        pen.disc(x * 0.95, y + 0.015, 0.095, fill=colour)
    for _ in range(26):
        x, y = rng.uniform(-0.28, 0.27), rng.uniform(body[-1][1] + 0.03, body[1][1])
        pen.disc(x, y, 0.085, fill=mix(colour, (206, 200, 196), rng.uniform(0, 0.28)))


def _back_trim(pen: Pen, look: Look, withers: Point, crown: Point, head: float) -> None:
    """Mane and plates, which lie behind body and neck."""
    if look.flag("mane"):
        mane = look.rgb("mane_colour", darker(look.colour, 0.5))
        pen.limb(
            [
                (withers[0] - 0.10, withers[1] + 0.02),
                ((withers[0] + crown[0]) / 2 - 0.09, (withers[1] + crown[1]) / 2 + 0.05),
                (crown[0] - head * 0.3, crown[1] + head * 0.85),
            ],
            0.13,
            0.10,
            mane,
        )
    if look.flag("lion"):
        for a in range(12):
            turn = a / 12 * 2 * math.pi
            pen.disc(
                crown[0] - 0.03 + head * 0.95 * math.cos(turn),
                crown[1] - 0.02 + head * 0.95 * math.sin(turn),
                head * 0.62,
                fill=(150, 86, 44),
            )
    if look.flag("plates"):
        for number in range(9):
            t = number / 8
            x, y = -0.34 + 0.66 * t, withers[1] + 0.05 - 0.05 * abs(t - 0.55)
            pen.poly(
                [(x - 0.045, y - 0.03), (x, y + 0.06), (x + 0.045, y - 0.03)],
                mix(look.colour, (226, 142, 76), 0.6),
            )


def _coat(pen: Pen, look: Look, legs: float, deep: float) -> None:
    """Stripes, spots, dots, a panda's band."""
    colour = look.colour
    if look.flag("stripes"):
        for number in range(7):
            x = -0.29 + 0.09 * number
            y = legs + deep * (0.97 - 0.03 * abs(number - 3))
            pen.poly([(x - 0.018, y), (x + 0.022, y), (x + 0.012, y - deep * 0.58)], (46, 40, 44))
    if "spots" in look.variant:
        dark = look.rgb("spots", EYE)
        for x, y, r in (
            (-0.22, 0.68, 0.085),
            (0.03, 0.74, 0.10),
            (0.24, 0.55, 0.065),
            (-0.06, 0.34, 0.06),
        ):
            pen.disc(x, legs + deep * y, r, r * 0.72, fill=dark, angle=20)
    if look.flag("dots"):
        rng = random.Random(5)  # the same coat on every leopard
        for _ in range(24):
            x, y = rng.uniform(-0.29, 0.29), rng.uniform(0.25, 0.9)
            pen.disc(x, legs + deep * y, 0.022, 0.018, fill=darker(colour, 0.5))
    if look.flag("panda"):
        pen.blob(
            [
                (0.10, legs + deep * 0.98),
                (0.27, legs + deep * 0.99),
                (0.36, legs + deep * 0.5),
                (0.30, legs + deep * 0.08),
                (0.14, legs + deep * 0.04),
                (0.12, legs + deep * 0.5),
            ],
            (48, 46, 52),
        )


def _tail(pen: Pen, look: Look, at: Point, colour: RGB) -> None:
    x, y = at
    kind = look.word("tail", "long")
    own = look.colour
    raised = 0.10 if look.pose in ("run", "fly") else 0.0
    if kind == "bushy":
        pen.limb(
            [(x + 0.06, y), (x - 0.18, y - 0.02 + raised), (x - 0.34, y - 0.10 + raised * 1.6)],
            0.09,
            0.17,
            own,
        )
        if look.flag("tip"):
            pen.limb(
                [(x - 0.29, y - 0.075 + raised * 1.5), (x - 0.40, y - 0.14 + raised * 1.8)],
                0.165,
                0.06,
                bib(own),
            )
    elif kind == "curl":
        pen.limb(
            [(x + 0.04, y), (x - 0.10, y + 0.08), (x - 0.09, y + 0.20), (x - 0.01, y + 0.20)],
            0.06,
            0.045,
            own,
        )
    elif kind == "long":
        pen.limb(
            [(x + 0.04, y), (x - 0.14, y + 0.02), (x - 0.20, y + 0.18), (x - 0.12, y + 0.30)],
            0.06,
            0.045,
            own,
        )
    elif kind == "horse":
        mane = look.rgb("mane_colour", darker(own, 0.5))
        pen.limb(
            [
                (x + 0.02, y + 0.04),
                (x - 0.12, y - 0.04 + raised),
                (x - 0.14, y - 0.32 + raised * 2),
            ],
            0.07,
            0.12,
            mane,
        )
    elif kind == "tuft":
        pen.limb([(x + 0.04, y), (x - 0.14, y), (x - 0.20, y + 0.16)], 0.045, 0.035, own)
        pen.disc(x - 0.20, y + 0.18, 0.045, 0.06, fill=(150, 86, 44))
    elif kind == "thin":
        pen.limb([(x + 0.03, y), (x - 0.06, y - 0.06), (x - 0.07, y - 0.28)], 0.035, 0.025, colour)
        pen.disc(x - 0.07, y - 0.30, 0.028, 0.05, fill=darker(own, 0.55))
    elif kind == "dino":
        pen.limb(
            [(x + 0.14, y - 0.05), (x - 0.16, y - 0.12), (x - 0.44, y - 0.06)], 0.26, 0.02, own
        )
    else:
        pen.disc(x - 0.02, y + 0.01, 0.05, fill=lighter(own, 0.15))


def _asleep(pen: Pen, look: Look) -> None:
    """Curled up: nose to tail."""
    colour, head = look.colour, look.number("head", 0.135) * 1.05
    slim = min(1.35, look.number("slim", 1.0))
    pen.blob(
        [
            (-0.46, 0.14),
            (-0.34, 0.34 * slim),
            (-0.06, 0.43 * slim),
            (0.24, 0.34 * slim),
            (0.42, 0.14),
            (0.3, 0.01),
            (-0.1, 0.0),
            (-0.4, 0.02),
        ],
        colour,
    )
    if look.flag("wool"):
        _wool(
            pen,
            path("-0.36,0.2 -0.2,0.34 0.05,0.38 0.24,0.28 0.3,0.1 0,0.06 -0.2,0.06 -0.36,0.08"),
            colour,
        )
    pen.disc(-0.19, 0.17, 0.21, 0.17, fill=darker(colour, 0.07), angle=-10)
    if look.flag("stripes"):
        for x in (-0.24, -0.12, 0.0, 0.12):
            pen.poly(
                [(x - 0.02, 0.39 * slim), (x + 0.03, 0.39 * slim), (x + 0.02, 0.24)], (46, 40, 44)
            )
    kind = look.word("tail", "long")
    if kind == "bushy":
        pen.limb(
            path("-0.43,0.13 -0.3,0.045 -0.05,0.05 0.13,0.085"),
            0.10,
            0.19,
            lighter(colour, 0.12),
        )
        if look.flag("tip"):
            pen.limb([(0.07, 0.075), (0.21, 0.115)], 0.185, 0.08, bib(colour))
    elif kind in ("long", "curl", "tuft"):
        pen.limb(
            path("-0.42,0.12 -0.3,0.02 -0.05,0.015 0.12,0.05"),
            0.065,
            0.05,
            darker(colour, 0.12),
        )
    draw_head(pen, look, 0.29, 0.17, head, asleep=True)


def _sitting(pen: Pen, look: Look) -> None:
    colour, head = look.colour, look.number("head", 0.135) * 1.05
    slim = min(1.3, look.number("slim", 1.0))
    pen_tail = Look(colour, "", look.variant, look.lit, look.snowy)
    _tail(pen, pen_tail, (-0.20, 0.14), darker(colour, 0.2))
    pen.limb([(0.14, 0.42), (0.15, 0.2), (0.16, 0.03)], 0.10, 0.07, darker(colour, 0.2))
    pen.blob(
        [
            (-0.26 * slim, 0.06),
            (-0.24 * slim, 0.28),
            (-0.06, 0.52),
            (0.10, 0.66),
            (0.20, 0.56),
            (0.19 * slim, 0.3),
            (0.12, 0.03),
            (-0.1, 0.0),
        ],
        colour,
    )
    if look.flag("bib"):
        pen.blob(path("0.08,0.6 0.2,0.54 0.18,0.3 0.1,0.36"), bib(colour))
    pen.disc(-0.10, 0.15, 0.17, 0.15, fill=darker(colour, 0.06))
    pen.limb([(-0.10, 0.04), (0.06, 0.035)], 0.08, 0.07, darker(colour, 0.06))
    pen.limb(
        [(0.10, 0.42), (0.10, 0.2), (0.11, 0.03)],
        0.10,
        0.075,
        darker(colour, 0.5) if look.flag("socks") else lighter(colour, 0.03),
    )
    if look.flag("lion"):
        _back_trim(pen, look, (0, 0), (0.16, 0.72), head)
    draw_head(pen, look, 0.15, 0.72, head)
