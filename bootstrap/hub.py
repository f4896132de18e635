"""One file from a Hugging Face hub, with every failure as one sentence.

Addresses, metadata and access are huggingface_hub's, the bytes come by bootstrap.transfer. The
library is imported inside functions: it takes a while, and reads its environment then.
HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN and the proxies of the system are honoured.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bootstrap import transfer_errors, verify
from bootstrap.catalogue import HubSource
from bootstrap.control import Control
from bootstrap.http_get import Address
from bootstrap.hub_errors import explain
from bootstrap.progress import Progress
from bootstrap.transfer import RETRY_PAUSES, Remote, Transfer
from s2i.errors import NetworkError

DEFAULT_ENDPOINT = "https://huggingface.co"
PROBE_SECONDS = 2.5
_OURS = "S2I_STAYS_OFFLINE"  # in the environment: HF_HUB_OFFLINE was set by this program
_ASKING = threading.RLock()  # the environment is the whole process's
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")


def endpoint() -> str:
    """Address of the hub in use, without a slash at its end."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def shown_endpoint() -> str:
    """The hub's address for people: without user and password."""
    parts = urlsplit(endpoint())
    host = parts.hostname or endpoint()
    return f"{host}:{parts.port}" if parts.port else host


def is_offline() -> bool:
    """Whether the user told the hub library to stay off the network."""
    if os.environ.get(_OURS):
        return False
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


def stay_offline() -> None:
    """From now on the hub library of this process and its children asks nobody.

    For when all that was asked for is there. `fetch` and `locate` still work: they are asked to.
    """
    if not os.environ.get("HF_HUB_OFFLINE"):
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ[_OURS] = "1"


@contextlib.contextmanager
def online() -> Iterator[None]:
    """Undo `stay_offline` while the hub is asked; what the user set stays. One at a time."""
    with _ASKING:
        if not os.environ.pop(_OURS, None):
            yield
            return
        os.environ.pop("HF_HUB_OFFLINE", None)
        constants: Any = importlib.import_module("huggingface_hub.constants")
        was, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False  # read at its import only
        try:
            yield
        finally:
            constants.HF_HUB_OFFLINE = was
            stay_offline()


def unreachable(timeout: float = PROBE_SECONDS) -> str:
    """Why no hub can be reached, as a sentence; empty where one answers. Within `timeout` s.

    The library itself takes about 23 s to find that out.
    """
    if is_offline():
        return "HF_HUB_OFFLINE is set, so nothing is fetched from a hub."
    answer: list[str] = []

    def ask() -> None:
        answer.append(_ask(timeout))

    # A thread, because looking up a name can take longer than any time-out of a socket.
    thread = threading.Thread(target=ask, name="hub-probe", daemon=True)
    thread.start()
    thread.join(timeout)
    if not answer:
        return f"The hub {shown_endpoint()} didn't answer within {timeout:g} s."
    return answer[0]


def _ask(timeout: float) -> str:
    try:
        request = urllib.request.Request(endpoint() + "/", method="HEAD")  # noqa: S310 - next line
        if request.type not in {"http", "https"}:
            return f"HF_ENDPOINT should be an http or https address, not {request.type}."
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout):
            return ""
    except urllib.error.HTTPError as error:
        code = error.code
        error.close()
        return "The proxy wants a user and a password." if code == 407 else ""
    except urllib.error.URLError as error:
        # A certificate that this check can't verify is still somebody's answer; the hub library
        # verifies it with the certificates of its own.
        if "CERTIFICATE" in str(error.reason).upper():
            return ""
        return f"The hub {shown_endpoint()} can't be reached ({_plain(error.reason)})."
    except (OSError, ValueError) as error:
        return f"The hub {shown_endpoint()} can't be reached ({_plain(error)})."


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _plain(reason: object) -> str:
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__


def locate(source: HubSource, *, sha256: str | None = None) -> Remote:
    """What the hub says about a file now. sha256: what it should hash to, where that is known.

    Raises the hub library's errors (see hub_errors.explain) and ModelMissing where the hub itself
    names another hash, so that nothing needs to be fetched to find that out.
    """
    # Nothing about this machine goes to anybody.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    with online():
        from huggingface_hub import get_hf_file_metadata, hf_hub_url
        from huggingface_hub import utils as hub_utils
        from huggingface_hub.errors import FileMetadataError

        url = hf_hub_url(source.repo, source.path, revision=source.revision, endpoint=endpoint())
        there = get_hf_file_metadata(url)
        headers: dict[str, str] = hub_utils.build_hf_headers()  # type: ignore[attr-defined]
        token = headers.get("authorization")
    if there.commit_hash is None or there.etag is None:
        raise FileMetadataError("no hub: neither commit nor etag")
    asked, given = Address.of(url), Address.of(there.location)
    told = there.etag.lower()
    if sha256 and _SHA256.fullmatch(told) and told != sha256:
        raise transfer_errors.other_hash(Path(source.path).name, "SHA-256", told, sha256)
    return Remote(
        url=given.url,
        identity=asked.url.split("?")[0],
        owner=asked.url,
        size=there.size,
        etag=told,
        sha256=sha256 or (told if _SHA256.fullmatch(told) else None),
        git_sha1=told if _SHA1.fullmatch(told) else None,
        login=asked.login or token,
    )


def fetch(
    source: HubSource,
    target: Path,
    *,
    size: int | None,
    sha256: str | None = None,
    progress: Progress,
    pauses: Sequence[float] = RETRY_PAUSES,
    control: Control | None = None,
) -> str:
    """Fetch one file to `target`, going on where another run stopped; its SHA-256.

    size, sha256: what they should be; another size stops the download before it begins. Where
    sha256 is None the hub's own word counts (the ETag of a large file is its hash).
    pauses: seconds to wait before each further go that follows one which brought nothing new.
    Raises NetworkError, ModelMissing (size, hash), MissingError (disk), Cancelled.
    """
    if is_offline():
        raise NetworkError(
            "offline", unreachable(), hint="Unset HF_HUB_OFFLINE, then run it again."
        )
    if target.exists():
        wanted = sha256 or describe(source).sha256
        if wanted is not None and verify.is_it(target, wanted, progress):
            return wanted
        target.unlink()
    transfer = Transfer(
        lambda: locate(source, sha256=sha256),
        target,
        host=shown_endpoint(),
        explain=lambda error: explain(error, source, shown_endpoint()),
        progress=progress,
        control=control,
        pauses=pauses,
        expected=size,
    )
    return transfer.run().sha256


def describe(source: HubSource) -> Remote:
    """`locate` for people: every failure as an error of ours."""
    try:
        return locate(source)
    except Exception as error:  # the hub's transport (httpx, httpx2) has types of its own
        failure = explain(error, source, shown_endpoint())
        if failure is None:
            raise
        raise failure from error


def listing(source: HubSource) -> list[tuple[str, int]]:
    """(path, bytes) of every file of a repository at the source's revision, below its `path`.

    Raises NetworkError.
    """
    try:
        with online():
            from huggingface_hub import HfApi
            from huggingface_hub.hf_api import RepoFile

            tree = HfApi(endpoint=endpoint()).list_repo_tree(
                source.repo, revision=source.revision, recursive=True
            )
            found = [(item.path, item.size) for item in tree if isinstance(item, RepoFile)]
    except Exception as error:  # the hub's transport (httpx, httpx2) has types of its own
        failure = explain(error, source, shown_endpoint())
        if failure is None:
            raise
        raise failure from error
    prefix = f"{source.path.rstrip('/')}/" if source.path else ""
    return sorted((path, size) for path, size in found if path.startswith(prefix))
