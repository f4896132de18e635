"""Every state of the page, light and dark, phone and desktop: axe-core finds nothing in any.

With S2I_SCREENSHOTS set, a picture of each is written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.making import DONE, PREVIEW, READY, held, make, type_idea, until_job
from tests.e2e.microphone import Microphone
from tests.e2e.page import Page
from tests.e2e.proxy import Proxy
from tests.e2e.served import Served
from tests.e2e.talking import Talk
from tests.fakes.comfyui import FakeComfyUI

IDEA = "A red fox asleep in fresh snow"
# Until nothing changes its colour any more: some of them fade, and axe would judge them midway.
SETTLED = """
for (let calm = 0; calm < 3; ) {
  await new Promise((done) => setTimeout(requestAnimationFrame, 100, done));
  const fading = document.getAnimations().some(
    (one) => one instanceof CSSTransition && one.playState === 'running');
  calm = fading ? 0 : calm + 1;
}
"""
PHONE, DESKTOP = (390, 844), (1280, 800)


def look(page: Page, name: str) -> None:
    """Shoot the state in every way that this browser can show it, and have axe look at each."""
    wrong = []
    for size in (PHONE, DESKTOP):
        page.size(*size)
        page.wait("innerWidth === arguments[0]", size[0])
        for dark in (False, True):
            if page.browser.set_dark(dark):
                tint = "matchMedia('(prefers-color-scheme: dark)').matches === arguments[0]"
                page.wait(tint, dark)
                page.js(SETTLED)
                if page.wanted:
                    page.shot(name)
                # On a phone it is the same but for the places: once is enough.
                if size == DESKTOP or (page.engine == "chromium" and not dark):
                    wrong += [f"{name} {size[0]} {dark}: {line}" for line in page.axe()]
    page.browser.set_dark(False)
    assert wrong == []


@pytest.fixture
def still(engine: str, page_of: Callable[..., Page], served: Served) -> Iterator[Page]:
    """The shared server's page, without motion: a colour on its way is no colour to judge."""
    page = page_of(engine, served.url)
    if engine == "webkit":
        yield page
        return
    page.browser.set_calm(True)
    yield page
    page.browser.set_calm(False)


@pytest.fixture(scope="module")
def sketches(start_server: Callable[..., Served]) -> Served:
    """A server that draws storyboards, with some of them there."""
    made = start_server(S2I_REFINE="off")
    for text in (IDEA, "A lighthouse in a storm at night", "A small robot watering sunflowers"):
        make(made, text)
    make(made, "Two whales under the ice", count=3, size="768x512")
    return made


def test_empty(still: Page):
    still.open(ready=READY)
    look(still, "empty")


@pytest.mark.engines("chromium")
def test_listening(still: Page, microphone: Microphone):
    talk = Talk(still)
    still.key_down("space")
    talk.until("listening")
    microphone.speak()
    talk.until_words("snow|under|northern")
    look(still, "listening")
    still.keys("escape")
    still.key_up("space")


@pytest.mark.engines("chromium")
def test_refining(still: Page, served: Served):
    proxy = Proxy(served.port)
    try:
        still.base = proxy.url
        still.open(ready=READY)
        type_idea(still, IDEA)
        still.wait("document.querySelector('.writing #prompt-text')?.value.length > 20")
        proxy.hold()
        look(still, "refining")
        proxy.mend()
        still.wait(DONE)
    finally:
        still.leave()
        proxy.close()


@pytest.mark.engines("chromium", "firefox")
def test_painting_and_done(still: Page, comfyui: FakeComfyUI):
    still.open(ready=READY)
    with held(comfyui) as hold:
        type_idea(still, IDEA)
        still.wait(PREVIEW)
        look(still, "painting")
        hold.go()
        still.wait(DONE)
    look(still, "done")


@pytest.mark.engines("chromium")
def test_an_error(still: Page, comfyui: FakeComfyUI, monkeypatch: pytest.MonkeyPatch):
    wrong = {"KSampler": ("torch.OutOfMemoryError", "Allocation on device\nCUDA out of memory.")}
    monkeypatch.setattr(comfyui.script, "errors", wrong)
    still.open(ready=READY)
    type_idea(still, IDEA)
    still.wait("document.querySelector('.frame .trouble')")
    look(still, "error")


@pytest.mark.engines("chromium")
def test_cancelled_and_waiting(still: Page, comfyui: FakeComfyUI, served: Served):
    still.open(ready=READY)
    with held(comfyui, "start"):
        job = served.ask("/api/jobs", {"text": "A slow river", "prompt": "a slow river"})["id"]
        type_idea(still, IDEA)
        still.wait("document.querySelector('.doing .what').innerText.includes('before yours')")
        look(still, "waiting")
        still.click(".progress .button")
        still.wait("document.querySelector('.frame').innerText.includes('Cancelled')")
        look(still, "cancelled")
        served.ask(f"/api/jobs/{job}/cancel", {})
        until_job(served, job, "cancelled")


@pytest.mark.engines("chromium", "webkit")
def test_settings(still: Page):
    still.open(ready=READY)
    still.click("#tools button:last-child")
    still.wait("document.querySelector('#set-engine')")
    look(still, "settings")


def test_gallery_viewer_and_comparison(engine: str, still: Page, sketches: Served):
    still.base = sketches.url
    still.open(ready=READY)
    still.wait("document.querySelectorAll('#strip .tile img').length >= 4")
    look(still, "strip")
    still.click("#tools button")
    still.wait("document.querySelector('.strip.all')")
    look(still, "gallery")
    still.click("#strip .tile")
    still.wait("document.querySelector('.viewer-large')?.naturalWidth > 0")
    look(still, "viewer")
    still.js("[...document.querySelectorAll('#viewer .deeds .button')][3].click()")
    still.wait("document.querySelectorAll('#compare .zoomer img').length === 2")
    look(still, "compare")


@pytest.mark.engines("chromium")
def test_a_storyboard_and_what_works(still: Page, sketches: Served):
    still.base = sketches.url
    still.open(ready=READY)
    type_idea(still, IDEA)
    still.wait(DONE)
    look(still, "storyboard")
    still.click(".status-button")
    still.wait("document.querySelector('#status-more').matches(':popover-open')")
    look(still, "status")
