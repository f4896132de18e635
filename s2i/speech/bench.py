"""What a recogniser costs on this machine, warm, with audio fed as fast as it is spoken."""

from __future__ import annotations

import statistics
import threading
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.errors import InputError, S2IError
from s2i.events import EventType
from s2i.speech import memory
from s2i.speech.base import Transcript
from s2i.speech.decoders import DecoderPool
from s2i.speech.utterance import Utterance

CHUNK = 0.1  # s
AT_ONCE = 8


@dataclass(frozen=True)
class SpeechBench:
    """Medians over the runs, in seconds unless said otherwise.

    `first_partial` counts from the first word's start; `cadence` is the time between partials while
    words come; `cpu` is CPU seconds per second of audio and `growth` bytes for each of eight
    utterances at once: None where the recogniser works in a process of its own. `lost` is audio
    in seconds that eight at once lost; `late` how far the slowest of them fell behind real time.
    """

    recogniser: str
    model: str
    final: float
    first_partial: float | None
    cadence: float | None
    cpu: float | None
    growth: float | None
    lost: float
    late: float


@dataclass
class _Spoken:
    final: float
    partials: list[float]
    begun: float
    late: float
    seconds: float
    transcript: Transcript


def read_wav(path: Path) -> tuple[bytes, int]:
    """A mono 16-bit WAV as samples and rate. Raises InputError."""
    try:
        with wave.open(str(path)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise InputError("bad-audio", f"{path.name} isn't mono 16-bit WAV.")
            return file.readframes(file.getnframes()), file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise InputError("bad-audio", f"{path.name} can't be read as WAV ({error}).") from error


def measure(pool: DecoderPool, clips: list[Path], *, runs: int) -> SpeechBench:
    """Speak each clip once to warm up, then `runs` clips in turn, then eight at once.

    Takes about as long as the clips do. Raises InputError, S2IError of the recogniser.
    """
    spoken = [read_wav(path) for path in clips]
    for pcm, rate in spoken:
        _speak(pool, pcm, rate, real_time=False)
    inside = _in_this_process(pool)
    results: list[_Spoken] = []
    audio = 0.0
    began = time.process_time()
    for number in range(runs):
        pcm, rate = spoken[number % len(spoken)]
        results.append(_speak(pool, pcm, rate))
        audio += len(pcm) / 2 / rate
    cpu = (time.process_time() - began) / audio
    pcm, rate = spoken[0]
    before = memory.resident()
    together = _at_once(pool, pcm, rate)
    after = memory.resident()
    first = [
        item.partials[0] - item.begun - item.transcript.words[0].start
        for item in results
        if item.partials and item.transcript.words
    ]
    gaps = [
        late - early
        for item in results
        for early, late in zip(item.partials, item.partials[1:], strict=False)
    ]
    grown = None if before is None or after is None else (after - before) / AT_ONCE
    return SpeechBench(
        recogniser=pool.model.recogniser,
        model=pool.model.name,
        final=statistics.median(item.final for item in results),
        first_partial=statistics.median(first) if first else None,
        cadence=statistics.median(gaps) if gaps else None,
        cpu=cpu if inside else None,
        growth=grown if inside else None,
        lost=sum(len(pcm) / 2 / rate - item.seconds for item in together),
        late=max(item.late for item in together),
    )


def _in_this_process(pool: DecoderPool) -> bool:
    """Whether its decoders work in this process: time and memory can be seen from here."""
    return pool.model.recogniser != "pocketsphinx"


def _speak(pool: DecoderPool, pcm: bytes, rate: int, *, real_time: bool = True) -> _Spoken:
    partials: list[float] = []

    def listen(kind: EventType, **_data: Any) -> None:
        if kind is EventType.STT_PARTIAL:
            partials.append(time.perf_counter())

    step = int(rate * CHUNK) * 2
    utterance = Utterance(pool, rate, emit=listen, endpoint=False)
    begun = time.perf_counter()
    late = 0.0
    try:
        for at in range(0, len(pcm), step):
            piece = pcm[at : at + step]
            due = begun + (at + len(piece)) / 2 / rate
            if real_time:  # a chunk is there once its last sample has been spoken
                time.sleep(max(due - time.perf_counter(), 0.0))
            utterance.feed(piece)
            late = max(late, time.perf_counter() - due)
        ended = begun + len(pcm) / 2 / rate if real_time else time.perf_counter()
        transcript = utterance.finish()
    except BaseException:
        utterance.cancel()
        raise
    final = time.perf_counter() - ended
    return _Spoken(final, partials, begun, late, utterance.seconds, transcript)


def _at_once(pool: DecoderPool, pcm: bytes, rate: int) -> list[_Spoken]:
    results: list[_Spoken] = []
    errors: list[S2IError] = []

    def speak() -> None:
        try:
            results.append(_speak(pool, pcm, rate))
        except S2IError as error:
            errors.append(error)

    threads = [threading.Thread(target=speak) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
