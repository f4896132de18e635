"""Why pip failed, as one sentence and the way out, read from what it printed. No I/O.

The order of the checks matters: a full disk makes a compiler fail, and a failed look-up of one of
several indexes is no reason where another one had the package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from s2i.errors import MissingError, NetworkError

_DISK_FULL = re.compile(
    r"\[Errno (?:28|122)\]|No space left on device|WinError 112\b|not enough space on the disk",
    re.IGNORECASE,
)
_NOT_WRITABLE = re.compile(
    r"\[Errno 13\] Permission denied|\[Errno 30\] Read-only|WinError 5\]", re.IGNORECASE
)
_PATH_TOO_LONG = re.compile(
    r"Windows Long Path support|WinError 206\b|\[Errno 36\]|File name too long", re.IGNORECASE
)
_NO_COMPILER = re.compile(
    r"No CMAKE_C(?:XX)?_COMPILER could be found|CMAKE_C(?:XX)?_COMPILER not set"
    r"|could not find any instance of Visual Studio|Microsoft Visual C\+\+ .{0,40}is required"
    r"|command '[^']*(?:gcc|g\+\+|cc|c\+\+|clang)[^']*' failed: No such file"
    r"|unable to execute '[^']*(?:gcc|g\+\+|cc|clang)[^']*'"
    r"|No such file or directory: '[^']*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)'"
    r"|Unknown compiler\(s\)|invalid active developer path|no developer tools were found"
    r"|unable to find vcvarsall",
    re.IGNORECASE,
)
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|SSLError|certificate verify failed")
_PROXY = re.compile(r"ProxyError|Cannot connect to proxy|407 Proxy Authentication")
_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|Read timed out"
    r"|Failed to establish a new connection|Temporary failure in name resolution|getaddrinfo failed"
    r"|Name or service not known|nodename nor servname|Network is unreachable|Max retries exceeded"
    r"|Connection refused|ConnectionResetError|Connection aborted|IncompleteRead"
    r"|RemoteDisconnected|5\d\d (?:Server|Service|Bad Gateway|Gateway)",
    re.IGNORECASE,
)
# Older pips don't notice that a download stopped short; the file is then no archive.
_BROKEN_OFF = re.compile(
    r"Wheel '.*' located at .* is invalid|incomplete-download|DO NOT MATCH THE HASHES"
    r"|BadZipFile|zlib\.error|EOFError: Compressed file ended",
)
_NOT_FOUND = re.compile(r"No matching distribution found for (?P<what>.+)")
_BUILD_FAILED = re.compile(
    r"Failed building wheel for|Failed to build|failed-wheel-build|metadata-generation-failed"
    r"|subprocess-exited-with-error|did not run successfully",
    re.IGNORECASE,
)
_CONFLICT = re.compile(r"ResolutionImpossible|conflicting dependencies")

# Lines that end every failed build and say nothing about its cause.
_NOISE = re.compile(
    r"Failed building wheel|Failed to build|Could not build wheels|subprocess-exited-with-error"
    r"|metadata-generation-failed|failed-wheel-build|did not run successfully|pip subprocess"
    r"|Traceback|This error originates|Encountered error|finished with status"
    r"|CMake (?:build|configuration) failed",
    re.IGNORECASE,
)
_CAUSE = re.compile(r"\berror\b|^[A-Za-z_.]*(?:Error|Exception)\b", re.IGNORECASE)
_LONGEST_CAUSE = 200


class Host(NamedTuple):
    """What the advice depends on."""

    platform: str  # as sys.platform
    installer: str  # "apt", "dnf", "pacman", "zypper", "apk" or "": the package manager there is
    has_compiler: bool


def explain(lines: Sequence[str], what: str, log: str, host: Host) -> MissingError:
    """The error that fits pip's output `lines`. `what` was being installed; `log` has it all."""
    text = "\n".join(lines)
    see = f"All of it is in {log}."
    building = bool(_BUILD_FAILED.search(text))
    missing = _NOT_FOUND.search(text)
    unreachable = any(sign.search(text) for sign in (_NETWORK, _CERTIFICATE, _PROXY))
    if _DISK_FULL.search(text) or _PATH_TOO_LONG.search(text):
        return _no_room(text, what)
    if _NO_COMPILER.search(text) or (building and not host.has_compiler):
        return no_compiler(what, host)
    if _BROKEN_OFF.search(text) and not building:
        return NetworkError(
            "broken-download",
            f"{what} arrived incomplete or altered: {_cause(lines)}.",
            hint=f"Start it again. A proxy or a virus scanner may be in the way. {see}",
            retryable=True,
        )
    if unreachable and (missing or not (building or _CONFLICT.search(text))):
        return _no_network(text, what, see)
    if missing:
        name = missing["what"].strip()
        return MissingError(
            "no-such-package",
            f"No version of {name} fits this Python and this machine.",
            hint=f"Try it with Python 3.12 (delete the folder .venv first). {see}",
        )
    code, sentence = "install-failed", f"Installing {what} failed: {_cause(lines)}."
    if building:
        code, sentence = "build-failed", f"Building {what} failed: {_cause(lines)}."
    elif _NOT_WRITABLE.search(text):
        code, see = "not-writable", f"Make the project's folder writable, start it again. {see}"
    return MissingError(code, sentence, hint=see, retryable=True)


