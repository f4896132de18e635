"""What people say and type, made safe for a language model, a file and a picture. Pure.

Nothing here changes words: only what no reader would see, or what a model would take for an
instruction of its own instead of text, goes.
"""

from __future__ import annotations

import re
import unicodedata

from s2i.errors import InputError

MAX_IDEA_CHARS = 2000

# Markers that models of the llama.cpp world use for turns, thoughts, tools and files. They are
# spelled out: "<3" and "<red>" are a person's text.
_ANGLE_NAMES = (
    r"s|bos|eos|pad|unk|mask|sep|cls|think|thinking|tool_call|tool_response|tools|"
    r"start_of_turn|end_of_turn|start_of_image|end_of_image|image_soft_token|"
    r"im_start|im_end|im_sep|end_of_utterance|fim_prefix|fim_middle|fim_suffix|fim_pad|"
    r"file_sep|repo_name|filename|endoftext|extra_id_\d+|unused\d+|reserved_\d+|0x[0-9a-f]{2}"
)
_SQUARE_NAMES = r"INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|IMG|THINK"
CONTROL_TOKENS = re.compile(
    r"<[|｜][^<>\n]{0,64}?[|｜]>"
    rf"|</?(?:{_ANGLE_NAMES})>"
    r"|<</?SYS>>"
    rf"|\[/?(?:{_SQUARE_NAMES})\]",
    re.IGNORECASE,
)

_ZWNJ, _ZWJ = "\u200c", "\u200d"  # Persian and Indic scripts, and emoji families, need them
_FLAG_TAGS = re.compile("(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f")  # Scotland, Wales, …
# Unicode categories: Cc control, Cf format (bidi overrides, zero width, tags), Cs lone surrogate.
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})


def strip_control_tokens(text: str) -> str:
    """`text` without model control tokens, also none that appear by taking another one out."""
    while True:
        stripped = CONTROL_TOKENS.sub(" ", text)
        if stripped == text:
            return text
        # "<|<|x|>im_end|>" leaves "<| im_end|>", which is matched on the next round.
        text = stripped


def strip_unseen(text: str) -> str:
    """`text` without control characters, bidi overrides, zero-width and half characters.

    White space of any kind becomes a plain space; joiners inside words and emoji stay.
    """
    flags = {
        position
        for match in _FLAG_TAGS.finditer(text)
        for position in range(match.start(), match.end())
    }
    kept = []
    for position, char in enumerate(text):
        if char.isspace():
            kept.append(" ")
        elif (
            position in flags or char in (_ZWNJ, _ZWJ) or unicodedata.category(char) not in _UNSEEN
        ):
            kept.append(char)
    return "".join(kept)


def plain(text: str) -> str:
    """One line of visible text: no control tokens or characters, single spaces, NFC."""
    text = strip_control_tokens(strip_unseen(text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_idea(text: str) -> str:
    """The idea as every later stage sees it.

    Raises InputError: `empty-idea` where nothing that could be painted is left, `idea-too-long`
    above MAX_IDEA_CHARS characters.
    """
    idea = plain(text)
    if not any(unicodedata.category(char)[0] in "LN" or _is_symbol(char) for char in idea):
        raise InputError(
            "empty-idea",
            "There are no words in the idea." if idea else "The idea is empty.",
            hint='Say what the picture should show, such as "a red fox in the snow".',
        )
    if len(idea) > MAX_IDEA_CHARS:
        raise InputError(
            "idea-too-long",
            f"The idea has {len(idea):,} characters; at most {MAX_IDEA_CHARS:,} are taken.",
            hint="Keep it to what the picture should show: a sentence or two is best.",
        )
    return idea


def _is_symbol(char: str) -> bool:
    """Emoji and the like. Unassigned (Cn) counts too: emoji newer than this Python's tables."""
    return unicodedata.category(char) in ("So", "Cn")
