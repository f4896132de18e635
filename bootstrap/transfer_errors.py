"""Sentences on what a transfer itself finds wrong with what it gets. No I/O."""

from __future__ import annotations

from bootstrap.hub_errors import disk_error
from bootstrap.progress import size_text
from s2i.errors import ModelMissing, NetworkError, S2IError


def cut_short(host: str, name: str) -> NetworkError:
    """Fewer bytes, or others, than were announced."""
    return NetworkError(
        "cut-short",
        f"{host} sent {name} cut short or mixed up.",
        hint="Try again later: it goes on where it stopped.",
        retryable=True,
    )


def login_page(name: str) -> NetworkError:
    """A captive portal answers anything with a page of its own."""
    return NetworkError(
        "not-a-hub",
        f"A web page came instead of {name} (a login page of the network?).",
        hint="Log in to the network in a browser, check HF_ENDPOINT and the proxy, "
        "then run it again.",
    )


def other_size(host: str, name: str, found: int | None, wanted: int) -> ModelMissing:
    """The host has a file of another size than the catalogue says."""
    return ModelMissing(
        "size-differs",
        f"{name} has {found} bytes at {host}, expected {wanted}.",
        hint="Update this program ('git pull'): its catalogue may be out of date. "
        "If you use a mirror, check HF_ENDPOINT.",
    )


def other_hash(name: str, kind: str, found: str, wanted: str) -> ModelMissing:
    """All of it came, and it is another file."""
    return ModelMissing(
        "hash-differs",
        f"{name} isn't the file it should be: its {kind} is {found}, expected {wanted}.",
        hint="Nothing of it was kept. Run 'python run.py setup' again; if it stays, the "
        "catalogue is out of date ('git pull') or HF_ENDPOINT names a bad mirror.",
    )


def damaged(name: str) -> NetworkError:
    """The hash is wrong, and part of the bytes were there before this run."""
    return NetworkError(
        "part-damaged",
        f"What was there of {name} turned out to be damaged; it starts over.",
        hint="Run it again: it starts over.",
        retryable=True,
    )


def disk(error: OSError, name: str, kept: int) -> S2IError | OSError:
    """Writing failed; `kept` bytes are on disk."""
    found = disk_error(error, name)
    if found is None or found.code != "disk-full":
        return found or error
    return type(found)(
        found.code,
        f"The disk filled up while {name} was written; {size_text(kept)} of it are kept.",
        hint=f"{found.hint} It goes on from there.",
    )
