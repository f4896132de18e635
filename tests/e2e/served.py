"""The real program as a child process, with a home of its own."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.e2e.processes import Child, free_port


class Served:
    """`run.py` as it serves the page. The recogniser and the refiner are real."""

    def __init__(self, home: Path, comfyui: str, **environment: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "models").exists():
            (home / "models").symlink_to(ROOT / "models", target_is_directory=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("S2I_")},
            "PYTHONPATH": str(ROOT),
            "S2I_HOME": str(home),
            "S2I_COMFYUI_URL": comfyui,
            **environment,
        }
        self.start()

    def start(self) -> None:
        """Start it on the same port, and wait until it answers."""
        command = [sys.executable, "-m", "s2i", "--no-open", "--port", str(self.port)]
        self._child = Child(command, self._environment, self.home / "server.log")
        try:
            self._child.until(self._answers)
        except BaseException:
            self._child.stop()
            raise

    def stop(self) -> None:
        self._child.stop()

    def said(self) -> str:
        """The end of what it wrote."""
        return self._child.said()

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """JSON from the server, as a program without a page asks."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.loads(answer.read())

    def ready(self, *parts: str, seconds: float = 60.0) -> None:
        """Wait until recogniser, refiner, … have loaded."""

        end = time.monotonic() + seconds
        while True:
            status = self.ask("/api/status")
            states = {part: status[part] for part in parts if status[part]["state"] != "ready"}
            if not states:
                return
            assert time.monotonic() < end, f"not ready: {states}; {self.said()}"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self.ask("/api/status")
        except OSError:
            return False
        return True
