"""--audio and --transcript as a user meets them: real child processes, PocketSphinx for real."""

from __future__ import annotations

import json
import math
import os
import shutil
import struct
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from s2i import provenance
from tests.conftest import ROOT

CLIP = ROOT.parent / "shared" / "speech" / "h_goforward.wav"


@pytest.fixture
def s2i(tmp_path: Path):
    """Runs the program with a home of its own, the storyboard and no refiner."""

    def run(*arguments: str, stdin: Any = subprocess.DEVNULL) -> Any:
        painting = [] if "--transcript" in arguments else ["--engine", "storyboard"]
        return subprocess.run(
            [sys.executable, "-m", "s2i", "--no-refine", *painting, *arguments],
            stdin=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "error",
                "S2I_HOME": str(tmp_path / "home"),
            },
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody says "go forward ten meters", or flite says it where the clip isn't at hand."""
    if CLIP.exists():
        return CLIP
    flite = shutil.which("flite")
    if flite is None:
        pytest.skip("neither the clips in ../shared/speech nor flite are here")
    path = tmp_path_factory.mktemp("speech") / "spoken.wav"
    subprocess.run(
        [flite, "-voice", "slt", "-t", "go forward ten meters", "-o", str(path)], check=True
    )
    return path


@pytest.mark.slow
def test_speech_becomes_a_picture_named_after_it(s2i: Any, spoken: Path):
    done = s2i("--audio", str(spoken), "--json")
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert "forward" in result["transcript"]
    assert result["recogniser"] == "pocketsphinx"
    assert result["timings"]["stt"] > 0
    picture = Path(result["images"][0])
    assert "forward" in picture.name
    chunk = provenance.read(picture.read_bytes())
    assert chunk is not None
    assert chunk["idea"] == result["idea"]
    assert all(0.0 <= word["confidence"] <= 1.0 for word in chunk["words"])


@pytest.mark.slow
def test_standard_input_and_only_the_words(s2i: Any, spoken: Path):
    with spoken.open("rb") as file:
        done = s2i("--audio", "-", "--transcript", stdin=file)
    assert done.returncode == 0, done.stderr.decode()
    assert "forward" in done.stdout.decode()


@pytest.mark.slow
def test_events_tell_the_words(s2i: Any, spoken: Path):
    done = s2i("--audio", str(spoken), "--events")
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["job-start", "stt-start"]
    # No partials of a recording this short: it is recognised whole, which is heard far better.
    assert kinds.index("stt-end") < kinds.index("generate-start")
    assert kinds[-1] == "job-end"


def sound(path: Path, seconds: float, hertz: float) -> Path:
    samples = (
        round(6000 * math.sin(2 * math.pi * hertz * at / 16000)) if hertz else 0
        for at in range(int(seconds * 16000))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


@pytest.mark.slow
def test_silence_is_a_friendly_failure(s2i: Any, tmp_path: Path):
    done = s2i("--audio", str(sound(tmp_path / "silence.wav", 3, 0)))
    assert done.returncode == 1
    assert b"No words were heard" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.wav", None, "missing.wav"),
        ("text.wav", b"these are words, no sound" * 50, "text.wav"),
        ("empty.wav", b"", "empty"),
        ("cut.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "cut.wav"),
    ],
)
def test_what_is_no_sound_is_one_sentence(
    s2i: Any, tmp_path: Path, name: str, content: bytes | None, says: str
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = s2i("--audio", str(path), "--transcript")
    assert done.returncode == 2, done.stderr.decode()
    assert done.stdout == b""
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_a_language_without_a_model_says_what_fetches_it(s2i: Any, tmp_path: Path):
    path = sound(tmp_path / "x.wav", 1, 440)
    done = s2i("--audio", str(path), "--transcript", "--language", "fr")
    assert done.returncode == 3
    assert b"setup --language fr" in done.stderr
    done = s2i("--audio", str(path), "--transcript", "--recogniser", "magic")
    assert done.returncode == 2
    assert b"magic" in done.stderr
