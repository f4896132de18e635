"""Speak, and see it: in every engine, with a real recogniser and a real refiner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.microphone import IDEA, SAID, Microphone, make_clip, wav
from tests.e2e.page import Page
from tests.e2e.served import Served
from tests.e2e.talking import READY, Talk

ENOUGH = 5  # words of SAID: real microphones lose a few milliseconds under load


def words(found: dict[str, Any]) -> set[str]:
    return SAID & set(found["text"].split())


def test_from_the_first_word_to_the_picture(page: Page, microphone: Microphone, served: Served):
    talk = Talk(page)
    page.click("#mic")
    talk.until("listening")
    assert page.js("return document.querySelector('#mic').getAttribute('aria-label')") == (
        "Stop listening"
    )
    microphone.speak()
    talk.until_words("snow|under|northern")
    page.shot("listening")
    assert page.axe() == []
    found = talk.heard()
    assert len(words(found)) >= ENOUGH, found["text"]
    assert found["ended"] == "silence"
    assert page.js("return test.changes") >= 4  # words, while they were spoken
    talk.until("idle")
    page.wait("document.querySelector('#prompt-text').value.length > 30")
    page.wait(
        "document.querySelector('.picture').complete"
        " && document.querySelector('.picture').naturalWidth > 0"
        " && document.querySelector('.picture').alt",
    )
    page.shot("done")
    assert page.axe() == []
    [job] = [one for one in served.ask("/api/jobs")["jobs"] if one["transcript"] == found["text"]][
        :1
    ]
    assert job["engine"] == "comfyui"
    assert [word["text"] for word in job["words"]] == [word["text"] for word in found["words"]]
    assert page.complaints() == []


def test_escape_drops_what_was_said(quick_page: Page, microphone: Microphone, quick: Served):
    page = quick_page
    before = quick.ask("/api/jobs?limit=1")["total"]
    talk = Talk(page)
    page.keys("space")
    talk.until("listening")
    assert page.js("return test.tracks.map((track) => track.readyState)") == ["live"]
    page.keys("escape")
    talk.until("idle")
    # The browser's recording sign goes off.
    page.wait("test.tracks.every((track) => track.readyState === 'ended')")
    assert page.js("return test.heard") == []
    assert quick.ask("/api/jobs?limit=1")["total"] == before


@pytest.mark.engines("chromium")
def test_tap_again_to_stop(quick_page: Page, microphone: Microphone, tmp_path: Path):
    page = quick_page
    clip = tmp_path / "long.wav"
    make_clip(clip, text=f"{IDEA} and {IDEA} and {IDEA}")
    microphone.load(clip)
    talk = Talk(page)
    page.click("#mic")
    talk.until_words("snow|under|northern")
    page.click("#mic")
    assert talk.heard()["ended"] == "finish"


def test_hold_to_talk(quick_page: Page, microphone: Microphone):
    page = quick_page
    talk = Talk(page)
    page.press("#mic")
    talk.until("listening")
    page.wait("document.querySelector('.talk-help').innerText.includes('Let go')")
    microphone.speak()
    talk.until_words("northern|lights?")
    page.let_go()
    found = talk.heard()
    assert found["ended"] == "finish"
    assert len(words(found)) >= ENOUGH, found["text"]
    talk.until("idle")


@pytest.mark.engines("chromium")
def test_a_key_holds_as_well_and_a_pause_does_not_end_it(
    quick_page: Page, microphone: Microphone, tmp_path: Path
):
    page = quick_page
    clip = tmp_path / "pause.wav"
    make_clip(clip, after=4.0)
    microphone.load(clip)
    talk = Talk(page)
    page.js("document.querySelector('#mic').focus()")
    page.key_down("enter")
    talk.until_words("lights?$")
    page.js("await new Promise((resolve) => setTimeout(resolve, 2500))")
    assert talk.state == "listening"
    page.key_up("enter")
    assert len(words(talk.heard())) >= ENOUGH


def test_the_space_bar_types_a_space_where_somebody_types(quick_page: Page):
    page = quick_page
    page.open(ready=READY)
    page.type("#idea", "a red")
    page.keys("space", "f", "o", "x")
    assert page.js("return document.querySelector('#idea').value") == "a red fox"
    assert page.js("return document.querySelector('#talk').dataset.state") == "idle"


def test_no_microphone_is_a_sentence(quick_page: Page):
    page = quick_page
    talk = Talk(page)
    for name, said in (
        ("NotAllowedError", "doesn't let this page use the microphone"),
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "can't be opened"),
    ):
        page.js(
            "const [name] = arguments;"
            "const refuse = async () => { throw new DOMException('', name) };"
            "navigator.mediaDevices.getUserMedia = refuse",
            name,
        )
        page.click("#mic")
        page.wait("document.querySelector('.talk-wrong').innerText.includes(arguments[0])", said)
        page.wait("document.querySelector('#alarm').textContent.includes(arguments[0])", said)
        assert talk.state == "idle"
    assert page.axe("#talk") == []
    page.shot("no-microphone")


@pytest.mark.engines("chromium")
def test_silence_is_a_friendly_sentence(quick_page: Page, microphone: Microphone, tmp_path: Path):
    page = quick_page
    clip = tmp_path / "silence.wav"
    clip.write_bytes(wav(bytes(4 * 32_000), 16_000))
    microphone.load(clip)
    talk = Talk(page)
    page.key_down("space")
    talk.until("listening")
    page.js("await new Promise((resolve) => setTimeout(resolve, 900))")
    page.key_up("space")
    assert "No words were heard" in talk.wrong()


@pytest.mark.engines("chromium")
def test_what_was_said_before_it_was_unplugged_counts(quick_page: Page, microphone: Microphone):
    page = quick_page
    talk = Talk(page)
    page.click("#mic")
    talk.until_words("northern|lights?")
    page.js("test.tracks[0].stop(); test.tracks[0].dispatchEvent(new Event('ended'))")
    assert len(words(talk.heard())) >= ENOUGH - 1
    assert "unplugged" in talk.wrong()


def test_a_dropped_recording_is_heard(quick_page: Page, clip: Path):
    page = quick_page
    talk = Talk(page)
    page.drop("#stage", clip, "audio/wav")
    assert len(words(talk.heard())) >= ENOUGH
    talk.until("idle")


def test_a_chosen_file_that_is_no_recording(quick_page: Page, tmp_path: Path):
    page = quick_page
    talk = Talk(page)
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, not sounds\n" * 20)
    page.js("document.querySelector('#recording').hidden = false")
    page.choose_file("#recording", path)
    assert talk.wrong()
    assert page.js("return test.heard") == []
    page.drop("#stage", path, "text/plain")
    talk.until("idle")
    page.shot("talk-no-recording")
    assert page.axe("#talk") == []


@pytest.mark.engines("chromium")
def test_french(quick_page: Page):
    page = quick_page
    page.open(ready=READY)
    page.js("localStorage.setItem('s2i-language', 'fr')")
    page.open(ready="document.querySelector('#mic')")
    page.shot("empty-fr")
    assert page.js("return document.querySelector('#mic').getAttribute('aria-label')") == "Parler"
    assert page.axe() == []


@pytest.mark.engines("chromium", "firefox")
def test_calm(quick_page: Page):
    page = quick_page
    page.browser.set_calm(True)
    try:
        page.open(ready=READY)
        page.js("document.querySelector('#talk').dataset.state = 'finishing'")
        moving = page.js(
            "return getComputedStyle(document.querySelector('.mic-ring')).animationName"
        )
        assert moving == "none"
    finally:
        page.browser.set_calm(False)


@pytest.mark.engines("chromium")
def test_a_restart_while_somebody_speaks_is_said(
    engine: str,
    page_of: Callable[..., Page],
    clip: Path,
    start_server: Callable[..., Served],
):
    served = start_server(S2I_REFINE="off", S2I_ENGINE="storyboard")
    served.ready("recogniser")
    page = page_of(engine, served.url)
    Microphone(page.browser, None).load(clip)
    talk = Talk(page)
    page.click("#mic")
    talk.until_words("sleeping|snow")
    served.stop()
    served.start()
    page.wait("document.querySelector('.talk-wrong')?.innerText.includes('while you spoke')")
    page.wait("document.querySelector('#idea').value.match('sleeping|snow')")
    assert page.shown("#mic")
