"""The child process of pocketsphinx.py: one decoder, which reads audio and answers what it hears.

Started as `python -m s2i.speech.pocketsphinx_child`; ends when its input does. A request is a
letter and a length (4 bytes, little-endian), then that many bytes of mono s16le at 16 kHz; the
answer to each is one line of JSON, either what was asked for or {"error"}.

    W  a recording   {}            no words are wanted while it is fed: take the time it needs
    A  take audio    {"text"}
    F  finish        {"words": [[text, start, end, probability]], "alternatives": [text]}
    R  reset         {}
"""

from __future__ import annotations

import json
import math
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

from s2i.speech.fillers import clean, is_mark, meant
from s2i.speech.pcm import SAMPLE_BYTES, level

RATE = 16_000  # Hz
HEADER = struct.Struct("<cI")
ALTERNATIVES = 4
_TRIED = 40  # n-best entries; many differ only in fillers or pronunciation
_SECOND = RATE * SAMPLE_BYTES
# Cepstral means say what this microphone and voice are like. PocketSphinx's own live ones adapt
# over five seconds, too late for an idea: word error rate .57 on eight clips of people (93 words);
# with means taken of the first 1.5 s, which are then decoded anew, .44 (flite's slt: .21). A
# recording that is decoded as a whole, with its own means, has .24 (slt: .14).
_TO_ADAPT = int(1.5 * _SECOND)
_BEFORE_WORDS = int(0.8 * _SECOND)
# A long recording is decoded in parts, cut where it is quietest, so that none takes for ever.
_PART = 20 * _SECOND
_LEAST_PART = 10 * _SECOND
_PAUSE = int(0.3 * _SECOND)
_SOUNDLESS = -55.0  # dBFS; with means of its own even silence has words in it
# The second pass, over the whole utterance at its end, may look for a word within so many frames
# of where the first pass found it. With 10 in place of 25 it takes half the time (100 ms of CPU for
# 3 s of audio, not 210), and the word error rate on 165 words stays the same.
_CONFIG = {"fwdflatsfwin": 10}


