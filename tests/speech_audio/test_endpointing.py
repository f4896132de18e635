"""Utterances end when people stop, in noise too; and not before."""

from __future__ import annotations

import csv
import itertools
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2i.errors import InputError
from s2i.speech.endpointing import Endpointer, Verdict
from tests.speech_audio import sounds

RATE = 16_000
SILENCE = 0.8
CLIPS = Path(__file__).resolve().parents[3] / "shared" / "speech"


class Speaker:
    """Speech-like sound: syllables of a voice in words, and a recogniser that lags behind it."""

    def __init__(self, seed: int, words: int = 6, begin: float = 0.6, longest_pause: float = 0.5):
        dice = np.random.default_rng(seed)
        self.dice = dice
        self.ends: list[float] = []
        pieces = [np.zeros(int(begin * RATE))]
        at = begin
        for _ in range(words):
            for _ in range(dice.integers(1, 4)):
                piece = self._syllable(dice)
                pieces.append(piece)
                at += len(piece) / RATE
            self.ends.append(at)
            pause = np.zeros(int(dice.uniform(0.02, longest_pause) * RATE))
            pieces.append(pause)
            at += len(pause) / RATE
        self.end = self.ends[-1]
        self.sound = np.concatenate(pieces)[: int(self.end * RATE)]
        self.lag = dice.uniform(0.15, 0.4)

    @staticmethod
    def _syllable(dice: np.random.Generator) -> Any:
        length = dice.uniform(0.1, 0.25)
        when = np.arange(int(length * RATE)) / RATE
        pitch = dice.uniform(90, 220)
        voice = sum(np.sin(2 * np.pi * pitch * k * when + k) / k for k in range(1, 15))
        return voice * np.sin(np.pi * when / length) ** 0.5 * dice.uniform(0.03, 0.1)

    def heard(self, now: float) -> str:
        return " ".join(f"word{i}" for i, end in enumerate(self.ends) if end + self.lag <= now)

    def with_noise(self, snr: float | None, after: float) -> Any:
        sound = np.concatenate([self.sound, np.zeros(int(after * RATE))])
        if snr is None:
            return sound
        loud = np.sqrt(np.mean(self.sound[self.sound != 0] ** 2))
        return sound + self.dice.standard_normal(len(sound)) * loud / 10 ** (snr / 20)


def ended(
    sound: Any, heard: Callable[[float], str], step: float = 0.1, **times: Any
) -> tuple[Verdict, float]:
    """The verdict and its time (s); GOING where the sound ends first."""
    endpointer = Endpointer(RATE, **times)
    size = int(step * RATE) * 2
    pcm = sounds.s16(sound)
    for at in range(0, len(pcm), size):
        now = min(at + size, len(pcm)) / 2 / RATE
        if endpointer.feed(pcm[at : at + size], heard(now)) is not Verdict.GOING:
            break
    return endpointer.verdict, endpointer.seconds


