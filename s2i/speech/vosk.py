"""Vosk: the default recogniser. One model in memory serves all its decoders.

What is built around here (Vosk 0.3.45, measured):

- A decoder's cache of the search graph grows with what it hears (to about 250 MB on the largest
  small model), and that is what makes it quick: a new one takes several times the CPU.
- Word times go on counting over all utterances of a decoder; they are set back here.
- `SetMaxAlternatives` takes away the words' confidences, so no alternatives are asked for.
- Decoding dithers: the same sound may give another text.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from bootstrap import catalogue, downloads, models
from bootstrap.catalogue import SpeechEntry
from s2i.errors import MissingError, ModelMissing, SpeechError
from s2i.speech import memory
from s2i.speech.base import Decoder, Heard, Result, Word
from s2i.speech.choice import Offer
from s2i.speech.pcm import SAMPLE_BYTES

NAME = "vosk"
RATE = 16_000  # Hz; what Vosk's models were trained on
BUDGET = 60 * 2**20  # bytes that a decoder may grow by
DECODERS = 8  # whose budgets are one purse: a decoder alone may grow by more than its share
_GROWTH_PER_SECOND = 2 * 2**20  # bytes; the mean over the first 100 s of speech


def offer(language: str, home: Path) -> Offer:
    """Vosk with the best installed model of a language. Raises MissingError with the way out.

    A folder that somebody put there by hand is tried out in a child process first, once.
    """
    entry = models.installed_speech(home, language) or _by_hand(language, home)
    if entry is None:
        known = catalogue.load()
        if not known.speech_for(language):
            raise MissingError(
                "no-speech-model",
                f"There is no Vosk model for the language '{language[:40]}'.",
                hint=f"Choose one of {', '.join(known.languages)} with --language.",
            )
        first = known.speech_for(language)[0]
        raise MissingError(
            "no-speech-model",
            f"No {first.language_name} model for Vosk is installed.",
            hint=f"'python run.py setup --language {first.language}' fetches {first.name} "
            f"({first.download_bytes / 1e6:.0f} MB).",
        )
    folder = downloads.speech_path(home, entry)
    return Offer(NAME, entry.name, lambda: VoskModel(folder, entry.language, entry.name))


def _by_hand(language: str, home: Path) -> SpeechEntry | None:
    for entry in catalogue.load().speech_for(language):
        folder = downloads.speech_path(home, entry)
        if folder.is_dir():
            _vouch_once(home, entry, folder)
            return entry
    return None


def _vouch_once(home: Path, entry: SpeechEntry, folder: Path) -> None:
    """Try a folder out, once for the state it is in: that takes a process and seconds, and who
    asks for the status asks often. Raises ModelMissing."""
    state = _state_of(folder)
    known = _broken.get(folder)
    if known is not None and known[0] == state:
        raise ModelMissing(known[1].code, known[1].message, hint=known[1].hint)
    try:
        models.vouch_speech(home, entry)
    except ModelMissing as error:
        _broken[folder] = state, error
        raise
    _broken.pop(folder, None)


_State = frozenset[tuple[str, int, int]]
_broken: dict[Path, tuple[_State, ModelMissing]] = {}


def _state_of(folder: Path) -> _State:
    """Names, sizes and times of its files."""
    return frozenset(
        (str(path), found.st_size, found.st_mtime_ns)
        for path in folder.rglob("*")
        if (found := path.lstat())
    )


class VoskModel:
    """A loaded model. `folder` must have been vouched for: Vosk aborts on some broken ones.

    Raises ModelMissing where it doesn't load, MissingError where Vosk itself doesn't.
    """

    recogniser = NAME
    sample_rate = RATE

    def __init__(
        self, folder: Path, language: str, name: str = "", *, budget: int = BUDGET
    ) -> None:
        self.language = language
        self.name = name or folder.name
        self._budget = budget
        if not folder.is_dir():
            raise ModelMissing(
                "model-missing",
                f"The speech model {self.name} isn't there.",
                hint=f"'python run.py setup --language {language}' fetches it.",
            )
        try:
            import vosk
        except (ImportError, OSError) as error:
            raise MissingError(
                "no-vosk",
                f"Vosk doesn't load ({error}).",
                hint="'python run.py doctor' says what is missing.",
            ) from error
        vosk.SetLogLevel(-1)
        try:
            self._native: Any = vosk.Model(str(folder))
        except Exception as error:
            raise ModelMissing(
                "model-broken",
                f"The speech model {self.name} doesn't load.",
                hint=f"'python run.py setup --language {language}' fetches it anew.",
            ) from error
        self._growth = memory.Growth(_GROWTH_PER_SECOND)

    def decoder(self) -> Decoder:
        """A new decoder: 60 to 90 ms, and slow on its first second of sound."""
        if self._native is None:
            raise SpeechError("model-closed", "The speech model has been closed.")
        return VoskDecoder(self._native, self._growth, self._budget)

    def close(self) -> None:
        """Free the model, once its last decoder is gone."""
        self._native = None
        memory.trim()


class VoskDecoder:
    """A recogniser of Vosk's, used for one utterance after the other."""

    def __init__(self, model: Any, growth: memory.Growth, budget: int) -> None:
        import vosk

        self._lock = threading.Lock()
        self._growth = growth
        self._budget = budget
        self._grown = 0
        self._fed = 0  # samples over its whole life
        self._begin = 0  # of them before this utterance
        self._settled: list[str] = []
        self._words: list[Word] = []
        try:
            self._native: Any = vosk.KaldiRecognizer(model, RATE)
        except Exception as error:
            raise _failed(error) from error
        self._native.SetWords(True)

    def accept(self, pcm: bytes) -> Heard:
        """Take samples. An endpoint of Vosk's own settles what was said and ends nothing."""
        try:
            ended = self._native.AcceptWaveform(pcm)
            self._fed += len(pcm) // SAMPLE_BYTES
            if ended:
                self._settle(self._native.Result())
                tail = ""
            else:
                tail = str(json.loads(self._native.PartialResult()).get("partial", ""))
        except Exception as error:
            raise _failed(error) from error
        self._grown += self._growth.charge(len(pcm) / SAMPLE_BYTES / RATE)
        return Heard(" ".join(self._settled), tail)

    def finish(self) -> Result:
        """What was said, with each word's confidence; alternatives stay empty."""
        try:
            self._settle(self._native.FinalResult())
        except Exception as error:
            raise _failed(error) from error
        self._grown += self._growth.charge(0.0)
        result = Result(tuple(self._words))
        self._forget()
        return result

    def reset(self) -> None:
        """Ready for the next utterance. Not by `Reset`: it would keep this speaker's features."""
        if self._fed != self._begin:
            self.finish()
        self._forget()

    def worn(self) -> bool:
        """Whether it has grown beyond its budget, and all together beyond that of eight."""
        return self._grown > self._budget and self._growth.total > self._budget * DECODERS

    def close(self) -> None:
        """Free its memory."""
        with self._lock:
            native, self._native = self._native, None
        if native is not None:
            del native
            memory.trim()
            self._growth.refund(self._grown)

    def _settle(self, text: str) -> None:
        found = json.loads(text)
        begin = self._begin / RATE
        length = (self._fed - self._begin) / RATE
        for item in found.get("result", ()):
            # The decoder's clock is a 32-bit float, so a word may start a hair early.
            start = min(max(float(item["start"]) - begin, 0.0), length)
            end = min(max(float(item["end"]) - begin, start), length)
            confidence = min(max(float(item["conf"]), 0.0), 1.0)
            self._words.append(
                Word(str(item["word"]), round(start, 3), round(end, 3), round(confidence, 4))
            )
        if found.get("text"):
            self._settled.append(str(found["text"]))

    def _forget(self) -> None:
        self._begin = self._fed
        self._settled = []
        self._words = []


def _failed(error: Exception) -> SpeechError:
    return SpeechError(
        "recogniser-failed",
        f"Vosk couldn't go on ({error}).",
        hint="Say it again; if that fails, 'python run.py doctor' checks the model.",
        retryable=True,
    )
