"""The page in Chromium: from an event to its pixels, a long gallery, and what it costs at rest.

The browser is driven by the tests' harness. The page is the one that people get; only scripts of
ours that watch it are added, through the browser's own protocol.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2i import job_view
from s2i.errors import MissingError, S2IError
from s2i.events import Event, EventType
from s2i.job import JobState, Request, new_job_id
from s2i.journal import Journal
from s2i.web.bench_readers import delays_of
from s2i.web.services import Services

if TYPE_CHECKING:
    from tests.e2e.page import Page

TILES = 60  # that have to be there, their pictures decoded
IDLE = 5.0  # s of rest that are measured
SETTLE = 3.0  # s for what comes after loading
PATIENCE = 60.0  # s for a page to be ready
PERCENTS = range(1, 100)

_READY = """
(() => {
  const done = async (watch) => {
    const images = [...document.querySelectorAll('#strip .tile img')].slice(0, %(tiles)d);
    if (images.length < %(tiles)d || window.s2iReady !== undefined) return;
    window.s2iReady = null;
    watch.disconnect();
    // Those that aren't seen yet would be left for later.
    for (const one of images) one.loading = 'eager';
    await Promise.all(images.map((one) => one.decode()));
    window.s2iReady = performance.now();
  };
  const watch = new MutationObserver(() => done(watch));
  watch.observe(document, { childList: true, subtree: true });
})();
"""
"""Run before the page's own scripts. performance.now() counts from the begin of the navigation."""

_WATCH = """
// Time of the system's clock, as Python tells it: Date.now() has whole milliseconds only, so the
// moment at which it changes is looked for; the median of some such moments counts.
const offsets = [];
while (offsets.length < 9) {
  const before = Date.now();
  let now;
  do { now = Date.now(); } while (now === before);
  offsets.push(now - performance.now());
}
offsets.sort((a, b) => a - b);
const offset = offsets[4];
// Whether we are in a frame already: what changes there is painted in this one, not in the next.
const real = window.requestAnimationFrame.bind(window);
const afterwards = (act) => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => { channel.port1.close(); act(); };
  channel.port2.postMessage(0);
};
let inFrame = false;
window.requestAnimationFrame = (callback) => real((time) => {
  if (!inFrame) {
    inFrame = true;
    afterwards(() => { inFrame = false; });
  }
  callback(time);
});
window.s2iPainted = {};
const node = document.querySelector(arguments[0]);
new MutationObserver(() => {
  const percent = parseInt(node.textContent, 10);
  if (!Number.isFinite(percent)) return;
  const note = () => { window.s2iPainted[percent] ??= (offset + performance.now()) / 1000; };
  if (inFrame) afterwards(note);
  else real(() => afterwards(note));
}).observe(node, { childList: true, characterData: true, subtree: true });
"""
"""Notes when the frame with each percentage had been painted, in seconds since the epoch."""


@dataclass(frozen=True)
class Loads:
    """Seconds from the begin of the navigation until the tiles were there."""

    first: float
    """With no small version of any picture made yet."""
    warm: list[float]


@dataclass(frozen=True)
class Idle:
    """What a page did in IDLE seconds.

    `cpu` is in seconds of the main thread per second; `animations` go on without that thread, and
    keep the others at work.
    """

    cpu: float
    requests: int
    animations: int


@contextmanager
def chromium(url: str) -> Iterator[Page]:
    """A page of the server at `url`, not open yet, 1280 by 800.

    Raises MissingError where there is no Chromium or no harness, or where it doesn't start or
    answer.
    """
    try:
        from tests.e2e import browsers
        from tests.e2e.page import Page
        from tests.e2e.wires import DriverError
    except ImportError as error:
        raise MissingError(
            "no-tests",
            f"The tests' browsers can't be used ({error}).",
            hint="Measure in a full clone.",
        ) from error
    lacking = browsers.missing("chromium")
    if lacking:
        raise MissingError(
            "no-browser",
            f"The page's own figures need Chromium ({lacking}).",
            hint="On Debian, 'apt install chromium chromium-driver' installs it.",
        )
    with tempfile.TemporaryDirectory(prefix="s2i-bench-", ignore_cleanup_errors=True) as folder:
        try:
            browser = browsers.Chromium(Path(folder), {})
            try:
                yield Page(browser, url, Path(folder))
            finally:
                browser.close()
        except (AssertionError, DriverError, OSError) as error:
            first = str(error).strip().splitlines() or [type(error).__name__]
            raise MissingError(
                "bench-failed", f"Chromium didn't do what it should ({first[0][:300]})."
            ) from error


