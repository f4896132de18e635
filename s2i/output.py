"""Where pictures go: names, the check beforehand, and writing that leaves nothing half-done."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from s2i.errors import InputError, OutputError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UMASK = os.umask(0o022)  # it can only be read by setting it: once, before there are threads
os.umask(_UMASK)


@dataclass(frozen=True)
class Destination:
    """Where the pictures of one job go: `path` of the first; further ones get -2, -3 …

    `pattern` is the file name with {} for the idea's words, where we name it and not the user.
    """

    path: Path
    pattern: str | None = None

    def named(self, idea: str) -> Destination:
        """The same place with a name after `idea`, once the words are known."""
        if self.pattern is None:
            return self
        return Destination(self.path.with_name(self.pattern.format(slug(idea))), self.pattern)

    def nth(self, index: int) -> Path:
        """Path of picture `index`, counted from 0."""
        if index == 0:
            return self.path
        return self.path.with_name(f"{self.path.stem}-{index + 1}{self.path.suffix}")


def slug(idea: str, limit: int = 40) -> str:
    """'A red fox, sleeping!' → 'a-red-fox-sleeping': ASCII, safe as a file name everywhere."""
    plain = unicodedata.normalize("NFKD", idea).encode("ascii", "ignore").decode("ascii").lower()
    words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word[:limit]
        if len(longer) > limit:
            break
        name = longer
    return name or "picture"


def choose(out: str | None, idea: str, folder: Path, now: float | None = None) -> Destination:
    """Settle where pictures go and see to it that they can be written there.

    `out` is a file ending in .png, or a folder; None means `folder`/date/time-words.png.
    Raises InputError (an `out` that can't be) or OutputError (our own folder is not writable).
    """
    moment = time.localtime(now)
    pattern = f"{time.strftime('%H%M%S', moment)}-{{}}-{secrets.token_hex(2)}.png"
    name = pattern.format(slug(idea))
    if out is None:
        day = folder / time.strftime("%Y-%m-%d", moment)
        try:
            day.mkdir(parents=True, exist_ok=True)
            _try_writing(day)
        except OSError as error:
            raise OutputError(
                "output-folder",
                f"Pictures can't be written to {day} ({_reason(error)}).",
                hint="Name another place with --out, or set S2I_HOME to a folder of yours.",
            ) from error
        return Destination(day / name, pattern)
    if not out.strip() or "\0" in out:
        raise InputError("bad-out", "--out names no file.", hint="Write --out picture.png.")
    path, ours = Path(out).expanduser().absolute(), None
    if out.endswith(("/", os.sep)) or _is_folder(path):
        path, ours = path / name, pattern
    elif path.suffix.lower() != ".png":
        raise InputError(
            "bad-out",
            f"'{out}' doesn't end in .png.",
            hint="Pictures are written as PNG: name a .png file, or a folder.",
        )
    if not _is_folder(path.parent):
        raise InputError(
            "bad-out",
            f"The folder {path.parent} doesn't exist.",
            hint="Make it first, or name another with --out.",
        )
    try:
        _try_writing(path.parent)
        _check_name(path)
    except OSError as error:
        raise InputError(
            "bad-out",
            f"Nothing can be written to {path} ({_reason(error)}).",
            hint="Name another place with --out.",
        ) from error
    return Destination(path, ours)


def write(png: bytes, path: Path, spare: Path) -> Path:
    """Write a picture whole or not at all, and return where it is.

    Where `path` fails (full disk, folder gone), the picture goes to the folder `spare`, then to
    the system's temporary folder, rather than being lost. Raises OutputError if all three fail.
    """
    first: OSError | None = None
    fallback = f"{path.stem}-{secrets.token_hex(2)}{path.suffix}"
    for target in (path, spare / fallback, Path(tempfile.gettempdir()) / fallback):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(png, target)
        except OSError as error:
            first = first or error
        else:
            return target
    assert first is not None  # noqa: S101 - the loop ran and each turn failed
    full = first.errno in _FULL
    raise OutputError(
        "disk-full" if full else "not-written",
        f"The picture can't be written to {path} ({_reason(first)}).",
        hint="Free some space and run it again." if full else "Name another place with --out.",
        retryable=True,
    )


def _write_whole(data: bytes, path: Path) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".s2i-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if os.name == "posix":
            # mkstemp makes it private; a picture gets the permissions of any new file
            Path(temporary).chmod(0o666 & ~_UMASK)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _try_writing(folder: Path) -> None:
    handle, name = tempfile.mkstemp(prefix=".s2i-", suffix=".probe", dir=folder)
    os.close(handle)
    Path(name).unlink()


def _check_name(path: Path) -> None:
    """Let the file system say whether it takes this name (length, characters)."""
    path.exists()
    os.path.realpath(path)
    if len(os.fsencode(path.name)) > 255:
        raise OSError(errno.ENAMETOOLONG, "the name is too long")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the name is too long, or a folder on the way can't be entered
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
