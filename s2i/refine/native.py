"""llama-cpp-python, imported late and made fit for a process that has other threads.

What is undone here (llama-cpp-python 0.3.36, llama.cpp of the same release, all measured):

- Every load with verbose=False points standard output and error of the whole process at the null
  device for its duration: other threads lose what they print. Its context manager becomes a
  no-op, and llama.cpp's log comes here instead, where the reason for a failed load is read.
- GNU OpenMP's threads spin where they wait. On two cores under a load of 4, two threads took 0.05
  to 7.9 s for 12 tokens; with a short spin, then sleep, 0.06 to 0.13 s. 300 rounds are as quick
  as more on idle cores (63 to 79 tokens/s; 100 rounds: 44 to 56) and nearly as quick as 100
  beside one busy process (29 against 32; 2,000 rounds: 20).
- A llama.cpp built with GCC 12.2 on a CPU with AMX died of SIGILL in its first matrix product: in
  the machine code, the stores of most of AMX's tile configuration are missing. Other compilers
  were not tried, so AMX is never used. AMX is only entered through the "extra buffer types", which
  are left out where the library was built with AMX; its plain AVX512 paths remain.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import deque
from typing import Any

_SPIN = "300"  # rounds of a waiting thread before it sleeps; GNU OpenMP's default is 300,000
_WARN, _ERROR, _CONTINUED = 3, 4, 5  # enum ggml_log_level of ggml.h

_lock = threading.Lock()
_kept: dict[str, Any] = {}  # the module; the log callback, to which llama.cpp has a bare pointer
_log: deque[str] = deque(maxlen=40)


def library() -> Any:
    """The llama_cpp module, prepared. The first call takes about 0.2 s.

    Raises ImportError or OSError where it isn't installed or its libraries don't load.
    """
    with _lock:
        if "library" not in _kept:
            _kept["library"] = _prepare()
        return _kept["library"]


def forget_log() -> None:
    """Start afresh, so that `last_reason` speaks of what comes now."""
    _log.clear()


def last_reason() -> str:
    """llama.cpp's first complaint since `forget_log`, without its function's name; may be empty.

    The first names the cause ("invalid magic characters …"); those after it only the consequence.
    """
    for line in list(_log):
        reason = re.sub(r"^(?:[\w:~<>]+:\s+)+", "", line.strip()).strip().rstrip(".")
        if reason:
            return re.sub(r"^(?:error|failed) loading model:\s*", "", reason)
    return ""


def _prepare() -> Any:
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPIN)
    import llama_cpp  # here: 0.2 s, in the worker's thread and only where one refines

    _silence(llama_cpp)
    if b"AMX_INT8 = 1" in llama_cpp.llama_print_system_info():
        _without_amx(llama_cpp)
    return llama_cpp


def _silence(llama_cpp: Any) -> None:
    """Log to `_log`; leave standard output and error alone."""

    def listen(level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace")
        if level in (_WARN, _ERROR):
            _log.append(line)
        elif level == _CONTINUED and _log:
            _log[-1] += line

    _kept["log callback"] = llama_cpp.llama_log_callback(listen)
    llama_cpp.llama_log_set(_kept["log callback"], None)

    class Untouched:
        """Stands in for llama_cpp._utils.suppress_stdout_stderr."""

        def __init__(self, disable: bool = True) -> None:
            pass

        def __enter__(self) -> Untouched:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    for module in list(sys.modules.values()):
        name = getattr(module, "__name__", "")
        if name.startswith("llama_cpp") and hasattr(module, "suppress_stdout_stderr"):
            setattr(module, "suppress_stdout_stderr", Untouched)  # noqa: B010 - mypy: a module has no such attribute


def _without_amx(llama_cpp: Any) -> None:
    """Leave the extra buffer types out of every model loaded from now on."""
    bindings = llama_cpp.llama_cpp
    original = bindings.llama_model_default_params

    def default_params() -> Any:
        params = original()
        params.use_extra_bufts = False
        return params

    bindings.llama_model_default_params = default_params
