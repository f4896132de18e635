"""A probe load in a child process: native code may crash there and harm nobody.

    python -m bootstrap.probe gguf|vosk PATH
    python -m bootstrap.probe llama|vosk-library|pocketsphinx|microphone

prints one line of JSON: {"ok": bool, "reason": str, "version": str, "details": {…}}.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 120.0
_VOSK_ERROR = re.compile(r"ERROR \(VoskAPI:.*?:\d+\) ([^.\n]*)")


@dataclass(frozen=True)
class ProbeResult:
    """How a probe went; `reason` is a sentence's part for people where it went badly."""

    ok: bool
    reason: str = ""
    version: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def run(kind: str, path: Path | None = None, *, timeout: float = TIMEOUT_SECONDS) -> ProbeResult:
    """Run the probe `kind` in a child process. Never raises but KeyboardInterrupt.

    timeout in seconds; the child is killed when it has passed.
    """
    command = [sys.executable, "-m", "bootstrap.probe", kind]
    if path is not None:
        command.append(str(path.absolute()))
    environment = dict(os.environ)
    # So that -m finds this package even where PYTHONSAFEPATH keeps the current folder out.
    environment["PYTHONPATH"] = os.pathsep.join(
        part for part in (str(ROOT), environment.get("PYTHONPATH", "")) if part
    )
    environment["PYTHONIOENCODING"] = "utf-8"
    try:
        child = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ProbeResult(False, f"it didn't finish loading within {timeout:.0f} s")
    except OSError as error:
        return ProbeResult(False, f"the probe couldn't be started ({error})")
    out = child.stdout.decode("utf-8", "replace")
    err = child.stderr.decode("utf-8", "replace")
    return read_result(child.returncode, out, err)


def read_result(returncode: int, out: str, err: str) -> ProbeResult:
    """A child's exit status and output as a result."""
    for text in reversed(out.splitlines()):
        try:
            data = json.loads(text)
            reason = str(data["reason"])
            if not data["ok"] and (said := _VOSK_ERROR.findall(err)):
                reason = said[-1]  # Vosk tells Python nothing but that it failed
            return ProbeResult(bool(data["ok"]), reason, str(data["version"]), data["details"])
        except (ValueError, KeyError, TypeError):
            continue
    last = next((line.strip() for line in reversed(err.splitlines()) if line.strip()), "")
    return ProbeResult(False, describe_exit(returncode) or last[:300] or "it gave no answer")


def describe_exit(returncode: int) -> str:
    """What killed a process, in words; empty where it ended by itself.

    Negative codes are signals (POSIX), codes from 0xC0000000 on are exceptions (Windows).
    """
    if returncode in {-signal.SIGTERM, -9}:  # -9: SIGKILL, which Windows doesn't know
        return "its loader was killed, perhaps for lack of memory"
    if returncode < 0:
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = f"signal {-returncode}"
        text = f"it crashed its loader ({name})"
        if name == "SIGILL":
            text += ", which was built for another processor"
        return text
    if returncode >= 0xC0000000:
        illegal = returncode == 0xC000001D
        text = f"it crashed its loader (Windows exception {returncode:#x})"
        return text + ", which was built for another processor" if illegal else text
    return ""


def main(argv: Sequence[str]) -> int:
    """The child: probe what `argv` names and print the result."""
    # Libraries may write to standard output: keep it for the one line of JSON.
    answer = os.dup(1)
    os.dup2(2, 1)
    from bootstrap import loaders

    probe = loaders.PROBES.get(argv[0]) if argv else None
    if probe is None:
        print(f"probe what? {', '.join(loaders.PROBES)}", file=sys.stderr)  # noqa: T201 - usage
        return 2
    try:
        result = probe(*argv[1:])
    except Exception as error:  # noqa: BLE001 - native bindings raise plain Exception and OSError
        result = ProbeResult(False, loaders.reason_of(error))
    payload = {
        "ok": result.ok,
        "reason": result.reason,
        "version": result.version,
        "details": result.details,
    }
    with os.fdopen(answer, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(payload) + "\n")
    # Not through the interpreter's end: freeing a half-broken model may crash after the answer.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
