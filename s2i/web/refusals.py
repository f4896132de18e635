"""Requests that are refused: one class for each HTTP status (s2i.web.answers has the table)."""

from __future__ import annotations

from s2i.errors import InputError


class Forbidden(InputError):
    """Somebody asks who may not. HTTP 403."""


class Gone(InputError):
    """It was cancelled or given up. HTTP 410."""


class TooLarge(InputError):
    """A body is larger than its limit. HTTP 413."""


class BadBody(InputError):
    """The body can't be read as HTTP. HTTP 400."""


class TooSlow(InputError):
    """The body didn't come in time. HTTP 408."""
