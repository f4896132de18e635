"""One file from a Hugging Face hub, with every failure as one sentence.

huggingface_hub is imported inside functions: it takes a while, and reads its environment then.
HF_ENDPOINT, HF_HUB_OFFLINE, HF_TOKEN and the proxies of the system are honoured.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bootstrap.catalogue import HubSource
from bootstrap.hub_errors import explain
from bootstrap.progress import Progress
from s2i.errors import ModelMissing

DEFAULT_ENDPOINT = "https://huggingface.co"
PROBE_SECONDS = 2.5
RETRY_PAUSES = (2.0, 6.0, 15.0)  # s; the hub library resumes dropped connections by itself before


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
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in {"1", "ON", "YES", "TRUE"}


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


def fetch(
    source: HubSource,
    folder: Path,
    *,
    size: int | None,
    progress: Progress,
    pauses: Sequence[float] = RETRY_PAUSES,
) -> Path:
    """Fetch one file into `folder` and return its path. The content isn't checked here.

    size: what it should be, in bytes; another one stops the download before it begins.
    pauses: seconds to wait before each further attempt where trying again may help.
    Raises NetworkError, ModelMissing (wrong size), MissingError (disk full, no permission).
    """
    attempts: list[float | None] = [*pauses, None]
    for pause in attempts:
        try:
            return _fetch_once(source, folder, size, progress)
        except Exception as error:  # the hub's transport (httpx, httpx2) has types of its own
            failure = explain(error, source, shown_endpoint())
            if failure is None:
                raise
            if pause is None or not failure.retryable:
                raise failure from error
        progress.say(f"{failure.message} Trying again in {pause:g} s.")
        time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _fetch_once(source: HubSource, folder: Path, size: int | None, progress: Progress) -> Path:
    # Nothing about this machine goes to anybody.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    name = Path(source.path).name
    url = hf_hub_url(source.repo, source.path, revision=source.revision, endpoint=endpoint())
    progress.begin(f"Fetching {name}", size)
    try:
        with _log_as_progress(progress):
            there = get_hf_file_metadata(url)
            # Without a commit it isn't a hub that answered, which the next call will say.
            if size is not None and there.commit_hash and there.size not in {None, size}:
                raise ModelMissing(
                    "size-differs",
                    f"{name} has {there.size} bytes at {shown_endpoint()}, expected {size}.",
                    hint="Update this program ('git pull'): its catalogue may be out of date. "
                    "If you use a mirror, check HF_ENDPOINT.",
                )
            found = hf_hub_download(
                source.repo,
                source.path,
                revision=source.revision,
                local_dir=folder,
                endpoint=endpoint(),
                tqdm_class=_bar_class(progress),
            )
    finally:
        progress.end()
    return Path(found)


def _bar_class(progress: Progress) -> Any:
    """A class with as much of tqdm as the hub library uses, which reports to `progress`.

    Not a subclass of the hub's own: that one turns itself off where there is no terminal.
    """

    class Bar:
        def __init__(
            self, *_: Any, total: float | None = None, initial: float = 0, **__: Any
        ) -> None:
            self.total = total
            self.n = initial

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            progress.update(int(self.n))

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def __getattr__(self, name: str) -> Any:
            # refresh, close, set_description, …: how a bar looks is not this one's business.
            if name.startswith("__") or name == "update_transfer":
                raise AttributeError(name)
            return lambda *_, **__: None

    return Bar


class _Relay(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "Trying to resume" in text:
            self._progress.say("The connection was lost; going on where it stopped.")
        elif text.startswith("Rate limited"):
            self._progress.say("The hub asks for patience (too many requests).")
        elif text.startswith("HTTP Error"):
            self._progress.say(f"The hub answered with an error ({text[:14]}); trying again.")


@contextlib.contextmanager
def _log_as_progress(progress: Progress) -> Iterator[None]:
    """The hub library's warnings as sentences of ours, instead of lines across the bar."""
    logger = logging.getLogger("huggingface_hub")
    before, propagate = list(logger.handlers), logger.propagate
    relay = _Relay(progress)
    logger.handlers[:], logger.propagate = [relay], False
    try:
        with warnings.catch_warnings():
            # Room was checked before, and a disk that fills up all the same is an error of ours.
            warnings.filterwarnings("ignore", message="Not enough free disk space")
            yield
    finally:
        logger.handlers[:], logger.propagate = before, propagate
