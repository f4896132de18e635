"""The words in the picture: the caption strip with the placeholder's mark, and the board."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from s2i.engines.storyboard import fonts
from s2i.engines.storyboard.colour import INK, PAPER, RGB, mix
from s2i.engines.storyboard.layout import Ground, Panel, margin_of

MARKS = (
    "storyboard · placeholder, not a generated picture",
    "storyboard · placeholder",
    "storyboard",
    "sketch",
)
"""What the strip says, longest first: the longest that fits is taken."""

_SMALLEST = 8  # px; smaller type can't be read


@dataclass(frozen=True)
class Caption:
    """The strip below the panel, laid out: its height (px), its lines, the sizes of its type."""

    height: int
    mark: str
    mark_size: int
    title_lines: tuple[str, ...]
    title_font: str
    title_size: int
    beside: bool  # title left, mark right, in one line


def lay_out(title: str, width: int, height: int) -> Caption:
    """The caption of a picture of `width` x `height` px. The mark has precedence over the title."""
    unit = min(width, height)
    margin = margin_of(width, height)
    limit = width - 2 * margin
    mark_size = max(_SMALLEST, round(unit * 0.026))
    face = fonts.font("", mark_size)
    mark = next((text for text in MARKS if fonts.width(face, text) <= limit), MARKS[-1])
    name, title = fonts.choose(title)
    title_size = max(_SMALLEST + 1, round(unit * 0.037))
    title_face = fonts.font(name, title_size)
    gap = max(1, round(mark_size * 0.45))
    beside = width > 2.2 * height or height < 160
    lines: list[str] = []
    if beside:
        room = limit - fonts.width(face, mark) - 3 * mark_size
        if room > 6 * title_size:
            lines = fonts.wrap(title_face, title, room, 1)
        tall = max(mark_size, title_size if lines else 0) * 1.25
        return Caption(round(tall) + 2 * gap, mark, mark_size, tuple(lines), name, title_size, True)
    if height >= 160:
        most = 2 if height < 1.8 * width else 5
        lines = fonts.wrap(title_face, title, limit, most)
    tall = len(lines) * title_size * 1.3 + mark_size * 1.25
    return Caption(round(tall) + 3 * gap, mark, mark_size, tuple(lines), name, title_size, False)


def paint_caption(picture: Image.Image, panel: Panel, caption: Caption, accent: RGB) -> None:
    """Frame and caption on the finished paper, in its own pixels so that the type is sharp."""
    draw = ImageDraw.Draw(picture)
    line = max(1, round(min(panel.width, panel.height) * 0.004))
    right, bottom = panel.left + panel.panel_width, panel.top + panel.panel_height
    draw.rectangle(
        (panel.left - line, panel.top - line, right + line - 1, bottom + line - 1),
        outline=INK,
        width=line,
    )
    _ticks(draw, panel, line)
    gap = max(1, round(caption.mark_size * 0.45))
    y = bottom + line + gap
    mark_face = fonts.font("", caption.mark_size)
    title_face = fonts.font(caption.title_font, caption.title_size)
    grey = mix(INK, PAPER, 0.25)
    if caption.beside:
        base = y + max(caption.mark_size, caption.title_size if caption.title_lines else 0)
        for text in caption.title_lines:
            draw.text(
                (panel.left, base), fonts.visual(text), font=title_face, fill=INK, anchor="ls"
            )
        x = right - fonts.width(mark_face, caption.mark) if caption.title_lines else panel.left
        draw.text((x, base), caption.mark, font=mark_face, fill=grey, anchor="ls")
        return
    for text in caption.title_lines:
        draw.text(
            (panel.left, y + caption.title_size),
            fonts.visual(text),
            font=title_face,
            fill=INK,
            anchor="ls",
        )
        y += round(caption.title_size * 1.3)
    y += gap
    x = panel.left
    if panel.width >= 200:  # a spot of the picture's colour before the mark, like a film's slate
        r = caption.mark_size * 0.36
        middle = y + caption.mark_size * 0.62
        draw.ellipse((x, middle - r, x + 2 * r, middle + r), fill=accent)
        x += round(caption.mark_size * 1.1)
        if x + fonts.width(mark_face, caption.mark) > right:
            x = panel.left
    draw.text((x, y + caption.mark_size), caption.mark, font=mark_face, fill=grey, anchor="ls")


def _ticks(draw: ImageDraw.ImageDraw, panel: Panel, line: int) -> None:
    """Crop marks at the panel's corners, as a storyboard sheet has them."""
    if panel.left < 8:
        return
    reach = round(panel.left * 0.5)
    pale = mix(INK, PAPER, 0.6)
    right, bottom = panel.left + panel.panel_width, panel.top + panel.panel_height
    for x, inward in ((panel.left, -1), (right, 1)):
        for y in (panel.top, bottom):
            end = x + inward * (line + reach)
            draw.line((x + inward * line * 2, y, end, y), fill=pale, width=max(1, line // 2))
    for x in (panel.left, right):
        draw.line(
            (x, panel.top - line - reach, x, panel.top - line * 2),
            fill=pale,
            width=max(1, line // 2),
        )


def paint_board(canvas: Image.Image, words: str, ground: Ground, *, post: bool) -> None:
    """A paper sign with `words` in the middle of the scene, on a post where there is ground.

    For subjects that have no shape: their name stands for them.
    """
    unit = ground.unit
    name, text = fonts.choose(words)
    limit = min(ground.width * 0.78, unit * 0.86)
    size = max(
        _SMALLEST, round(unit * (0.105 if len(text) < 16 else 0.078 if len(text) < 40 else 0.056))
    )
    face = fonts.font(name, size)
    lines = fonts.wrap(face, text, limit - size * 1.4, 4)
    if not lines:
        return
    wide = max(fonts.width(face, line) for line in lines) + size * 1.6
    tall = len(lines) * size * 1.3 + size * 0.9
    x, low = ground.width / 2 - wide / 2, min(ground.height * 0.80, ground.horizon + unit * 0.10)
    top = max(ground.height * 0.06, low - tall)
    _card_shadow(canvas, (x, top, x + wide, top + tall), unit)
    draw = ImageDraw.Draw(canvas)
    if post:
        wood = (136, 98, 70)
        foot = min(ground.height * 0.96, low + unit * 0.15)
        draw.rectangle(
            (
                ground.width / 2 - unit * 0.014,
                top + tall * 0.5,
                ground.width / 2 + unit * 0.014,
                foot,
            ),
            fill=wood,
        )
    radius = size * 0.35
    draw.rounded_rectangle(
        (x, top, x + wide, top + tall),
        radius,
        fill=PAPER,
        outline=INK,
        width=max(1, round(unit * 0.004)),
    )
    inset = size * 0.18
    draw.rounded_rectangle(
        (x + inset, top + inset, x + wide - inset, top + tall - inset), radius * 0.7,
        outline=mix(INK, PAPER, 0.7), width=max(1, round(unit * 0.002)),
    )  # fmt: skip
    y = top + size * 0.45 + size
    for line in lines:
        shown = fonts.visual(line)
        draw.text((ground.width / 2, y), shown, font=face, fill=INK, anchor="ms")
        y += size * 1.3


def _card_shadow(canvas: Image.Image, box: tuple[float, float, float, float], unit: float) -> None:
    shade = Image.new("L", (64, 32))
    ImageDraw.Draw(shade).rectangle((8, 8, 55, 23), fill=120)
    shade = shade.filter(ImageFilter.GaussianBlur(3))
    x0, y0, x1, y1 = box
    wide, tall = (x1 - x0) * 64 / 46, (y1 - y0) * 32 / 15
    shade = shade.resize((max(1, round(wide)), max(1, round(tall))), Image.Resampling.BILINEAR)
    drop = unit * 0.012
    canvas.paste(
        (24, 22, 34), (round((x0 + x1 - wide) / 2), round((y0 + y1 - tall) / 2 + drop)), shade
    )
