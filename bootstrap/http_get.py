"""One GET over the network, for downloads: proxies, certificates, redirects, and no token astray.

urllib3 speaks HTTP here. Proxies come from the environment and the system's settings (HTTPS_PROXY,
NO_PROXY); certificates from SSL_CERT_FILE or REQUESTS_CA_BUNDLE, else from the system.
"""

from __future__ import annotations

import base64
import os
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from s2i.errors import NetworkError

if TYPE_CHECKING:
    import urllib3

MAX_REDIRECTS = 8
_REDIRECTS = {301, 302, 303, 307, 308}
AGENT = "SpeechToImage"


class Refused(Exception):
    """An answer that isn't the file: its status, and the headers that say more."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"status {status}")
        self.status_code = status
        self.headers = headers

    @property
    def response(self) -> Refused:
        """Itself: other libraries' errors carry status and headers in their `response`."""
        return self


@dataclass(frozen=True)
class Address:
    """An address without user and password, and the header they make (secret)."""

    url: str
    login: str | None

    @classmethod
    def of(cls, url: str) -> Address:
        """Take user and password out of an address."""
        parts = urlsplit(url)
        if parts.username is None:
            return cls(url, None)
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        return cls(bare, "Basic " + base64.b64encode(pair.encode()).decode("ascii"))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, as they decide whether two addresses are the same server's."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").lower(), port


@contextmanager
def opened(
    url: str, *, headers: Mapping[str, str], login: str | None, owner: str, seconds: float
) -> Iterator[urllib3.BaseHTTPResponse]:
    """The answer (200 or 206) to a GET, after redirects; its connection ends with the block.

    login: the Authorization header, which goes to the server of the address `owner` alone, never
    to another that a redirect names. seconds: how long a server may be silent.
    Raises Refused (another status), NetworkError (redirects without an end, a proxy that can't be
    used), and urllib3's errors.
    """
    for _ in range(MAX_REDIRECTS):
        sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **headers}
        if login and origin(url) == origin(owner):
            sent["Authorization"] = login
        with _pool(url, seconds) as pool:
            answer = pool.request(
                "GET", url, headers=sent, preload_content=False, redirect=False, retries=False
            )
            try:
                where = answer.headers.get("Location")
                if answer.status in _REDIRECTS and where:
                    url = _next(url, where)
                    continue
                if answer.status not in {200, 206}:
                    raise Refused(answer.status, dict(answer.headers))
                yield answer
                return
            finally:
                answer.close()
    raise NetworkError(
        "too-many-redirects",
        f"{urlsplit(owner).hostname} sends from one address to the next without an end.",
        hint="Check HF_ENDPOINT and the network's proxy.",
    )


def _next(url: str, where: str) -> str:
    found = urljoin(url, where)
    if urlsplit(found).scheme not in {"http", "https"} or not urlsplit(found).hostname:
        raise NetworkError(
            "bad-redirect",
            f"{urlsplit(url).hostname} sends to an address that is none.",
            hint="Check HF_ENDPOINT and the network's proxy.",
        )
    return Address.of(found).url


@contextmanager
def _pool(url: str, seconds: float) -> Iterator[urllib3.PoolManager]:
    import urllib3

    timeout = urllib3.Timeout(connect=seconds, read=seconds)
    context = _certificates() if urlsplit(url).scheme == "https" else None
    proxy = proxy_for(url)
    made: urllib3.PoolManager
    if proxy is None:
        made = urllib3.PoolManager(timeout=timeout, ssl_context=context)
    else:
        made = _through(proxy, timeout, context)
    try:
        yield made
    finally:
        made.clear()


def _through(
    proxy: str, timeout: urllib3.Timeout, context: ssl.SSLContext | None
) -> urllib3.PoolManager:
    import urllib3

    address = Address.of(proxy)
    try:
        return urllib3.ProxyManager(
            address.url,
            timeout=timeout,
            ssl_context=context,
            proxy_headers={"Proxy-Authorization": address.login} if address.login else None,
        )
    except urllib3.exceptions.HTTPError as error:  # a SOCKS proxy, or no address at all
        raise NetworkError(
            "proxy",
            f"The proxy {urlsplit(address.url).scheme}://{urlsplit(address.url).hostname} can't "
            "be used: only http and https ones can.",
            hint="Check HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
        ) from error


def proxy_for(url: str) -> str | None:
    """The proxy that the environment or the system sets for an address, else None."""
    parts = urlsplit(url)
    found = urllib.request.getproxies()
    proxy = found.get(parts.scheme) or found.get("all")
    if not proxy or not parts.hostname or urllib.request.proxy_bypass(parts.netloc.split("@")[-1]):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _certificates() -> ssl.SSLContext:
    own = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
    if own:
        try:
            return ssl.create_default_context(cafile=own)
        except (OSError, ssl.SSLError) as error:
            raise NetworkError(
                "certificate",
                f"The certificates in {own} can't be read.",
                hint="Correct SSL_CERT_FILE or REQUESTS_CA_BUNDLE, or unset it.",
            ) from error
    try:
        import truststore  # the system's own; comes with the hub library from 2.0 on

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ImportError:
        import certifi

        context = ssl.create_default_context()
        # Python from python.org on macOS finds none of the system's.
        context.load_verify_locations(certifi.where())
        return context
