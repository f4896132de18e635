"""When an utterance is over: energy above the room's noise, and the recogniser's words. Pure.

Neither is enough by itself. Energy mistakes a keyboard for speech and misses speech in loud noise;
the recogniser's words lag, and in noise it makes words up. Hence, with time counted in samples:

* Speech has come once there is a word that isn't a filler.
* It goes on while there is energy, or while words change (less their lag; `_UNCLEAR` more where
  the noise is as loud as the speech).
* Energy without new words holds an utterance for `_ENERGY_ALONE` longer than silence does;
  words without energy for `_WORDS_ALONE`, where the energy can tell speech from noise at all.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections import deque
from enum import Enum

from s2i.errors import InputError
from s2i.speech.fillers import DEFAULT_LANGUAGE, meant
from s2i.speech.pcm import SAMPLE_BYTES, check_rate, level_of, samples

_FRAME = 0.02  # s
_MEMORY = 5.0  # s of frames from which noise and speech levels are taken
_NOISE_SHARE = 0.1  # the quietest tenth is the room: in speech, too, one frame in ten is a pause
_SPEECH_SHARE = 0.95
_MARGIN = 8.0  # dB above the room that speech has
_DEPTH = 30.0  # dB below the loudest speech where no word can be
_FLOOR = -70.0  # dBFS; below it there is no room, but a switched-off input or digital silence
_CLEAR = 11.0  # dB between room and speech from which energy can be believed
_RUN = 3  # frames of the last five that make energy: a click has fewer
_LAG = 0.4  # s from a word's end to its text; measured on Vosk and PocketSphinx
_ENERGY_ALONE = 1.5  # s; a long word or an "er" changes no text
_WORDS_ALONE = 1.0  # s
_UNCLEAR = 0.7  # s more, where words alone tell: a long word changes no text until it is over
_BELIEVED = 3  # words, which no recogniser makes up from steady noise
_LATE = 2.0  # s that somebody who spoke up at the last moment gets until there is a word

MAX_SILENCE, MAX_CAP = 10.0, 600.0  # s


class Verdict(str, Enum):
    """What `feed` says; all but GOING are final."""

    GOING = "going"
    SILENCE = "silence"  # speech came and ended
    NO_SPEECH = "no-speech"  # none came
    CAP = "cap"  # too long: what came before counts


class Endpointer:
    """Listens to one utterance and says when it is over. Deterministic, no clock.

    `silence`, `cap` and `no_speech` are in seconds of audio: the silence that ends speech, the
    longest utterance, and how long to wait for a first word. `language` chooses the fillers.
    """

    def __init__(
        self,
        sample_rate: int,
        *,
        silence: float = 0.8,
        cap: float = 60.0,
        no_speech: float = 8.0,
        language: str = DEFAULT_LANGUAGE,
    ) -> None:
        self._rate = check_rate(sample_rate)
        _check("silence", silence, 0.2, MAX_SILENCE)
        _check("cap", cap, 1.0, MAX_CAP)
        _check("no_speech", no_speech, 1.0, MAX_CAP)
        self._silence = silence
        self._cap = cap
        self._no_speech = no_speech
        self._language = language
        self._energy = _Energy(self._rate, silence)
        self._samples = 0
        self._words: tuple[str, ...] = ()
        self._words_at = 0.0
        self._verdict = Verdict.GOING

    @property
    def verdict(self) -> Verdict:
        """The latest verdict."""
        return self._verdict

    @property
    def seconds(self) -> float:
        """How much audio has been fed."""
        return self._samples / self._rate

    def feed(self, pcm: bytes, heard: str) -> Verdict:
        """Take mono s16le and the recogniser's whole text so far, which may change or shrink.

        After a final verdict it stays as it is, whatever is fed.
        """
        if self._verdict is not Verdict.GOING:
            return self._verdict
        self._samples += len(pcm) // SAMPLE_BYTES
        self._energy.feed(pcm)
        words = meant(heard, self._language)
        if words != self._words:
            self._words = words
            self._words_at = max(self.seconds - _LAG, 0.0)
        self._verdict = self._judge()
        return self._verdict

    def _judge(self) -> Verdict:
        now = self.seconds
        # A word or two before any energy may be made up from noise; somebody may yet speak.
        came = (
            self._energy.began is not None
            or len(self._words) >= _BELIEVED
            or now >= self._no_speech
        )
        if self._words and came and self._is_over(now):
            return Verdict.SILENCE
        if not self._words and now >= self._no_speech and not self._speaks_late(now):
            return Verdict.NO_SPEECH
        return Verdict.CAP if now >= self._cap else Verdict.GOING

    def _is_over(self, now: float) -> bool:
        without_words = now - self._words_at
        without_energy = now - self._energy.last
        energy_alone = now - max(self._words_at, self._energy.began or 0.0)
        slack = 0.0 if self._energy.clear else _UNCLEAR
        return (
            (without_energy >= self._silence and without_words >= self._silence + slack)
            or energy_alone >= self._silence + _ENERGY_ALONE
            or (self._energy.clear and without_energy >= self._silence + _WORDS_ALONE)
        )

    def _speaks_late(self, now: float) -> bool:
        begun = self._no_speech - _LATE / 2
        return now < self._no_speech + _LATE and self._energy.last > begun


class _Energy:
    """When there was last energy that stands out of the room. Independent of the chunks' sizes."""

    def __init__(self, rate: int, silence: float) -> None:
        self._silence = silence
        self._size = max(round(rate * _FRAME), 1)
        self._rate = rate
        self._rest: array[int] = array("h")
        self._frames = 0
        self._levels: deque[float] = deque()
        self._sorted: list[float] = []
        self._recent: deque[bool] = deque(maxlen=5)
        self.began: float | None = None  # s; of the latest stretch without a silence in it
        self.last = 0.0  # s
        self.clear = False  # speech stands out so far that its absence is silence

    def feed(self, pcm: bytes) -> None:
        values = self._rest + samples(pcm[: len(pcm) - len(pcm) % SAMPLE_BYTES])
        whole = len(values) - len(values) % self._size
        for start in range(0, whole, self._size):
            self._frame(level_of(values[start : start + self._size]))
        self._rest = values[whole:]

    def _frame(self, level: float) -> None:
        self._frames += 1
        if level == -math.inf and not self._levels:
            return  # a microphone that is still starting; later it is a headset's noise gate
        level = max(level, _FLOOR)
        self._remember(level)
        room = self._share(_NOISE_SHARE)
        speech = self._share(_SPEECH_SHARE)
        self._recent.append(level > max(room + _MARGIN, speech - _DEPTH))
        if sum(self._recent) >= _RUN:
            now = self._frames * self._size / self._rate
            if self.began is None or now - self.last >= self._silence:
                self.began = now
            self.last = now
            # Judged while there is speech: later the pause would push it out of the memory.
            self.clear = speech - room >= _CLEAR

    def _remember(self, level: float) -> None:
        self._levels.append(level)
        insort(self._sorted, level)
        if len(self._levels) > _MEMORY / _FRAME:
            self._sorted.pop(bisect_left(self._sorted, self._levels.popleft()))

    def _share(self, share: float) -> float:
        return self._sorted[min(int(len(self._sorted) * share), len(self._sorted) - 1)]


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:  # also refuses NaN
        raise InputError(
            f"bad-{name.replace('_', '-')}",
            f"{value} seconds can't be the {name.replace('_', ' ')} time.",
            hint=f"Choose {least:g} to {most:g} seconds.",
        )
