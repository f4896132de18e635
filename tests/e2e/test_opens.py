"""The page opens: everything on it is its own, and axe-core finds nothing wrong."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.e2e.page import Page

READY = "document.querySelector('#mic') && document.querySelector('#idea')"


def test_it_opens_and_asks_nobody_else(page: Page):
    page.open(ready=READY)
    page.wait("document.querySelector('#status').innerText.includes('English')")
    assert page.complaints() == []
    hosts = {
        urlsplit(url).netloc for url in page.requests if not url.startswith(("data:", "blob:"))
    }
    assert hosts == {urlsplit(page.base).netloc}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_the_empty_page(engine, served, page_of, dark):
    page = page_of(engine, served.url, dark)
    page.open(ready=READY)
    assert page.js("return matchMedia('(prefers-color-scheme: dark)').matches") is dark
    page.shot("empty")
    assert page.axe() == []


@pytest.mark.parametrize("width", [320, 3840])
def test_nothing_sticks_out(page: Page, width: int):
    page.size(width, 640 if width < 600 else 2160)
    page.open(ready=READY)
    assert page.js("return innerWidth") == width
    page.shot("empty")
    assert page.js("return document.documentElement.scrollWidth") <= width
