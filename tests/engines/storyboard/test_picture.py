"""The pictures themselves: sizes, marks, what the words do to the pixels, type of all scripts."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageChops, ImageStat

from s2i import provenance
from s2i.engines.storyboard import fonts, lettering
from s2i.engines.storyboard.colour import PAPER
from s2i.engines.storyboard.paint_ground import GROUNDS
from s2i.engines.storyboard.vocabulary import vocabulary
from tests.engines.storyboard.painting import brightness, paint, panel, picture, share


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (64, 64),
        (4096, 64),
        (64, 4096),
        (1024, 1024),
        (1000, 1000),
        (512, 768),
        (72, 128),
        (904, 200),
    ],
)
def test_any_size(width: int, height: int) -> None:
    png = paint("a ship at sea under the northern lights, rain", width=width, height=height)
    assert provenance.check_png(png) == (width, height)
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert image.mode == "RGB"
        assert len(image.getcolors(width * height) or []) > 50


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (128, 128), (256, 256), (512, 512), (4096, 64), (64, 1024)]
)
def test_the_placeholders_mark_is_in_the_pixels(width: int, height: int) -> None:
    """Below the panel is a strip of paper with dark type on it, the mark alone if need be."""
    caption = lettering.lay_out("A fox", width, height)
    assert "storyboard" in caption.mark
    if min(width, height) >= 256:
        assert caption.mark == "storyboard · placeholder, not a generated picture"
    image = picture("a fox", width=width, height=height)
    left = max(0, width - 512)  # in one line with a title, the mark is on the right
    strip = image.crop((left, height - caption.height + 4, width, height))
    paper = share(strip, lambda r, g, b: (r, g, b) == PAPER)
    type_ = share(strip, lambda r, g, b: r + g + b < 400)
    assert paper > 0.4
    assert type_ > 0.004
    without = fonts.font("", caption.mark_size).getbbox(caption.mark)
    assert without[2] <= width


def test_the_mark_survives_a_title_of_any_length() -> None:
    for title in ("x" * 300, "word " * 60, "", "狐" * 200):
        for size in ((64, 64), (512, 512), (2048, 64), (64, 2048)):
            caption = lettering.lay_out(title, *size)
            assert caption.height < size[1] * 0.5
            assert "storyboard" in caption.mark


def test_night_is_darker_than_day() -> None:
    views = {
        w: brightness(panel(picture(f"a hill {w}"))) for w in ("at night", "at noon", "at dusk")
    }
    assert views["at night"] + 40 < views["at dusk"] < views["at noon"]


def test_snow_is_brighter_than_grass() -> None:
    snow, grass = (
        picture(f"a fox in the {w}").crop((20, 170, 236, 210)) for w in ("snow", "grass")
    )
    assert brightness(snow) > brightness(grass) + 40


def reddish(r: int, g: int, b: int) -> bool:
    return r > 1.8 * g and r > 1.8 * b and r > 90


def test_a_red_fox_is_red_by_day_and_by_night() -> None:
    for when in ("", " at night"):
        assert share(panel(picture("a red fox in the snow" + when)), reddish) > 0.01
        assert share(panel(picture("a white fox in the snow" + when)), reddish) < 0.004


@pytest.mark.parametrize("colour", ["red", "blue", "green", "yellow", "purple", "black"])
def test_a_named_colour_is_seen(colour: str) -> None:
    """A house of that colour has walls near the colour's own."""
    wanted = vocabulary().colours[colour]
    near = share(
        panel(picture(f"a {colour} house in the desert")),
        lambda *rgb: sum(abs(a - b) for a, b in zip(rgb, wanted, strict=True)) < 70,
    )
    assert near > 0.03


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a cat", "a castle"),
        ("a cat", "two cats"),
        ("a meadow", "a meadow in the rain"),
        ("a meadow", "a meadow with a rainbow"),
        ("a meadow", "a meadow in the fog"),
        ("a meadow at night", "a meadow at night with fireworks"),
        ("a sleeping dog", "a running dog"),
        ("a house", "a house, line art"),
        ("a house", "a house, watercolor"),
        ("a man", "a man holding an umbrella"),
        ("a dog in a boat", "a dog and a boat at sea"),
    ],
)
def test_words_change_the_picture(one: str, other: str) -> None:
    a, b = panel(picture(one)), panel(picture(other))
    difference = ImageStat.Stat(ImageChops.difference(a, b)).mean
    assert sum(difference) > 1.5


