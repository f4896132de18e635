"""What isn't mono s16le is refused before native code sees it; what is, never."""

from __future__ import annotations

import math

import numpy as np
import pytest

from s2i.errors import InputError
from s2i.speech import pcm
from tests.speech_audio import sounds

RATE = 16_000
DICE = np.random.default_rng(3)
VOICE = sounds.sine(220, 0.1, RATE, 0.3) + sounds.sine(1830, 0.1, RATE, 0.1)


def refused(data: bytes, rate: int = RATE, **more: int) -> str:
    with pytest.raises(InputError) as caught:
        pcm.check_pcm(data, rate, **more)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.mark.parametrize("rate", [0, -16_000, 1, 7_999, 192_001, 10**12, True, 16_000.0, "16000"])
def test_rates_that_cannot_be(rate):
    assert refused(sounds.s16(VOICE), rate) == "bad-rate"


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_rates_that_can(rate):
    assert pcm.check_rate(rate) == rate


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-audio"),
        (sounds.s16(VOICE)[:-1], "odd-audio"),
        (bytes(50_000_000), "too-much-audio"),
        (VOICE.astype("<f4").tobytes(), "float-audio"),
        (DICE.normal(0, 0.01, 1600).astype("<f4").tobytes(), "float-audio"),
        (np.repeat(np.frombuffer(sounds.s16(VOICE), "<i2"), 2).tobytes(), "stereo-audio"),
        (sounds.s16(np.stack([VOICE, 0 * VOICE], axis=1)), "stereo-audio"),
        (sounds.s16(np.stack([0 * VOICE, VOICE], axis=1)), "stereo-audio"),
    ],
    ids=["none", "odd", "50 MB", "float", "quiet float", "two equal", "left only", "right only"],
)
def test_what_is_no_chunk(data, code):
    assert refused(data) == code


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg-opus", "webm", "m4a", "aiff"])
def test_a_file_instead_of_samples(name):
    assert refused(sounds.file(sounds.sine(440, 0.5, 48_000), 48_000, name)) == "audio-header"


def test_the_limit_is_in_bytes():
    pcm.check_pcm(bytes(1000), RATE, 1000)
    assert refused(bytes(1002), limit=1000) == "too-much-audio"


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(1600),
        np.ones(1600),
        VOICE,
        VOICE * 1e-4,
        np.sign(VOICE) * 0.999,
        np.clip(VOICE * 50, -1, 1),
        DICE.normal(0, 0.2, 1600),
        DICE.normal(0, 1e-5, 1600),
        DICE.uniform(-1, 1, 1600),
        np.tile([0.45, -0.45], 800),
    ],
)
def test_sound_of_any_kind_is_let_through(sound):
    pcm.check_pcm(sounds.s16(sound), RATE)


def test_a_single_sample_is_a_chunk():
    pcm.check_pcm(b"\1\2", RATE)


def test_level_is_in_dbfs_and_ignores_an_offset():
    assert pcm.level(sounds.s16(sounds.sine(500, 0.1, RATE, 1.0))) == pytest.approx(-3.01, abs=0.05)
    quiet = sounds.sine(500, 0.1, RATE, 0.01)
    assert pcm.level(sounds.s16(quiet + 0.3)) == pytest.approx(-43.0, abs=0.1)
    assert pcm.level(bytes(3200)) == -math.inf
    assert pcm.level(b"") == -math.inf
