"""Mono s16le, and what is taken for it by mistake: caught here, before native code sees it. Pure.

The recognisers can't tell: stereo, floats or a wrong rate give garbage text without an error, an
odd byte misaligns all that follows, rate 0 hangs Vosk and a negative one ends the process.
"""

from __future__ import annotations

import math
import sys
from array import array

from s2i.errors import InputError

MIN_RATE, MAX_RATE = 8_000, 192_000  # Hz
MAX_BYTES = 4 * 2**20  # of one chunk: 10 s at the highest rate; browsers send 0.1 s
SAMPLE_BYTES = 2
FULL_SCALE = 32768.0

_STREAM_HINT = "Send raw samples: mono, 16 bit, signed, little-endian, without a header."
_LOOKED_AT = 4096  # samples of a chunk that are enough to tell stereo and floats
_ENOUGH = 200  # samples below which they can't be told
# Containers by their first bytes; each is far longer than what loud samples hit by chance.
_HEADERS = (
    (0, b"RIFF", 8, b"WAVE", "WAV"),
    (0, b"RF64", 8, b"WAVE", "WAV"),
    (0, b"OggS", 4, b"\0", "Ogg"),
    (0, b"fLaC", 4, b"\0", "FLAC"),
    (0, b"\x1a\x45\xdf\xa3", 0, b"", "WebM"),
    (4, b"ftyp", 0, b"", "MP4"),
    (0, b"ID3", 4, b"\0", "MP3"),
    (0, b"FORM", 8, b"AIF", "AIFF"),
    (0, b"caff", 4, b"\0\1", "CAF"),
)


def check_rate(rate: int) -> int:
    """`rate` itself, where it is a whole number of Hz that sound is recorded at.

    Raises InputError (`bad-rate`).
    """
    # JSON may bring anything; True is an int to Python.
    if isinstance(rate, bool) or not isinstance(rate, int) or not MIN_RATE <= rate <= MAX_RATE:
        shown = repr(rate)[:40]
        raise InputError(
            "bad-rate",
            f"{shown} is not a sample rate.",
            hint=f"Give it in Hz, a whole number from {MIN_RATE} to {MAX_RATE}: "
            "48000 or 44100 is what most microphones have.",
        )
    return rate


def check_pcm(pcm: bytes, rate: int, limit: int = MAX_BYTES) -> None:
    """Raise InputError unless `pcm` can be a chunk of mono s16le at `rate` Hz.

    `limit` is in bytes. Codes: `bad-rate`, `empty-audio`, `too-much-audio`, `odd-audio`,
    `audio-header`, `float-audio`, `stereo-audio`. Of stereo only what is certain is caught: two
    equal channels, or one that is silent. A chunk of silence is fine.
    """
    check_rate(rate)
    if not pcm:
        raise InputError("empty-audio", "The chunk of audio is empty.", hint=_STREAM_HINT)
    if len(pcm) > limit:
        raise InputError(
            "too-much-audio",
            f"{len(pcm):,} bytes of audio at once are too many; {limit:,} are taken.",
            hint="Send the sound in chunks of about 0.1 s, or a whole recording as a file.",
        )
    for at, magic, then, more, name in _HEADERS:
        if pcm.startswith(magic, at) and pcm.startswith(more, then):
            raise InputError(
                "audio-header",
                f"This is a file ({name}), not a stream of samples.",
                hint=f"{_STREAM_HINT} A file goes to --audio or /api/transcriptions.",
            )
    if len(pcm) % SAMPLE_BYTES:
        raise InputError(
            "odd-audio",
            f"{len(pcm):,} bytes can't be 16-bit samples: the number is odd.",
            hint=_STREAM_HINT,
        )
    if _is_float(pcm):
        raise InputError(
            "float-audio", "The samples are 32-bit floats, not 16-bit numbers.", hint=_STREAM_HINT
        )
    if _is_stereo(samples(pcm[: _LOOKED_AT * SAMPLE_BYTES])):
        raise InputError("stereo-audio", "The audio is stereo, not mono.", hint=_STREAM_HINT)


def samples(pcm: bytes) -> array[int]:
    """The samples of s16le bytes, -32768 to 32767, on a machine of either byte order."""
    values = array("h", pcm)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def level(pcm: bytes) -> float:
    """The loudness (RMS without the constant part) in dBFS; -inf for silence or no samples."""
    return level_of(samples(pcm))


def level_of(values: array[int]) -> float:
    """`level` of samples. A full-scale sine has -3 dBFS."""
    count = len(values)
    if not count:
        return -math.inf
    mean = sum(values) / count
    # Cheap microphones have an offset that is louder than their noise.
    power = sum(map(int.__mul__, values, values)) / count - mean * mean
    return 10 * math.log10(power / FULL_SCALE**2) if power > 1e-9 else -math.inf


def _is_float(pcm: bytes) -> bool:
    """Floats of sound lie within a few decades below 1; pairs of 16-bit samples taken for floats
    are spread over 77 decades, and to look like that every second sample would have to be within
    a twentieth of the whole range.
    """
    whole = len(pcm) - len(pcm) % 4
    values = array("f", pcm[: min(whole, _LOOKED_AT * 4)])
    if sys.byteorder == "big":
        values.byteswap()
    sound = [abs(value) for value in values if value != 0]
    if len(sound) < _ENOUGH:
        return False
    usual = sum(1e-7 <= value <= 2.0 for value in sound)
    return usual >= 0.98 * len(sound) and len(set(sound)) > _ENOUGH / 2


def _is_stereo(values: array[int]) -> bool:
    """Every sample twice, or every second one zero: mono sound does neither for 200 samples."""
    even = values[0 : len(values) - len(values) % 2 : 2]
    odd = values[1::2]
    if len(even) < _ENOUGH:
        return False
    if even == odd:
        return sum(map(int.__ne__, even, even[1:])) >= _ENOUGH / 2
    silent = array("h", bytes(len(even) * SAMPLE_BYTES))
    return (
        sum(value != 0 for value in (even if odd == silent else odd)) >= _ENOUGH / 2
        if silent in (even, odd)
        else False
    )
