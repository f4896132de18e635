"""Reading what a request brought: bodies within limits, numbers and names that can be used."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from s2i.errors import InputError
from s2i.web.refusals import BadBody, TooLarge, TooSlow

MAX_JSON = 1 << 20  # bytes
_BLOCK = 64 << 10


class Body:
    """The present request's body as a file, of which at most `limit` bytes can be read.

    `what` is its name in errors. Reading raises TooLarge, BadBody or TooSlow; a length that is too
    large is said at once.
    """

    def __init__(self, limit: int, what: str) -> None:
        self._source = request.environ["wsgi.input"]
        self._length = request.content_length
        self._limit = limit
        self._what = what
        self._taken = 0
        if self._length is not None and self._length > limit:
            raise too_large(limit, what)
        if self._length is None and not request.environ.get("wsgi.input_terminated"):
            self._length = 0  # neither a length nor chunks: no body

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, `b""` at the end."""
        wanted = _BLOCK if size < 0 else min(size, _BLOCK)
        if self._length is not None:
            wanted = min(wanted, self._length - self._taken)
        block = self._read(wanted) if wanted else b""
        self._taken += len(block)
        if self._taken > self._limit:
            raise too_large(self._limit, self._what)
        if wanted and not block and self._length is not None:
            raise self._bad("it ended early")
        return block

    def _read(self, size: int) -> bytes:
        try:
            block: bytes = self._source.read(size)
        except TimeoutError as error:
            raise TooSlow(
                "too-slow", f"{self._what} didn't come in time.", hint="Send it in one go."
            ) from error
        except (ValueError, OSError) as error:
            raise self._bad(str(error)) from error
        return block

    def _bad(self, why: str) -> BadBody:
        return BadBody(
            "bad-body", f"{self._what} can't be read: {why}.", hint="Send it again, whole."
        )


def body(limit: int, what: str) -> bytes:
    """The whole body, of at most `limit` bytes. Raises TooLarge, BadBody, TooSlow."""
    stream = Body(limit, what)
    return b"".join(iter(stream.read, b""))


def too_large(limit: int, what: str) -> TooLarge:
    """The error that names the limit."""
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit >> 10} KB"
    return TooLarge(
        "too-large", f"{what} is larger than {size}.", hint=f"Send at most {size} at a time."
    )


def json_body() -> dict[str, Any]:
    """The body as a JSON object, {} where there is none. Raises InputError.

    Whatever the Content-Type says: curl's `-d` calls everything a form.
    """
    raw = body(MAX_JSON, "The request")
    if not raw.strip():
        return {}
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InputError(
            "bad-json",
            "The request's body isn't valid JSON.",
            hint='Send an object, such as {"a": 1}.',
        ) from error
    if not isinstance(data, dict):
        raise InputError(
            "bad-json", "The request's body isn't a JSON object.", hint='Send such as {"a": 1}.'
        )
    return data


def whole_number(name: str, value: Any, hint: str = "") -> int:
    """A number that came as JSON or as text in the address. Raises InputError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    shown = "left out" if value is None else f"not '{str(value)[:40]}'"
    raise InputError(
        f"bad-{name.replace('_', '-')}", f"{name} has to be a whole number, {shown}.", hint=hint
    )


def text(name: str, value: Any, default: str, longest: int = 40) -> str:
    """A short text that came as JSON or in the address. Raises InputError."""
    if value is None:
        return default
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InputError(f"bad-{name.replace('_', '-')}", f"{name} has to be a short text.")
    return value.strip()
