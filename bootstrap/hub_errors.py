"""What went wrong with a download, as one sentence and a way out. No I/O.

Errors are told apart by the names of their classes: the hub library's transport (requests in 0.x,
httpx in 1.x, httpx2 in 2.x) is none of our dependencies, so its classes can't be imported.
`retryable`: dropped, stalled, out of reach, 5xx and 429 are; what asking again can't mend isn't.
"""

from __future__ import annotations

import contextlib
import errno
import re
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

from bootstrap.catalogue import HubSource
from s2i.errors import MissingError, NetworkError, S2IError

_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_OUTDATED = (
    "The catalogue may be out of date: update this program ('git pull'). "
    "If you use a mirror, check HF_ENDPOINT."
)
_LATER = "Try again later; 'python run.py setup' goes on where it stopped."
_LOG_IN = "Put an access key of yours into the environment as HF_TOKEN, then run setup again."


@dataclass(frozen=True)
class _Kind:
    """Fields of `message`: {host}, {repo}, {path}, {name}, {version}, {status}."""

    code: str
    message: str
    hint: str
    retryable: bool = False


_CUT_SHORT = _Kind("cut-short", "{host} sent {name} cut short or mixed up.", _LATER, True)
_LOST = _Kind(
    "connection-lost", "The connection to {host} broke while {name} was fetched.", _LATER, True
)
_STALLED = _Kind("stalled", "{host} stopped sending {name}.", _LATER, True)
_UNREACHABLE = _Kind(
    "unreachable",
    "{host} can't be reached.",
    f"Check the network (and HTTPS_PROXY behind a proxy). {_LATER}",
    True,
)
_PROXY = _Kind("proxy", "The proxy doesn't let {name} through.", "Check HTTPS_PROXY and NO_PROXY.")
_CERTIFICATE = _Kind(
    "certificate",
    "The certificate of {host} can't be verified, so nothing was fetched.",
    "Check this machine's clock. Behind a company's or school's proxy, put its certificate into "
    "the system's, or name its file in SSL_CERT_FILE.",
)
_NO_FILE = _Kind("no-file", "{repo} on {host} has no file {path} in version {version}.", _OUTDATED)
_REFUSED = _Kind("not-allowed", "{host} refuses {repo} ({status}).", _LOG_IN)

_BY_CLASS = {
    "OfflineModeIsEnabled": _Kind(
        "offline",
        "HF_HUB_OFFLINE is set, so nothing is fetched from a hub.",
        "Unset HF_HUB_OFFLINE and run 'python run.py setup' again.",
    ),
    "GatedRepoError": _Kind(
        "gated",
        "{repo} wants its terms accepted before {host} hands out its files.",
        f"Accept them on its page there. {_LOG_IN}",
    ),
    "RepositoryNotFoundError": _Kind(
        "no-repository",
        "{host} has no repository {repo}, or shows it only to people who are logged in.",
        f"{_OUTDATED} For a private one: {_LOG_IN}",
    ),
    "RevisionNotFoundError": _Kind(
        "no-revision", "{repo} on {host} has no version {version}.", _OUTDATED
    ),
    "RemoteEntryNotFoundError": _NO_FILE,
    "EntryNotFoundError": _NO_FILE,  # its name in 0.x
    "FileMetadataError": _Kind(
        "not-a-hub",
        "{host} answered with something else than a hub's file "
        "(a login page of the network, or a wrong HF_ENDPOINT?).",
        "Log in to the network in a browser, check HF_ENDPOINT, then run setup again.",
    ),
}
"""By the library's own classes, the more special before its base (gated before not found)."""

_BY_STATUS = {
    401: _REFUSED,
    403: _REFUSED,
    404: _Kind("no-file", "{host} has no {path} of {repo} (404).", _OUTDATED),
    407: _PROXY,
    416: _CUT_SHORT,
    429: _Kind(
        "too-many-requests",
        "{host} says that this address has asked for too much (429).",
        f"Wait some minutes. {_LOG_IN}",
        True,
    ),
}
_TROUBLE = _Kind("hub-in-trouble", "{host} is in trouble ({status}).", _LATER, True)
_OTHER_STATUS = _Kind("refused", "{host} refuses {path} ({status}).", _LATER)

