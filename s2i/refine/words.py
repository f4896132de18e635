"""Words and phrases as the refiner's pure parts see them."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_WORDS = _set(
    "a an the and or but nor so yet of in on at by to for from with without into onto upon over "
    "under above below between behind beside near through across along around against toward "
    "towards up down out off as than then that this these those which who whom whose what when "
    "where while is are was were be been being am do does did has have had having its it his her "
    "their our my your he she they we you i me him them us not no nor very too also just some any "
    "each every all both such own same other another there here if because can could will would "
    "shall should may might must let"
)

# A phrase that ends with one of these was cut off: nothing can follow a comma from there.
UNFINISHED = FUNCTION_WORDS - _set(
    "above below behind up down out off it all both them him her here there not no too i me us you "
    "that this these those so"
)

COLOURS = _set(
    "red orange yellow green blue purple violet indigo pink brown black white grey gray golden "
    "gold silver turquoise teal cyan magenta crimson scarlet maroon navy beige cream ivory amber "
    "emerald lavender lilac ginger blonde blond bronze copper ochre olive khaki lime mauve "
    "burgundy charcoal tan azure"
)
_SAME_COLOUR = {
    "gray": "grey", "gold": "golden", "blond": "blonde", "violet": "purple", "lilac": "purple",
    "lavender": "purple", "mauve": "purple", "crimson": "red", "scarlet": "red", "maroon": "red",
    "burgundy": "red", "navy": "blue", "azure": "blue", "teal": "turquoise", "cyan": "turquoise",
    "emerald": "green", "olive": "green", "lime": "green", "cream": "white", "ivory": "white",
    "ginger": "orange", "amber": "golden", "tan": "brown", "charcoal": "black",
    "silver": "grey", "magenta": "pink", "khaki": "beige", "ochre": "yellow",
    "bronze": "brown", "copper": "orange", "indigo": "blue",
}  # fmt: skip

# With colours, all that a phrase about nothing but colours is made of. "light" is left out: "white
# light" is about light.
SHADE_WORDS = _set(
    "dark pale deep bright soft warm cold cool rich muted vivid vibrant subtle earthy pastel "
    "iridescent metallic colour colours coloured color colors colored tone tones toned shade "
    "shades hue hues palette accent accents hint hints touch finish paint"
)
SIZES = _set("large small big little huge tiny tall short long wide old new")

NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "a": 1, "an": 1, "single": 1, "lone": 1, "pair": 2, "couple": 2, "both": 2, "twin": 2,
    "trio": 3, "dozen": 12, "thirteen": 13, "fifteen": 15, "twenty": 20, "hundred": 100,
}  # fmt: skip
MANY = _set("several many multiple numerous various group herd pack flock crowd")


def words(text: str) -> list[str]:
    """The words of `text` in lower case, in order; inner hyphens and apostrophes belong to them."""
    return [match.group().lower() for match in WORD.finditer(text)]


def parts(text: str) -> list[str]:
    """Like `words`, with "blue-eyed" as two words."""
    return [part for word in words(text) for part in word.split("-")]


def content_words(text: str) -> list[str]:
    """The words that carry meaning, hyphenated ones in their parts, in order."""
    return [word for word in parts(text) if word not in FUNCTION_WORDS]


def stem(word: str) -> str:
    """A rough singular, only for comparing: "foxes" and "fox", "berries" and "berry"."""
    word = word.removesuffix("'s").removesuffix("’s")
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"),
                            ("xes", "x"), ("ves", "f")):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def stems(text: str) -> set[str]:
    """The stems of the content words of `text`."""
    return {stem(word) for word in content_words(text)}


def colour(word: str) -> str | None:
    """The basic colour that `word` names ("crimson" → "red"); None where it names none."""
    base = word[:-3] if word.endswith("ish") else word
    base = base[:-1] if base.endswith("dd") else base  # reddish
    if base not in COLOURS:
        base = stem(base)  # "golds and blues"
    return _SAME_COLOUR.get(base, base) if base in COLOURS else None


def is_palette(phrase: str) -> bool:
    """Whether `phrase` speaks of colours and of nothing that has them."""
    return all(word in SHADE_WORDS or colour(word) for word in content_words(phrase))


def number(word: str) -> int | None:
    """How many `word` says there are; None where it doesn't."""
    if word.isascii() and word.isdigit() and len(word) < 10:
        return int(word)
    return NUMBERS.get(word)
