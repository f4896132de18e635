"""What the decoding child reads from, and the watch over it; see decoding.py."""

from __future__ import annotations

import faulthandler
import os
import stat
import tempfile
from typing import BinaryIO, cast

STUCK = 30.0  # s of work on what is there without a piece of sound
_MAX_SPOOL = 4 * 2**30  # bytes of an MP4 that comes through a pipe


class Refused(Exception):
    """The file can't be used; `code` is one of `audio.SENTENCES`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Source:
    """Standard input as PyAV wants it: seekable where it is a file on disk, else read once."""

    name = "input"

    def __init__(self) -> None:
        self._file: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._on_disk = stat.S_ISREG(os.fstat(0).st_mode)
        self.head = self._read(4096)
        if not self._on_disk and self.head[4:8] == b"ftyp":
            self._spool()  # an MP4's table of contents is often at its end
        if self._on_disk:
            self._file.seek(0)
            self.seek = self._file.seek
            self.tell = self._file.tell
            self._rest = b""
        else:
            self._rest = self.head

    def read(self, count: int) -> bytes:
        """Up to `count` bytes; none at the end."""
        if self._rest:
            data, self._rest = self._rest[:count], self._rest[count:]
            return data
        return self._read(count)

    def _read(self, count: int) -> bytes:
        if not self._on_disk:
            waiting()  # somebody may be speaking into the pipe
        data: bytes = self._file.read1(count)  # type: ignore[attr-defined] # fdopen's is buffered
        alive()
        return data

    def _spool(self) -> None:
        # A plain file on POSIX, a wrapper on Windows. It lives as long as this process.
        disk = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
        data, size = self.head, 0
        while data:
            size += len(data)
            if size > _MAX_SPOOL:
                raise Refused("too-large")
            disk.write(data)
            data = self._read(2**20)
        self._file, self._on_disk = disk, True


def alive() -> None:
    """There is progress. Without it for STUCK seconds the process ends, even within C code."""
    faulthandler.dump_traceback_later(STUCK, exit=True)


def waiting() -> None:
    """Nothing to do but wait for others, however long."""
    faulthandler.cancel_dump_traceback_later()


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text to a person."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a character that was cut in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(char.isprintable() or char.isspace() for char in text)