_BY_TRANSPORT = {
    "ProxyError": _PROXY,
    "ConnectTimeout": _UNREACHABLE,  # httpx, requests
    "ConnectTimeoutError": _UNREACHABLE,  # urllib3
    "NewConnectionError": _UNREACHABLE,
    "ConnectError": _UNREACHABLE,
    "gaierror": _UNREACHABLE,
    "TimeoutException": _STALLED,
    "Timeout": _STALLED,
    "TimeoutError": _STALLED,
    "TransportError": _LOST,
    "StreamError": _LOST,
    "HTTPError": _LOST,
    "ConnectionError": _LOST,
}


def explain(error: BaseException, source: HubSource, host: str) -> S2IError | None:
    """The error of ours that says what `error` means; None for one that isn't a download's.

    `retryable` is True where trying again soon may help. host: the hub's name for people.
    """
    if isinstance(error, S2IError):
        return error
    name = Path(source.path).name
    chain = _chain(error)
    for item in chain:
        if isinstance(item, OSError) and (local := disk_error(item, name)):
            return local
    kind, status = _kind(chain)
    if kind is not None:
        message = kind.message.format(
            host=host,
            repo=source.repo,
            path=source.path,
            name=name,
            version=source.revision[:12],
            status=status,
        )
        return NetworkError(kind.code, message, hint=kind.hint, retryable=kind.retryable)
    if isinstance(error, (OSError, RuntimeError, ValueError)):
        text = re.sub(r"//[^/@\s]*@", "//", str(error).strip())
        first = text.splitlines()[0][:200] if text else type(error).__name__
        return NetworkError(
            "download-failed", f"{name} couldn't be fetched from {host} ({first}).", hint=_LATER
        )
    return None


def retry_after(error: BaseException) -> float | None:
    """Seconds that a server asks to wait (Retry-After: seconds or a date), else None."""
    for item in _chain(error):
        headers = getattr(getattr(item, "response", None), "headers", None) or {}
        text = next((headers[key] for key in headers if key.lower() == "retry-after"), None)
        if text is None:
            continue
        if str(text).strip().isdigit():
            return float(text)
        with contextlib.suppress(TypeError, ValueError):
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None


def _kind(chain: list[BaseException]) -> tuple[_Kind | None, int | None]:
    if any(_is_certificate(item) for item in chain):
        return _CERTIFICATE, None
    for item in chain:
        names = {base.__name__ for base in type(item).__mro__}
        for name, kind in _BY_CLASS.items():
            if name in names:
                return kind, None
        status = getattr(getattr(item, "response", None), "status_code", None)
        if isinstance(status, int):
            return _BY_STATUS.get(status) or (_TROUBLE if status >= 500 else _OTHER_STATUS), status
        if "Consistency check failed" in str(item):
            return _CUT_SHORT, None
    for item in chain:
        names = {base.__name__ for base in type(item).__mro__}
        for name, kind in _BY_TRANSPORT.items():
            if name in names:
                return kind, None
    return None, None


def _is_certificate(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError) or (
        "CERTIFICATE_VERIFY_FAILED" in str(error)
    )


def disk_error(error: OSError, what: str) -> MissingError | None:
    """A full disk, a file too big for it or a missing permission as an error of ours, else None."""
    if error.errno in _FULL:
        return MissingError(
            "disk-full",
            f"The disk filled up while {what} was written.",
            hint="Make room, or set S2I_HOME to a folder on a larger disk, then run setup again.",
        )
    if error.errno == errno.EFBIG:
        return MissingError(
            "file-too-big",
            f"{what} is too big a file for this disk or for this user's limit.",
            hint="Set S2I_HOME to a folder on another disk (FAT32 takes files up to 4 GB).",
        )
    # With a file name only: a firewall that forbids a connection gives the same numbers.
    if error.errno in _DENIED and error.filename:
        return MissingError(
            "no-permission",
            f"{what} can't be written in {Path(str(error.filename)).parent}: {error.strerror}.",
            hint="Give yourself write permission there, or set S2I_HOME to a folder of yours.",
        )
    return None


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain
