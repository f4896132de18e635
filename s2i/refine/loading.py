"""A GGUF file into llama.cpp, with one clear sentence where that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s2i.errors import ModelMissing, RefineError
from s2i.refine import native

N_BATCH = 256  # tokens per evaluation; 512 is no faster, 64 costs 18 % (measured)
MMAP_BELOW = 500_000_000  # bytes; above, a mapped file stays in memory beside its repacked copy
_SETUP = "Run `python run.py setup` to fetch it again, or name another file with --refiner."


def check_file(path: Path) -> None:
    """Raise ModelMissing unless `path` looks like a GGUF file."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        reason = "is not there"
    except OSError as error:
        reason = "is a folder" if path.is_dir() else f"can't be read ({error.strerror})"
    else:
        if head.startswith(b"GGUF"):
            return
        text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if not head:
            reason = "is empty"
        elif text.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
            reason = "is a web page, not a model"
        elif text.startswith(b"version https://git-lfs"):
            reason = "is a Git LFS pointer, not the model itself"
        else:
            reason = "is not a GGUF file"
    raise ModelMissing(
        "model-broken" if path.exists() else "model-missing",
        f"The language model {path} {reason}.",
        hint=_SETUP,
    )


def load(path: Path, threads: int, context: int) -> tuple[Any, Any]:
    """(the llama_cpp module, a Llama of `path`). `context` is in tokens.

    Raises ModelMissing where the file is missing or broken, RefineError where memory is short.
    """
    check_file(path)
    try:
        llama_cpp = native.library()
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelMissing(
            "llama-missing",
            f"llama-cpp-python can't be loaded: {(str(error) or repr(error)).splitlines()[0]}.",
            hint="Run `python run.py doctor`: it says what to mend.",
        ) from error
    native.forget_log()
    try:
        return llama_cpp, llama_cpp.Llama(
            str(path),
            n_ctx=context,
            n_batch=N_BATCH,
            n_ubatch=N_BATCH,
            n_threads=threads,
            n_threads_batch=threads,
            use_mmap=path.stat().st_size < MMAP_BELOW,
            verbose=False,
        )
    except Exception as error:  # ValueError, and what a model's own chat template makes Jinja raise
        reason = native.last_reason() or str(error)
        if "context" in str(error).lower() or "alloc" in reason.lower():
            raise RefineError(
                "memory-short",
                f"There is not enough memory for the language model {path.name}: {reason}.",
                hint="Close other programs, or choose a smaller model with --refiner.",
            ) from error
        raise ModelMissing(
            "model-broken",
            f"The language model {path} can't be loaded: {reason}.",
            hint=_SETUP,
        ) from error
