"""What evaluating the template's fixed part amounts to, kept on disk for the next start.

Evaluating some 250 tokens takes 0.7 to 3 s of a headless run; reading 6 MB takes milliseconds.
llama.cpp reads a state back to the bit, so a prompt is the same with and without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MAX_FILES = 4  # the templates and models somebody goes to and fro between
MAX_BYTES = 256 * 2**20  # of one state; larger ones are not worth their room
_DIGEST = 32  # bytes of sha256 before the state: native code must not read a damaged one


class PrefixCache:
    """States by key in a folder. Every failure counts as a miss: it is only a cache."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def restore(self, key: str, llama_cpp: Any, context: Any) -> bool:
        """Put the state of `key` into an empty context; False where there is none of use."""
        try:
            raw = self._path(key).read_bytes()
        except OSError:
            return False
        digest, state = raw[:_DIGEST], raw[_DIGEST:]
        if not state or hashlib.sha256(state).digest() != digest:
            return False
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        return bool(llama_cpp.llama_state_seq_set_data(context, buffer, len(state), 0))

    def keep(self, key: str, llama_cpp: Any, context: Any) -> None:
        """Write the context's state down under `key`, whole or not at all."""
        size = llama_cpp.llama_state_seq_get_size(context, 0)
        if not 0 < size <= MAX_BYTES:
            return
        buffer = (ctypes.c_uint8 * size)()
        if llama_cpp.llama_state_seq_get_data(context, buffer, size, 0) != size:
            return
        state = bytes(buffer)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".prefix-", suffix=".part", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(state).digest() + state)
                Path(name).replace(self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._forget_oldest()
        except OSError:
            pass  # a full disk or a folder that can't be written: evaluate again next time

    def _path(self, key: str) -> Path:
        return self._folder / f"prefix-{key}.state"

    def _forget_oldest(self) -> None:
        states = sorted(self._folder.glob("prefix-*.state"), key=lambda path: path.stat().st_mtime)
        for path in states[:-MAX_FILES]:
            with contextlib.suppress(OSError):
                path.unlink()


def key_of(model: Path, llama_cpp: Any, tokens: Sequence[int], *settings: object) -> str:
    """A name for the state of `tokens`: the file, the library and its processor go into it."""
    there = model.stat()
    parts = [
        str(model.absolute()),
        there.st_size,
        there.st_mtime_ns,
        llama_cpp.__version__,
        llama_cpp.llama_print_system_info(),
        list(tokens),
        settings,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
