"""Chromium, Firefox and WebKitGTK out of Debian's packages, each with a world of its own.

The flags, preferences and packages are as measured; each says what it is for where it isn't plain.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from pathlib import Path
from typing import Any

from tests.e2e.processes import Child, answers, free_port, lacking
from tests.e2e.wires import HttpWire, MarionetteWire, Wire

ENGINES = ("chromium", "firefox", "webkit")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C's key of an element's reference
_MINI_BROWSER = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"
_CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
_SMALL_GTK = """* { min-width: 0; min-height: 0; padding: 0; margin: 0; font-size: 2px;
-gtk-icon-transform: scale(.1); }"""  # else its tool bar is 447 px wide at least
_FIREFOX_PREFERENCES = {
    "marionette.port": 0,  # a free one, which it writes into its profile
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.safebrowsing.update.enabled": False,
    "browser.sessionstore.resume_from_crash": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


def missing(engine: str) -> str:
    """Why that engine can't be driven here; '' where it can."""
    wanted = {
        "chromium": ("chromium", "chromedriver"),
        "firefox": ("firefox-esr", "pulseaudio"),
        "webkit": ("WebKitWebDriver", _MINI_BROWSER, "Xvfb", "dbus-run-session", "pulseaudio"),
    }[engine]
    found = lacking(*wanted)
    return f"not installed: {', '.join(found)}" if found else ""


class Browser:
    """One that runs. `folder` is all it writes to; `sound` leads it to a PulseAudio."""

    name = ""

    def __init__(self, folder: Path, sound: dict[str, str], *, dark: bool = False) -> None:
        self.folder = folder
        self.dark = dark
        self._children: list[Child] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_DATA_HOME": str(folder / "share"),
            "LANG": "C.UTF-8",
            "LANGUAGE": "en",
            **sound,
        }
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "http_proxy"):
            self.environment.pop(name, None)
        try:
            self.wire: Wire = self._start()
            self.wire.send("timeouts", script=55_000, pageLoad=30_000, implicit=0)
            self.size(1280, 800)
        except BaseException:
            self.close()
            raise

    def _start(self) -> Wire:
        raise NotImplementedError

    def _child(self, name: str, command: list[str]) -> Child:
        child = Child(command, self.environment, self.folder / f"{name}.log")
        self._children.append(child)
        return child

    def close(self) -> None:
        """End it and all that it started."""
        if hasattr(self, "wire"):
            with contextlib.suppress(Exception):  # the processes are ended all the same
                self.wire.close()
        for child in reversed(self._children):
            child.stop(3.0)
        self._children.clear()

    def find(self, css: str) -> dict[str, str]:
        """A reference to the first element, as scripts and actions take it."""
        found: dict[str, str] = self.wire.send("find", using="css selector", value=css)
        return found

    def find_id(self, css: str) -> str:
        return self.find(css)[_ELEMENT]

    def screenshot(self) -> bytes:
        """What is seen, as a PNG."""
        return base64.b64decode(self.wire.send("screenshot"))

    def size(self, width: int, height: int) -> None:
        """Give the page that many CSS pixels."""
        raise NotImplementedError

    def set_dark(self, dark: bool) -> bool:
        """Choose dark or light; False where this takes a new start."""
        raise NotImplementedError

    def set_calm(self, calm: bool) -> None:
        """Ask for reduced motion, or don't."""
        raise NotImplementedError


class Chromium(Browser):
    """Its microphone is a file, read anew with each capture."""

    name = "chromium"

    def _start(self) -> Wire:
        port = free_port()
        driver = self._child(
            "chromedriver", ["chromedriver", f"--port={port}", f"--log-path={self.folder}/log"]
        )
        driver.until(lambda: answers(port))
        flags = [
            *_CHROMIUM_FLAGS,
            f"--user-data-dir={self.folder / 'profile'}",
            f"--use-file-for-fake-audio-capture={self.folder / 'microphone.wav'}%noloop",
        ]
        wire = HttpWire(
            port,
            {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": flags, "binary": "/usr/bin/chromium"},
                "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
            },
        )
        # Even a question that is answered at once takes the focus for a moment.
        grant = {"permissions": ["audioCapture"]}
        wire.send("devtools", cmd="Browser.grantPermissions", params=grant)
        return wire

    def devtools(self, command: str, **given: Any) -> Any:
        return self.wire.send("devtools", cmd=command, params=given)

    def size(self, width: int, height: int) -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def set_dark(self, dark: bool) -> bool:
        self.dark = dark
        self._features()
        return True

    def set_calm(self, calm: bool) -> None:
        self._calm = calm
        self._features()

    _calm = False

    def _features(self) -> None:
        self.devtools(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": "dark" if self.dark else "light"},
                {"name": "prefers-reduced-motion", "value": "reduce" if self._calm else ""},
            ],
        )


