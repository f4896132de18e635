"""What the headers of a download's answer say. No I/O."""

from __future__ import annotations

from urllib.parse import urlsplit


def content_range(text: str) -> tuple[int | None, int | None]:
    """(first byte, whole size) out of "bytes 5-9/10"; None for what isn't told."""
    unit, _, rest = text.strip().partition(" ")
    span, _, total = rest.partition("/")
    begin = span.partition("-")[0]
    if unit != "bytes" or not begin.isdigit():
        return None, None
    return int(begin), int(total) if total.isdigit() else None


def validator(headers: dict[str, str]) -> str | None:
    """What If-Range takes: a strong ETag, else the date of the last change."""
    etag = headers.get("etag", "").strip()
    if etag and not etag.startswith("W/"):
        return etag
    return headers.get("last-modified")


def is_page(headers: dict[str, str]) -> bool:
    """Whether the content is said to be a web page."""
    return headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml"))


def names_page(url: str) -> bool:
    """Whether an address is one of a web page, which may rightly begin like one."""
    return urlsplit(url).path.lower().endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))
