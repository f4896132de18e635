"""The child process of pocketsphinx.py: one decoder, which reads audio and answers what it hears.

Started as `python -m s2i.speech.pocketsphinx_child`; ends when its input does. A request is a
letter and a length (4 bytes, little-endian), then that many bytes of mono s16le at 16 kHz; the
answer to each is one line of JSON, either what was asked for or {"error"}.

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
from s2i.speech.pcm import SAMPLE_BYTES

RATE = 16_000  # Hz
HEADER = struct.Struct("<cI")
ALTERNATIVES = 4
_TRIED = 40  # n-best entries; many differ only in fillers or pronunciation
_SECOND = RATE * SAMPLE_BYTES
# Cepstral means say what this microphone and voice are like. PocketSphinx's own live ones adapt
# over five seconds, too late for an idea: word error rate .59 on eight clips of people (93 words);
# with means taken of the first 1.5 s, which are then decoded anew, .44; on flite's slt .31 and .12.
# With the whole utterance's means .24, but that takes decoding all of it again at its end.
_TO_ADAPT = int(1.5 * _SECOND)
_BEFORE_WORDS = int(0.8 * _SECOND)


class Listener:
    """A PocketSphinx decoder that adapts to each utterance's own sound; deterministic."""

    def __init__(self) -> None:
        import pocketsphinx

        self._decoder = pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")
        self._means = self._decoder.get_cmn(False)
        self._frames = int(self._decoder.config["frate"])
        self._open = False
        self._adapted = False
        self._spoken = False
        self._head = bytearray()  # what was heard until it adapts
        self._dropped = 0  # bytes of silence before that

    def accept(self, pcm: bytes) -> dict[str, Any]:
        """Take audio; the text so far, which may still change."""
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
        if not self._open:
            return {"words": [], "alternatives": []}
        if self._spoken and not self._adapted:
            self._adapt()
        self._decoder.end_utt()
        self._open = False
        answer = {"words": self._words(), "alternatives": self._alternatives()}
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
        self._head = bytearray()
        self._dropped = 0

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


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    try:
        listener = Listener()
    except Exception as error:  # noqa: BLE001 - the binding raises RuntimeError, OSError, ...
        _answer(answers, {"error": str(error) or type(error).__name__})
        return
    _answer(answers, {})
    deeds = {b"F": listener.finish, b"R": listener.reset}
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
