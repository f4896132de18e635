"""What pip, CMake and ninja are doing, read from the lines that `pip install -v` prints. No I/O."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath

_COLLECTING = re.compile(r"Collecting (?P<what>[A-Za-z0-9][\w.\-]*)")
_FETCHING = re.compile(r"(?P<how>Downloading|Using cached) (?P<file>\S+)(?: \((?P<size>[^)]+)\))?$")
_PROCESSING = re.compile(r"Processing (?P<file>.+?)(?: \(from .*)?$")
_BYTES = re.compile(r"Progress (?P<done>\d+) of (?P<all>\d+)$")
_STAGE = re.compile(
    r"(?P<stage>Installing build dependencies|Getting requirements to build|Preparing metadata"
    r"|Building wheel for (?P<what>[\w.\-]+)|Building editable for)"
)
_NINJA = re.compile(r"\[(?P<done>\d+)/(?P<all>\d+)\] ")
_MAKE = re.compile(r"\[ *(?P<percent>\d+)%\] ")
_INSTALLING = re.compile(r"Installing collected packages: (?P<names>.+)$")
_RETRYING = re.compile(r"WARNING: Retrying \(Retry\(total=")

# From here on the time that is left can be told from the time that has passed.
_ENOUGH_TO_ESTIMATE = 0.1


class PipProgress:
    """Feed it lines; `activity` and `fraction` say how far pip is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._building_since: float | None = None
        self._package = ""
        self.activity = "asking the package index"
        # 0 to 1 of what `activity` names; None where that can't be known
        self.fraction: float | None = None
        # pip has begun to change the environment: cut off now, it would be half-made
        self.installing = False
        # something was fetched, so there is a network
        self.fetched = False

    def feed(self, line: str) -> None:
        """Take in one line of output."""
        text = line.strip()
        if self._count(text) or not text:
            return
        for pattern, take in (
            (_COLLECTING, self._collecting),
            (_FETCHING, self._fetching),
            (_PROCESSING, self._processing),
            (_STAGE, self._stage),
            (_RETRYING, self._retrying),
        ):
            found = pattern.match(text)
            if found:
                take(found)
                return
        found = _INSTALLING.match(line)  # indented, it is the environment of a build, not ours
        if found:
            self.installing = True
            names = found["names"].split(",")
            what = names[0].strip() if len(names) == 1 else f"{len(names)} packages"
            self._now(f"installing {what}")

    def describe(self) -> str:
        """One line for people, with the percentage and the time left where they can be known."""
        if self.fraction is None:
            return self.activity
        left = self._seconds_left()
        tail = f", about {duration(left)} left" if left is not None else ""
        return f"{self.activity}: {self.fraction:.0%}{tail}"

    def _seconds_left(self) -> float | None:
        if self._building_since is None or (self.fraction or 0) < _ENOUGH_TO_ESTIMATE:
            return None
        passed = self._clock() - self._building_since
        return passed / self.fraction - passed if self.fraction else None

    def _count(self, text: str) -> bool:
        """Whether the line counted something: bytes of a file, steps of a build."""
        bytes_ = _BYTES.match(text)
        if bytes_ and int(bytes_["all"]):
            self.fraction = min(1.0, int(bytes_["done"]) / int(bytes_["all"]))
            return True
        ninja, make = _NINJA.match(text), _MAKE.match(text)
        if ninja and int(ninja["all"]):
            fraction = int(ninja["done"]) / int(ninja["all"])
        elif make:
            fraction = int(make["percent"]) / 100
        else:
            return False
        if self._building_since is None:
            self._building_since = self._clock()
            self.activity = f"compiling {self._package or 'it'}"
        self.fraction = min(1.0, fraction)
        return True

    def _collecting(self, found: re.Match[str]) -> None:
        self._now(f"looking up {found['what']}")

    def _fetching(self, found: re.Match[str]) -> None:
        name = _package(PurePosixPath(found["file"]).name)
        if name.endswith(".metadata"):
            return
        size = f" ({found['size']})" if found["size"] else ""
        if found["how"] == "Downloading":
            self.fetched = True
            self._now(f"downloading {name}{size}")
        else:
            self._now(f"taking {name}{size} from pip's cache")

    def _processing(self, found: re.Match[str]) -> None:
        name = PureWindowsPath(found["file"]).name  # splits at both kinds of slash
        self._now(f"reading {_package(name)}")

    def _stage(self, found: re.Match[str]) -> None:
        stage = found["stage"]
        if "finished with status" in found.string:
            return
        if stage.startswith("Installing build"):
            self._now("fetching the tools that build it")
        elif found["what"]:
            self._package = found["what"]
            self._now(f"preparing to build {self._package}")
        else:
            self._now("reading how it is built")

    def _retrying(self, _found: re.Match[str]) -> None:
        self._now("the network doesn't answer; trying again")

    def _now(self, activity: str) -> None:
        self.activity, self.fraction, self._building_since = activity, None, None


def _package(file: str) -> str:
    """`vosk 0.3.45` of `vosk-0.3.45-py3-none-win_amd64.whl`; other names as they are."""
    parts = file.removesuffix(".whl").split("-")
    return f"{parts[0]} {parts[1]}" if file.endswith(".whl") and len(parts) > 4 else file


def duration(seconds: float) -> str:
    """A time for people: "8 s", "2 min 10 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
