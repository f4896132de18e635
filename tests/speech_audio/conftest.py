"""A sound system of the test's own: PulseAudio with a null sink, whose monitor is the microphone.

As measured: a private HOME and XDG_RUNTIME_DIR, ALSA's default routed to PulseAudio.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RATE = 48_000
_PLUGINS = "libasound_module_pcm_pulse.so"
_OPTIONS = (
    "--daemonize=no",
    "--exit-idle-time=-1",
    "--use-pid-file=no",
    "--realtime=no",
    "--disable-shm=yes",
)
_SCRIPT = f"""
load-module module-native-protocol-unix auth-anonymous=1 socket={{socket}}
load-module module-null-sink sink_name=virtmic rate={RATE} channels=1
load-module module-remap-source source_name=micsrc master=virtmic.monitor
set-default-source micsrc
"""


@dataclass
class SoundSystem:
    """A PulseAudio server; `environment` leads ALSA, and so PortAudio, to it."""

    environment: dict[str, str]
    server: subprocess.Popen[bytes]

    def listen(self, *arguments: str) -> subprocess.Popen[str]:
        return listener(self.environment, *arguments)

    def play(self, wav: Path) -> None:
        subprocess.run(
            ["paplay", "--latency-msec=250", "--device=virtmic", str(wav)],
            env=self.environment,
            check=True,
            timeout=60,
        )

    def stop(self) -> None:
        self.server.kill()
        self.server.wait(20)


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
    home = tmp_path / "home"
    home.mkdir()
    (home / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    # The path of a socket must be short, which pytest's folders aren't.
    with tempfile.TemporaryDirectory(prefix="s2i-") as runtime:
        socket = f"{runtime}/socket"  # "pulse" is a folder that it makes itself
        environment = {
            **os.environ,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": runtime,
            "XDG_CONFIG_HOME": str(home),
            "PULSE_SERVER": f"unix:{socket}",
        }
        for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "ALSA_CONFIG_PATH", "PULSE_SOURCE"):
            environment.pop(name, None)
        script = tmp_path / "default.pa"
        script.write_text(_SCRIPT.format(socket=socket))
        with (tmp_path / "pulseaudio.log").open("wb") as log:
            server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(script), *_OPTIONS],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        system = SoundSystem(environment, server)
        try:
            _until_it_answers(system, tmp_path / "pulseaudio.log")
            yield system
        finally:
            system.stop()


def _until_it_answers(system: SoundSystem, log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        asked = subprocess.run(
            ["pactl", "list", "short", "sources"],
            env=system.environment,
            capture_output=True,
            check=False,
            timeout=30,
        )
        if b"micsrc" in asked.stdout:
            return
        if system.server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"PulseAudio didn't start: {log.read_text()[-500:]}")