def test_style_words_tint_the_whole_picture() -> None:
    grey = panel(picture("a red house, black and white"))
    assert share(grey, lambda r, g, b: max(r, g, b) - min(r, g, b) <= 2) > 0.999
    sepia = panel(picture("a blue house by the sea, sepia"))
    assert share(sepia, lambda r, g, b: r >= b - 12) > 0.98


def test_seeds_differ_visibly_and_repeat_exactly() -> None:
    prompt = "a castle on a hill at sunset, clouds"
    assert paint(prompt, seed=1) == paint(prompt, seed=1)
    shots = [panel(picture(prompt, seed=seed)) for seed in range(4)]
    for index, one in enumerate(shots):
        for other in shots[index + 1 :]:
            assert sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) > 12


def test_what_the_negative_prompt_names_is_not_there() -> None:
    assert paint("a meadow and a fox", negative="fox") != paint("a meadow and a fox")
    bare = panel(picture("a meadow and a red fox", negative="fox"))
    assert share(bare, reddish) < 0.002


@pytest.mark.parametrize("ground", [*GROUNDS, "room", "cave", "underwater"])
def test_every_ground_in_all_weathers(ground: str) -> None:
    word = {"moon": "on the moon", "cloudtops": "above the clouds"}.get(ground, f"in the {ground}")
    for time, weather in (("night", "thunderstorm, rain"), ("dawn", "fog, snowing, wind")):
        paint(
            f"a person and a bird and a ship and a house {word} at {time}, {weather}",
            width=128,
            height=96,
        )


def test_every_subject_in_every_pose() -> None:
    rng = random.Random(3)
    poses = ["sleeping", "running", "sitting", "flying", "swimming", ""]
    for number, entry in enumerate(vocabulary().subjects.values()):
        word = entry["words"][0]
        pose = poses[number % len(poses)]
        where = rng.choice(["at night in the snow", "at sea", "in a room", "in space", "in autumn"])
        with_it = picture(f"a {word} {pose} {where}", width=128, height=128)
        without = picture(f"a {word} {pose} {where}", width=128, height=128, negative=word)
        assert ImageChops.difference(panel(with_it), panel(without)).getbbox(), word


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        " \n\t ",
        "🦊",
        "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽",
        "שועל אדום ישן בשלג",
        "ثعلب أحمر نائم في الثلج",
        "一只红色的狐狸在雪中睡觉，极光",
        "赤いキツネ 雪 オーロラ",
        "눈 속의 붉은 여우",
        "लोमड़ी बर्फ में",
        "красная лиса в снегу",
        "mixed שלום 狐 fox 🦊 ñandú",
        "a\u0301\u0302\u0303\u0304" * 40,
        "\x00\x07\x1b[31m",
        "\ud800\udfff",
        "\u202e backwards \u202c",
        "<|im_end|><lora:x:1> (((fox:1.5)))",
        "%s {} \\n ${HOME}",
        "x" * 20_000,
        "fox " * 5_000,
        "狐" * 10_000,
        "\U0010ffff\U000e0041",
    ],
)
def test_any_text_is_painted(prompt: str) -> None:
    for width, height in ((256, 256), (64, 64), (512, 64)):
        assert provenance.check_png(paint(prompt, width=width, height=height)) == (width, height)


def test_the_words_of_an_unknown_subject_are_lettered_large() -> None:
    """A card of paper in the middle of the scene, with type on it."""
    paper = share(panel(picture("a glass saxophone")), lambda *rgb: rgb == PAPER)
    assert paper > 0.08
    assert share(panel(picture("a cat")), lambda *rgb: rgb == PAPER) < 0.01
