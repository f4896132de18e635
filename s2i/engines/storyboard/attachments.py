"""Which number, colour, pose and companion belong to which subject of a phrase. Pure."""

from __future__ import annotations

from dataclasses import replace

from s2i.engines.storyboard.colour import RGB
from s2i.engines.storyboard.scene import Subject
from s2i.engines.storyboard.vocabulary import Match, Vocabulary

MAX_KINDS = 4  # different subjects in one phrase
MAX_EACH = 12  # of one subject

_ARTICLES = frozenset({"a", "an", "the", "his", "her", "its", "their", "my", "our", "your", "this"})
_PREPOSITIONS = frozenset(
    {"in", "on", "at", "under", "over", "with", "without", "by", "near", "beside", "behind", "of",
     "before", "above", "below", "beneath", "across", "through", "into", "onto", "from", "to",
     "for", "against", "around", "between", "among", "inside", "outside", "along", "atop", "next",
     "towards", "toward", "past", "like", "as", "during", "after", "beyond", "upon", "off", "out",
     "up", "down", "that", "which", "who", "while", "where", "when", "made", "covered"}
)  # fmt: skip
_LINKS = frozenset({"is", "are", "was", "were", "and", "or", "be", "it", "there", "has", "have"})
NO_HEAD = _ARTICLES | _PREPOSITIONS | _LINKS | {"i", "we", "you", "he", "she", "they", "some"}
"""Words that can't be the thing a phrase is about."""

_RIDING = frozenset(
    {"on", "in", "inside", "aboard", "atop", "riding", "rides", "driving", "steering", "rowing",
     "sailing", "paddling", "onto", "upon"}
)  # fmt: skip
_HOLDING = frozenset(
    {"with", "holding", "holds", "carrying", "reading", "drinking", "flying", "eating", "under"}
)
_AT_HAND = frozenset({"person", "robot", "monkey", "alien"})
_REACH = 4  # how many words before a subject may belong to it


def read_subjects(
    book: Vocabulary, words: tuple[str | None, ...], matches: tuple[Match, ...], offset: int
) -> list[Subject]:
    """The subjects of one phrase. `offset` is how many the scene has already (for indices)."""
    named = [match for match in matches if match.table == "subjects"]
    kept: list[tuple[Match, Subject]] = []
    for match in named[:MAX_KINDS]:
        until = min((m.start for m in named if m.start >= match.end), default=len(words))
        since = max((m.end for m in named if m.end <= match.start), default=0)
        subject = _subject(book, words, matches, match)
        subject = replace(subject, pose=_pose(words, matches, (since, until), match))
        if kept:
            between = words[kept[-1][0].end : match.start]
            subject, previous = _relate(subject, kept[-1][1], between, offset + len(kept))
            kept[-1] = (kept[-1][0], previous)
        kept.append((match, subject))
    return [subject for _, subject in kept]


def _subject(
    book: Vocabulary, words: tuple[str | None, ...], matches: tuple[Match, ...], match: Match
) -> Subject:
    entry = book.subjects[match.key]
    number: int | None = None
    rgb: RGB | None = None
    scale = 1.0
    other = {i for m in matches if m.table == "subjects" for i in range(m.start, m.end)}
    for index in range(match.start - 1, max(-1, match.start - 1 - _REACH), -1):
        word = words[index]
        if word is None or index in other:
            break
        if word == "of" and index and words[index - 1] in book.numbers:
            continue
        if word in book.numbers or word.isdecimal():
            number = book.numbers.get(word, _whole(word))
            break
        if word in NO_HEAD:
            break
        rgb = rgb or book.colours.get(word)
        scale *= book.sizes.get(word, 1.0)
    if rgb is None and match.end + 1 < len(words) and words[match.end] in ("is", "are", "painted"):
        rgb = book.colours.get(words[match.end + 1] or "")
    red, green, blue = entry["colour"]
    seat = entry.get("seat")
    return Subject(
        key=match.key,
        shape=entry["shape"],
        colour=rgb or (red, green, blue),
        coloured=rgb is not None,
        size=entry["size"] * scale,
        count=min(MAX_EACH, max(1, (3 if match.plural else 1) if number is None else number)),
        place=entry.get("place", "ground"),
        seat=(seat[0], seat[1], seat[2]) if seat else None,
        held=bool(entry.get("held", False)),
        variant=entry.get("variant", {}),
    )


def _whole(word: str) -> int:
    return int(word) if word.isdecimal() and len(word) <= 3 else MAX_EACH


def _pose(
    words: tuple[str | None, ...],
    matches: tuple[Match, ...],
    between: tuple[int, int],
    match: Match,
) -> str:
    """The pose named after the subject and before the next one, else right before it.

    'flying a kite' and 'playing the guitar' are no poses: an article follows.
    """
    since, until = between
    poses = [m for m in matches if m.table == "poses" and (*words, None)[m.end] not in _ARTICLES]
    after = [m.key for m in poses if match.end <= m.start < until]
    before = [m.key for m in poses if since <= m.start < match.start and match.start - m.end < 2]
    return next(iter([*after, *before]), "")


def _relate(
    subject: Subject, previous: Subject, between: tuple[str | None, ...], index: int
) -> tuple[Subject, Subject]:
    """`subject` and `previous` (the one named before it), tied where the words between say so."""
    ties = [word for word in between if word in _PREPOSITIONS | _RIDING | _HOLDING]
    tie = ties[-1] if ties else ""
    if previous.count == 1 and subject.count == 1:
        if tie in _RIDING and subject.seat is not None:
            return subject, replace(previous, on=index)
        if tie in _HOLDING and subject.held and previous.shape in _AT_HAND:
            return replace(subject, held_by=index - 1), previous
    return subject, previous