class Listener:
    """A PocketSphinx decoder that adapts to each utterance's own sound; deterministic."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL", **_CONFIG)
        self._means = self._decoder.get_cmn(False)
        self._frames = int(self._decoder.config["frate"])
        self._open = False
        self._adapted = False
        self._spoken = False
        self._recording = False
        self._head = bytearray()  # what was heard until it adapts; of a recording, what is left
        self._dropped = 0  # bytes before that: silence, or what is decoded already
        self._found: list[list[Any]] = []  # words of a recording's parts

    def record(self) -> dict[str, Any]:
        """What comes until the utterance's end is a recording."""
        self._recording = True
        return {}

    def accept(self, pcm: bytes) -> dict[str, Any]:
        """Take audio; the text so far, which may still change. A recording's comes in parts."""
        if self._recording:
            self._head += pcm
            while len(self._head) >= _PART:
                self._decode_part(_quietest(bytes(self._head), _LEAST_PART))
            return {"text": " ".join(word[0] for word in self._found)}
        if not self._open:
            self._start(self._means)
        self._decoder.process_raw(pcm)
        text = self._text()
        if not self._adapted:
            self._head += pcm
            if not self._spoken and not meant(text):
                cut = max(len(self._head) - _BEFORE_WORDS, 0)
                self._dropped += cut
                del self._head[:cut]
            else:
                self._spoken = True
                if len(self._head) >= _TO_ADAPT:
                    self._adapt()
                    text = self._text()
        return {"text": text}

    def finish(self) -> dict[str, Any]:
        """End the utterance."""
        whole = not self._found
        if self._recording and self._head:
            self._decode_part(len(self._head))
        elif self._open:
            if self._spoken and not self._adapted:
                self._adapt()
            self._decoder.end_utt()
            self._found = self._words()
        answer: dict[str, Any] = {"words": self._found, "alternatives": []}
        if whole and self._found:
            answer["alternatives"] = self._alternatives()
        self._forget()
        return answer

    def reset(self) -> dict[str, Any]:
        """Forget the utterance."""
        if self._open:
            self._decoder.end_utt()
        self._forget()
        return {}

    def _forget(self) -> None:
        self._open = False
        self._adapted = False
        self._spoken = False
        self._recording = False
        self._head = bytearray()
        self._dropped = 0
        self._found = []

    def _start(self, means: str) -> None:
        self._decoder.set_cmn(means)
        self._decoder.start_utt()
        self._open = True

    def _adapt(self) -> None:
        """Measure the head's means and decode it once more with them."""
        head = bytes(self._head)
        self._decoder.end_utt()
        self._start(self._means)
        self._decoder.process_raw(head, no_search=True, full_utt=True)
        self._decoder.end_utt()
        self._start(self._decoder.get_cmn(False))
        self._decoder.process_raw(head)
        self._adapted = True
        self._head = bytearray()

    def _decode_part(self, length: int) -> None:
        """Decode so many bytes of a recording as an utterance of its own."""
        part = bytes(self._head[:length])
        if _loudest(part) >= _SOUNDLESS:
            self._decoder.reinit_feat()  # else what was heard before shows in its means
            self._start(self._means)
            self._decoder.process_raw(part, full_utt=True)
            self._decoder.end_utt()
            self._open = False
            self._found += self._words()
        del self._head[:length]
        self._dropped += length

    def _text(self) -> str:
        found = self._decoder.hyp()
        return found.hypstr if found else ""

    def _words(self) -> list[list[Any]]:
        if self._decoder.hyp() is None:
            return []
        begin = self._dropped / _SECOND
        return [
            [
                clean(item.word, "") or item.word,
                begin + item.start_frame / self._frames,
                begin + (item.end_frame + 1) / self._frames,  # the end frame is part of it
                item.prob if math.isfinite(item.prob) else None,
            ]
            for item in self._decoder.seg() or ()
            if not is_mark(item.word)
        ]

    def _alternatives(self) -> list[str]:
        best = clean(self._text(), "")
        found: list[str] = []
        for _, item in zip(range(_TRIED), self._decoder.nbest() or (), strict=False):
            text = clean(item.hypstr, "") if item and item.hypstr else ""
            if text and text != best and text not in found:
                found.append(text)
            if len(found) == ALTERNATIVES:
                break
        return found


def _loudest(pcm: bytes) -> float:
    """The level of its loudest moment, in dBFS."""
    return max(level(pcm[at : at + _PAUSE]) for at in range(0, len(pcm), _PAUSE))


def _quietest(pcm: bytes, least: int) -> int:
    """The middle of the quietest moment after `least` bytes, in bytes of whole samples."""
    places = range(least, len(pcm) - _PAUSE + 1, _PAUSE // 3)
    found = min(places, key=lambda at: level(pcm[at : at + _PAUSE]))
    return found + _PAUSE // 2


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    try:
        listener = Listener()
    except Exception as error:  # noqa: BLE001 - the binding raises RuntimeError, OSError, ...
        _answer(answers, {"error": str(error) or type(error).__name__})
        return
    _answer(answers, {})
    deeds = {b"F": listener.finish, b"R": listener.reset, b"W": listener.record}
    while len(header := requests.read(HEADER.size)) == HEADER.size:
        letter, length = HEADER.unpack(header)
        pcm = requests.read(length)
        if len(pcm) < length:
            return
        try:
            answer = listener.accept(pcm) if letter == b"A" else deeds[letter]()
        except Exception as error:  # noqa: BLE001 - as above; the parent gives this decoder up
            answer = {"error": str(error) or type(error).__name__}
        _answer(answers, answer)


def _answer(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Serve on standard input and output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    # Native code may print: keep the real output for answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
