"""From a Scene to a finished picture, layer by layer."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from s2i.engines.storyboard import layout, lettering
from s2i.engines.storyboard.colour import PAPER, RGB, luma
from s2i.engines.storyboard.land import Land
from s2i.engines.storyboard.paint_backdrop import paint_backdrop, paint_standing
from s2i.engines.storyboard.paint_ground import GROUNDS
from s2i.engines.storyboard.paint_inside import paint_inside
from s2i.engines.storyboard.paint_sky import paint_sky
from s2i.engines.storyboard.paint_subjects import paint_subjects
from s2i.engines.storyboard.paint_weather import (
    paint_clouds,
    paint_fog,
    paint_lightning,
    paint_weather,
)
from s2i.engines.storyboard.palette import Light, light_of
from s2i.engines.storyboard.scene import Scene
from s2i.engines.storyboard.shapes import ASPECTS

LAYERS = ("sky", "land", "subjects", "weather", "lettering")
"""What is painted, in this order; `paint` announces each before it begins."""

Announce = Callable[[str, Image.Image | None], None]
"""Told the layer that comes next and the canvas so far. May raise to stop the painting."""


def paint(scene: Scene, seed: int, width: int, height: int, announce: Announce) -> bytes:
    """The PNG of `scene`: `width` x `height` px, the same bytes for the same arguments."""
    caption = lettering.lay_out(scene.title, width, height)
    panel = layout.panel_of(width, height, caption.height)
    # Each layer has random numbers of its own, so that a follow-up ('make it night') leaves the
    # rest of the picture where it was.
    key = str(seed)
    canvas = Image.new("RGB", (panel.work_width, panel.work_height))
    ground = layout.ground_of(scene, *canvas.size, random.Random(f"{key}:horizon"))
    light = light_of(scene, random.Random(f"{key}:light"))
    announce("sky", None)
    paint_sky(canvas, scene, light, ground, key)
    paint_clouds(canvas, scene, light, ground, key)
    paint_lightning(canvas, scene, ground, key)
    announce("land", canvas)
    _land(canvas, scene, light, ground, key)
    announce("subjects", canvas)
    spots = layout.place(scene, ground, ASPECTS, random.Random(f"{key}:place"))
    far = [spot for spot in spots if spot.distance > layout.FAR]
    paint_subjects(canvas, scene, light, ground, far)
    paint_fog(canvas, scene, light, ground, key)
    paint_subjects(canvas, scene, light, ground, [spot for spot in spots if spot not in far])
    if scene.board:
        post = not spots and scene.ground not in ("space", "underwater", "cloudtops", "sea")
        lettering.paint_board(canvas, scene.board, ground, post=post)
    announce("weather", canvas)
    paint_weather(canvas, scene, light, ground, key)
    announce("lettering", canvas)
    picture = Image.new("RGB", (width, height), PAPER)
    shown = canvas.resize((panel.panel_width, panel.panel_height), _filter(canvas, panel))
    picture.paste(_styled(shown, scene), (panel.left, panel.top))
    lettering.paint_caption(picture, panel, caption, _accent(scene, light))
    out = io.BytesIO()
    # Level 4 makes files about as small as 6 here in half the time.
    picture.save(out, "PNG", compress_level=4)
    return out.getvalue()


def _land(canvas: Image.Image, scene: Scene, light: Light, ground: layout.Ground, key: str) -> None:
    if scene.ground in ("underwater", "cave"):
        paint_inside(canvas, scene, light, ground, key)
        return
    land = Land(canvas, scene, light, ground, key)
    if scene.ground == "room":
        paint_backdrop(land, key)
        land.ridge(ground.horizon * 0.80, ground.unit * 0.02, land.base((126, 170, 90)), 0.3)
        paint_inside(canvas, scene, light, ground, key)
        return
    paint_backdrop(land, key)
    GROUNDS.get(scene.ground, GROUNDS["meadow"])(land)
    paint_standing(land, key)


def _filter(canvas: Image.Image, panel: layout.Panel) -> Image.Resampling:
    """An even scaling down is a mean of whole pixels; anything else needs a smoother filter."""
    if canvas.width % panel.panel_width == 0 and canvas.height % panel.panel_height == 0:
        return Image.Resampling.BOX
    return Image.Resampling.BICUBIC


def _styled(canvas: Image.Image, scene: Scene) -> Image.Image:
    """The gentle influence of words about style."""
    styles = scene.styles
    unit = min(canvas.size)
    if "soft" in styles:
        blurred = canvas.filter(ImageFilter.BoxBlur(max(1.0, unit * 0.004)))
        canvas = Image.blend(canvas, blurred, 0.75)
        canvas = Image.blend(canvas, Image.new("RGB", canvas.size, PAPER), 0.14)
    if "vivid" in styles:
        canvas = ImageEnhance.Color(canvas).enhance(1.3)
    if "muted" in styles:
        canvas = ImageEnhance.Color(canvas).enhance(0.6)
    for name, tint in (
        ("warm", (255, 190, 110)),
        ("cool", (130, 180, 240)),
        ("dark", (18, 14, 34)),
    ):
        if name in styles:
            canvas = Image.blend(
                canvas, Image.new("RGB", canvas.size, tint), 0.10 if name != "dark" else 0.2
            )
    if "mono" in styles:
        canvas = ImageOps.grayscale(canvas).convert("RGB")
    if "sepia" in styles:
        tinted = ImageOps.colorize(
            ImageOps.grayscale(canvas), (48, 32, 22), (250, 236, 208), (166, 128, 90)
        )
        canvas = Image.blend(canvas, tinted, 0.9)
    return canvas


def _accent(scene: Scene, light: Light) -> RGB:
    """The caption's spot of colour: the first subject's, else the sky's."""
    if "mono" in scene.styles:
        return (128, 128, 128)
    if scene.subjects and luma(scene.subjects[0].colour) < 215:  # else it can't be seen on paper
        return scene.subjects[0].colour
    return light.sky[1]
