"""Speech that goes into a browser as if through a microphone."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from pathlib import Path

from tests.conftest import ROOT
from tests.e2e.browsers import Browser
from tests.sound_system import SoundSystem

IDEA = "a red fox sleeping in the snow under the northern lights"
SAID = {"sleeping", "in", "the", "snow", "under", "northern", "lights"}  # what is heard of it
_RECORDED = ROOT.parent / "shared" / "speech" / "h_goforward.wav"


def make_clip(path: Path, text: str = IDEA, before: float = 0.7, after: float = 1.5) -> bool:
    """Speak `text` into a WAV, with so many seconds of silence around it. False without flite."""
    if not shutil.which("flite"):
        return False
    spoken = path.with_suffix(".raw.wav")
    subprocess.run(
        ["flite", "-voice", "slt", "-t", text, "-o", str(spoken)], check=True, timeout=60
    )
    with wave.open(str(spoken)) as clip:
        rate, sound = clip.getframerate(), clip.readframes(clip.getnframes())
    path.write_bytes(
        wav(bytes(int(before * rate) * 2) + sound + bytes(int(after * rate) * 2), rate)
    )
    spoken.unlink()
    return True


def wav(pcm: bytes, rate: int) -> bytes:
    """Mono s16le as a WAV file."""
    box = io.BytesIO()
    with wave.open(box, "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(rate)
        clip.writeframes(pcm)
    return box.getvalue()


class Microphone:
    """What a browser hears. First `load`, then let the page listen, then `speak`."""

    def __init__(self, browser: Browser, sound: SoundSystem | None) -> None:
        self._sound = sound
        self._file = browser.folder / "microphone.wav"
        self._playing: subprocess.Popen[bytes] | None = None

    def load(self, clip: Path) -> None:
        """Chromium plays it from the moment that it begins to listen."""
        shutil.copyfile(clip, self._file)

    def speak(self) -> None:
        """The others hear it from now on."""
        if self._sound is not None:
            self.hush()
            self._playing = self._sound.begin(self._file)

    def hush(self) -> None:
        """No more."""
        if self._playing is not None:
            self._playing.kill()
            self._playing.wait()
            self._playing = None
