"""The subjects: each at its spot, with shadow, rider and held things."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PIL import Image, ImageDraw, ImageFilter

from s2i.engines.storyboard.canvas import Pen, pixel
from s2i.engines.storyboard.colour import RGB, darker
from s2i.engines.storyboard.layout import Ground, Spot
from s2i.engines.storyboard.look import Look, hand
from s2i.engines.storyboard.palette import Light
from s2i.engines.storyboard.scene import Scene, Subject
from s2i.engines.storyboard.shapes import SHAPES

_FLAT_ON_WATER = ("sea", "lake", "river", "beach")


def paint_subjects(
    canvas: Image.Image, scene: Scene, light: Light, ground: Ground, spots: Iterable[Spot]
) -> None:
    """Everything at `spots`, in their order."""
    outline = max(1, round(ground.unit * 0.0035)) if "outline" in scene.styles else 0
    for spot in spots:
        subject = scene.subjects[spot.index]
        if not spot.floating:
            _shadow(canvas, scene, subject, spot)
        pen = Pen(
            canvas, spot.x, spot.y, spot.size, flip=spot.flip, tone=_tone(light, spot.distance),
            outline=outline, tilt=spot.tilt * (-1 if spot.flip else 1),
        )  # fmt: skip
        _paint(pen, scene, spot.index, ground)


def _tone(light: Light, distance: float) -> Callable[[RGB], RGB]:
    # What the picture is about stays readable at night: a part of the scene's darkness is spared.
    near = replace(light, strength=light.strength * 0.72)
    return lambda colour: near.tone(colour, distance)


def _paint(pen: Pen, scene: Scene, index: int, ground: Ground) -> None:
    """A subject at a pen, and whoever rides on it or is held by it."""
    subject = scene.subjects[index]
    look = _look(scene, subject)
    riders = [i for i, s in enumerate(scene.subjects) if s.on == index]
    if subject.seat and riders and subject.shape == "rowboat":  # half hidden by the hull
        _rider(pen, scene, riders[0], subject.seat, ground)
        SHAPES[subject.shape].paint(pen, look)
    else:
        SHAPES[subject.shape].paint(pen, look)
        if subject.seat and riders:
            _rider(pen, scene, riders[0], subject.seat, ground)
    for other in scene.subjects:
        if other.held_by == index:
            x, y = hand(look)
            share = (
                0.42 * other.size / 0.36 * (1.4 if other.shape in ("umbrella", "balloon") else 1.0)
            )
            low = 0.0 if other.shape in ("balloon", "umbrella", "kite", "flower") else -share * 0.5
            SHAPES[other.shape].paint(pen.sub(x, y + low, share), _look(scene, other))


def _rider(
    pen: Pen, scene: Scene, index: int, seat: tuple[float, float, float], ground: Ground
) -> None:
    x, y, scale = seat
    rider = scene.subjects[index]
    if rider.shape == "person" and rider.pose != "sleep":
        scene = replace(
            scene,
            subjects=tuple(replace(s, pose="sit") if s is rider else s for s in scene.subjects),
        )
        y -= 0.30 * scale  # the hip of a seated person is on the seat
    _paint(pen.sub(x, y, scale), scene, index, ground)


def _look(scene: Scene, subject: Subject) -> Look:
    lit = scene.time in ("night", "dusk") or scene.ground in ("cave", "space")
    lit = lit or bool(scene.weather & {"storm", "fog"})
    snowy = scene.snowy and scene.ground not in ("room", "cave", "underwater")
    colour = subject.colour
    if scene.season == "autumn" and subject.key == "tree" and not subject.coloured:
        colour = (210, 128, 56)
    return Look(colour, subject.pose, subject.variant, lit, snowy)


def _shadow(canvas: Image.Image, scene: Scene, subject: Subject, spot: Spot) -> None:
    """A soft shade on the ground, or a reflection's hint on water."""
    if scene.ground in ("space", "underwater"):
        return
    water = subject.place == "water" and scene.ground in _FLAT_ON_WATER
    wide = max(
        4, round(spot.size * min(1.6, SHAPES[subject.shape].aspect) * (0.98 if water else 0.86))
    )
    tall = max(2, round(spot.size * (0.13 if not water else 0.10)))
    mask = Image.new("L", (64, 32))
    ImageDraw.Draw(mask).ellipse((9, 6, 54, 25), fill=110 if not water else 80)
    mask = mask.filter(ImageFilter.GaussianBlur(3)).resize(
        (round(wide * 1.4), tall * 2), Image.Resampling.BILINEAR
    )
    x, y = round(spot.x - mask.width / 2), round(spot.y - mask.height / 2)
    canvas.paste(darker(pixel(canvas, spot.x, spot.y), 0.6), (x, y), mask)
