"""The page in one browser, as tests see it: open it, use it, look at it.

`Page` speaks to every engine alike. Scripts are bodies of async functions: `return` gives a value
that JSON can carry, `await` works.
"""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.e2e.browsers import Browser, Chromium
from tests.e2e.wires import DriverError

HANG = 20.0  # s after which what was waited for won't come
KEYS = {"space": " ", "enter": "\ue007", "escape": "\ue00c", "tab": "\ue004", "shift": "\ue008"}
KEYS |= {"left": "\ue012", "up": "\ue013", "right": "\ue014", "down": "\ue015", "end": "\ue010"}
KEYS |= {"home": "\ue011", "delete": "\ue017", "backspace": "\ue003", "control": "\ue009"}
KEYS |= {"page-up": "\ue00e", "page-down": "\ue00f"}
_AXE_PACKAGES = ("axe-playwright-python", "axe-core-python")
_WRAPPED = """
const done = arguments[arguments.length - 1], given = Array.from(arguments).slice(0, -1);
(async function () { %s }).apply(window, given).then(
  (value) => done({ value: value === undefined ? null : value }),
  (error) => done({ failed: String(error), stack: String(error && error.stack) }),
);
"""
_AXE = """
const found = await axe.run(arguments[0] ?? document, {
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
});
return found.violations.flatMap((rule) => rule.nodes.map((node) =>
  `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.split('\\n').slice(1).join(' ')}`));
"""
_DROP = """
const [css, name, type, data] = arguments;
const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
const box = new DataTransfer();
box.items.add(new File([bytes], name, { type }));
const place = document.querySelector(css);
for (const kind of ['dragenter', 'dragover', 'drop'])
  place.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: box }));
"""


