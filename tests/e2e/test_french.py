"""The page in French: none of its own texts is English, and what a server wrote is marked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s2i.web.page import STATIC
from tests.e2e.making import DONE, READY, held, type_idea
from tests.e2e.page import Page
from tests.e2e.served import Served
from tests.fakes.comfyui import FakeComfyUI

_SEEN = """
const found = [];
const skip = 'script, style, [lang=en], #prompt-text, #viewer-text, #say, .examples, .tile, option';
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const parent = walk.currentNode.parentElement;
  if (!parent.closest(skip)) found.push(walk.currentNode.textContent.trim());
}
for (const one of document.querySelectorAll('[aria-label], [title], [placeholder]'))
  for (const name of ['aria-label', 'title', 'placeholder'])
    if (one.getAttribute(name)) found.push(one.getAttribute(name));
return found.filter(Boolean);
"""


def flat(part: dict[str, Any]) -> Iterator[str]:
    for value in part.values():
        if isinstance(value, dict):
            yield from flat(value)
        else:
            yield value


def english() -> set[str]:
    """Texts that are English and not the same in French: three words or more, or plain labels."""
    both = [
        json.loads((STATIC / "lang" / f"{code}.json").read_text("utf-8")) for code in ("en", "fr")
    ]
    en, fr = (set(flat(one)) for one in both)
    return {text for text in en - fr if "{" not in text}


def check(page: Page) -> None:
    seen = page.js(_SEEN)
    assert [text for text in seen if text in english()] == []
    words = re.compile(r"\b(the|your|with|what|isn't|can't|and the|of the)\b")
    assert [text for text in seen if words.search(text)] == []


@pytest.mark.engines("chromium", "firefox")
def test_no_english_is_left(
    engine: str,
    served: Served,
    page_of: Callable[..., Page],
    comfyui: FakeComfyUI,
    monkeypatch: pytest.MonkeyPatch,
):
    page = page_of(engine, served.url)
    page.open(ready=READY)
    page.js("localStorage.setItem('s2i-language', 'fr')")
    page.open(ready=READY)
    check(page)
    page.click(".status-button")
    page.wait("document.querySelector('#status-more .detail')")
    check(page)
    page.keys("escape")
    with held(comfyui) as hold:
        type_idea(page, "un renard roux")
        page.wait("document.querySelector('.preview')?.checkVisibility()")
        check(page)
        hold.go()
        page.wait(DONE)
    check(page)
    page.shot("done-fr")
    page.click(".see")
    page.wait("document.querySelector('.viewer-large')?.naturalWidth > 0")
    check(page)
    page.keys("escape")
    page.click("#tools button:last-child")
    page.wait("document.querySelector('#set-count')")
    check(page)
    page.shot("settings-fr")
    page.keys("escape")
    wrong = {"KSampler": ("torch.OutOfMemoryError", "CUDA out of memory.")}
    monkeypatch.setattr(comfyui.script, "errors", wrong)
    type_idea(page, "un phare")
    page.wait("document.querySelector('.frame .trouble')")
    assert "manqué de mémoire" in page.text(".frame .trouble")
    check(page)
    page.shot("error-fr")
