"""From what models say to phrases: tables of the nasty things they were seen to say."""

from __future__ import annotations

import pytest

from s2i.refine.cleanup import clean, spoken
from s2i.refine.contradictions import IdeaFacts
from s2i.refine.guard import objection
from s2i.refine.refiner import LONG_IDEA_EXTRA, compose, word_limit
from s2i.refine.template import load_template
from s2i.refine.topup import missing_kinds
from s2i.refine.words import is_palette, stem, words

TEMPLATE = load_template()


def cleaned(
    said: str,
    idea: str = "a red fox in the snow",
    *,
    finished: bool = True,
    max_words: int = 30,
) -> list[str]:
    facts = IdeaFacts(idea, TEMPLATE.exclusive)
    return clean(said, idea, TEMPLATE, facts, finished=finished, max_words=max_words)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        # as it should be
        (" pine forest, soft morning light, watercolour",
         ["pine forest", "soft morning light", "watercolour"]),
        # preambles and labels
        ("Sure! Here is a prompt: pine forest, mist", ["pine forest", "mist"]),
        ("Here's your expanded prompt:\npine forest, mist", ["pine forest", "mist"]),
        ("Certainly, I can help. pine forest", ["pine forest"]),
        ("Prompt: pine forest, Style: oil painting", ["pine forest", "oil painting"]),
        ("**Lighting:** soft glow, **Mood:** calm evening air", ["soft glow", "calm evening air"]),
        # quotes and markdown
        ('"pine forest", “mist”', ["pine forest", "mist"]),
        ("- pine forest\n- mist\n", ["pine forest", "mist"]),
        ("1. pine forest\n2. mist", ["pine forest", "mist"]),
        ("`pine` **forest**, [mist](http://x.y/z), https://example.com/a", ["pine forest", "mist"]),
        ("<b>pine forest</b>, mist<br>", ["pine forest", "mist"]),
        # thoughts and control tokens
        ("<think>The user wants a fox, so</think> pine forest", ["pine forest"]),
        ("pine forest, <think> and now I wonder, what else", ["pine forest"]),
        ("pine forest<|im_end|><|im_start|>user", ["pine forest"]),
        # talk instead of description
        ("I think it should be a forest, pine forest", ["pine forest"]),
        ("this image depicts winter, pine forest", ["pine forest"]),
        ("it is a fox, he was tired, pine forest", ["pine forest"]),
        # what can't be seen, and what nobody asked for
        ("the sound of helicopters, the smell of pine, pine forest", ["pine forest"]),
        ("a small boat, a black cat, pine forest", ["pine forest"]),
        # cut off or dangling
        ("pine forest, with a, mist over the", ["pine forest", "mist"]),
        # repetition, of the idea and of itself
        ("a red fox in the snow, pine forest", ["pine forest"]),
        ("red fox, the snow, pine forest, a pine forest, forest of pines", ["pine forest"]),
        ("soft soft soft, pine forest", ["pine forest"]),
        ("large, small, a big, pine forest", ["pine forest"]),
        # other scripts and symbols
        ("松の森, pine forest, лес", ["pine forest"]),
        ("pine forest 🌲, mist", ["mist"]),
        ("café terrace, naïve style", ["café terrace", "naïve style"]),
        ("x = 3, a/b/c, pine forest", ["pine forest"]),
        # punctuation in numbers
        ("f/1.8 lens blur", ["f/1.8 lens blur"]),
        # nothing at all
        ("", []), ("...", []), (",,,, ,", []), ("............", []), ("\ufffd\ufffd", []),
    ],
)  # fmt: skip
def test_cleans(said, kept):
    assert cleaned(said) == kept


def test_the_last_phrase_is_dropped_only_where_the_model_was_cut_off():
    assert cleaned("pine forest, soft morn", finished=False) == ["pine forest"]
    assert cleaned("pine forest, soft moss", finished=True) == ["pine forest", "soft moss"]
    assert cleaned("pine forest, soft moss,", finished=False) == ["pine forest", "soft moss"]


def test_cut_at_a_phrase_boundary():
    assert cleaned("pine forest, deep winter quiet, mist", max_words=4) == ["pine forest"]


def test_very_long_output_is_no_trouble():
    assert cleaned("word " * 100_000) == []
    assert cleaned("<" * 50_000 + "(" * 50_000) == []


