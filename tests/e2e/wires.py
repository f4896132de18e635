"""How a browser is told what to do: the W3C's WebDriver commands, over either of two wires.

chromedriver and WebKitWebDriver take them over HTTP. Firefox itself takes the same commands over a
socket (Marionette; geckodriver, which Debian doesn't package, only translates). No client library:
selenium would fetch drivers from the network by itself, and knows nothing of Marionette.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, Protocol

PATIENCE = 60.0  # s that one command may take

COMMANDS = {  # name: HTTP method, path, Marionette's name
    "open": ("POST", "/url", "WebDriver:Navigate"),
    "reload": ("POST", "/refresh", "WebDriver:Refresh"),
    "script": ("POST", "/execute/async", "WebDriver:ExecuteAsyncScript"),
    "timeouts": ("POST", "/timeouts", "WebDriver:SetTimeouts"),
    "find": ("POST", "/element", "WebDriver:FindElement"),
    "click": ("POST", "/element/{id}/click", "WebDriver:ElementClick"),
    "type": ("POST", "/element/{id}/value", "WebDriver:ElementSendKeys"),
    "act": ("POST", "/actions", "WebDriver:PerformActions"),
    "let-go": ("DELETE", "/actions", "WebDriver:ReleaseActions"),
    "screenshot": ("GET", "/screenshot", "WebDriver:TakeScreenshot"),
    "size": ("POST", "/window/rect", "WebDriver:SetWindowRect"),
    "tab": ("GET", "/window", "WebDriver:GetWindowHandle"),
    "new-tab": ("POST", "/window/new", "WebDriver:NewWindow"),
    "go-to-tab": ("POST", "/window", "WebDriver:SwitchToWindow"),
    "close-tab": ("DELETE", "/window", "WebDriver:CloseWindow"),
    # Chromium's own
    "devtools": ("POST", "/goog/cdp/execute", ""),
    "log": ("POST", "/se/log", ""),
    # Firefox's own
    "context": ("", "", "Marionette:SetContext"),
}


class DriverError(Exception):
    """A command that the browser refused or didn't answer."""


class Wire(Protocol):
    """A session with one browser."""

    def send(self, command: str, **given: Any) -> Any:
        """Carry out a command of COMMANDS; what it gives. Raises DriverError."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


class HttpWire:
    """A driver that listens on a port of loopback. `capabilities` as W3C's alwaysMatch."""

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/session/{made['sessionId']}"

    def send(self, command: str, **given: Any) -> Any:
        method, path, _ = COMMANDS[command]
        if "{id}" in path:
            path = path.replace("{id}", given.pop("id"))
        return self._ask(method, self._session + path, given)

    def close(self) -> None:
        try:
            self._ask("DELETE", self._session, {})
        finally:
            self._http.close()

    def _ask(self, method: str, path: str, given: dict[str, Any]) -> Any:
        body = json.dumps(given) if method == "POST" else None
        try:
            self._http.request(method, path, body, {"Content-Type": "application/json"})
            answer = self._http.getresponse()
            value = json.loads(answer.read())["value"]
        except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
            self._http.close()
            raise DriverError(f"{method} {path}: {error!r}") from error
        if answer.status != 200:
            raise DriverError(f"{value['error']}: {value['message']}"[:2000])
        return value


class MarionetteWire:
    """Firefox, started with -marionette, that listens on a port of loopback."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._rest = b""
        self._number = 0
        try:
            self._receive()  # its greeting
            self._ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})
        except BaseException:
            self._socket.close()
            raise

    def send(self, command: str, **given: Any) -> Any:
        name = COMMANDS[command][2]
        if command == "script":
            given["sandbox"] = None  # the page's own world: fetch, events and globals are its own
            given["newSandbox"] = False
        found = self._ask(name, given)
        return found["value"] if isinstance(found, dict) and set(found) == {"value"} else found

    def close(self) -> None:
        try:
            self._ask("WebDriver:DeleteSession", {})
        finally:
            self._socket.close()

    def _ask(self, name: str, given: dict[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, name, given]).encode()
        try:
            self._socket.sendall(b"%d:%s" % (len(message), message))
            _, _, wrong, value = self._receive()
        except (OSError, ValueError) as error:
            raise DriverError(f"{name}: {error!r}") from error
        if wrong:
            raise DriverError(f"{wrong['error']}: {wrong['message']}"[:2000])
        return value

    def _receive(self) -> Any:
        """One message: its length in decimal, a colon, JSON."""
        while b":" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b":")
        while len(self._rest) < int(head):
            self._more()
        body, self._rest = self._rest[: int(head)], self._rest[int(head) :]
        return json.loads(body)

    def _more(self) -> None:
        got = self._socket.recv(1 << 16)
        if not got:
            raise ConnectionError("the browser closed the connection")
        self._rest += got
