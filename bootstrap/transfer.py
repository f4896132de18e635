"""One file over the network into a folder, in as many goes and runs as it takes.

What came is kept in `<name>.part` (bootstrap.partial); a later go, in this run or another, asks for
the rest by Range and If-Range. The file gets its name only when its size and hash are right.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap import http_get, http_headers
from bootstrap import transfer_errors as told
from bootstrap.control import Control
from bootstrap.hub_errors import retry_after
from bootstrap.partial import Note, Partial, discard
from bootstrap.progress import Progress, size_text
from bootstrap.verify import looks_like_html
from s2i.errors import S2IError

STALL_SECONDS = 30.0
RETRY_PAUSES = (1.0, 3.0, 8.0, 20.0, 45.0, 90.0)  # s; between goes that bring nothing new
MAX_WAIT = 600.0  # s; a server that asks for more than this is asked again by the user, later
WORTH = 1_000_000  # bytes that make a go count as one that brought something
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Remote:
    """A file as its host describes it now.

    url: where its bytes are, perhaps for a short time only; identity: its lasting address, without
    secrets; owner: the address whose server `login` (an Authorization header, secret) belongs to.
    sha256 or git_sha1: what its content must hash to; with neither only the size is checked.
    """

    url: str
    identity: str
    owner: str
    size: int | None
    etag: str | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    login: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Fetched:
    """What was done: the file's hash, bytes that came over the network and that were there."""

    sha256: str
    received: int
    resumed: int