def _no_room(text: str, what: str) -> MissingError:
    if _DISK_FULL.search(text):
        return MissingError(
            "disk-full",
            f"The disk is full: {what} couldn't be installed.",
            hint="Make about 2 GB of room (also where temporary files go), then start it again.",
            retryable=True,
        )
    return MissingError(
        "path-too-long",
        f"{what} couldn't be installed: the path of the project's folder is too long.",
        hint="Move the project nearer to the top of the drive (C:\\s2i), then start it again.",
    )


def no_compiler(what: str, host: Host) -> MissingError:
    """The error for a machine that can't build `what`, with the command that mends it there."""
    if host.platform == "win32":
        how = (
            "Install the Build Tools for Visual Studio, with 'Desktop development with C++'"
            " (https://visualstudio.microsoft.com/visual-cpp-build-tools/)"
        )
    elif host.platform == "darwin":
        how = "Run: xcode-select --install"
    else:
        commands = {
            "apt": "sudo apt install build-essential",
            "dnf": "sudo dnf install gcc gcc-c++",
            "pacman": "sudo pacman -S base-devel",
            "zypper": "sudo zypper install gcc gcc-c++",
            "apk": "sudo apk add build-base",
        }
        how = f"Run: {commands.get(host.installer, 'your package manager, for gcc and g++')}"
    return MissingError(
        "no-compiler",
        f"{what} has to be compiled on this machine, and there is no C/C++ compiler.",
        hint=f"{how}. Then start it again.",
    )


def is_network(error: MissingError) -> bool:
    """Whether trying again may help because only the network failed."""
    return isinstance(error, NetworkError)


def _no_network(text: str, what: str, see: str) -> NetworkError:
    if _CERTIFICATE.search(text):
        return NetworkError(
            "certificate",
            f"{what} couldn't be downloaded: the secure connection isn't trusted here.",
            hint="School and company networks often rewrite it: set PIP_CERT to the file of their"
            f" certificate, and check the computer's clock. {see}",
        )
    if _PROXY.search(text):
        return NetworkError(
            "proxy",
            f"{what} couldn't be downloaded: the proxy can't be reached or refuses.",
            hint=f"Check the variables HTTPS_PROXY and PIP_PROXY. {see}",
            retryable=True,
        )
    return NetworkError(
        "no-network",
        f"{what} couldn't be downloaded: no package index can be reached.",
        hint="The first run needs the internet: connect and start it again"
        f" (an index of your own: PIP_INDEX_URL). {see}",
        retryable=True,
    )


def _cause(lines: Sequence[str]) -> str:
    """The line that says most about the cause: the last error that isn't boilerplate."""
    for line in reversed(lines):
        text = re.sub(r"^(?:ERROR|\*\*\*)[:\s]+", "", line.strip(" \t│╰─>×")).strip()
        if (
            text
            and (line.lstrip().startswith("ERROR") or _CAUSE.search(text))
            and not _NOISE.search(text)
        ):
            return _short(text)
    said = [line.strip() for line in lines if line.strip()]
    return _short(said[-1]) if said else "pip said nothing"


def _short(text: str) -> str:
    text = text.rstrip(".: ")
    return text if len(text) <= _LONGEST_CAUSE else f"{text[: _LONGEST_CAUSE - 3]}..."