class Firefox(Browser):
    """Its microphone is PulseAudio's; without a sound system even a fake one hangs."""

    name = "firefox"

    def _start(self) -> Wire:
        profile = self.folder / "profile"
        profile.mkdir()
        (profile / "user.js").write_text(
            "".join(
                f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                for name, value in _FIREFOX_PREFERENCES.items()
            )
        )
        self.environment["MOZ_CRASHREPORTER_DISABLE"] = "1"
        child = self._child(
            "firefox",
            [
                "firefox-esr",
                "-headless",
                "-no-remote",
                "-marionette",
                "--remote-allow-system-access",  # to set preferences while it runs
                "-profile",
                str(profile),
            ],
        )
        told = profile / "MarionetteActivePort"
        port = child.until(lambda: told.read_text().strip() if told.is_file() else "")
        return MarionetteWire(int(port))

    def _privileged(self, script: str, *given: Any) -> None:
        self.wire.send("context", value="chrome")
        try:
            self.wire.send(
                "script", script=f"{script}; arguments[arguments.length - 1]()", args=list(given)
            )
        finally:
            self.wire.send("context", value="content")

    def size(self, width: int, height: int) -> None:
        # A window has a least width: the page's part of it is made smaller within.
        self.wire.send("size", width=max(width, 500), height=height + 100)
        self._privileged(
            """const one = gBrowser.selectedBrowser.style;
            one.minWidth = one.maxWidth = arguments[0] + 'px';
            one.minHeight = one.maxHeight = arguments[1] + 'px'""",
            width,
            height,
        )

    def screenshot(self) -> bytes:
        # Else the whole document, laid out as if the window were as high.
        return base64.b64decode(self.wire.send("screenshot", full=False))

    def set_dark(self, dark: bool) -> bool:
        self.dark = dark
        self._privileged(
            "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', "
            "arguments[0])",
            0 if dark else 1,
        )
        return True

    def set_calm(self, calm: bool) -> None:
        self._privileged(
            "Services.prefs.setIntPref('ui.prefersReducedMotion', arguments[0])", int(calm)
        )


class WebKit(Browser):
    """WebKitGTK's MiniBrowser under Xvfb; it grants the microphone without a question."""

    name = "webkit"

    def _start(self) -> Wire:
        style = self.folder / "config" / "gtk-3.0" / "gtk.css"
        style.parent.mkdir(parents=True, exist_ok=True)
        style.write_text(_SMALL_GTK)
        told = self.folder / "display"
        server = self._child(
            "Xvfb",
            [
                "/bin/sh",
                "-c",
                f"exec Xvfb -displayfd 3 -screen 0 4096x2400x24 -nolisten tcp 3>'{told}'",
            ],
        )
        display = server.until(lambda: told.read_text().strip() if told.is_file() else "")
        self.environment.update(
            DISPLAY=f":{display}",
            WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS="1",  # as root
            LIBGL_ALWAYS_SOFTWARE="1",
            GTK_THEME="Adwaita:dark" if self.dark else "Adwaita",
            NO_AT_BRIDGE="1",
        )
        port = free_port()
        driver = self._child(
            "WebKitWebDriver", ["dbus-run-session", "--", "WebKitWebDriver", f"--port={port}"]
        )
        driver.until(lambda: answers(port))
        return HttpWire(
            port,
            {
                "webkitgtk:browserOptions": {"binary": _MINI_BROWSER, "args": ["--automation"]},
            },
        )

    def size(self, width: int, height: int) -> None:
        self.wire.send("size", width=width, height=height + self._bar)
        if not self._bar:
            inner = self.wire.send(
                "script", script="setTimeout(arguments[0], 200, window.innerHeight)", args=[]
            )
            self._bar = height - inner
            self.wire.send("size", width=width, height=height + self._bar)

    _bar = 0  # px that the window has above the page

    def set_dark(self, dark: bool) -> bool:
        return dark == self.dark  # its theme is read at the start

    def set_calm(self, calm: bool) -> None:
        raise NotImplementedError("GTK reads this at its start")


KINDS: dict[str, type[Browser]] = {kind.name: kind for kind in (Chromium, Firefox, WebKit)}
