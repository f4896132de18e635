"""The resampler: as good as its sentence says, and the same however a stream is cut."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from s2i.errors import InputError, SpeechError
from s2i.speech.audio import Resampler
from tests.speech_audio import sounds

RATES = [8_000, 11_025, 12_345, 22_050, 44_100, 48_000, 96_000, 191_999, 192_000]


def resampled(pcm: bytes, rate_in: int, rate_out: int, step: int) -> bytes:
    resampler = Resampler(rate_in, rate_out)
    pieces = [resampler.feed(pcm[at : at + step]) for at in range(0, len(pcm), step)]
    return b"".join((*pieces, resampler.flush()))


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [100, 1000, 3400])
def test_a_tone_stays_that_tone(rate, hertz):
    pcm = sounds.s16(sounds.sine(hertz, 1.0, rate, 0.5))
    heard = sounds.floats(resampled(pcm, rate, 16_000, rate // 10 * 2))
    assert abs(len(heard) - 16_000) <= 1
    amplitude, below = sounds.tone(heard[400:-400], hertz, 16_000)
    assert amplitude == pytest.approx(0.5, rel=0.005)
    assert below > 80


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000, 192_000, 191_999])
@pytest.mark.parametrize("hertz", [8_200, 9_000, 10_500])
def test_a_tone_above_the_new_nyquist_is_gone(rate, hertz):
    pcm = sounds.s16(sounds.sine(hertz, 0.5, rate, 0.9))
    heard = sounds.floats(resampled(pcm, rate, 16_000, 4096))[400:-400]
    assert np.abs(heard).max() < 0.9e-3  # 60 dB


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 191_999])
def test_chunks_make_no_difference(rate):
    pcm = np.random.default_rng(rate).integers(-9000, 9000, rate // 4).astype("<i2").tobytes()
    whole = resampled(pcm, rate, 16_000, len(pcm))
    for step in (1, 2, 7, 333, 4096) if rate < 100_000 else (333, 4096):
        assert resampled(pcm, rate, 16_000, step) == whole


def test_nothing_is_held_back_for_long():
    resampler = Resampler(48_000, 16_000)
    assert len(resampler.feed(bytes(9600))) >= 3200 - 2 * 70


def test_equal_rates_pass_through():
    resampler = Resampler(16_000, 16_000)
    assert resampler.feed(b"\1\2\3") == b"\1\2"
    assert resampler.feed(b"\4") == b"\3\4"
    assert resampler.flush() == b""


def test_the_end_is_the_end():
    resampler = Resampler(48_000, 16_000)
    assert resampler.flush() == b""
    assert resampler.flush() == b""
    with pytest.raises(SpeechError):
        resampler.feed(bytes(2))


def test_rates_are_checked():
    with pytest.raises(InputError):
        Resampler(0, 16_000)
    with pytest.raises(InputError):
        Resampler(16_000, -1)


def test_it_survives_the_collector():
    """The filter graph must live as long as its ends: PyAV crashes otherwise."""
    resampler = Resampler(48_000, 16_000)
    resampler.feed(bytes(9600))
    gc.collect()
    assert resampler.feed(bytes(9600))