@pytest.mark.parametrize(
    ("idea", "said", "kept"),
    [
        # colours
        ("a red fox", "blue fox, green moss", ["green moss"]),
        ("a red fox", "the fox glowing blue, mossy rocks", ["mossy rocks"]),
        ("a fox", "green moss", ["green moss"]),
        ("a red fox", "crimson fox tail", ["crimson fox tail"]),
        ("a red fox", "blue and gold colours, mossy rocks", ["mossy rocks"]),
        ("a fox", "blue and gold colours, pink tones, mossy rocks",
         ["blue and gold colours", "mossy rocks"]),
        ("a black and white photo of a trumpeter", "vibrant colours, golden haze, film grain",
         ["film grain"]),
        # numbers
        ("three robots", "two robots dancing, a robot alone, steel floor", ["steel floor"]),
        ("three robots", "the three robots dancing slowly together",
         ["dancing slowly together"]),
        ("three robots", "four of them in front, seven small lamps, three small lamps",
         ["three small lamps"]),
        ("a robot", "seven small lamps", ["seven small lamps"]),
        ("a fox", "many foxes around, another fox nearby, two foxes running, steel floor",
         ["steel floor"]),
        ("a bowl of oranges", "five ripe juicy oranges stacked",
         ["five ripe juicy oranges stacked"]),
        # what was ruled out
        ("a man without a hat", "wool hat, hats on hooks, long coat", ["long coat"]),
        ("a street with no cars", "parked cars, no traffic, wet cobbles", ["wet cobbles"]),
        # times, seasons, media
        ("a market at midnight", "bright sunlight, paper lanterns", ["paper lanterns"]),
        ("a winter village", "summer meadow, chimney smoke", ["chimney smoke"]),
        ("a pencil sketch of a hand", "oil painting, rough paper", ["rough paper"]),
        ("a fox", "morning dew, starry sky, mossy rocks", ["morning dew", "mossy rocks"]),
        # words of the idea itself are wanted
        ("a cat and a boat", "weathered boat planks", ["weathered boat planks"]),
        ("a snowman with no snow", "summer meadow", ["summer meadow"]),
    ],
)  # fmt: skip
def test_contradictions_are_dropped(idea, said, kept):
    assert cleaned(said, idea) == kept


@pytest.mark.parametrize(
    ("idea", "said"),
    [
        ("  a fox. ", "a fox"),
        ("a fox, …", "a fox"),
        ("a fox?!", "a fox"),
        ("🦊", "🦊"),
        ("...", "..."),
        ("Mr. Fox", "Mr. Fox"),
    ],
)
def test_the_idea_as_the_prompt_begins(idea, said):
    assert spoken(idea) == said


@pytest.mark.parametrize(
    ("said", "phrases", "says"),
    [
        ("fine", ["pine forest", "soft morning mist", "watercolour"], None),
        ("fine", ["pine forest"], "2 usable new words"),
        ("", [], "no usable new words"),
        ("I'm sorry, I can't do that", ["one two three four five six"], "refused"),
        ("As an AI language model", ["pine forest", "soft morning mist", "moss"], "refused"),
        ("light light light light light", ["pine forest", "soft mist", "moss bed"], "repeated"),
        ("a big hat, a big hat, a big hat, a big hat",
         ["pine forest", "soft mist", "moss bed"], "repeated"),
        ("copied", ["tools and wires on the bench", "warm lamp light"], "copied"),
        ("copied", ["wet stone with reflections", "glowing street lamps", "thin mist"], "copied"),
        ("copied", ["a lighthouse near a cliff", "soft morning mist"], "copied"),
    ],
)  # fmt: skip
def test_guard(said, phrases, says):
    found = objection(said, "a red fox", phrases, TEMPLATE)
    assert (found is None) if says is None else (found is not None and says in found)


def test_the_idea_of_an_example_may_have_its_words():
    example = TEMPLATE.examples[0]
    phrases = example.prompt.split(", ")[1:]
    assert objection("fine", example.idea, phrases, TEMPLATE) is None
    assert objection("fine", "a red fox", phrases, TEMPLATE) is not None


def test_top_up_only_what_is_missing():
    assert missing_kinds("a fox", ["soft light", "oil painting"], TEMPLATE) == ["quality"]
    assert missing_kinds("a photo at dusk", [], TEMPLATE) == ["quality"]
    phrases = ["pine forest deep in a valley", "soft light", "oil painting", "fine detail"]
    assert compose("a red fox in the snow", phrases, TEMPLATE, 0) == ", ".join(
        ["a red fox in the snow", *phrases]
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("idea", ["fox", "night", "a black and white photo", "a pencil sketch"])
def test_the_words_alone_still_make_a_prompt(idea, seed):
    prompt = compose(idea, [], TEMPLATE, seed)
    assert prompt.startswith(f"{idea}, ")
    assert len(set(words(prompt)) - set(words(idea))) > TEMPLATE.limits.new_words
    assert missing_kinds(idea, [prompt], TEMPLATE) == []
    assert prompt == compose(idea, [], TEMPLATE, seed)
    if idea == "night":
        assert "sun" not in prompt


def test_top_up_depends_on_the_seed():
    assert len({compose("fox", [], TEMPLATE, seed) for seed in range(20)}) > 5


def test_phrases_give_way_to_what_is_missing():
    phrases = [f"winding path number{at} between trees" for at in range(6)]
    prompt = compose("a red fox in the snow", phrases, TEMPLATE, 0)
    assert len(words(prompt)) <= TEMPLATE.limits.max_words
    assert missing_kinds("", [prompt], TEMPLATE) == []


def test_long_ideas_get_a_few_words_more():
    idea = " ".join(["word"] * 60)
    assert word_limit(idea, TEMPLATE) == 60 + LONG_IDEA_EXTRA
    assert word_limit("a fox", TEMPLATE) == TEMPLATE.limits.max_words


@pytest.mark.parametrize(
    ("word", "root"),
    [("foxes", "fox"), ("berries", "berry"), ("wolves", "wolf"), ("glass", "glass"),
     ("cats", "cat"), ("bus", "bus"), ("fox's", "fox"), ("dress", "dress"), ("dresses", "dress")],
)  # fmt: skip
def test_stems(word, root):
    assert stem(word) == root


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("dark blue and gold tones", True), ("golden light", False), ("blue door", False)],
)
def test_palettes(phrase, expected):
    assert is_palette(phrase) is expected
