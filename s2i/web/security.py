"""Who may ask: this machine's own programs, and the page that this very server sent.

Against what:
* DNS rebinding (another site's name made to point here): the Host must be a name of ours.
* Other sites' pages (forms, fetch, images, event streams): an Origin must be ours and come with
  the page's token; Sec-Fetch-Site, which scripts can't forge, must not be another site's.
* Other sites' frames and scripts around our answers: the headers below.

A program (curl, a script) sends neither and is let in from loopback only.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping

from flask import Flask, Response, request

from s2i.web.refusals import Forbidden

TOKEN_HEADER = "X-S2I-Token"  # noqa: S105 - a header's name
TOKEN_QUERY = "token"  # noqa: S105 - a parameter's name
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",  # previews come as base64 in events
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}
API_HEADERS: Mapping[str, str] = {**HEADERS, "Cache-Control": "no-store"}

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z._-]+)(?::(?P<port>[0-9]{1,5}))?")


class Guard:
    """Checks every request before it is routed. `hosts`: names besides loopback's own."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self.token = secrets.token_urlsafe(32)
        """What the page shows with every request; new with each start of the server."""
        self._hosts = LOOPBACK_NAMES | {name.lower() for name in hosts}

    def check(
        self,
        *,
        host: str,
        origin: str | None,
        site: str | None,
        mode: str | None,
        method: str,
        path: str,
        scheme: str,
        remote: str,
        token: str,
    ) -> None:
        """Raise Forbidden unless this request may be answered. Pure: everything is passed in."""
        self._check_host(host)
        if site not in {None, "same-origin", "none"} and not (
            # a link or a bookmark to the page; the page itself has nothing to steal
            mode == "navigate" and method in {"GET", "HEAD"} and path == "/"
        ):
            raise Forbidden(
                "other-site",
                "Another site's page may not use this program.",
                hint=f"Open {scheme}://{host}/ itself.",
            )
        if origin is not None and origin.lower() != f"{scheme}://{host}".lower():
            raise Forbidden(
                "bad-origin",
                "A page from elsewhere may not use this program.",
                hint=f"Open {scheme}://{host}/ itself.",
            )
        # The page brings the token, so it can't need it; its own files hold no secret.
        page = method in {"GET", "HEAD"} and (path == "/" or path.startswith("/static/"))
        if (origin is not None or not is_loopback(remote)) and not page:
            self._check_token(token)

    def _check_host(self, host: str) -> None:
        found = _HOST.fullmatch(host)
        if found is None or found["name"].lower() not in self._hosts:
            raise Forbidden(
                "bad-host",
                f"This program doesn't answer to the name '{host[:60]}'.",
                hint="Use http://127.0.0.1 or http://localhost and the port.",
            )

    def _check_token(self, token: str) -> None:
        given, own = token.encode("utf-8", "surrogateescape"), self.token.encode("ascii")
        if not hmac.compare_digest(given, own):
            raise Forbidden(
                "bad-token",
                "The page is older than this start of the program.",
                hint="Reload the page.",
            )


def is_loopback(address: str) -> bool:
    """Whether `address`, a peer's, is this machine's own."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def protect(app: Flask, guard: Guard) -> None:
    """Check every request of `app` and put the headers on every answer."""

    @app.before_request
    def _check() -> None:
        # An EventSource and an <img> can't send headers of their own, hence the query.
        token = request.headers.get(TOKEN_HEADER, "")
        if not token and request.method in {"GET", "HEAD"}:
            token = request.args.get(TOKEN_QUERY, "")
        guard.check(
            host=request.headers.get("Host", ""),
            origin=request.headers.get("Origin"),
            site=request.headers.get("Sec-Fetch-Site"),
            mode=request.headers.get("Sec-Fetch-Mode"),
            method=request.method,
            path=request.path,
            scheme=request.scheme,
            remote=request.remote_addr or "",
            token=token,
        )

    @app.after_request
    def _head(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", API_HEADERS["Cache-Control"])
        return response
