"""From an idea to its picture, and all that can come between."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.making import (
    DONE,
    PREVIEW,
    READY,
    held,
    make,
    newest,
    type_idea,
    until_job,
)
from tests.e2e.page import Page
from tests.e2e.served import Served
from tests.fakes.comfyui import FakeComfyUI, Script

IDEA = "a brass compass on an old sea chart"
_FRAME = """
const { x, y, width, height } = document.querySelector('.frame').getBoundingClientRect();
return [x + scrollX, y + scrollY, width, height].map(Math.round);
"""
_STREAM = """
window.lengths = new Set();
(function look() {
  const area = document.querySelector('.writing #prompt-text');
  if (area) lengths.add(area.value.length);
  requestAnimationFrame(look);
})();
"""


def frame(page: Page) -> list[int]:
    return list(page.js(_FRAME))


def words(served: Served, page: Page, text: str) -> dict[str, Any]:
    """Type it; the job that it became."""
    before = served.ask("/api/jobs?limit=1")["jobs"]
    type_idea(page, text)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        now = served.ask("/api/jobs?limit=1")["jobs"]
        if now[:1] and now[0]["id"] not in [one["id"] for one in before]:
            return dict(now[0])
        time.sleep(0.02)
    raise AssertionError("no job came")


def test_from_a_typed_idea_to_the_picture(page: Page, comfyui: FakeComfyUI, served: Served):
    page.open(ready=READY)
    page.js(_STREAM)
    with held(comfyui, "start") as queue, held(comfyui) as hold:
        words(served, page, IDEA)
        page.wait("document.querySelector('.progress')?.checkVisibility()")
        queue.came.wait(20)
        page.wait("document.querySelector('.track.unknown')")
        boxes = [frame(page)]
        queue.go()
        page.wait(PREVIEW)
        page.wait("/\\d+%/.test(document.querySelector('.percent').innerText)")
        page.wait("Number(document.querySelector('.track').getAttribute('aria-valuenow')) > 0")
        boxes.append(frame(page))
        hold.go()
        page.wait(DONE)
        boxes.append(frame(page))
    assert boxes[0] == boxes[1] == boxes[2]
    assert page.js("return lengths.size") >= 2  # it grew while it was written
    assert page.js("return document.querySelector('.picture').alt") == IDEA
    job = newest(served)
    assert page.js("return document.querySelector('#prompt-text').value") == job["prompt"]
    assert job["seed_text"] in page.text(".made-of")


def test_the_queue_and_a_stop(page: Page, comfyui: FakeComfyUI, served: Served):
    page.open(ready=READY)
    with held(comfyui, "start") as foreign:
        comfyui.queue_foreign()
        foreign.came.wait(20)
        job = words(served, page, "a slow river")
        page.wait("document.querySelector('.doing .what').innerText.includes('1 job before yours')")
        stops = comfyui.posts("/interrupt")
        with held(comfyui) as hold:
            foreign.go()
            assert hold.came.wait(20)
            page.wait(PREVIEW)
            page.click(".progress .button")
            page.wait("document.querySelector('.frame').innerText.includes('Cancelled')")
            assert until_job(served, job["id"], "cancelled", "done")["state"] == "cancelled"
            comfyui.wait_for(lambda: comfyui.posts("/interrupt") == stops + 1)
    page.click(".frame .button")  # try again
    page.wait(DONE)
    assert newest(served)["idea"] == "a slow river"


def test_an_error_and_another_try(
    page: Page, comfyui: FakeComfyUI, served: Served, monkeypatch: pytest.MonkeyPatch
):
    page.open(ready=READY)
    wrong = {"KSampler": ("torch.OutOfMemoryError", "CUDA out of memory.")}
    with monkeypatch.context() as broken:
        broken.setattr(comfyui.script, "errors", wrong)
        job = words(served, page, "a heavy stone")
        page.wait("document.querySelector('.frame .trouble strong')?.innerText")
        told = until_job(served, job["id"], "failed")["error"]
        assert told["message"] in page.text(".frame .trouble")
        assert told["hint"] in page.text(".frame .trouble")
        page.wait("document.querySelector('#alarm').textContent.length > 10")
    page.click(".frame .trouble .primary")
    page.wait(DONE)
    assert not page.shown(".frame .trouble")


def test_a_reload_in_the_middle(page: Page, comfyui: FakeComfyUI, served: Served):
    page.open(ready=READY)
    with held(comfyui) as hold:
        job = words(served, page, IDEA)
        assert hold.came.wait(20)
        page.wait(PREVIEW)
        time.sleep(0.5)  # what was sent before it stopped arrives
        percent = page.text(".percent")
        page.open(ready=READY)
        page.wait(PREVIEW, seconds=3)
        assert page.text(".percent") == percent
        prompt = served.ask(f"/api/jobs/{job['id']}")["prompt"]
        assert page.js("return document.querySelector('#prompt-text').value") == prompt
        hold.go()
        page.wait(DONE)


@pytest.mark.engines("chromium", "firefox")
def test_two_tabs(page: Page, comfyui: FakeComfyUI, served: Served):
    page.open(ready=READY)
    with held(comfyui) as hold:
        words(served, page, "two tabs and one fox")
        page.wait(PREVIEW)
        with page.second_tab() as change:
            page.open(ready=READY)
            page.wait(PREVIEW)
            assert "two tabs and one fox" in page.text("#stage")
            hold.go()
            page.wait(DONE)
            change()
            page.wait(DONE)


def test_edit_the_prompt_or_keep_my_words(page: Page, served: Served):
    make(served, IDEA)
    page.open(ready=READY)
    job = words(served, page, "a red kite")
    page.wait(DONE)
    page.js("document.querySelector('#prompt-text').select()")
    page.type("#prompt-text", "a green kite")
    page.wait("document.querySelector('#prompt-state').innerText === 'Changed'")
    page.click("#prompt .row .primary")
    page.wait("document.querySelector('.picture').src !== arguments[0]", "")
    until(served, lambda: newest(served)["id"] != job["id"])
    painted = until_job(served, newest(served)["id"], "done")
    assert (painted["idea"], painted["prompt"]) == ("a red kite", "a green kite")
    assert painted["refiner"] is None
    page.wait(DONE)
    page.wait("document.querySelector('#prompt .row button:last-child').checkVisibility()")
    page.click("#prompt .row button:last-child")
    until(served, lambda: newest(served)["id"] != painted["id"])
    own = until_job(served, newest(served)["id"], "done")
    assert (own["idea"], own["prompt"]) == ("a red kite", "a red kite")


def until(served: Served, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, served.said()
        time.sleep(0.05)


def test_comfyui_comes_and_goes(
    engine: str, page_of: Callable[..., Page], start_server: Callable[..., Served]
):
    with FakeComfyUI(Script()) as fake:
        served = start_server(fake.url, S2I_REFINE="off")
        served.ready("engine")
        page = page_of(engine, served.url)
        page.open(ready=READY)
        chip = "document.querySelector('#status .chips').innerText.includes(arguments[0])"
        page.wait(chip, "ComfyUI")
        fake.kill()
        try:
            page.wait(chip, "Storyboard", seconds=10)
            words(served, page, "a fox without a painter")
            page.wait(DONE)
            assert "a placeholder" in page.text(".made-of")
        finally:
            fake.start()
        page.wait(chip, "ComfyUI", seconds=10)


@pytest.mark.engines("chromium", "webkit")
def test_the_program_is_started_again(
    engine: str, page_of: Callable[..., Page], start_server: Callable[..., Served]
):
    served = start_server(S2I_REFINE="off")
    page = page_of(engine, served.url)
    page.open(ready=READY)
    job = words(served, page, "a lamp that stays")
    page.wait(DONE)
    page.type("#idea", " and a draft")
    served.stop()
    page.wait("document.querySelector('#lost').innerText.includes('Reconnecting')")
    served.start()
    page.wait(f"document.querySelector('#lost')?.innerText === '' && {DONE}")
    assert "a draft" in page.js("return document.querySelector('#idea').value")
    assert page.js("return document.querySelector('.picture').src").endswith(
        f"/api/jobs/{job['id']}/images/0"
    )
    type_idea(page, "a second lamp")  # with the new start's token
    page.wait("document.querySelector('.picture').alt === 'a second lamp'")
