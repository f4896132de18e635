"""The sound system of tests/sound_system.py, and a child process that listens to it."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import sound_system as systems
from tests.conftest import ROOT

RATE = systems.RATE
_PLUGINS = "libasound_module_pcm_pulse.so"


class SoundSystem(systems.SoundSystem):
    """One with listeners."""

    def listen(self, *arguments: str) -> subprocess.Popen[str]:
        return listener(self.environment, *arguments)


def listener(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """`listen.py` in that environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.speech_audio.listen", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def missing() -> str:
    """Why the sound system can't be had here; '' where it can."""
    if sys.platform != "linux":
        return "PulseAudio is used on Linux only"
    wanted = [name for name in ("pulseaudio", "paplay", "pactl") if not shutil.which(name)]
    if not ctypes.util.find_library("portaudio"):
        wanted.append("libportaudio2")
    if not any(Path("/usr/lib").glob(f"**/alsa-lib/{_PLUGINS}")):
        wanted.append("libasound2-plugins")
    return f"not installed: {', '.join(wanted)}" if wanted else ""


@pytest.fixture
def sound_system(tmp_path: Path) -> Iterator[SoundSystem]:
    reason = missing()
    if reason:
        if os.environ.get("S2I_REQUIRE_MICROPHONE"):
            pytest.fail(reason)
        pytest.skip(reason)
    with systems.running(tmp_path) as system:
        yield SoundSystem(system.environment, system.server)
