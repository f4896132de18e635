"""What tests of speaking share: the page's talk part, and what goes through it."""

from __future__ import annotations

from typing import Any

from tests.e2e.page import Page

READY = (
    "document.querySelector('#talk')?.dataset.state === 'idle'"
    " && document.querySelector('#status').innerText.includes('English')"
)
# From outside: a module that is imported by a script of the driver's is another one in Firefox.
_WATCH = """
window.test = { bytes: 0, rate: 0, heard: [], changes: 0, tracks: [] };
const { fetch: ask, AudioWorkletNode: Node } = window;
window.fetch = async (url, options) => {
  const answer = await ask(url, options);
  if (String(url).includes('/finish') && answer.ok) test.heard.push(await answer.clone().json());
  return answer;
};
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (body) {
  this.addEventListener('load', () => this.status === 200 && test.heard.push(this.response));
  send.call(this, body);
};
window.AudioWorkletNode = class extends Node {
  constructor(context, ...more) {
    super(context, ...more);
    test.rate = context.sampleRate;
    this.port.addEventListener('message', ({ data }) => (test.bytes += data ? data.byteLength : 0));
  }
};
const { mediaDevices } = navigator;
const open = mediaDevices.getUserMedia.bind(mediaDevices);
mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  test.tracks.push(...stream.getTracks());
  return stream;
};
new MutationObserver(() => test.changes++).observe(document.querySelector('#heard'), {
  subtree: true, childList: true, characterData: true,
});
"""


class Talk:
    """The talk part of a page that is open."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.open(ready=READY)
        page.js(_WATCH)

    @property
    def state(self) -> str:
        return str(self.page.js("return document.querySelector('#talk').dataset.state"))

    def until(self, state: str, seconds: float = 20) -> None:
        self.page.wait(
            "document.querySelector('#talk').dataset.state === arguments[0]", state, seconds=seconds
        )

    def until_words(self, words: str) -> None:
        """Until one of them ("snow|under") is understood, while somebody still speaks."""
        self.page.wait(
            "document.querySelector('#talk').dataset.state === 'listening'"  # else it is older
            " && document.querySelector('#heard').innerText.match(arguments[0])",
            words,
        )

    def heard(self, seconds: float = 30) -> dict[str, Any]:
        """The transcript of the utterance, once it is there."""
        found: dict[str, Any] = self.page.wait("test.heard[0]", seconds=seconds)
        return found

    @property
    def sent(self) -> int:
        """Bytes of sound that came from the microphone."""
        return int(self.page.js("return test.bytes"))

    @property
    def rate(self) -> int:
        """Samples per second of the page's sound."""
        return int(self.page.js("return test.rate"))

    def wrong(self) -> str:
        """What the page says is wrong with speaking, once it does."""
        return str(self.page.wait("document.querySelector('.talk-wrong').innerText"))
