"""The child process that decodes a sound file: FFmpeg's C code (PyAV), away from everybody else.

A crafted file can make C code crash, loop or eat memory; in here that costs one file. The file
comes in on standard input. Out goes, on standard output, one line of JSON ({"seconds": length or
null}) once there is sound, then mono s16le; at the end, on standard error, one line of JSON:
{"code", "detail", "seconds", "skipped", "cut"}. Only `audio.py` starts it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from s2i.speech.decoding_source import Refused, Source, alive, is_text, waiting
from s2i.speech.mixing import BLOCK, Mixer
from s2i.speech.resampler import QUALITY, phases

# Sound and video, each file complete in itself. Playlists (m3u8, concat, DASH) are left out: they
# would make FFmpeg open other files, and addresses.
KINDS = (
    "wav,w64,flac,mp3,ogg,matroska,webm,mov,mp4,aac,aiff,caf,au,amr,asf,avi,flv,mpegts,mpeg,"
    "ac3,eac3,wv,ape,tta,dsf,voc,loas,rm,mmf,nut"
)
MAX_CHANNELS = 64  # FFmpeg's resampler has no more
MIN_RATE, MAX_RATE = 1_000, 768_000  # Hz, of files; beyond, a header is broken
_MEMORY = 2 * 2**30  # bytes of address space; an hour of anything takes under 200 MB
_BAD_PACKETS = 500  # in a row


def main(rate: int) -> int:
    """Decode standard input to mono s16le at `rate` Hz. 0, or 1 after an error that is reported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the parent ends us
    # C code that prints must neither fill the report's pipe nor get into the sound.
    report = os.fdopen(os.dup(2), "w", encoding="utf-8")
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    with Path(os.devnull).open("r+b") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    _limit_memory()
    end: dict[str, object]
    try:
        end = Decoding(out, rate).run()
    except Refused as refused:
        end = {"code": refused.code, "detail": refused.detail}
    except BrokenPipeError:
        return 0  # the parent has heard enough
    except MemoryError:
        end = {"code": "broken-audio", "detail": "it would take too much memory"}
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must get a sentence
        end = {"code": "bad-audio", "detail": f"{type(error).__name__}: {error}"[:200]}
    waiting()
    with contextlib.suppress(BrokenPipeError):
        report.write(json.dumps(end) + "\n")
        report.flush()
    return 1 if "code" in end else 0


class Decoding:
    """One file on its way from standard input to `out`."""

    def __init__(self, out: BinaryIO, rate: int) -> None:
        self._out = out
        self._rate = rate
        self._block = int(rate * BLOCK)
        self._mixer = Mixer()
        self._samples = 0
        self._skipped = 0
        self._cut = False
        self._length: float | None = None

    def run(self) -> dict[str, object]:
        """Write the header and the sound; what became of it."""
        import av
        import av.logging

        av.logging.set_level(None)
        source = Source()
        if not source.head:
            raise Refused("empty-audio")
        try:
            container = av.open(
                source, mode="r", options={"format_whitelist": KINDS}, metadata_errors="replace"
            )
        except av.FFmpegError as error:
            raise Refused(
                "text-file" if is_text(source.head) else "bad-audio", str(error)
            ) from error
        with container:
            stream = next((one for one in container.streams if one.type == "audio"), None)
            if stream is None:
                raise Refused("no-sound")
            if stream.codec_context is None:
                raise Refused("unknown-codec")
            if container.duration is not None and container.duration > 0:
                self._length = container.duration / 1_000_000
            for block in self._blocks(self._frames(container, stream)):
                self._write(self._mixer.mix(block))
        if not self._samples:
            raise Refused("broken-audio" if self._skipped or self._cut else "empty-audio")
        return {
            "seconds": self._samples / self._rate,
            "length": self._length,
            "skipped": self._skipped,
            "cut": self._cut,
        }

    def _frames(self, container: Any, stream: Any) -> Iterator[Any]:
        """Decoded frames; what is damaged is left out."""
        import av

        bad = 0
        try:
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    self._skipped += 1
                    bad += 1
                    if bad > _BAD_PACKETS:
                        return
                    continue
                bad = 0
                yield from frames
        except av.FFmpegError:
            self._cut = True  # the container ends in the middle of something

    def _blocks(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Blocks of floats, channels × samples, at our rate; the last may be shorter."""
        import numpy as np

        waiting: Any = None
        for piece in _resampled(frames, self._rate):
            if waiting is not None and len(waiting) != len(piece):  # a chained file
                yield waiting
                waiting, self._mixer = None, Mixer()
            waiting = piece if waiting is None else np.concatenate((waiting, piece), axis=1)
            whole = waiting.shape[1] - waiting.shape[1] % self._block
            for start in range(0, whole, self._block):
                yield waiting[:, start : start + self._block]
            waiting = waiting[:, whole:]
        if waiting is not None and waiting.shape[1]:
            yield waiting

    def _write(self, pcm: bytes) -> None:
        waiting()  # the parent may take its time
        if not self._samples:
            self._out.write(json.dumps({"seconds": self._length}).encode() + b"\n")
        self._samples += len(pcm) // 2
        view = memoryview(pcm)
        while view:
            view = view[self._out.write(view) :]
        alive()


def _resampled(frames: Iterator[Any], rate: int) -> Iterator[Any]:
    """Arrays of floats, channels × samples, at `rate` Hz."""
    graph: Any = None
    shape: Any = None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        if now != shape:  # the first, or a stream that changes on its way
            if graph is not None:
                yield from _drained(graph)
            _check_shape(frame)
            graph, shape = _graph(frame, rate), now
        frame.pts = None  # gaps in time are nothing to a recogniser
        graph[1].push(frame)
        yield from _pulled(graph[2])
    if graph is not None:
        yield from _drained(graph)


def _check_shape(frame: Any) -> None:
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise Refused("many-channels", str(frame.layout.nb_channels))
    if not MIN_RATE <= frame.sample_rate <= MAX_RATE:
        raise Refused("odd-rate", str(frame.sample_rate))


def _graph(frame: Any, rate: int) -> tuple[Any, Any, Any]:
    """The filter graph and its ends, which don't keep it alive by themselves."""
    from av.filter import Graph

    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=Fraction(1, frame.sample_rate),
    )
    options = f"{rate}:{QUALITY}{phases(frame.sample_rate, rate)}"
    resample = graph.add("aresample", options)
    floats = graph.add("aformat", "sample_fmts=fltp")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, resample, floats, sink)
    graph.configure()
    return graph, source, sink


def _drained(graph: tuple[Any, Any, Any]) -> Iterator[Any]:
    graph[1].push(None)
    yield from _pulled(graph[2])


def _pulled(sink: Any) -> Iterator[Any]:
    import av

    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        yield frame.to_ndarray()


def _limit_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    # macOS accepts this limit only in part.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.RLIM_INFINITY))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
