"""PocketSphinx: the starter for English; its wheel carries the model.

Each decoder is a child process: PocketSphinx holds Python's lock while it works (2.4 s at the end
of a long utterance on a busy machine), which would stall every other utterance, page and event.
It shares no model either, so that a process of its own costs nothing more (about 90 MB).
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, Any

from s2i.errors import MissingError, SpeechError
from s2i.speech.base import Decoder, Heard, Result, Word
from s2i.speech.choice import Offer
from s2i.speech.pocketsphinx_child import HEADER, RATE

NAME = "pocketsphinx"
MODEL = "en-us"
_PATIENCE = 60.0  # s without an answer; the longest utterance's end takes about 10
_ROOT = Path(__file__).resolve().parents[2]


def offer(language: str, home: Path) -> Offer:
    """PocketSphinx, for English alone. Raises MissingError."""
    if language.lower().replace("_", "-").split("-")[0] != "en":
        raise MissingError("no-speech-model", "PocketSphinx understands English only.")
    if importlib.util.find_spec("pocketsphinx") is None:
        raise MissingError(
            "no-pocketsphinx",
            "PocketSphinx isn't installed.",
            hint="'python run.py doctor' says what is missing.",
        )
    return Offer(NAME, MODEL, PocketSphinxModel)


class PocketSphinxModel:
    """The English model. It is loaded by each decoder for itself."""

    recogniser = NAME
    name = MODEL
    language = "en"
    sample_rate = RATE

    def __init__(self) -> None:
        self._closed = False

    def decoder(self) -> Decoder:
        """A new decoder, in 0.5 s. Raises SpeechError."""
        if self._closed:
            raise SpeechError("model-closed", "The speech model has been closed.")
        return PocketSphinxDecoder()

    def close(self) -> None:
        """Give no more decoders; each frees its own memory."""
        self._closed = True


class PocketSphinxDecoder:
    """A decoder in a child process, which ends with this object or with this process."""

    def __init__(self, command: list[str] | None = None, *, patience: float = _PATIENCE) -> None:
        self._patience = patience
        environ = dict(os.environ)
        environ["PYTHONPATH"] = os.pathsep.join(
            part for part in (str(_ROOT), environ.get("PYTHONPATH", "")) if part
        )
        try:
            self._child = subprocess.Popen(
                command or [sys.executable, "-m", "s2i.speech.pocketsphinx_child"],
                cwd=_ROOT,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise _failed(f"its process can't be started: {error}") from error
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reader = threading.Thread(
            target=_read, args=(self._child.stdout, self._answers), name=NAME, daemon=True
        )
        reader.start()
        self._end = weakref.finalize(self, _stop, self._child, reader)
        self._answer()

    def accept(self, pcm: bytes) -> Heard:
        """Take samples. Nothing settles before the end."""
        return Heard("", str(self._ask(b"A", pcm)["text"]))

    def record(self) -> None:
        """What comes until the utterance's end is a recording: it is heard better, but later."""
        self._ask(b"W")

    def finish(self) -> Result:
        """What was said, with each word's posterior probability as its confidence."""
        answer = self._ask(b"F")
        words = tuple(
            Word(
                str(text),
                round(start, 3),
                round(end, 3),
                None if sure is None else round(min(max(sure, 0.0), 1.0), 4),
            )
            for text, start, end, sure in answer["words"]
        )
        return Result(words, tuple(answer["alternatives"]))

    def reset(self) -> None:
        """Ready for the next utterance."""
        self._ask(b"R")

    def worn(self) -> bool:
        """Its memory doesn't grow; only a dead child is of no more use."""
        return self._child.poll() is not None

    def close(self) -> None:
        """End the child."""
        self._end()

    def _ask(self, letter: bytes, pcm: bytes = b"") -> dict[str, Any]:
        assert self._child.stdin is not None  # noqa: S101 - Popen was given a pipe
        try:
            self._child.stdin.write(HEADER.pack(letter, len(pcm)) + pcm)
            self._child.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: closed already
            self.close()
            raise _failed("its process has ended") from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=self._patience)
        except queue.Empty:
            self.close()
            raise _failed(f"no answer came for {self._patience:g} s") from None
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            self.close()
            raise _failed("its process has ended") from None
        if "error" in answer:
            self.close()
            raise _failed(str(answer["error"]))
        return answer


def _read(stream: IO[bytes], answers: queue.SimpleQueue[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):  # closed while it was read
        for line in stream:
            answers.put(line)
    answers.put(b"")


def _stop(child: subprocess.Popen[bytes], reader: threading.Thread) -> None:
    child.kill()
    child.wait()
    reader.join()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                stream.close()


def _failed(reason: str) -> SpeechError:
    return SpeechError(
        "recogniser-failed",
        f"PocketSphinx couldn't go on: {reason[:200]}.",
        hint="Say it again; if that fails, 'python run.py doctor' checks the installation.",
        retryable=True,
    )
