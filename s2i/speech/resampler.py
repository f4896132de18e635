"""Changing the sample rate of a stream, with FFmpeg's resampler (PyAV)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from s2i.errors import SpeechError
from s2i.speech.pcm import SAMPLE_BYTES, check_rate

# FFmpeg's default filter (32 taps, cut-off .97) lets a tone 500 Hz above the new Nyquist through at
# -6 dB; 128 taps cost a little over 1 ms of CPU per second of sound. Computed in float, so that
# only the last rounding is to 16 bit.
QUALITY = "filter_size=128:cutoff=0.94:internal_sample_fmt=fltp"
_MAX_PHASES = 1024


class Resampler:
    """Mono s16le at `rate_in` Hz in, mono s16le at `rate_out` Hz out. One thread at a time.

    What comes out doesn't depend on how the stream was cut into chunks, and lags by 64 samples of
    the lower rate until `flush`. Equal rates pass through.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._rate_in = check_rate(rate_in)
        self._rate_out = check_rate(rate_out)
        self._half = b""
        self._graph: tuple[Any, Any, Any] | None = None
        self._flushed = False

    def feed(self, pcm: bytes) -> bytes:
        """The samples that are ready. A byte that is half a sample waits for its other half."""
        if self._flushed:
            raise SpeechError("audio-ended", "Sound came after the end of the utterance.")
        pcm = self._half + pcm
        whole = len(pcm) - len(pcm) % SAMPLE_BYTES
        pcm, self._half = pcm[:whole], pcm[whole:]
        if self._rate_in == self._rate_out or not pcm:
            return pcm
        import av

        if self._graph is None:
            self._graph = _graph(self._rate_in, self._rate_out)
        _, source, sink = self._graph
        frame = av.AudioFrame(format="s16", layout="mono", samples=whole // SAMPLE_BYTES, align=1)
        frame.sample_rate = self._rate_in
        frame.planes[0].update(pcm)
        source.push(frame)
        return b"".join(pulled(sink))

    def flush(self) -> bytes:
        """The rest. Nothing can be fed after it; a second flush gives nothing."""
        self._flushed = True
        graph, self._graph = self._graph, None
        if graph is None:
            return b""
        _, source, sink = graph
        source.push(None)
        return b"".join(pulled(sink))


def pulled(sink: Any) -> Iterator[bytes]:
    """What a filter graph's mono s16 sink has ready."""
    import av

    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        # A plane is longer than its samples: it is padded for vector instructions.
        yield bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES]


def _graph(rate_in: int, rate_out: int) -> tuple[Any, Any, Any]:
    """The graph and its ends. An end doesn't keep its graph alive: using it afterwards crashes."""
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=rate_in, format="s16", layout="mono", time_base=Fraction(1, rate_in)
    )
    resample = graph.add("aresample", f"{rate_out}:{QUALITY}{phases(rate_in, rate_out)}")
    shape = graph.add("aformat", "sample_fmts=s16:channel_layouts=mono")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, resample, shape, sink)
    graph.configure()
    return graph, source, sink


def phases(rate_in: int, rate_out: int) -> str:
    """A bank of filters for each phase between the rates, or for odd ones an interpolated bank:

    191999 to 16000 Hz would otherwise take 98 MB and 17 ms per second of sound.
    """
    phases = rate_out // math.gcd(rate_in, rate_out)
    return "" if phases <= _MAX_PHASES else ":exact_rational=0:linear_interp=1"
