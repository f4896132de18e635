"""Reads a prompt's words and finds the Scene in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from s2i.engines.storyboard.attachments import NO_HEAD, read_subjects
from s2i.engines.storyboard.colour import RGB
from s2i.engines.storyboard.scene import Scene, Subject
from s2i.engines.storyboard.vocabulary import Match, Vocabulary, vocabulary
from s2i.engines.storyboard.words import Phrase, affirmed, phrases, plain

MAX_TITLE = 300  # characters
MAX_BOARD = 90

_GROUND_ORDER = (
    "underwater", "moon", "mars", "room", "cave", "cloudtops", "beach", "lake", "river", "sea",
    "space", "snow", "street", "desert", "garden", "field", "meadow", "forest",
)  # fmt: skip
"""Which ground wins where an idea names several: the more particular one."""

_BY_NIGHT = frozenset(
    {"stars", "moon", "full moon", "aurora", "shooting star", "fireworks", "galaxy"}
)
_BY_DAY = frozenset({"sun", "rainbow"})
_SHADES = frozenset({"dark", "light", "deep", "bright", "pale", "soft", "warm", "cool"})
_KNOWN = frozenset(
    {"times", "sky", "weather", "grounds", "backdrops", "seasons", "subjects", "neutral"}
)
_PEOPLE = frozenset({"person", "man", "woman", "child"})


@dataclass(frozen=True)
class Part:
    """A phrase and what its words stand for. `style` says that it only tells how to paint."""

    phrase: Phrase
    words: tuple[str | None, ...]
    matches: tuple[Match, ...]
    style: bool

    def keys(self, table: str) -> list[str]:
        """What of `table` the phrase names, in the order of its words."""
        return [match.key for match in self.matches if match.table == table]


def read_scene(prompt: str, negative: str = "") -> Scene:
    """The scene that `prompt` describes, less what `negative` excludes.

    The idea (the first phrase, and things listed right after it) says what is there; the phrases
    after it only fill in what the idea leaves open. Never fails: words that it doesn't know are
    in the title, and on the board where they are the subject.
    """
    book = vocabulary()
    parts = [_part(book, phrase) for phrase in phrases(plain(prompt))]
    idea, rest = _split(parts)
    board = "" if not idea or _head_known(idea[0]) else _board(idea[0])
    excluded = _excluded(book, negative)
    idea, rest = ([_without(part, excluded) for part in some] for some in (idea, rest))
    if not idea:
        return Scene(title=_title(plain(prompt)), board=_title(plain(prompt))[:MAX_BOARD])
    scene = _surroundings(idea, rest, Scene(title=_title(idea[0].phrase.text)))
    scene = _colours(book, idea, rest, scene)
    return _with_subjects(book, idea, rest, replace(scene, board=board))


def _part(book: Vocabulary, phrase: Phrase) -> Part:
    words = affirmed(phrase.words)
    matches = book.matches(words)
    style = not book.style_words.isdisjoint(phrase.words)
    if style:  # 'a storybook fox' is about a fox all the same, 'storybook illustration' isn't
        style = not any(match.table == "subjects" for match in matches) or len(words) <= 3
    return Part(phrase, words, matches, style)


def _excluded(book: Vocabulary, negative: str) -> frozenset[tuple[str, str]]:
    """What the negative prompt names, as (table, key)."""
    found = {
        (match.table, match.key)
        for phrase in phrases(plain(negative))
        for match in book.matches(phrase.words)
        if match.table in _KNOWN
    }
    if any(table == "subjects" and key in _PEOPLE for table, key in found):
        found |= {("subjects", k) for k, s in book.subjects.items() if s["shape"] == "person"}
    return frozenset(found)


def _without(part: Part, excluded: frozenset[tuple[str, str]]) -> Part:
    kept = tuple(match for match in part.matches if (match.table, match.key) not in excluded)
    return replace(part, matches=kept)


def _split(parts: list[Part]) -> tuple[list[Part], list[Part]]:
    """(idea, the rest): the first phrase that isn't about style, and things listed right after."""
    start = next((i for i, part in enumerate(parts) if not part.style), 0 if parts else None)
    if start is None:
        return [], []
    idea, rest = [parts[start]], parts[:start]
    for number, part in enumerate(parts[start + 1 :]):
        listed = number < 3 and not part.style and _is_listed(part)
        (idea if listed else rest).append(part)
    return idea, rest


def _is_listed(part: Part) -> bool:
    named = [match for match in part.matches if match.table == "subjects"]
    plural = bool(named) and named[0].plural and named[0].start == 0
    return plural or bool(named and part.words[0] in _LISTED)


_LISTED = frozenset({"a", "an", "and", "two", "three", "four", "five", "some", "many"})


