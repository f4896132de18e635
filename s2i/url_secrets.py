"""Addresses with a password in them: shown without it, and given back without losing it. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from s2i.errors import InputError

HIDDEN = "***"


class _Parts(NamedTuple):
    scheme: str  # with ://
    user: str
    password: str
    host: str  # with the port
    rest: str


def hide_password(url: str) -> str:
    """The address as people may see it: `***` in place of a password."""
    parts = _split(url)
    if not parts.password:
        return url
    return f"{parts.scheme}{parts.user}:{HIDDEN}@{parts.host}{parts.rest}"


def keep_password(url: str, old: str) -> str:
    """`url`, where `***` stands for the password of `old`, with that password in it again.

    Raises InputError where the two are different servers or users: nobody's password goes there.
    """
    new, known = _split(url), _split(old)
    if new.password != HIDDEN:
        return url
    same = (new.scheme, new.user, new.host.lower()) == (
        known.scheme,
        known.user,
        known.host.lower(),
    )
    if not same or not known.password:
        raise InputError(
            "password-needed",
            "The address has changed, so the password in it has to be given again.",
            hint=f"Write the password in place of {HIDDEN}.",
        )
    return f"{new.scheme}{new.user}:{known.password}@{new.host}{new.rest}"


def _split(url: str) -> _Parts:
    scheme, mark, tail = url.partition("://")
    if not mark:
        scheme, tail = "", url
    where = re.match(r"[^/?#]*", tail)
    netloc = where.group() if where else ""
    account, at, host = netloc.rpartition("@")
    user, _, password = account.partition(":") if at else ("", "", "")
    return _Parts(scheme + mark, user, password, host, tail[len(netloc) :])
