"""The network fails while somebody speaks: nothing that was said is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.microphone import Microphone
from tests.e2e.page import Page
from tests.e2e.proxy import Proxy
from tests.e2e.talking import Talk
from tests.e2e.test_speaking import ENOUGH, words

AWAY = 5.0  # s
_FLAKY = r"""
const real = window.fetch; // what watches is nearer to the network
let n = 0;
test.lost = 0;
window.fetch = async (url, options) => {
  if (!/\/(audio|finish)\?/.test(url)) return real(url, options);
  const kind = n++ % 4; // fine, the request is lost, the answer is lost, fine
  if (kind === 1 || kind === 2) test.lost++;
  if (kind === 1) throw new TypeError('lost');
  const answer = await real(url, options);
  if (kind === 2) throw new TypeError('lost');
  return answer;
};
"""


def all_arrived(talk: Talk, found: dict[str, Any]) -> None:
    """Every sample that the microphone gave was recognised."""
    assert found["ended"] == "finish"
    assert abs(talk.sent / 2 / talk.rate - found["seconds"]) < 0.002


def test_five_seconds_without_a_network(proxied: tuple[Page, Proxy], microphone: Microphone):
    away(proxied, microphone, proxied[1].cut)


@pytest.mark.engines("chromium")
def test_five_seconds_in_which_nothing_comes_through(
    proxied: tuple[Page, Proxy], microphone: Microphone
):
    away(proxied, microphone, proxied[1].hold)


def away(
    proxied: tuple[Page, Proxy], microphone: Microphone, interrupt: Callable[[], None]
) -> None:
    page, proxy = proxied
    talk = Talk(page)
    page.key_down("space")
    talk.until("listening")
    microphone.speak()
    page.wait("test.bytes > 60000")
    interrupt()
    time.sleep(AWAY)
    assert talk.state == "listening"
    proxy.mend()
    talk.until_words("northern|lights?")
    page.key_up("space")
    found = talk.heard()
    assert len(words(found)) >= ENOUGH, found["text"]
    all_arrived(talk, found)


@pytest.mark.engines("chromium")
def test_requests_and_answers_that_are_lost(quick_page: Page, microphone: Microphone):
    page = quick_page
    talk = Talk(page)
    page.js(_FLAKY)
    page.key_down("space")
    talk.until_words("northern|lights?")
    page.key_up("space")
    found = talk.heard()
    assert page.js("return test.lost") >= 8
    assert len(words(found)) >= ENOUGH, found["text"]
    all_arrived(talk, found)
