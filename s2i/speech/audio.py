"""Audio in: files of any kind, decoded in a child process, and streams of samples."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO

from s2i.errors import InputError, SpeechError
from s2i.speech.pcm import SAMPLE_BYTES, check_pcm, check_rate, level
from s2i.speech.resampler import Resampler

__all__ = ["Reader", "Resampler", "check_pcm", "check_rate", "decode", "level"]

CHUNK = 0.1  # s
_PIECE = 64 * 1024  # bytes from a stream into the child
_ROOT = Path(__file__).resolve().parents[2]

_CONVERT = "If a media player plays it, save it from there as WAV, FLAC or MP3."
SENTENCES = {
    "empty-audio": ("{name} holds no sound: it is empty.", "Record it again."),
    "bad-audio": (
        "{name} can't be read: it is no sound file, or it is cut short or damaged.",
        _CONVERT,
    ),
    "broken-audio": ("{name} is damaged beyond use.", _CONVERT),
    "text-file": (
        "{name} holds text, not sound.",
        "An idea in words is given with --text; for a text file: --text - < FILE.",
    ),
    "no-sound": (
        "{name} has a picture but no sound.",
        "Choose a recording in which somebody speaks.",
    ),
    "unknown-codec": ("{name} holds sound of a kind that can't be decoded.", _CONVERT),
    "many-channels": ("{name} has {detail} channels; at most 64 can be mixed.", _CONVERT),
    "odd-rate": ("{name} says it has {detail} samples a second, which can't be.", _CONVERT),
    "too-large": ("{name} is larger than 4 GB.", "Cut out the part with the idea."),
}


def decode(source: Path | BinaryIO, rate: int, *, name: str = "") -> Reader:
    """Open a file or a stream of a file's bytes as mono s16le at `rate` Hz.

    `name` is what sentences call it: by default the file's own name, or "The recording".

    The sound comes in chunks of 0.1 s (the last one may be shorter); memory stays flat however long
    it is. By the time this returns the file has begun to decode. Raises InputError: `no-file`,
    `not-a-file`, or a code of SENTENCES; SpeechError where no child process can be started.
    """
    check_rate(rate)
    return Reader(source, rate, name)


class Reader:
    """Mono s16le chunks of a sound file. A context manager; close it, or read it to its end.

    `length` is the file's own word on its length in seconds, None where it has none (a stream) and
    not to be relied on. `warnings` is complete after the last chunk.
    """

    def __init__(self, source: Path | BinaryIO, rate: int, name: str = "") -> None:
        self._chunk = int(rate * CHUNK) * SAMPLE_BYTES
        self.length: float | None = None
        self.warnings: list[str] = []
        if isinstance(source, Path):
            self.name = name or source.name
            with _opened(source) as file:
                self._child = _start(rate, file)
        else:
            self.name = name or "The recording"
            self._child = _start(rate, subprocess.PIPE)
            threading.Thread(
                target=_pump, args=(source, self._child.stdin), name="sound input", daemon=True
            ).start()
        self._end = weakref.finalize(self, _kill, self._child)
        self._begin()

    def _begin(self) -> None:
        assert self._child.stdout is not None  # noqa: S101 - Popen was given a pipe
        self._out: IO[bytes] = self._child.stdout
        try:
            header = self._out.readline()
            if not header:
                self._finish()
                raise self._error({})  # it ended without a word
            length = json.loads(header)["seconds"]
            self.length = float(length) if length is not None else None
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next chunk. Raises InputError where the decoder fails on the way."""
        if not self._end.alive:
            raise StopIteration
        chunk = self._out.read(self._chunk)
        if not chunk:
            self._finish()
            raise StopIteration
        return chunk

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the decoder, finished or not. Can be called twice, and from another thread."""
        self._end()

    def _finish(self) -> None:
        """The child's last word, after its last sound: warnings, or an error to raise."""
        assert self._child.stderr is not None  # noqa: S101 - Popen was given a pipe
        if not self._end.alive:  # closed from another thread
            return
        last = self._child.stderr.readline()
        self.close()
        try:
            end = json.loads(last)
        except ValueError:
            raise self._error({"code": "broken-audio"}) from None  # it crashed, or was stuck
        if "code" in end:
            raise self._error(end)
        if end["skipped"]:
            self.warnings.append(f"{self.name} is damaged: parts of it were left out.")
        length = end["length"]
        if end["cut"] or (length is not None and end["seconds"] < 0.9 * length - 1.0):
            self.warnings.append(
                f"{self.name} is cut short: {end['seconds']:.1f} seconds could be read."
            )

    def _error(self, end: dict[str, Any]) -> InputError:
        code = end.get("code", "bad-audio")
        sentence, hint = SENTENCES.get(code, SENTENCES["bad-audio"])
        message = sentence.format(name=self.name, detail=end.get("detail", ""))
        return InputError(code, message, hint=hint)


def _opened(path: Path) -> BinaryIO:
    """The file, which may be a pipe with a name. Raises InputError."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(
                "not-a-file", f"{path} is a folder.", hint="Name one sound file inside it."
            )
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise InputError(
                "not-a-file",
                f"{path} is a device, not a file.",
                hint="The microphone is used with --mic.",
            )
        return path.open("rb")
    except FileNotFoundError as error:
        raise InputError(
            "no-file", f"There is no file {path}.", hint="Check its name and folder."
        ) from error
    except PermissionError as error:
        raise InputError(
            "no-file", f"{path} may not be read.", hint="Check who may read the file."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise InputError(
            "no-file", f"{str(path)[:200]!r} can't be opened.", hint="Check its name and folder."
        ) from error


def _start(rate: int, source: BinaryIO | int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "s2i.speech.decoding", str(rate)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"}
    try:
        return subprocess.Popen(
            command,
            cwd=_ROOT,
            env=environment,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise SpeechError(
            "no-decoder", f"The sound decoder can't be started: {error}.", retryable=True
        ) from error


def _pump(source: BinaryIO, pipe: IO[bytes] | None) -> None:
    """All of a stream into the child. A child that has ended breaks the pipe, which is fine."""
    assert pipe is not None  # noqa: S101 - Popen was given a pipe
    # What is there is passed on at once: a recording may still be going on.
    read = getattr(source, "read1", source.read)
    # ValueError: the source was closed in between.
    with contextlib.suppress(OSError, ValueError):
        while data := read(_PIECE):
            pipe.write(data)
            pipe.flush()
    with contextlib.suppress(OSError):
        pipe.close()


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