def silence(seconds: float, noise: float = 0.0, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * noise


@pytest.mark.parametrize("snr", [None, 40, 30, 20, 10])
@pytest.mark.parametrize("seed", range(6))
def test_speech_ends_soon_after_its_end_and_not_before(seed, snr):
    speaker = Speaker(seed)
    verdict, at = ended(speaker.with_noise(snr, 4.0), speaker.heard)
    assert verdict is Verdict.SILENCE
    assert speaker.end + SILENCE / 2 <= at <= speaker.end + SILENCE + 0.4


@pytest.mark.parametrize("snr", [5, 0])
@pytest.mark.parametrize("seed", range(6))
def test_speech_in_loud_noise_ends_too(seed, snr):
    """Where energy says little the words do: later, but neither never nor in the middle."""
    speaker = Speaker(seed)
    verdict, at = ended(speaker.with_noise(snr, 5.0), speaker.heard)
    assert verdict is Verdict.SILENCE
    assert speaker.end <= at <= speaker.end + SILENCE + 1.5 + 0.4


@pytest.mark.parametrize("silence_time", [0.4, 0.8, 1.6, 3.0])
def test_the_silence_is_adjustable(silence_time):
    speaker = Speaker(1, longest_pause=0.2)
    _, at = ended(speaker.with_noise(30, 6.0), speaker.heard, silence=silence_time)
    assert speaker.end + silence_time - 0.3 <= at <= speaker.end + silence_time + 0.4


def test_a_pause_longer_than_the_silence_ends_it_and_a_shorter_one_does_not():
    one, two = Speaker(1, words=3), Speaker(2, words=3, begin=0.0)
    for pause, whole in ((0.6, True), (2.0, False)):
        sound = np.concatenate([one.sound, silence(pause), two.sound, silence(3)])
        sound = sound + silence(len(sound) / RATE, 1e-4)

        def heard(now, pause=pause):
            return f"{one.heard(now)} {two.heard(now - one.end - pause)}"

        _, at = ended(sound, heard)
        assert (at > one.end + pause + two.end) is whole


@pytest.mark.parametrize("noise", [0.0, 1e-5, 1e-3, 3e-2])
@pytest.mark.parametrize("text", ["", "the", "huh", "[50]"])
def test_nothing_said(noise, text):
    verdict, at = ended(silence(15, noise), lambda now: text if now > 3 else "")
    assert verdict is Verdict.NO_SPEECH
    assert at == pytest.approx(8.0, abs=0.11)


def test_a_keyboard_is_not_speech():
    sound = silence(15, 1e-4)
    for key in range(0, len(sound) - 400, RATE // 3):
        sound[key : key + 400] += silence(0.025, 0.3)
    verdict, at = ended(sound, lambda now: "")
    assert verdict is Verdict.NO_SPEECH
    assert at <= 10.1


def test_who_begins_to_speak_at_the_last_moment_is_heard_out():
    speaker = Speaker(3, begin=7.6)
    verdict, at = ended(speaker.with_noise(25, 3.0), speaker.heard)
    assert verdict is Verdict.SILENCE
    assert at > speaker.end


def test_a_keyboard_after_speech_does_not_hold_it():
    speaker = Speaker(4)
    sound = speaker.with_noise(30, 8.0)
    for key in range(len(speaker.sound), len(sound) - 3000, RATE // 4):
        sound[key : key + 3000] += silence(3000 / RATE, 0.05)
    verdict, at = ended(sound, speaker.heard)
    assert verdict is Verdict.SILENCE
    assert at <= speaker.end + SILENCE + 1.5 + 0.5


def test_a_fan_that_starts_in_the_middle_does_not_hold_it():
    speaker = Speaker(5, words=8)
    sound = speaker.with_noise(40, 8.0)
    sound[len(speaker.sound) // 2 :] += silence(20, 0.02)[: len(sound) - len(speaker.sound) // 2]
    verdict, at = ended(sound, speaker.heard)
    assert verdict is Verdict.SILENCE
    assert speaker.end <= at <= speaker.end + SILENCE + 1.5 + 0.5


def test_words_made_up_after_speech_do_not_hold_it():
    speaker = Speaker(6)
    made_up = itertools.count()

    def heard(now):
        said = speaker.heard(now)
        return f"{said} ghost{next(made_up)}" if now > speaker.end else said

    verdict, at = ended(speaker.with_noise(30, 8.0), heard)
    assert verdict is Verdict.SILENCE
    assert at <= speaker.end + SILENCE + 1.0 + 0.2


def test_a_word_made_up_before_speech_does_not_end_it():
    speaker = Speaker(7, begin=4.0)
    verdict, at = ended(
        speaker.with_noise(20, 4.0), lambda now: f"if {speaker.heard(now)}" if now > 0.3 else ""
    )
    assert verdict is Verdict.SILENCE
    assert at > speaker.end


def test_an_offset_and_a_start_in_digital_silence_change_nothing():
    speaker = Speaker(8, begin=1.5)
    sound = speaker.with_noise(25, 4.0) + 0.05
    sound[: RATE // 2] = 0
    verdict, at = ended(sound, speaker.heard)
    assert verdict is Verdict.SILENCE
    assert speaker.end <= at <= speaker.end + SILENCE + 0.4


def test_the_cap():
    speaker = Speaker(9, words=60)
    assert speaker.end > 12
    verdict, at = ended(speaker.with_noise(30, 1.0), speaker.heard, cap=10.0)
    assert verdict is Verdict.CAP
    assert at == pytest.approx(10.0, abs=0.11)


@pytest.mark.parametrize("step", [0.01, 0.0333, 0.25, 0.5])
def test_chunks_make_no_difference_beyond_their_size(step):
    speaker = Speaker(10)
    sound = speaker.with_noise(25, 4.0)
    _, fine = ended(sound, speaker.heard, step=0.02)
    _, at = ended(sound, speaker.heard, step=step)
    assert abs(at - fine) <= step + 0.05


def test_it_is_deterministic_and_a_verdict_stays():
    speaker = Speaker(11)
    sound = speaker.with_noise(20, 3.0)
    assert ended(sound, speaker.heard) == ended(sound, speaker.heard)
    endpointer = Endpointer(RATE, no_speech=1.0)
    assert endpointer.feed(bytes(2 * RATE * 2), "") is Verdict.NO_SPEECH
    assert endpointer.feed(sounds.s16(sound), "a fox") is Verdict.NO_SPEECH
    assert endpointer.seconds == 2.0


@pytest.mark.parametrize(
    "times", [{"silence": 0}, {"silence": -1}, {"cap": float("nan")}, {"no_speech": 1e9}]
)
def test_times_that_cannot_be(times):
    with pytest.raises(InputError) as caught:
        Endpointer(RATE, **times)
    assert caught.value.hint
    with pytest.raises(InputError):
        Endpointer(0)


def _clips() -> list[str]:
    if not (CLIPS / "manifest.tsv").exists():
        return []
    with (CLIPS / "manifest.tsv").open(encoding="utf-8") as file:
        return [row["file"] for row in csv.DictReader(file, delimiter="\t")]


@pytest.fixture(scope="module")
def sphinx():
    pocketsphinx = pytest.importorskip("pocketsphinx")
    return pocketsphinx.Decoder(samprate=RATE, loglevel="FATAL")


@pytest.mark.skipif(not _clips(), reason="the recordings of people aren't here")
@pytest.mark.parametrize("snr", [None, 20])
@pytest.mark.parametrize("name", [*_clips()] or [""])
def test_recordings_of_people_with_a_real_recogniser(sphinx, name, snr):
    with wave.open(str(CLIPS / name)) as file:
        clip = sounds.floats(file.readframes(file.getnframes()))
    loudness = np.sqrt(np.mean(clip**2))
    frames = clip[: len(clip) // 320 * 320].reshape(-1, 320)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > loudness / 5) * 0.02
    begin = 0.5
    sound = np.concatenate([silence(begin), clip, silence(3.0)])
    if snr is not None:
        sound = sound + silence(len(sound) / RATE, loudness / 10 ** (snr / 20))[: len(sound)]
    pcm = sounds.s16(sound)
    done = 0

    def heard(now):
        nonlocal done
        upto = round(now * RATE) * 2
        sphinx.process_raw(pcm[done:upto], False, False)
        done = upto
        best = sphinx.hyp()
        return best.hypstr if best else ""

    sphinx.start_utt()
    try:
        verdict, at = ended(sound, heard)
    finally:
        sphinx.end_utt()
    assert verdict is Verdict.SILENCE
    assert at <= begin + len(clip) / RATE + SILENCE + 0.4
    # Not before the last word, except in a pause of the speaker's own.
    spoken = begin + loud
    just_before = spoken[(spoken > at - SILENCE + 0.15) & (spoken < at)]
    assert len(just_before) < 3 or at > spoken[-1]
