"""Type: Pillow's own font, and a font of the system where the words need other scripts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from PIL import ImageFont, features

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_SYSTEM_FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "segoeui.ttf", "arial.ttf", "Arial Unicode.ttf",
    "Arial.ttf", "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc", "msyh.ttc", "YuGothM.ttc", "meiryo.ttc", "malgun.ttf", "simsun.ttc",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "AppleGothic.ttf",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "NotoSansJP-Regular.otf",
    "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansDevanagari-Regular.ttf",
    "Nirmala.ttf", "Nirmala.ttc", "tahoma.ttf", "LiberationSans-Regular.ttf", "FreeSans.ttf",
)  # fmt: skip
"""Looked for by name in the system's font folders, in this order; there need not be any."""

_NO_SUCH_CHARACTER = "\U0010ffff"
_MISSING = "(no font here for these words)"


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> Font | None:
    """The font `name` ('' is Pillow's own) at `size` px, None where there is none."""
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except (OSError, ValueError):  # not installed, or not a font after all
        return None


@lru_cache(maxsize=4096)
def _has(name: str, char: str) -> bool:
    """Whether the font draws `char` as itself rather than as its 'missing' box."""
    font = _font(name, 16)
    if not isinstance(font, ImageFont.FreeTypeFont):
        return font is not None and char.isascii()
    try:
        mask = font.getmask(char)
        return bool(mask.getbbox()) and bytes(mask) != bytes(font.getmask(_NO_SUCH_CHARACTER))
    except (OSError, ValueError):
        return False


def _drawn(char: str) -> bool:
    """Whether `char` has a shape of its own that a font must provide."""
    return not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf", "Mn", "Me")


def choose(text: str, system: Sequence[str] = _SYSTEM_FONTS) -> tuple[str, str]:
    """(font name, text): the first font that has all of `text`, else the one that has most of it.

    Letters that it lacks lose their accents or are left out; where hardly any is left, a remark
    stands in for all. `system` names the fonts to look for beside Pillow's own.
    """
    needed = sorted({char for char in text if _drawn(char)})[:200]
    best, most = "", -1
    for name in ("", *system):
        if name and _font(name, 16) is None:
            continue
        count = sum(_has(name, char) for char in needed)
        if count > most:
            best, most = name, count
        if count == len(needed):
            return name, text
    kept = "".join(
        char if not _drawn(char) or _has(best, char) else _plainer(best, char) for char in text
    )
    kept = " ".join(kept.split())
    letters = sum(_drawn(char) for char in kept)
    return (best, kept) if letters * 3 >= sum(_drawn(char) for char in text) else ("", _MISSING)


def _plainer(name: str, char: str) -> str:
    """`char` in letters that the font has: without its accent, spelled out, or not at all."""
    plain = _SPELLED.get(char) or unicodedata.normalize("NFKD", char)
    return "".join(c for c in plain if _drawn(c) and _has(name, c))


_SPELLED = {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l",
            "Ł": "L", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "–": "-", "—": "-", "’": "'",
            "‘": "'", "“": '"', "”": '"', "…": "..."}  # fmt: skip


def font(name: str, size: int) -> Font:
    """The font that `choose` named, at `size` px."""
    return _font(name, size) or ImageFont.load_default(size)


def visual(line: str) -> str:
    """`line` in the order it is drawn, where Pillow lacks Raqm and so draws left to right only.

    A plain reordering: runs of right-to-left letters are turned round, and so is the order of the
    runs where the line starts from the right. Arabic letters stay unjoined.
    """
    if features.check("raqm") or not any(_rtl(char) for char in line):
        return line
    strong = [unicodedata.bidirectional(char) in ("L", "R", "AL", "EN", "AN") for char in line]
    base = next(_rtl(char) for char, own in zip(line, strong, strict=True) if own)
    sides: list[bool] = []
    for index, char in enumerate(line):
        if strong[index]:
            sides.append(_rtl(char))
            continue
        # What has no direction goes with its neighbours where they agree, else with the line.
        after = next(
            (_rtl(c) for c, own in zip(line[index:], strong[index:], strict=True) if own), base
        )
        before = sides[-1] if sides else base
        sides.append(before if before == after else base)
    runs = [
        (rtl, "".join(char for _, char in run))
        for rtl, run in groupby(zip(sides, line, strict=True), key=lambda pair: pair[0])
    ]
    if base:
        runs.reverse()
    return "".join(text[::-1] if rtl else text for rtl, text in runs)


def _rtl(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL")


def width(face: Font, text: str) -> float:
    """How wide `text` is, in px."""
    left, _, right, _ = face.getbbox(text)
    return right - left


def wrap(face: Font, text: str, limit: float, lines: int) -> list[str]:
    """`text` in at most `lines` lines of at most `limit` px, with an ellipsis where it is cut.

    Breaks at blanks; within a word (CJK has no blanks) where the word alone is too wide.
    """
    text = text[:600]
    out: list[str] = []
    line = ""
    pieces = text.split()
    while pieces:
        word = pieces.pop(0)
        trial = f"{line} {word}" if line else word
        if width(face, trial) <= limit:
            line = trial
        elif line:
            out.append(line)
            line = ""
            pieces.insert(0, word)
        else:
            cut = _fits(face, word, limit)
            out.append(word[:cut])
            if word[cut:]:
                pieces.insert(0, word[cut:])
        if len(out) > lines:
            break
    if line:
        out.append(line)
    if len(out) > lines:
        out = out[:lines]
        out[-1] = _shorten(face, out[-1], limit)
    return out


def _fits(face: Font, word: str, limit: float) -> int:
    """How many characters of `word` fit, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width(face, word[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _shorten(face: Font, line: str, limit: float) -> str:
    end = "…" if width(face, "…") > 0 else "..."
    while line and width(face, line + end) > limit:
        line = line[:-1]
    return line.rstrip() + end
