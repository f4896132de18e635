"""Words to a scene: what is there, what belongs to what, and what isn't painted."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest

from s2i.engines.storyboard.reading import MAX_BOARD, MAX_TITLE, read_scene
from s2i.engines.storyboard.vocabulary import vocabulary

FOX = (
    "a red fox sleeping in the snow under the northern lights, soft moonlight, deep blue and "
    "green tones, tranquil winter scene, digital painting"
)


def test_a_refined_prompt_is_read_by_its_idea() -> None:
    scene = read_scene(FOX)
    assert scene.title == "A red fox sleeping in the snow under the northern lights"
    assert (scene.time, scene.ground, scene.season) == ("night", "snow", "winter")
    assert scene.sky == {"aurora", "moon"}
    [fox] = scene.subjects
    assert (fox.key, fox.count, fox.pose, fox.coloured) == ("fox", 1, "sleep", True)
    assert scene.accents == (vocabulary().colours["blue"], vocabulary().colours["green"])
    assert scene.board == ""


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a boat at sunset", {"time": "dusk", "ground": "sea"}),
        ("a fishing village at dawn", {"time": "dawn", "backdrops": {"village"}}),
        (
            "a full moon over the desert",
            {"time": "night", "sky": {"full moon"}, "ground": "desert"},
        ),
        ("a sunny beach", {"time": "day", "ground": "beach", "sky": {"sun"}}),
        ("fireworks over the city", {"time": "night", "sky": {"fireworks"}, "backdrops": {"city"}}),
        (
            "a stormy sea with lightning",
            {"weather": {"storm"}, "sky": {"lightning"}, "ground": "sea"},
        ),
        ("a misty pine forest", {"weather": {"fog"}, "backdrops": {"forest"}}),
        (
            "heavy rain in the city",
            {"weather": {"rain"}, "ground": "street", "backdrops": {"city"}},
        ),
        ("a snowy mountain", {"ground": "snow", "backdrops": {"mountains"}}),
        ("children in the falling snow", {"weather": {"snow"}}),
        ("a mountain lake", {"ground": "lake", "backdrops": {"mountains"}}),
        ("a rainbow over a green meadow", {"ground": "meadow", "sky": {"rainbow"}}),
        ("a robot in a library", {"ground": "room"}),
        ("a bear in a cave", {"ground": "cave"}),
        ("an astronaut floating in space", {"ground": "space"}),
        ("a cow on the moon", {"ground": "moon", "sky": frozenset()}),
        ("a rover on mars", {"ground": "mars"}),
        ("an angel above the clouds", {"ground": "cloudtops"}),
        ("a coral reef", {"ground": "underwater"}),
        ("an octopus in the sea", {"ground": "underwater"}),
        ("a whale in the sea", {"ground": "sea"}),
        ("a forest in autumn", {"season": "autumn"}),
        ("a camel", {"ground": "desert"}),
        ("a cup of coffee", {"ground": "room"}),
        ("a cup of coffee in the rain", {"ground": "meadow"}),
        ("a fox, golden hour", {"time": "dusk"}),
        ("a castle at night, warm sunlight", {"time": "night", "sky": frozenset()}),
        ("a castle in the sun, starry sky", {"time": "day", "sky": {"sun"}}),
        ("a purple sky over the sea", {"sky_colour": vocabulary().colours["purple"]}),
        ("a golden field", {"ground_colour": vocabulary().colours["golden"]}),
        ("a watercolor painting of a house", {"styles": {"soft"}, "title": "A house"}),
        ("black and white photo of a dog", {"styles": {"mono"}}),
        ("a house, sepia", {"styles": {"sepia"}}),
        ("a house, line art", {"styles": {"outline"}}),
        ("a dark blue house", {"styles": frozenset()}),
    ],
)
def test_surroundings(prompt: str, expected: dict[str, Any]) -> None:
    scene = read_scene(prompt)
    seen = {key: getattr(scene, key) for key in expected}
    assert seen == expected


def subjects(prompt: str, negative: str = "") -> list[tuple[str, int]]:
    return [(s.key, s.count) for s in read_scene(prompt, negative).subjects]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("two small white cats and a black dog", [("cat", 2), ("dog", 1)]),
        ("three birds", [("bird", 3)]),
        ("birds", [("bird", 3)]),
        ("5 sheep", [("sheep", 5)]),
        ("a herd of cows", [("cow", 6)]),
        ("a pair of red foxes", [("fox", 2)]),
        ("wolves, two mice", [("wolf", 3), ("mouse", 2)]),
        ("999999999999 fish", [("fish", 12)]),
        ("0 cats", [("cat", 1)]),
        ("a hot air balloon", [("air balloon", 1)]),
        ("a polar bear", [("polar bear", 1)]),
        ("a snowman", [("snowman", 1)]),
        ("a cat, a dog and a mouse in the rain", [("cat", 1), ("dog", 1), ("mouse", 1)]),
        ("(red fox:1.2), [masterpiece]", [("fox", 1)]),
        ("🦊 and 🐶", [("fox", 1), ("dog", 1)]),
        ("the knight's horse", [("knight", 1), ("horse", 1)]),
        ("a beach without people or dogs", []),
        ("a street, no cars", []),
        ("a meadow free of flowers with a tree", [("tree", 1)]),
        ("a castle, storybook illustration, picture book", [("castle", 1)]),
        ("storybook illustration, a lighthouse", [("lighthouse", 1)]),
        ("a pyramid at night, stars, camels", [("pyramid", 1), ("camel", 3)]),
        ("a painting of a ship", [("ship", 1)]),
        ("a calm evening, a small boat on a lake", [("boat", 1)]),
        ("ice cream", []),
    ],
)
def test_subjects_and_their_number(prompt: str, expected: list[tuple[str, int]]) -> None:
    assert subjects(prompt) == expected


def test_negative_words_are_not_painted() -> None:
    assert subjects("a fox and a dog", "dog, blurry") == [("fox", 1)]
    assert subjects("a woman with a dog", "people") == [("dog", 1)]
    scene = read_scene("a castle at night in the rain", "rain, night, text, bad anatomy")
    assert (scene.time, scene.weather) == ("day", frozenset())
    assert not scene.board  # 'castle' is known, excluded or not


def test_colours_go_to_their_neighbours() -> None:
    colours = vocabulary().colours
    blue, house, tree = (
        read_scene("a blue bird and a house beside a red tree").subjects[i] for i in range(3)
    )
    assert blue.colour == colours["blue"]
    assert not house.coloured
    assert tree.colour == colours["red"]
    assert read_scene("a balloon that is green").subjects[0].coloured is False
    assert read_scene("the balloon is green").subjects[0].colour == colours["green"]
    assert read_scene("a man in a red coat").subjects[0].coloured is False


@pytest.mark.parametrize(
    ("prompt", "poses"),
    [
        ("a dog sleeping beside a running cat", ["sleep", "run"]),
        ("a sleeping cat and a dog", ["sleep", ""]),
        ("a child flying a kite", ["", ""]),
        ("a dragon flying over a castle", ["fly", ""]),
        ("an owl sitting on a book", ["sit", ""]),
    ],
)
def test_poses(prompt: str, poses: list[str]) -> None:
    assert [subject.pose for subject in read_scene(prompt).subjects] == poses


def test_sizes() -> None:
    small, plain, big = (
        read_scene(f"a {w} cat").subjects[0].size for w in ("tiny", "nice", "giant")
    )
    assert small < plain < big


@pytest.mark.parametrize(
    ("prompt", "rider", "mount"),
    [
        ("a knight riding a white horse", "knight", "horse"),
        ("a cat in a boat", "cat", "boat"),
        ("an astronaut on a unicorn", "astronaut", "unicorn"),
    ],
)
def test_riders(prompt: str, rider: str, mount: str) -> None:
    one, other = read_scene(prompt).subjects
    assert (one.key, other.key, one.on, other.on) == (rider, mount, 1, None)


def test_held_things() -> None:
    girl, balloon = read_scene("a girl holding a red balloon").subjects
    assert (girl.held_by, balloon.held_by) == (None, 0)
    assert read_scene("a girl and a balloon").subjects[1].held_by is None
    assert read_scene("a girl and a house with a red umbrella").subjects[2].held_by is None


def test_riders_and_holders_may_be_chained() -> None:
    cat, horse, boat = read_scene("a cat riding a horse in a boat").subjects
    assert (cat.on, horse.on, boat.on) == (1, 2, None)


@pytest.mark.parametrize(
    ("prompt", "board"),
    [
        ("a glass saxophone on the moon", "glass saxophone"),
        ("love", "love"),
        ("a bowl of soup next to a cat", "bowl"),
        ("ein roter Fuchs im Schnee", "ein roter fuchs im schnee"),
        ("一只红色的狐狸在雪中睡觉", "一只红色的狐狸在雪中睡觉"),
        ("ثعلب أحمر في الثلج", "ثعلب أحمر في الثلج"),
        ("a peaceful mountain lake", ""),
        ("a purple sky over a yellow desert", ""),
        ("a fox cub", ""),
        ("it is raining", ""),
    ],
)
def test_what_has_no_shape_is_lettered(prompt: str, board: str) -> None:
    assert read_scene(prompt).board == board


@pytest.mark.parametrize(
    "prompt", ["", "   ", ",,, ...", "\x00\x01", "\u200d\ufe0f", "\ud800", "()[]"]
)
def test_nothing_to_read(prompt: str) -> None:
    scene = read_scene(prompt)
    assert scene.subjects == ()
    assert scene.ground == "meadow"


def test_very_long_prompts_are_cut() -> None:
    scene = read_scene("supercalifragilistic" * 5000)
    assert len(scene.title) <= MAX_TITLE
    assert len(scene.board) <= MAX_BOARD
    assert read_scene("a fox, " + "very " * 20_000).subjects[0].key == "fox"


def test_no_text_breaks_it() -> None:
    rng = random.Random(4)
    words = [*vocabulary().index, "and", "of", "on", "holding", "riding", "no", ",", "a", "two"]
    for _ in range(600):
        pieces = [rng.choice(words) for _ in range(rng.randint(0, 14))]
        noise = "".join(rng.choice(string.printable) for _ in range(rng.randint(0, 12)))
        weird = "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, 5)))
        scene = read_scene(" ".join([*pieces, noise, weird]), " ".join(rng.sample(words, 3)))
        for index, subject in enumerate(scene.subjects):
            assert 1 <= subject.count <= 12
            for other in (subject.on, subject.held_by):
                assert other is None or (other != index and other < len(scene.subjects))
