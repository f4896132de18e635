"""What was made stays: the strip, the grid, the viewer, the comparison."""

from __future__ import annotations

import base64
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from s2i import provenance
from tests.e2e.making import DONE, READY, make, newest, until_job
from tests.e2e.page import Page
from tests.e2e.served import Served

TILES = "[...document.querySelectorAll('#strip .tile')]"
LARGE = "document.querySelector('.viewer-large')?.naturalWidth > 0"
TITLE = "document.querySelector('#viewer-title').innerText"
MANY = 2000
FIRST = "The first one"
_DOWNLOAD = """
const link = document.querySelector('#viewer-download');
const answer = await fetch(link.href);
const bytes = new Uint8Array(await answer.arrayBuffer());
let text = '';
for (const byte of bytes) text += String.fromCharCode(byte);
return [answer.headers.get('Content-Disposition'), btoa(text)];
"""


@pytest.fixture(scope="module")
def sketches(start_server: Callable[..., Served]) -> Served:
    """A server that draws storyboards: pictures are there at once."""
    return start_server(S2I_REFINE="off")


@pytest.fixture
def page(engine: str, sketches: Served, page_of: Callable[..., Page]) -> Page:
    return page_of(engine, sketches.url)


def ideas(page: Page) -> list[str]:
    """What the strip shows, in its order."""
    return list(page.js(f"return {TILES}.map((one) => one.querySelector('img')?.alt ?? '')"))


def open_viewer(page: Page, idea: str) -> None:
    page.wait(f"{TILES}.find((one) => one.querySelector('img')?.alt === arguments[0])", idea)
    page.js(
        f"{TILES}.find((one) => one.querySelector('img')?.alt === arguments[0]).id = 'it'", idea
    )
    page.click("#it")
    page.wait(LARGE)


def deed(page: Page, name: str) -> None:
    """Press one of the viewer's buttons. A real press: without one, Escape closes two dialogs."""
    page.js(
        "[...document.querySelectorAll('#viewer .deeds > *')]"
        ".find((one) => one.innerText === arguments[0]).id = 'deed'",
        name,
    )
    page.click("#deed")


def test_what_was_made_is_there_newest_first(page: Page, sketches: Served):
    first, second = (make(sketches, f"A boat {time.time()}") for _ in range(2))
    page.open(ready=READY)
    page.wait(f"{TILES}.length >= 2")
    assert ideas(page)[:2] == [second["idea"], first["idea"]]
    third = make(sketches, "A kite above the sea")  # while the page is open
    page.wait(f"{TILES}[0].querySelector('img')?.alt === arguments[0]", third["idea"])
    page.wait(f"{TILES}[0].querySelector('img').naturalWidth > 0")
    open_viewer(page, second["idea"])
    facts = page.text(".viewer-facts")
    for fact in (second["idea"], "Storyboard", second["seed_text"], "512 × 512"):
        assert fact in facts
    page.click("#viewer .sheet-head button:nth-of-type(2)")
    page.wait(f"{TITLE} === arguments[0]", first["idea"])
    page.keys("left", "left")
    page.wait(f"{TITLE} === arguments[0]", third["idea"])
    page.keys("left")
    page.wait("document.querySelector('#viewer #say').textContent.includes('no more')")


def test_once_more(page: Page, sketches: Served):
    job = make(sketches, "An owl in a library", seed="18446744073709551615")
    page.open(ready=READY)
    open_viewer(page, job["idea"])
    assert page.text("#viewer-seed") == job["seed_text"] == "18446744073709551615"
    deed(page, "Again, new seed")
    page.wait(DONE)
    again = until_job(sketches, newest(sketches)["id"], "done")
    assert (again["idea"], again["prompt"]) == (job["idea"], job["prompt"])
    assert again["seed_text"] != job["seed_text"]
    assert not page.shown("#viewer")

    open_viewer(page, job["idea"])
    page.wait("document.querySelector('#viewer-seed')")
    page.js("location.hash = '#/picture/' + arguments[0]", job["id"])
    page.wait(
        "document.querySelector('#viewer-seed')?.innerText === arguments[0]", job["seed_text"]
    )
    deed(page, "Same seed, other prompt")
    page.js("document.querySelector('#viewer-words').select()")
    page.type("#viewer-words", "an owl in a forest")
    page.click(".viewer-form .primary")
    page.wait("document.querySelector('#prompt-text').value === 'an owl in a forest'")
    other = until_job(sketches, newest(sketches)["id"], "done")
    assert other["idea"] == job["idea"]
    assert other["prompt"] == "an owl in a forest"
    assert other["seed_text"] == job["seed_text"]
    assert other["size"] == job["size"]


def test_download_copy_delete_and_undo(page: Page, sketches: Served):
    job = make(sketches, f"A clock {page.engine}")
    page.open(ready=READY)
    open_viewer(page, job["idea"])
    assert page.js("return document.querySelector('.viewer-large').alt") == job["idea"]
    named, data = page.js(_DOWNLOAD)
    assert named.startswith("attachment")
    assert ".png" in named
    record = provenance.read(base64.b64decode(data))
    assert record is not None
    assert (record["job"], record["idea"]) == (job["id"], job["idea"])

    page.click("#viewer .copy")
    page.wait("document.querySelector('#viewer .copy').innerText.trim() === 'Copied'")

    deed(page, "Delete")
    page.wait(
        f"!{TILES}.some((one) => one.querySelector('img')?.alt === arguments[0])", job["idea"]
    )
    assert sketches.ask(f"/api/jobs/{job['id']}")["deleted"]
    page.js(
        "[...document.querySelectorAll('.toast .button')]"
        ".find((one) => one.innerText === 'Undo').click()"
    )
    page.wait(f"{TILES}.some((one) => one.querySelector('img')?.alt === arguments[0])", job["idea"])
    assert not sketches.ask(f"/api/jobs/{job['id']}")["deleted"]


