"""What was said, drawn or named by others is text on the page, and the page asks nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.e2e.making import DONE, READY, held, newest, type_idea
from tests.e2e.page import Page
from tests.e2e.served import Served
from tests.fakes.comfyui import FakeComfyUI

HOSTILE = "<img src=x onerror=alert(1)>"
_COUNT = """
window.broken = [];
document.addEventListener('securitypolicyviolation', (event) => broken.push(event.blockedURI));
"""


def nothing_came_of_it(page: Page) -> None:
    """No element was made of the text, no script of it ran, and nobody tried."""
    assert page.js("return document.querySelectorAll('img[src=x], [onerror]').length") == 0
    assert page.js("return window.broken") == []


def test_a_whole_job_of_hostile_words(page: Page, served: Served):
    page.open(ready=READY)
    page.js(_COUNT)
    type_idea(page, f"a fox {HOSTILE}")
    page.wait(DONE)
    assert HOSTILE in newest(served)["idea"]
    assert HOSTILE in page.text("#stage .idea")
    assert page.js("return document.querySelector('.picture').alt") == f"a fox {HOSTILE}"
    page.click(".see")
    page.wait("document.querySelector('.viewer-large')?.naturalWidth > 0")
    assert HOSTILE in page.text("#viewer-title")
    nothing_came_of_it(page)
    assert page.complaints() == []
    hosts = {
        urlsplit(url).netloc
        for url in page.requests
        if not url.startswith(("data:", "blob:", "chrome:"))
    }  # chrome: is Chromium's own first tab
    assert hosts == {urlsplit(page.base).netloc}


@pytest.mark.engines("chromium")
def test_a_hostile_node_and_a_hostile_error(
    engine: str,
    comfyui: FakeComfyUI,
    page_of: Callable[..., Page],
    start_server: Callable[..., Served],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    graph = json.loads((ROOT / "workflows" / "sd15.json").read_text("utf-8"))
    for node in graph.values():
        if node.get("class_type") == "KSampler":
            node.setdefault("_meta", {})["title"] = HOSTILE
    workflow = tmp_path / f"{HOSTILE}.json"
    workflow.write_text(json.dumps(graph), "utf-8")
    served = start_server(comfyui.url, S2I_REFINE="off")
    served.ask("/api/settings", {"workflow": str(workflow)}, method="PUT")
    page = page_of(engine, served.url)
    page.open(ready=READY)
    page.js(_COUNT)
    with held(comfyui) as hold:
        type_idea(page, "a fox")
        page.wait("document.querySelector('.part').innerText.includes('<img')")
        hold.go()
        page.wait(DONE)
    page.click(".see")
    page.wait("document.querySelector('.viewer-facts').innerText.includes('onerror')")
    page.keys("escape")
    page.click("#tools button:last-child")
    page.wait("document.querySelector('#set-workflow')?.value.includes('onerror')")
    page.keys("escape")
    monkeypatch.setattr(comfyui.script, "errors", {"KSampler": (HOSTILE, f"no {HOSTILE}")})
    type_idea(page, "another fox")
    page.wait("document.querySelector('.frame .trouble')?.innerText.includes('<img')")
    nothing_came_of_it(page)


def test_a_hostile_file_name(quick_page: Page, tmp_path: Path):
    page = quick_page
    page.open(ready=READY)
    page.js(_COUNT)
    path = tmp_path / f"{HOSTILE}.wav"
    path.write_bytes(b"no sound at all" * 2000)
    page.drop("#stage", path, "audio/wav")
    page.wait("document.querySelector('.talk-wrong')?.innerText")
    nothing_came_of_it(page)


def test_a_script_that_slips_in_does_not_run(quick_page: Page):
    """The policy's own test: that it would hold if the page were wrong somewhere."""
    page = quick_page
    page.open(ready=READY)
    page.js(_COUNT)
    page.js(
        "const bad = document.createElement('div');"
        "bad.innerHTML = '<img src=x onerror=\"window.ran = true\">';"
        "document.body.append(bad)"
    )
    page.wait("broken.length > 0")
    assert page.js("return window.ran") is None
    refused = page.js(
        "try { await fetch('http://127.0.0.1:9/'); return 'asked' } catch (error) { return 'no' }"
    )
    assert refused == "no"
    page.wait("broken.some((one) => one.startsWith('http://127.0.0.1:9'))")