def devtools(page: Page, command: str, **given: Any) -> Any:
    """A command of Chromium's own protocol."""
    return page.browser.wire.send("devtools", cmd=command, params=given)


def loads(page: Page, runs: int) -> Loads:
    """Open the page `runs` times and once before, each time without the browser's cache."""
    script = devtools(
        page, "Page.addScriptToEvaluateOnNewDocument", source=_READY % {"tiles": TILES}
    )
    try:
        found = [_load(page) for _ in range(runs + 1)]
    finally:
        devtools(page, "Page.removeScriptToEvaluateOnNewDocument", **script)
    return Loads(found[0], found[1:])


def _load(page: Page) -> float:
    page.browser.wire.send("open", url="about:blank")
    devtools(page, "Network.clearBrowserCache")
    page.open()
    page.wait("window.s2iReady", seconds=PATIENCE)
    return float(page.js("return window.s2iReady")) / 1000


def idle(page: Page) -> Idle:
    """What the open page does while nothing happens."""
    page.open()
    page.wait("document.querySelector('#strip .tile img')?.complete")
    devtools(page, "Performance.enable")
    time.sleep(SETTLE)
    count = "return performance.getEntriesByType('resource').length"
    requests = page.js(count)
    worked, begun = _worked(page)
    time.sleep(IDLE)
    more, ended = _worked(page)
    moving = "return document.getAnimations().filter((one) => one.playState === 'running').length"
    return Idle((more - worked) / (ended - begun), page.js(count) - requests, page.js(moving))


def _worked(page: Page) -> tuple[float, float]:
    """Seconds that the main thread has worked, and Chromium's clock (s)."""
    told = devtools(page, "Performance.getMetrics")["metrics"]
    found = {one["name"]: float(one["value"]) for one in told}
    return max(found["TaskDuration"], found.get("ThreadTime", 0.0)), found["Timestamp"]


def painted(page: Page, home: Path, services: Services) -> list[float]:
    """Of each step of a running job the seconds until the frame with it had been painted."""
    hub = services.hub
    page.open()
    page.wait("document.querySelector('#strip .tile img')?.complete")
    job, request = new_job_id(), Request(idea="a lighthouse", refine=False, engine="storyboard")
    with closing(Journal(home / "data")) as journal:
        journal.begin(job, request, time.time())
        record = journal.get(job)
        if record is None:
            raise S2IError("bench-failed", "The journal forgot a job.")
        hub.announce("job-queued", job_view.view(record), job)
        hub(Event(EventType.JOB_START, {"request": request.to_dict()}, job))
        data = {"engine": "storyboard", "placeholder": True, "seed": 1, "steps": None}
        hub(Event(EventType.GENERATE_START, {**data, "width": 512, "height": 512}, job))
        page.wait("document.querySelector('#stage .progress')?.checkVisibility()")
        page.js(_WATCH, "#stage .progress .percent")
        try:
            sent = _progress(services, job)
            page.wait("window.s2iPainted[arguments[0]]", PERCENTS[-1])
            seen = page.js("return window.s2iPainted")
        finally:
            journal.finish(job, JobState.CANCELLED)
            hub(Event(EventType.JOB_END, {"state": JobState.CANCELLED.value}, job))
    return delays_of(sent, {int(percent): float(at) for percent, at in seen.items()})


def _progress(services: Services, job: str) -> dict[int, float]:
    """Publish each percentage; when that was, in seconds since the epoch."""
    sent = {}
    for percent in PERCENTS:
        # Never in step with the browser's frames.
        time.sleep(random.uniform(0.06, 0.12))
        data = {"value": percent, "max": 100, "fraction": percent / 100, "node": "", "eta": None}
        sent[percent] = time.time()
        services.hub(Event(EventType.GENERATE_PROGRESS, data, job))
    return sent
