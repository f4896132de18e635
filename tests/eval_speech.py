"""Word error rates over a manifest: `python -m tests.eval_speech manifest.tsv [--language en]`.

The manifest is a table with tabs between its columns: `file` (any sound file, from the manifest's
folder) and `transcript`, maybe others. Each recogniser that is there gets its turn.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from s2i.errors import S2IError
from s2i.settings import load
from s2i.speech import registry
from s2i.speech.audio import decode
from s2i.speech.decoders import DecoderPool
from s2i.speech.utterance import Utterance
from s2i.speech.vosk import VoskModel


@dataclass(frozen=True)
class Row:
    """A clip: what was said, what was heard, how many words differ, and how long it took."""

    file: str
    said: str
    heard: str
    errors: int
    words: int
    seconds: float
    took: float


def words_of(text: str) -> list[str]:
    """A text's words, without case and punctuation."""
    return re.findall(r"\w+(?:['’]\w+)*", text.lower())


def word_errors(said: list[str], heard: list[str]) -> int:
    """Words to replace, insert and remove to make one of the other (Levenshtein)."""
    line = list(range(len(heard) + 1))
    for row, word in enumerate(said, 1):
        corner, line[0] = line[0], row
        for column, other in enumerate(heard, 1):
            corner, line[column] = (
                line[column],
                min(line[column] + 1, line[column - 1] + 1, corner + (word != other)),
            )
    return line[-1]


def read_manifest(path: Path) -> list[tuple[Path, str]]:
    """Its files and transcripts. Raises OSError, KeyError where a column is missing."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [(path.parent / row["file"], row["transcript"]) for row in rows]


def evaluate(pool: DecoderPool, clips: list[tuple[Path, str]], *, live: bool = False) -> list[Row]:
    """Recognise each clip as a recording, or as if it were being spoken (`live`).

    A clip without a word counts as all words wrong.
    """
    rows: list[Row] = []
    for path, text in clips:
        began = time.perf_counter()
        utterance = Utterance(pool, pool.model.sample_rate, endpoint=False, decoded=not live)
        try:
            with decode(path, pool.model.sample_rate) as reader:
                for chunk in reader:
                    utterance.feed(chunk)
            heard = utterance.finish().text
        except S2IError as error:
            utterance.cancel()
            if error.code != "no-speech":
                raise
            heard = ""
        said = words_of(text)
        errors = word_errors(said, words_of(heard))
        took = time.perf_counter() - began
        rows.append(Row(path.name, text, heard, errors, len(said), utterance.seconds, took))
    return rows


def main(argv: list[str] | None = None) -> int:
    """Print a table per recogniser. Returns 1 where none is there."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval_speech")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--recogniser", choices=["auto", *registry.RECOGNISERS], action="append")
    parser.add_argument("--vosk", type=Path, help="a Vosk model's folder, instead of the registry")
    parser.add_argument("--live", action="store_true", help="as from a microphone, not as files")
    parser.add_argument("--show", action="store_true", help="print what was said and heard")
    options = parser.parse_args(argv)
    clips = read_manifest(options.manifest)
    settings = load()
    names = [] if options.vosk else options.recogniser or list(registry.RECOGNISERS)
    pools: list[DecoderPool] = []
    for name in names:
        try:
            pools.append(DecoderPool(registry.load(options.language, name, home=settings.home)))
        except S2IError as error:
            print(f"{name}: {error.message} {error.hint}", file=sys.stderr)
    if options.vosk:
        pools.append(DecoderPool(VoskModel(options.vosk, options.language)))
    for pool in pools:
        with closing(pool):
            _print(pool, evaluate(pool, clips, live=options.live), show=options.show)
    return 0 if pools else 1


def _print(pool: DecoderPool, rows: list[Row], *, show: bool) -> None:
    print(f"{pool.model.recogniser} ({pool.model.name})")
    print(f"  {'clip':<28}{'words':>6}{'errors':>8}{'rate':>7}{'s per s':>9}")
    for row in rows:
        _line(row.file, row.words, row.errors, row.took / max(row.seconds, 0.1))
        if show:
            print(f"      said:  {row.said}\n      heard: {row.heard}")
    took = sum(row.took for row in rows) / max(sum(row.seconds for row in rows), 0.1)
    _line("all", sum(row.words for row in rows), sum(row.errors for row in rows), took)


def _line(name: str, words: int, errors: int, speed: float) -> None:
    print(f"  {name:<28}{words:>6}{errors:>8}{errors / max(words, 1):>7.2f}{speed:>9.2f}")


if __name__ == "__main__":
    sys.exit(main())
