"""What all tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_FOR_TESTS = {"S2I_TEST_GGUF", "S2I_TEST_VOSK", "S2I_REQUIRE_MODEL", "S2I_REQUIRE_MICROPHONE"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        metavar="DIR",
        help="keep the pictures that the page's tests take of it, every state, light and dark",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let children of the tests be stopped, however the tests were started.

    nohup and a shell's & start them deaf to signals, and children inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    folder = config.getoption("--screenshots")
    if folder:  # tests/e2e/conftest.py reads it, in every worker
        os.environ["S2I_SCREENSHOTS"] = str(Path(folder).absolute())


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees the settings, servers or hub of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("S2I_") and name not in _FOR_TESTS:
            monkeypatch.delenv(name)
    # ... nor the models that other programs keep at home.
    empty = str(tmp_path_factory.getbasetemp() / "nobody")
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", empty)
    monkeypatch.setenv("S2I_COMFYUI_URL", "http://127.0.0.1:9")  # nothing listens on discard


@pytest.fixture(scope="session")
def starter_gguf() -> Path:
    """SmolLM2-135M, the starter refiner: the project's own copy, fetched once."""
    given = os.environ.get("S2I_TEST_GGUF")
    if given:
        return Path(given)
    done = subprocess.run(
        [sys.executable, "-c", _FETCH, str(ROOT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode == 0:
        return Path(done.stdout.strip().splitlines()[-1])
    reason = f"the starter refiner can't be had: {(done.stderr.strip() or '?').splitlines()[-1]}"
    if os.environ.get("S2I_REQUIRE_MODEL"):
        pytest.fail(reason)
    pytest.skip(reason)


_FETCH = """
import sys
from pathlib import Path
from bootstrap import models
print(models.ensure_refiner(Path(sys.argv[1]), "smollm2-135m", lambda text: None).path)
"""