class Page:
    """What a browser shows. `base`: the server's address; `shots`: where screenshots go."""

    def __init__(self, browser: Browser, base: str, shots: Path, *, wanted: bool = False) -> None:
        self.browser = browser
        self.engine = browser.name
        self.base = base.rstrip("/")
        self.shots = shots
        self.wanted = wanted  # whether somebody will look at them
        self._urls: list[str] = []
        if isinstance(browser, Chromium):  # what came before (its own first tab) isn't ours
            browser.wire.send("log", type="performance")
            browser.wire.send("log", type="browser")

    def open(self, path: str = "/", *, ready: str = "document.readyState === 'complete'") -> None:
        """Go there and wait until `ready` holds."""
        self.browser.wire.send("open", url=self.base + path)
        self.js("performance.setResourceTimingBufferSize(20000)")
        self.wait(ready)

    @contextlib.contextmanager
    def second_tab(self) -> Iterator[Callable[[], None]]:
        """Another tab, which all commands go to; what it gives leads to the other of the two."""
        send = self.browser.wire.send
        tabs = [send("new-tab", type="tab")["handle"], send("tab")]
        first = tabs[-1]

        def change() -> None:
            send("go-to-tab", handle=tabs[0])
            tabs.reverse()

        change()
        try:
            yield change
        finally:
            if tabs[-1] == first:
                change()
            send("close-tab")
            send("go-to-tab", handle=first)

    def leave(self) -> None:
        """Close it, and forget what it kept in the browser."""
        self.browser.wire.send("let-go")
        with contextlib.suppress(DriverError):  # the server may be gone, and its origin with it
            # An address of the same origin without a script that would keep something again.
            self.browser.wire.send("open", url=self.base + "/static/icon.svg")
            self.js("try { sessionStorage.clear(); localStorage.clear() } catch { }")
        self.browser.wire.send("open", url="about:blank")

    def js(self, script: str, *given: Any) -> Any:
        """What the body of an async function returns. AssertionError if it throws."""
        found = self.browser.wire.send("script", script=_WRAPPED % script, args=list(given))
        assert "failed" not in found, f"{found['failed']}\n{found['stack']}\nin {script[:500]}"
        return found["value"]

    def wait(self, condition: str, *given: Any, seconds: float = HANG) -> Any:
        """Until the expression is true; its value. It may use `arguments` and `await`."""
        end = time.monotonic() + seconds
        while True:
            found = self.js(f"return ({condition})", *given)
            if found:
                return found
            assert time.monotonic() < end, f"{condition} {given} never came; {self.says()}"
            time.sleep(0.05)

    def says(self) -> str:
        """What the page says, for a test that failed."""
        text = self.js("return location.href + ': ' + document.body.innerText")
        return " / ".join(line for line in str(text).splitlines() if line.strip())[:1500]

    def text(self, css: str) -> str:
        """The text of an element, as it is seen; '' where there is none."""
        return str(self.js("return document.querySelector(arguments[0])?.innerText ?? ''", css))

    def shown(self, css: str) -> bool:
        """Whether an element is there and can be seen."""
        return bool(
            self.js("return !!document.querySelector(arguments[0])?.checkVisibility()", css)
        )

    def click(self, css: str) -> None:
        """As a person would: it has to be seen and not be covered."""
        self.browser.wire.send("click", id=self.browser.find_id(css))

    def press(self, css: str) -> None:
        """Put the mouse on it and hold its button down."""
        self.js("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        where = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0}
        self._mouse({**where, "origin": self.browser.find(css)}, {"type": "pointerDown"})

    def let_go(self) -> None:
        """Let the mouse's button go."""
        self._mouse({"type": "pointerUp"})

    def key_down(self, key: str) -> None:
        self._keyboard("keyDown", key)

    def key_up(self, key: str) -> None:
        self._keyboard("keyUp", key)

    def keys(self, *keys: str) -> None:
        """Press keys of KEYS (or characters) one after the other, wherever the focus is."""
        for key in keys:
            self.key_down(key)
            self.key_up(key)

    def type(self, css: str, text: str) -> None:
        """Into a field, after what is there."""
        self.browser.wire.send("type", id=self.browser.find_id(css), text=text)

    def choose_file(self, css: str, path: Path) -> None:
        """Choose a file in an <input type=file>."""
        self.type(css, str(path))

    def drop(self, css: str, path: Path, kind: str = "") -> None:
        """Drop a file onto an element."""
        data = base64.b64encode(path.read_bytes()).decode()
        self.js(_DROP, css, path.name, kind, data)

    def focus(self) -> str:
        """What has the focus: its id, else its tag and text."""
        return str(
            self.js(
                "const one = document.activeElement;"
                "const name = one.ariaLabel ?? one.innerText;"
                "return one.id || one.tagName.toLowerCase() + ' ' + name"
            )
        )

    def axe(self, css: str | None = None) -> list[str]:
        """Everything that axe-core finds wrong, a line each; `css`: in that part alone."""
        if not self.js("return !!window.axe"):
            # Not through _WRAPPED: its source ends in what a function's body can't be part of.
            source = axe_source() + "\narguments[arguments.length - 1](null);"
            self.browser.wire.send("script", script=source, args=[])
        return list(self.js(_AXE, css))

    def shot(self, name: str) -> Path:
        """A screenshot: <name>-<engine>-<light|dark>-<width>.png."""
        width = self.js(
            "await new Promise((done) => setTimeout(requestAnimationFrame, 60, done));"
            "return innerWidth"
        )
        tint = "dark" if self.browser.dark else "light"
        path = self.shots / f"{name}-{self.engine}-{tint}-{width}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.browser.screenshot())
        return path

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for since the page was opened first.

        Chromium's own log has them all, those that were refused too; elsewhere the page's timing
        entries, of the page that is open now.
        """
        if isinstance(self.browser, Chromium):
            for line in self.browser.wire.send("log", type="performance"):
                message = json.loads(line["message"])["message"]
                if message["method"] == "Network.requestWillBeSent":
                    self._urls.append(message["params"]["request"]["url"])
            return list(self._urls)
        return list(
            self.js(
                "return [location.href,"
                " ...performance.getEntriesByType('resource').map((one) => one.name)]"
            )
        )

    def complaints(self) -> list[str]:
        """What the console says is wrong (Chromium; elsewhere it can't be asked for)."""
        if not isinstance(self.browser, Chromium):
            return []
        return [
            line["message"]
            for line in self.browser.wire.send("log", type="browser")
            if line["level"] in {"SEVERE", "WARNING"}
        ]

    def size(self, width: int, height: int) -> None:
        self.browser.size(width, height)

    def measured(self, action: Callable[[], None], condition: str) -> float:
        """Seconds from before `action` until `condition` held, by this process's clock."""
        begun = time.monotonic()
        action()
        self.wait(condition)
        return time.monotonic() - begun

    def _mouse(self, *deeds: dict[str, Any]) -> None:
        steps = [{"button": 0, **deed} if "origin" not in deed else deed for deed in deeds]
        source = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}
        self.browser.wire.send("act", actions=[{**source, "actions": steps}])

    def _keyboard(self, kind: str, key: str) -> None:
        deed = {"type": kind, "value": KEYS.get(key, key)}
        self.browser.wire.send(
            "act", actions=[{"type": "key", "id": "keyboard", "actions": [deed]}]
        )


def axe_source() -> str:
    """axe-core, out of a package that carries it."""
    for name in _AXE_PACKAGES:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == "axe.min.js":
                return file.read_text(encoding="utf-8")
    raise AssertionError(f"none of {', '.join(_AXE_PACKAGES)} is installed")