def stall_seconds() -> float:
    """How long a server may be silent: 30 s, or what the hub library's own variable says."""
    with contextlib.suppress(ValueError):
        return max(0.1, float(os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT", "")))
    return STALL_SECONDS


class _Paused(Exception):
    """Somebody wants a pause: the connection is let go."""


class Transfer:
    """Fetches one file. `find` asks the host anew before every go: addresses of bytes expire.

    explain: makes an error of ours out of what `find` and urllib3 raise (None: a bug, raised as
    it is). host: the server's name for people.
    """

    def __init__(
        self,
        find: Callable[[], Remote],
        target: Path,
        *,
        host: str,
        explain: Callable[[BaseException], S2IError | None],
        progress: Progress,
        control: Control | None = None,
        pauses: Sequence[float] = RETRY_PAUSES,
        expected: int | None = None,
    ) -> None:
        self._find = find
        self._target = target
        self._host = host
        self._explain = explain
        self._progress = progress
        self._control = control or Control()
        self._pauses = tuple(pauses)
        self._expected = expected
        self._part = Partial(target)
        self._received = 0
        self._said = False

    def run(self) -> Fetched:
        """Fetch it, or go on where another run stopped.

        Raises NetworkError, ModelMissing (size or hash), MissingError (disk), Cancelled. What came
        is kept, except where it turned out wrong.
        """
        goes = 0
        before = 0
        while True:
            self._control.wait_while_paused()
            try:
                return self._go()
            except Exception as error:  # urllib3's and the hub library's errors have no common base
                # A pause and an end break the connection off: not a failure.
                self._control.check()
                if isinstance(error, _Paused) or self._control.state == "paused":
                    continue
                failure = self._failure(error)
                if failure is None:
                    raise
                goes = 0 if self._received - before >= WORTH else goes
                before = self._received
                wait = self._wait(error, failure, goes)
                if wait is None:
                    raise failure from error
            finally:
                self._part.close()
                self._progress.end()
            goes += 1
            self._progress.say(f"{failure.message} Trying again in {wait:g} s.")
            self._control.sleep(wait)

    def _go(self) -> Fetched:
        name = self._target.name
        self._progress.begin(f"Asking for {name}", None)
        remote = self._find()
        self._check_size(remote)
        git = remote.sha256 is None and remote.git_sha1 is not None
        note = Note(remote.identity, remote.etag or remote.sha256, remote.size)
        self._part.begin(note, self._progress, git=git)
        if not self._said and self._part.found:
            self._said = True
            self._progress.say(f"{size_text(self._part.found)} of {name} are there already.")
        self._progress.fetching(f"Fetching {name}", remote.size, self._part.length)
        if remote.size is None or self._part.length < remote.size:
            self._receive(remote)
        self._progress.end()
        return self._complete(remote)

    def _check_size(self, remote: Remote) -> None:
        if self._expected is not None and remote.size not in {None, self._expected}:
            raise told.other_size(self._host, self._target.name, remote.size, self._expected)

    def _receive(self, remote: Remote) -> None:
        part, headers = self._part, {}
        if part.length:
            headers["Range"] = f"bytes={part.length}-"
            if part.note is not None and part.note.validator:
                headers["If-Range"] = part.note.validator
        with (
            http_get.opened(
                remote.url,
                headers=headers,
                login=remote.login,
                owner=remote.owner,
                seconds=stall_seconds(),
            ) as answer,
            self._control.interruptible(lambda: _break_off(answer)),
        ):
            self._prepare(remote, answer.status, dict(answer.headers))
            while chunk := answer.read1(_CHUNK):
                self._take(chunk, remote)
                self._control.check()
                if self._control.state == "paused":
                    raise _Paused
        if remote.size is not None and part.length < remote.size:
            raise self._cut_short()

    def _prepare(self, remote: Remote, status: int, headers: dict[str, str]) -> None:
        """Be ready for the bytes of this answer, which may be the rest, or all of it again."""
        found = {key.lower(): value for key, value in headers.items()}
        part = self._part
        if status == 206:
            begin, total = http_headers.content_range(found.get("content-range", ""))
            if begin != part.length or total not in {None, remote.size or total}:
                self._start_over()
                raise self._cut_short()
        else:
            length = found.get("content-length", "")
            if length.isdigit() and remote.size is not None and int(length) != remote.size:
                page = http_headers.is_page(found)
                raise told.login_page(part.target.name) if page else self._cut_short()
            if part.length:
                self._progress.say(f"{self._host} sends {part.target.name} from its start again.")
                assert part.note is not None  # noqa: S101 - begun
                part.restart(part.note)
                self._progress.update(0)
        part.learn(http_headers.validator(found))

    def _take(self, chunk: bytes, remote: Remote) -> None:
        part = self._part
        begins_as_page = not part.length and looks_like_html(chunk[:64])
        if begins_as_page and not http_headers.names_page(remote.identity):
            raise told.login_page(self._target.name)
        if remote.size is not None and part.length + len(chunk) > remote.size:
            self._start_over()
            raise self._cut_short()
        try:
            part.write(chunk)
        except OSError as error:
            raise told.disk(error, part.target.name, part.length) from error
        finally:
            self._progress.update(part.length)
        self._received += len(chunk)

    def _complete(self, remote: Remote) -> Fetched:
        part = self._part
        found = part.digest.hexdigest()
        blob = part.blob.hexdigest() if part.blob is not None else None
        wanted = remote.sha256 or remote.git_sha1
        got = found if remote.sha256 else blob
        if wanted and got != wanted:
            old = part.found
            self._start_over()
            if old:
                # What another run left, and a crash of the system may have altered: once more.
                raise told.damaged(self._target.name)
            kind = "SHA-256" if remote.sha256 else "git hash"
            raise told.other_hash(self._target.name, kind, str(got), wanted)
        try:
            part.finish()
        except OSError as error:
            raise told.disk(error, part.target.name, part.length) from error
        return Fetched(found, self._received, part.found)

    def _failure(self, error: Exception) -> S2IError | None:
        if isinstance(error, http_get.Refused) and error.status_code == 416:
            with contextlib.suppress(OSError):
                self._start_over()
        return self._explain(error)

    def _start_over(self) -> None:
        """Throw away what came: it isn't what it should be."""
        self._part.close()
        discard(self._target)
        self._part = Partial(self._target)

    def _cut_short(self) -> S2IError:
        return told.cut_short(self._host, self._target.name)

    def _wait(self, error: Exception, failure: S2IError, goes: int) -> float | None:
        """Seconds until the next go; None where there should be none."""
        if not failure.retryable or goes >= len(self._pauses):
            return None
        asked = retry_after(error)
        if asked is not None and asked > MAX_WAIT:
            return None
        return max(self._pauses[goes], asked or 0.0)


def _break_off(answer: object) -> None:
    with contextlib.suppress(Exception):  # closed already, or not begun: nothing to break off
        getattr(answer, "shutdown")()  # noqa: B009 - declared on the concrete class only