def _title(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > MAX_TITLE:
        text = text[: MAX_TITLE - 1].rstrip() + "…"
    return text[:1].upper() + text[1:]


def _keys(parts: Iterable[Part], table: str) -> list[str]:
    return [key for part in parts for key in part.keys(table)]


def _surroundings(idea: list[Part], rest: list[Part], scene: Scene) -> Scene:
    """Time, sky, weather, ground and backdrops."""
    plain_rest = [part for part in rest if not part.style]
    sky = set(_keys(idea, "sky"))
    times = _keys(idea, "times")
    if not times:
        times = ["day"] if "sun" in sky else _keys(plain_rest, "times")
    time = times[0] if times else "day"
    late_sky = set(_keys(plain_rest, "sky"))
    late_sky -= _BY_DAY if time == "night" else _BY_NIGHT
    sky |= late_sky
    if not times and sky & {"moon", "full moon", "stars", "galaxy"}:
        time = "night"
    if time == "night":
        sky.discard("sun")
    weather = set(_keys(idea, "weather")) or set(_keys(plain_rest, "weather"))
    season = next(iter(_keys(idea, "seasons") or _keys(plain_rest, "seasons")), "")
    grounds = _keys(idea, "grounds")
    if "snow" in grounds:
        season = "winter"
    grounds = grounds or _keys(plain_rest, "grounds")
    ground = next((name for name in _GROUND_ORDER if name in grounds), "")
    return replace(
        scene,
        time=time,
        sky=frozenset(sky),
        weather=frozenset(weather),
        season=season,
        ground=ground,
        backdrops=frozenset(_keys(idea, "backdrops") or _keys(plain_rest, "backdrops")),
        styles=frozenset(_styles([*idea, *rest])),
    )


def _styles(parts: list[Part]) -> set[str]:
    """The styles named; the 'dark' of 'dark blue' isn't one."""
    found: set[str] = set()
    for part in parts:
        colours = {match.start for match in part.matches if match.table == "colours"}
        for match in part.matches:
            word = part.words[match.start]
            if match.table == "styles" and not (match.end in colours and word in _SHADES):
                found.add(match.key)
    return found


def _colours(book: Vocabulary, idea: list[Part], rest: list[Part], scene: Scene) -> Scene:
    """The colours of sky and ground where they are named, and all colours as accents."""
    accents: list[RGB] = []
    for part in [*idea, *rest]:
        for match in part.matches:
            if match.table != "colours":
                continue
            rgb = book.colours[match.key]
            follows = {m.table for m in part.matches if m.start == match.end}
            after = part.words[match.end] if match.end < len(part.words) else None
            if after in ("sky", "skies") and scene.sky_colour is None:
                scene = replace(scene, sky_colour=rgb)
            elif follows & {"grounds"} and scene.ground_colour is None:
                scene = replace(scene, ground_colour=rgb)
            elif rgb not in accents and part not in idea:
                accents.append(rgb)
    return replace(scene, accents=tuple(accents[:4]))


def _with_subjects(book: Vocabulary, idea: list[Part], rest: list[Part], scene: Scene) -> Scene:
    subjects: list[Subject] = []
    for part in idea:
        subjects += read_subjects(book, part.words, part.matches, len(subjects))
    if not subjects and not scene.board:  # pure scenery: a thing mentioned later may stand in it
        for part in rest:
            if not part.style and not subjects:
                subjects += read_subjects(book, part.words, part.matches, 0)
    ground = scene.ground or _home(book, subjects, scene)
    wet = {"fish", "shark", "octopus"}
    if ground == "sea" and any(s.key in wet for s in subjects) and "boat" not in scene.title:
        ground = "underwater"
    return replace(scene, subjects=tuple(subjects), ground=ground)


def _home(book: Vocabulary, subjects: list[Subject], scene: Scene) -> str:
    """The ground where none is named: that of the season, or where the first subject lives."""
    outdoors = bool(scene.sky or scene.weather or scene.backdrops or scene.season)
    for subject in subjects:
        home = str(book.subjects[subject.key].get("home", ""))
        if home and not (home == "room" and outdoors):
            return home
    return "snow" if scene.season == "winter" else "meadow"


def _head_known(part: Part) -> bool:
    """Whether the words before the first preposition name something that can be painted."""
    known: set[int] = set()
    for match in part.matches:
        if match.table in _KNOWN:
            known.update(range(match.start, match.end))
    start, end = _head(part)
    if all(word is None or word in NO_HEAD for word in part.words[start:end]):
        return bool(known)
    return any(index in known for index in range(start, end))


def _head(part: Part) -> tuple[int, int]:
    """The words of the thing that the phrase is about: 'a glass piano' of '… on the beach'."""
    seen = False
    for index, word in enumerate(part.words):
        if word == "of" and seen and part.words[index - 1] in _GROUPS:
            continue
        if seen and (word is None or word in NO_HEAD or (word.endswith("ing") and len(word) > 4)):
            return 0, index
        seen = seen or not (word is None or word in NO_HEAD)
    return 0, len(part.words)


_GROUPS = frozenset(
    {"group", "herd", "flock", "pack", "pair", "row", "crowd", "bunch", "family", "cup", "couple",
     "swarm", "school", "fleet", "lots", "bouquet", "field"}
)  # fmt: skip


def _board(part: Part) -> str:
    start, end = _head(part)
    words = [word for word in part.words[start:end] if word is not None]
    while words and words[0] in NO_HEAD:
        words.pop(0)
    text = " ".join(words)
    if not text or any(ord(char) > 0x24F for char in text):
        text = part.phrase.text  # scripts where a word's end can't be told by blanks
    return text if len(text) <= MAX_BOARD else text[: MAX_BOARD - 1].rstrip() + "…"
