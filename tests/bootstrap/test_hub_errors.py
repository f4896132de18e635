from __future__ import annotations

import errno

import pytest

from bootstrap.catalogue import HubSource
from bootstrap.hub_errors import disk_error, explain
from s2i.errors import ModelMissing

SOURCE = HubSource("me/models", "deep/a.gguf", "a" * 40)


class Reply:
    def __init__(self, status: int) -> None:
        self.status_code = status


class HTTPError(Exception):
    """Named like the base class of the hub's transport."""

    response: Reply | None = None


class TransportError(HTTPError):
    pass


class TimeoutException(TransportError):
    pass


class ReadTimeout(TimeoutException):
    pass


class ConnectError(TransportError):
    pass


class ProxyError(TransportError):
    pass


class HfHubHTTPError(HTTPError, OSError):
    def __init__(self, status: int) -> None:
        super().__init__("long text\nof several lines")
        self.response = Reply(status)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (ReadTimeout("x"), "stalled", True),
        (ConnectError("x"), "unreachable", True),
        (ProxyError("x"), "proxy", False),
        (TransportError("peer closed"), "connection-lost", True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "connection-lost", True),
        (TimeoutError("x"), "stalled", True),
        (HfHubHTTPError(407), "proxy", False),
        (ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] no"), "certificate", False),
        (OSError("Consistency check failed: file should be of size 2"), "cut-short", True),
        (HfHubHTTPError(429), "too-many-requests", True),
        (HfHubHTTPError(502), "hub-in-trouble", True),
        (HfHubHTTPError(401), "not-allowed", False),
        (HfHubHTTPError(404), "no-file", False),
        (HfHubHTTPError(418), "refused", False),
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full", False),
        (RuntimeError("Data processing error: CAS"), "download-failed", False),
    ],
)
def test_every_kind_has_its_sentence(error: Exception, code: str, retryable: bool) -> None:
    found = explain(error, SOURCE, "hub.example")
    assert found is not None
    assert (found.code, found.retryable) == (code, retryable)
    assert found.message.endswith(".")
    assert "\n" not in found.message
    assert "{" not in found.message
    assert found.hint


def test_the_cause_counts_where_the_library_wraps_it() -> None:
    error = FileNotFoundError("An error happened while trying to locate the file on the Hub")
    error.__cause__ = HfHubHTTPError(503)
    found = explain(error, SOURCE, "hub.example")
    assert found is not None
    assert found.code == "hub-in-trouble"


def test_the_librarys_own_classes_are_known_by_name() -> None:
    errors = pytest.importorskip("huggingface_hub.errors")
    # explain() goes by these names: a release that renames one must fail here.
    for name in (
        "OfflineModeIsEnabled",
        "GatedRepoError",
        "RepositoryNotFoundError",
        "RevisionNotFoundError",
        "RemoteEntryNotFoundError",
        "FileMetadataError",
    ):
        assert isinstance(getattr(errors, name), type)
    found = explain(errors.OfflineModeIsEnabled("x"), SOURCE, "hub.example")
    assert found is not None
    assert found.code == "offline"


def test_our_own_errors_pass_and_bugs_stay_bugs() -> None:
    own = ModelMissing("x", "y")
    assert explain(own, SOURCE, "h") is own
    assert explain(TypeError("a bug"), SOURCE, "h") is None


def test_no_password_gets_through() -> None:
    found = explain(ValueError("bad http://joe:secret@host/x"), SOURCE, "h")
    assert found is not None
    assert "secret" not in found.message


def test_a_firewall_is_no_missing_write_permission() -> None:
    assert disk_error(PermissionError(errno.EPERM, "Operation not permitted"), "a") is None
    found = disk_error(PermissionError(errno.EACCES, "Permission denied", "/x/y/z"), "a")
    assert found is not None
    assert found.code == "no-permission"
    assert "/x/y" in found.message
