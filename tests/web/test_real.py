"""The whole way with a real recogniser: PocketSphinx, whose wheel carries its model."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s2i.settings import Settings
from s2i.web.app import create_app
from s2i.web.http_server import Server
from s2i.web.hub import Hub
from s2i.web.listening import Listening
from s2i.web.services import Services
from tests.web.client import Answer, Client

CLIP = Path(__file__).resolve().parents[3] / "shared" / "speech" / "h_goforward.wav"
SAID = {"go", "forward", "ten", "meters"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIP.is_file(), reason=f"no recording of speech at {CLIP}"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, Client]]:
    """A server with the real pool; its model loads with the first utterance."""
    pytest.importorskip("pocketsphinx")
    from s2i.speech.pool import Recognisers

    settings = Settings(home=tmp_path_factory.mktemp("home"), recogniser="pocketsphinx")
    recognisers, hub = Recognisers(settings.home, settings), Hub()
    services = Services(
        settings, recognisers, hub=hub, listening=Listening(recognisers, hub, abandoned=3.0)
    )
    server = Server(create_app(services), services, clients=8)
    server.start(0)
    yield services, Client(server.port)
    server.stop()
    services.close()


def pieces(seconds: float = 0.1) -> tuple[int, list[bytes]]:
    """The clip's rate and its samples in pieces."""
    with wave.open(io.BytesIO(CLIP.read_bytes())) as clip:
        rate = clip.getframerate()
        assert (clip.getnchannels(), clip.getsampwidth()) == (1, 2)
        pcm = clip.readframes(clip.getnframes())
    size = int(rate * seconds) * 2
    return rate, [pcm[start : start + size] for start in range(0, len(pcm), size)]


def speak(client: Client) -> Answer:
    """Say the clip, every third piece twice; the answer to finish."""
    rate, parts = pieces()
    name = client.begin(rate, language="en")
    for seq, pcm in enumerate(parts):
        for _ in range(2 if seq % 3 == 0 else 1):
            assert client.audio(name, seq, pcm).status == 200
    return client.post(f"/api/utterances/{name}/finish")


def test_words_come_while_they_are_spoken(served: tuple[Services, Client]) -> None:
    client = served[1]
    with client.events() as stream:
        done = speak(client)
        assert done.status == 200, done.body
        kinds, texts = [], []
        while "stt-end" not in kinds:
            _, kind, told = stream.next()
            assert told["job"] == done.json["id"]
            kinds.append(kind)
            texts.append(told["data"].get("text", ""))
    assert kinds[0] == "stt-start"
    assert kinds.count("stt-partial") >= 1
    assert texts[-1] == done.json["text"]
    heard = set(done.json["text"].split())
    assert len(heard & SAID) >= 2
    words = done.json["words"]
    assert all(0 <= word["start"] <= word["end"] for word in words)
    assert done.json["recogniser"] == "pocketsphinx"


def test_the_file_gives_the_words_of_the_stream(served: tuple[Services, Client]) -> None:
    answer = served[1].post("/api/transcriptions?language=en-GB", CLIP.read_bytes())
    assert answer.status == 200, answer.body
    assert len(set(answer.json["text"].split()) & SAID) >= 2


def test_several_at_once_keep_their_words(served: tuple[Services, Client]) -> None:
    services, client = served
    alone = speak(client).json["text"]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(speak, [client] * 3))
    assert [answer.json["text"] for answer in answers] == [alone] * 3
    assert services.recognisers.status()["speaking"] == 0


def test_silence_and_nobody(served: tuple[Services, Client]) -> None:
    services, client = served
    rate, parts = pieces()
    name = client.begin(rate)
    for seq, pcm in enumerate([*parts, *[bytes(len(parts[0]))] * 30]):
        state = client.audio(name, seq, pcm).json
        if state["state"] != "listening":
            break
    assert (state["state"], state["ended"]) == ("finished", "silence")

    name = client.begin(8000)
    answer = client.audio(name, 0, bytes(8000 * 2 * 10))
    assert answer.json["error"]["code"] == "no-speech"
    assert client.post(f"/api/utterances/{name}/finish").status == 422

    name = client.begin(8000)
    assert client.post(f"/api/utterances/{name}/finish").code == "empty-audio"
    assert services.recognisers.status()["speaking"] == 0


def test_abandoned_and_cancelled_give_the_recogniser_back(served: tuple[Services, Client]) -> None:
    services, client = served
    rate, parts = pieces()
    left, cancelled = client.begin(rate), client.begin(rate)
    for name in (left, cancelled):
        assert client.audio(name, 0, parts[0]).status == 200
    assert services.recognisers.status()["speaking"] == 2
    client.post(f"/api/utterances/{cancelled}/cancel")
    until = time.monotonic() + 20
    while services.recognisers.status()["speaking"] and time.monotonic() < until:
        time.sleep(0.1)
    assert services.recognisers.status()["speaking"] == 0
    assert client.audio(left, 1, parts[1]).status == 410


def test_no_such_language(served: tuple[Services, Client]) -> None:
    for language in ("fr", "xx", "../en", "en\u0000"):
        body = {"sample_rate": 16000, "language": language}
        answer = served[1].post("/api/utterances", body)
        assert 400 <= answer.status <= 503
        assert answer.status != 500
        assert answer.code
