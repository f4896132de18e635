"""A sound system of the tests' own: PulseAudio with a null sink, whose monitor is the microphone.

As measured: a private HOME and XDG_RUNTIME_DIR, ALSA's default routed to PulseAudio.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RATE = 48_000
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
load-module module-null-sink sink_name=speaker
load-module module-remap-source source_name=micsrc master=virtmic.monitor
set-default-source micsrc
set-default-sink speaker
"""
_NOT_OURS = ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "ALSA_CONFIG_PATH", "PULSE_SOURCE")


@dataclass
class SoundSystem:
    """A PulseAudio server; `environment` leads ALSA, PortAudio and browsers to it."""

    environment: dict[str, str]
    server: subprocess.Popen[bytes]

    def begin(self, wav: Path) -> subprocess.Popen[bytes]:
        """Play it into the microphone, and don't wait."""
        return subprocess.Popen(
            ["paplay", "--latency-msec=250", "--device=virtmic", str(wav)], env=self.environment
        )

    def play(self, wav: Path) -> None:
        """Play it into the microphone, to its end."""
        playing = self.begin(wav)
        try:
            assert playing.wait(60) == 0
        finally:
            playing.kill()
            playing.wait()

    def stop(self) -> None:
        """End it: the microphone is unplugged."""
        self.server.kill()
        self.server.wait(20)


@contextmanager
def running(folder: Path) -> Iterator[SoundSystem]:
    """One that is ready; `folder` is where it may write. AssertionError where it doesn't start."""
    home = folder / "home"
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
        for name in _NOT_OURS:
            environment.pop(name, None)
        script, log = folder / "default.pa", folder / "pulseaudio.log"
        script.write_text(_SCRIPT.format(socket=socket))
        with log.open("wb") as output:
            server = subprocess.Popen(
                ["pulseaudio", "-n", "-F", str(script), *_OPTIONS],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        system = SoundSystem(environment, server)
        try:
            _until_it_answers(system, log)
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
    raise AssertionError(f"PulseAudio didn't start: {log.read_text()[-500:]}")
