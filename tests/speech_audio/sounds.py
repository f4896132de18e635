"""Sounds and sound files, made on the spot."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np

FORMATS = {  # name: container, codec
    "wav": ("wav", "pcm_s16le"),
    "wav-24": ("wav", "pcm_s24le"),
    "wav-float": ("wav", "pcm_f32le"),
    "wav-8": ("wav", "pcm_u8"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "libmp3lame"),
    "ogg-opus": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "mka": ("matroska", "flac"),
    "m4a": ("mp4", "aac"),
    "aac": ("adts", "aac"),
    "aiff": ("aiff", "pcm_s16be"),
}


def sine(hertz: float, seconds: float, rate: int, level: float = 0.5) -> Any:
    """Floats, full scale 1."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def s16(sound: Any) -> bytes:
    """Floats, full scale 1, as s16le bytes."""
    whole = np.clip(np.rint(np.asarray(sound) * 32767), -32768, 32767).astype("<i2")
    return bytes(whole.tobytes())


def floats(pcm: bytes) -> Any:
    """s16le bytes as floats, full scale 1."""
    return np.frombuffer(pcm, "<i2").astype(float) / 32767


def tone(sound: Any, hertz: float, rate: int) -> tuple[float, float]:
    """The amplitude of a tone in a sound, and how far the rest lies below it (dB)."""
    when = np.arange(len(sound)) / rate
    waves = np.stack([np.sin(2 * np.pi * hertz * when), np.cos(2 * np.pi * hertz * when)], axis=1)
    fit, *_ = np.linalg.lstsq(waves, sound, rcond=None)
    rest = float(np.sqrt(np.mean((sound - waves @ fit) ** 2)))
    amplitude = float(np.hypot(*fit))
    return amplitude, 20 * float(np.log10(max(amplitude, 1e-9) / max(rest, 1e-9)))


LAYOUTS = {1: "mono", 2: "stereo", 4: "quad", 6: "5.1"}


def file(channels: Any, rate: int, name: str = "wav", *, picture: bool = False) -> bytes:
    """A sound file of FORMATS out of floats (channels × samples)."""
    container, codec = FORMATS[name]
    sound = np.atleast_2d(np.asarray(channels, dtype=np.float32))
    box = io.BytesIO()
    with av.open(box, "w", format=container) as output:
        video: Any = None
        if picture:
            video = output.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        stream: Any = output.add_stream(codec, rate=rate, layout=LAYOUTS[len(sound)])
        if video is not None:
            _paint(output, video)
        resample = av.AudioResampler(
            format=stream.codec_context.format, layout=LAYOUTS[len(sound)], rate=rate
        )
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound), format="fltp", layout=LAYOUTS[len(sound)]
        )
        frame.sample_rate = rate
        frame.time_base = Fraction(1, rate)
        frame.pts = 0
        for whole in (*resample.resample(frame), *resample.resample(None)):
            fifo.write(whole)
        size = stream.codec_context.frame_size or 1024
        while (piece := fifo.read(size, partial=True)) is not None:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return box.getvalue()


def silent_video() -> bytes:
    """Ten frames and no sound."""
    box = io.BytesIO()
    with av.open(box, "w", format="mp4") as output:
        _paint(output, output.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p"))
    return box.getvalue()


def _paint(output: Any, stream: Any) -> None:
    for _ in range(10):
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
