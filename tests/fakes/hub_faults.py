"""What the fake hub can do wrong, one request at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """Answer with a status; `code` is X-Error-Code (EntryNotFound, GatedRepo, …)."""

    status: int
    code: str = ""
    retry_after: int | None = None


@dataclass(frozen=True)
class Drop:
    """Announce the whole file, close the connection after this fraction of it."""

    fraction: float


@dataclass(frozen=True)
class Truncate:
    """Announce and send only this fraction, as if that were all."""

    fraction: float


@dataclass(frozen=True)
class Hold:
    """Send this fraction, set `hub.holding`, then nothing until `hub.release` is set."""

    fraction: float


@dataclass(frozen=True)
class WrongBytes:
    """The right number of bytes, all of them zero."""


@dataclass(frozen=True)
class LoginPage:
    """A web page with status 200, as captive portals answer anything."""


@dataclass(frozen=True)
class Redirect:
    """Send to another address, as hubs do whose large files lie elsewhere."""

    to: str


@dataclass(frozen=True)
class WholeAgain:
    """Ignore a range: all of it, with status 200."""


@dataclass(frozen=True)
class WrongRange:
    """Answer a range with another one, from the file's beginning."""


@dataclass(frozen=True)
class TooMuch:
    """More bytes than there are, without saying how many come."""


Fault = (
    Status
    | Drop
    | Truncate
    | Hold
    | WrongBytes
    | LoginPage
    | Redirect
    | WholeAgain
    | WrongRange
    | TooMuch
)
