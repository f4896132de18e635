"""Where a ComfyUI server is, and the secrets that open its door, kept out of every text."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from s2i.errors import InputError

DEFAULT_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_HINT = "Write it like http://127.0.0.1:8188 or https://user:password@example.org/comfyui."
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


@dataclass(frozen=True)
class Address:
    """A server's address. `str()` and `repr()` show no secret; `authorization` is the header."""

    scheme: str
    host: str
    port: int
    prefix: str = ""  # path in front of every route, as a reverse proxy has it; no slash at its end
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The address as people may see it: without user, password and token."""
        return f"{self.scheme}://{self.netloc}{self.prefix}"

    @property
    def netloc(self) -> str:
        """host[:port] as a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def tls(self) -> bool:
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether what we send stays on this machine."""
        return _LOOPBACK.fullmatch(self.host) is not None

    @property
    def exposes_secret(self) -> bool:
        """Whether a password or token would cross a network unencrypted."""
        return self.authorization is not None and not self.tls and not self.loopback

    def path(self, route: str) -> str:
        """The request target of a route such as '/queue'."""
        return f"{self.prefix}{route}"

    def websocket_url(self, route: str) -> str:
        """The ws:// or wss:// URL of a route; carries no secret (the header does)."""
        return f"{'wss' if self.tls else 'ws'}://{self.netloc}{self.path(route)}"


def parse_address(url: str, token: str | None = None) -> Address:
    """Parse what the user gave as `--comfyui`; a missing scheme means http.

    A user name in the URL means basic auth and wins over `token` (a bearer token), as it belongs
    to this very server. Raises InputError, whose text never repeats a secret.
    """
    text = url.strip()
    if "://" not in text:
        text = f"http://{text}"
    if not text.isprintable() or re.search(r"\s", text):
        raise InputError(
            "bad-url", "The ComfyUI address holds a space or a control character.", hint=_HINT
        )
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise InputError("bad-url", "The ComfyUI address can't be read.", hint=_HINT) from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        shown = parts.scheme[:20]
        raise InputError("bad-url", f"A ComfyUI address can't start with {shown}://.", hint=_HINT)
    if not host:
        raise InputError("bad-url", "The ComfyUI address has no host name.", hint=_HINT)
    if port == 0:
        raise InputError("bad-url", "The ComfyUI address has port 0.", hint=_HINT)
    if not parts.path.isascii():
        raise InputError(
            "bad-url", "The path in the ComfyUI address must be percent-encoded.", hint=_HINT
        )
    try:
        # ASCII ones as well: the resolver would raise UnicodeError on one such as "..".
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        raise InputError(
            "bad-url", "The host name of the ComfyUI address can't exist.", hint=_HINT
        ) from None
    return Address(
        scheme=scheme,
        host=host,
        port=port or DEFAULT_PORTS[scheme],
        prefix=parts.path.rstrip("/"),
        authorization=_authorization(parts.username, parts.password, token),
    )


def _authorization(user: str | None, password: str | None, token: str | None) -> str | None:
    if user is not None:
        pair = f"{unquote(user)}:{unquote(password or '')}"
        return "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii")
    token = token.strip() if token else ""
    if not token:
        return None
    # RFC 6750's b64token, generously; anything else could smuggle a header line
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise InputError(
            "bad-token",
            "The ComfyUI token holds a character that no token can have.",
            hint="Set S2I_COMFYUI_TOKEN to the bare token, without quotes, spaces or line breaks.",
        )
    return f"Bearer {token}"
