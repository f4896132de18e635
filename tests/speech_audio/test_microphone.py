"""The microphone: for real through PulseAudio's null sink, and what is pure without any."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import wave
from pathlib import Path

import numpy as np
import pytest

from s2i.errors import InputError
from s2i.speech import microphone_help as advice
from s2i.speech.microphone import Device, choose
from tests.speech_audio.conftest import RATE, SoundSystem, listener


def said(child: subprocess.Popen[str], *, noisy: bool = False) -> list[dict[str, object]]:
    """All that a listener says until it ends; on standard error there must be nothing.

    `noisy`: ALSA itself writes there, and never a traceback.
    """
    out, err = child.communicate(timeout=60)
    assert err == "" or (noisy and "Traceback" not in err)
    return [json.loads(line) for line in out.splitlines()]


def first(child: subprocess.Popen[str]) -> dict[str, object]:
    assert child.stdout is not None
    line = child.stdout.readline()
    return dict(json.loads(line)) if line else {"stderr": child.communicate(timeout=60)[1]}


def test_devices_are_listed_with_the_default_marked(sound_system: SoundSystem):
    [answer] = said(sound_system.listen("list"))
    listed = answer["devices"]
    assert isinstance(listed, list)
    assert sum(one["default"] for one in listed) == 1
    assert all(one["channels"] > 0 and one["rate"] >= 8000 and one["name"] for one in listed)


def test_what_is_played_is_heard(sound_system: SoundSystem, tmp_path: Path):
    dice = np.random.default_rng(5)
    played = np.convolve(dice.standard_normal(2 * RATE), np.ones(16) / 16, "same") * 12000
    with wave.open(str(tmp_path / "idea.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(played, -32768, 32767).astype("<i2").tobytes())
    child = sound_system.listen("record", "6", str(tmp_path / "heard.pcm"))
    begun = first(child)
    rate = int(str(begun["rate"]))
    assert begun["first"] == rate // 10 * 2
    player = threading.Thread(target=sound_system.play, args=(tmp_path / "idea.wav",))
    player.start()
    ended, closed = said(child)
    player.join()
    assert ended["overruns"] == 0
    assert ended["note"] is None
    assert closed == {"after_close": 0}
    heard = np.frombuffer((tmp_path / "heard.pcm").read_bytes(), "<i2").astype(float)
    played = np.interp(np.arange(0, 2, 1 / rate), np.arange(2 * RATE) / RATE, played)
    size = 1 << (len(heard) + len(played)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size)), size)
    at = int(both[: len(heard)].argmax())
    # By quarters of a second: under load the sound server puts gaps in between.
    quarter = rate // 4
    alike = []
    for start in range(0, len(played) - quarter, quarter):
        piece = heard[at + start : at + start + quarter]
        alike.append(float(np.corrcoef(piece, played[start : start + len(piece)])[0, 1]))
    # Not 1: where the server resamples, the sound arrives a fraction of a sample shifted.
    assert np.median(alike) > 0.95


def test_silence_from_the_start_is_noted(sound_system: SoundSystem):
    _, ended, _ = said(sound_system.listen("record", "2.5"))
    assert ended["level"] == float("-inf")
    assert "muted or not allowed" in str(ended["note"])


def test_blocks_that_nobody_takes_are_counted(sound_system: SoundSystem):
    _, ended, _ = said(sound_system.listen("record", "0.5", "", "3"))
    assert isinstance(ended["overruns"], int)
    assert ended["overruns"] >= 5  # 3 s of waiting, room for 1 s


def test_a_microphone_that_is_pulled_out_is_a_sentence(sound_system: SoundSystem):
    child = sound_system.listen("record", "60")
    assert "first" in first(child)
    sound_system.stop()
    [answer] = said(child, noisy=True)
    assert answer["kind"] == "SpeechError"
    error = answer["error"]
    assert isinstance(error, dict)
    assert (error["code"], error["retryable"]) == ("microphone-gone", True)
    assert "--mic --list" in error["hint"]


def test_a_name_that_is_not_there(sound_system: SoundSystem):
    [answer] = said(sound_system.listen("record", "1", "", "0", "Studio"))
    assert answer["kind"] == "InputError"


def test_no_microphone_at_all(tmp_path: Path):
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    [there] = said(listener(environment, "list"))
    if there.get("devices") or "error" in there:
        pytest.skip("this machine has a microphone, or no PortAudio")
    [answer] = said(listener(environment, "record", "1"))
    assert answer["kind"] == "MissingError"
    assert isinstance(answer["error"], dict)
    assert answer["error"]["code"] in ("no-microphone", "microphone-refused")


def test_no_portaudio(tmp_path: Path):
    """As sounddevice's Linux wheel does it, which carries none."""
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")\n')
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    [answer] = said(listener(environment, "list"))
    assert answer["kind"] == "MissingError"
    assert isinstance(answer["error"], dict)
    assert answer["error"]["code"] == "no-portaudio"
    assert "install" in answer["error"]["hint"]


LISTED = [
    Device(0, "Sound Mapper", "MME", 44_100, 2, False),
    Device(1, "Headset (Jabra)", "MME", 44_100, 1, True),
    Device(3, "Webcam", "MME", 44_100, 1, False),
    Device(5, "Headset (Jabra)", "WASAPI", 48_000, 1, False),
    Device(7, "Webcam HD", "WASAPI", 48_000, 2, False),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (None, 1), ("", 1), (5, 5), ("5", 5), ("headset (jabra)", 1), ("jabra", 1),
        ("Webcam", 3), ("HD", 7),
    ],
)  # fmt: skip
def test_choosing(wanted, index):
    assert choose(LISTED, wanted).index == index


@pytest.mark.parametrize(
    ("wanted", "hint"), [("webcma", "3 Webcam"), ("2", "Headset"), ("a", "0 Sound"), ("日本", "1 ")]
)
def test_choosing_what_is_not_there(wanted, hint):
    with pytest.raises(InputError) as caught:
        choose(LISTED, wanted)
    assert caught.value.code == "no-such-device"
    assert hint in caught.value.hint


def test_without_a_default_the_first_is_taken():
    assert choose(LISTED[2:]).index == 3


def test_help_names_the_command_of_the_system():
    def portaudio(system: str, *family: str) -> str:
        return advice.no_portaudio(system, frozenset(family), "/venv/python").hint

    assert "sudo apt install libportaudio2" in portaudio("Linux", "ubuntu", "debian")
    assert "sudo apt install libportaudio2" in portaudio("Linux")
    assert "sudo dnf install portaudio" in portaudio("Linux", "fedora")
    assert "sudo pacman -S portaudio" in portaudio("Linux", "manjaro", "arch")
    assert "/venv/python" in portaudio("Windows")
    assert "Privacy_Microphone" in advice.refused("Darwin").hint
    assert "ms-settings:privacy-microphone" in advice.refused("Windows").hint
    assert "fuser" in advice.refused("Linux").hint
    assert "usermod -aG audio" in advice.no_microphone("Linux", locked=True).hint
    assert "libasound2-plugins" in advice.no_microphone("Linux").hint
    assert "apt" not in advice.no_microphone("Windows").hint