def test_two_side_by_side(page: Page, sketches: Served):
    left = make(sketches, "A red house on a hill")
    right = make(sketches, "A blue house on a hill")
    page.open(ready=READY)
    open_viewer(page, right["idea"])
    deed(page, "Compare")
    page.wait("document.querySelectorAll('#compare .zoomer img').length === 2")
    shown = "return [...document.querySelectorAll('#compare .zoomer img')].map((one) => one.alt)"
    assert page.js(shown) == [right["idea"], left["idea"]]
    marked = "return [...document.querySelectorAll('#compare mark')].map((one) => one.innerText)"
    assert [word.strip() for word in page.js(marked)] == ["blue", "red"]
    page.click("#compare .sheet-head .button")
    assert page.js(shown) == [left["idea"], right["idea"]]
    page.click("#compare .zoomer")
    page.wait("document.querySelectorAll('#compare .zoomer[aria-pressed=true]').length === 2")
    page.keys("escape")
    page.wait("!document.querySelector('#compare').open")
    assert page.js("return document.querySelector('#viewer').open")
    assert page.js("return document.querySelector('#viewer').contains(document.activeElement)")


def test_escape_gives_the_focus_back(page: Page, sketches: Served):
    job = make(sketches, f"A tree house {page.engine}")
    page.open(ready=READY)
    page.wait(f"{TILES}[0]?.querySelector('img')?.alt === arguments[0]", job["idea"])
    page.js(f"{TILES}[0].focus()")
    page.keys("enter")
    page.wait(LARGE)
    page.keys("escape")
    page.wait("!document.querySelector('#viewer').open")
    page.wait(f"document.activeElement === {TILES}[0]")
    assert page.js("return location.hash") == ""


def test_the_address_of_a_picture(page: Page, sketches: Served):
    job = make(sketches, f"A paper plane {page.engine}")
    page.open(f"/#/picture/{job['id']}", ready=LARGE)
    page.browser.wire.send("reload")
    page.wait(
        f"document.readyState === 'complete' && {LARGE} && {TITLE} === arguments[0]", job["idea"]
    )
    page.wait(f"{TILES}.length")
    page.keys("escape")
    page.wait("!document.querySelector('#viewer').open")
    page.wait("location.hash === ''")
    page.wait("document.activeElement?.dataset.id === arguments[0]", job["id"])
    page.open("/#/picture/00000000-0000-4000-8000-000000000000", ready=READY)
    page.wait("document.querySelector('.toast')")
    assert not page.shown("#viewer")


def multiply(home: Path, job: str) -> None:
    """MANY more of that job, older ones, as a long winter would leave them; they share its picture.

    The journal wrote the first one; a thousand times what it does would only wait for the disk.
    """
    database = sqlite3.connect(home / "data" / "journal.db", timeout=30)
    with closing(database):
        asked = database.execute("SELECT * FROM jobs WHERE id = ?", (job,))
        names = [column[0] for column in asked.description]
        row = dict(zip(names, asked.fetchone(), strict=True))
        rows = []
        for n in range(MANY):
            new, idea = f"00000000-0000-4000-9000-{n:012d}", f"Picture number {n}"
            texts = {
                name: value.replace(FIRST, idea).replace(f'"id": "{job}"', f'"id": "{new}"')
                for name, value in row.items()
                if isinstance(value, str)
            }
            made = {**row, **texts, "id": new, "created": 1_700_000_000.0 + n}
            rows.append(tuple(made.values()))
        marks = ", ".join("?" * len(names))
        with database:
            database.executemany(f"INSERT INTO jobs VALUES ({marks})", rows)


@pytest.fixture(scope="module")
def hoard(start_server: Callable[..., Served]) -> Served:
    made = start_server(S2I_REFINE="off")
    multiply(made.home, make(made, FIRST, size="64x64")["id"])
    return made


@pytest.mark.engines("chromium")
def test_thousands_of_them(engine: str, hoard: Served, page_of: Callable[..., Page]):
    page = page_of(engine, hoard.url)
    page.open(ready=f"{TILES}.length >= 30")
    assert page.text("#strip .strip-head .muted").replace(",", "") == str(MANY + 1)
    assert ideas(page)[:2] == [FIRST, f"Picture number {MANY - 1}"]
    page.click("#tools button")
    page.wait("document.querySelector('.strip.all')")
    page.wait(
        f"(scrollTo(0, document.documentElement.scrollHeight), {TILES}.length === {MANY + 1})",
        seconds=150,  # all 34 pages of the list, on a busy machine
    )
    ids = page.js(f"return {TILES}.map((one) => one.dataset.id)")
    assert len(set(ids)) == MANY + 1
    numbers = [int(one[-12:]) for one in ids[1:]]
    assert all(one - 1 == after for one, after in pairwise(numbers))
    page.wait(f"{TILES}.at(-1).querySelector('img').naturalWidth > 0")
    # Most of them were never near enough to be fetched.
    seen = page.js(
        "return performance.getEntriesByType('resource')"
        ".filter((one) => one.name.includes('thumb')).length"
    )
    page.js(f"{TILES}.at(-1).click()")
    page.wait(f"{TITLE} === 'Picture number 0' && {LARGE}")
    assert seen < MANY
