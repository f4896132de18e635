"""/api/utterances: order, repetition, gaps, ends, limits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from s2i.errors import MissingError
from tests.fakes.recogniser import BREAK, DEFECT, NOTHING, SILENCE, SPEECH
from tests.web.client import Answer
from tests.web.conftest import Running, Start


def until(true: Callable[[], object]) -> None:
    """Wait for it, 10 s at most."""
    ends = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.01)


def test_speak_and_finish(web: Running) -> None:
    begun = web.client.post("/api/utterances", {"sample_rate": 44100, "language": "fr"})
    assert begun.status == 201
    name = begun.json["id"]
    assert begun.headers["Location"].endswith(f"/api/utterances/{name}")
    assert begun.json == {"id": name, "state": "listening", "next_seq": 0, "text": ""}
    with web.client.events(f"/api/events?job={name}") as stream:
        answer = web.client.audio(name, 0, SPEECH)
        assert answer.status == 200
        assert answer.json == {"id": name, "state": "listening", "next_seq": 1, "text": "word0"}
        kind, told = stream.next()[1:]
        assert (kind, told["job"]) == ("stt-partial", name)
        assert web.client.audio(name, 1, SPEECH).json["text"] == "word0 word1"
        done = web.client.post(f"/api/utterances/{name}/finish")
        assert done.status == 200
        assert done.json["text"] == "word0 word1"
        assert done.json["words"][0] == {
            "text": "word0", "start": 0.0, "end": 0.1, "confidence": 0.5,
        }  # fmt: skip
        assert (done.json["id"], done.json["state"]) == (name, "finished")
        assert (done.json["language"], done.json["ended"]) == ("fr", "finish")
        while stream.next()[1] != "stt-end":
            pass
    assert web.client.post(f"/api/utterances/{name}/finish").body == done.body
    assert web.client.get(f"/api/utterances/{name}").json["state"] == "finished"
    (made,) = web.fake.made
    assert (made.rate, made.language, made.fed) == (44100, "fr", [SPEECH, SPEECH])
    assert web.fake.open_now == 0


def test_the_language_of_the_settings_is_the_default(web: Running) -> None:
    web.client.begin()
    assert web.fake.made[0].language == web.services.settings.language


def test_hold_to_talk_leaves_the_end_to_the_button(web: Running) -> None:
    web.client.begin()
    web.client.begin(endpoint=False)
    web.client.begin(endpoint=True)
    assert [made.endpoint for made in web.fake.made] == [True, False, True]
    assert not any(made.decoded for made in web.fake.made)


def test_the_transcript_of_what_is_finished(web: Running) -> None:
    listening = web.services.listening
    name, cancelled = web.client.begin(), web.client.begin()
    web.client.audio(name, 0, SPEECH)
    assert listening.transcript(name) is None
    web.client.post(f"/api/utterances/{name}/finish")
    said = listening.transcript(name)
    assert said is not None
    assert (said.text, said.words[0].confidence) == ("word0", 0.5)
    web.client.post(f"/api/utterances/{cancelled}/cancel")
    assert listening.transcript(cancelled) is None
    assert listening.transcript("nothing") is None


def test_a_repetition_is_ignored_and_a_gap_is_named(web: Running) -> None:
    name = web.client.begin()
    for _ in range(3):
        assert web.client.audio(name, 0, SPEECH).json["next_seq"] == 1
    gap = web.client.audio(name, 3, SPEECH)
    assert (gap.status, gap.code, gap.json["missing"]) == (409, "missing-chunk", 1)
    assert web.client.audio(name, 1, SPEECH).json["next_seq"] == 2
    # a repetition is ignored unseen, even one that couldn't be used
    assert web.client.audio(name, 0, b"\0").json["next_seq"] == 2
    early = web.client.post(f"/api/utterances/{name}/finish?count=4")
    assert (early.status, early.json["missing"]) == (409, 2)
    assert web.client.audio(name, 2, SPEECH).status == 200
    assert web.client.audio(name, 3, SPEECH).status == 200
    assert web.client.post(f"/api/utterances/{name}/finish?count=4").status == 200
    assert len(web.fake.made[0].fed) == 4


def test_the_same_piece_many_times_at_once_counts_once(web: Running) -> None:
    name = web.client.begin()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: web.client.audio(name, 0, SPEECH), range(6)))
    assert {answer.json["next_seq"] for answer in answers} == {1}
    assert len(web.fake.made[0].fed) == 1
    assert web.fake.overlaps == 0


@pytest.mark.parametrize(
    ("pcm", "code"),
    [
        (b"", "empty-audio"),
        (SPEECH[:-1], "odd-audio"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt " + SPEECH, "audio-header"),
    ],
)
def test_bad_audio_is_refused_and_can_be_sent_mended(web: Running, pcm: bytes, code: str) -> None:
    name = web.client.begin()
    bad = web.client.audio(name, 0, pcm)
    assert (bad.status, bad.code) == (400, code)
    assert web.client.audio(name, 0, SPEECH).json["next_seq"] == 1
    assert web.client.get(f"/api/utterances/{name}").json["state"] == "listening"


def test_fifty_megabytes_are_refused_with_an_answer(web: Running) -> None:
    name = web.client.begin()
    big = web.client.audio(name, 0, bytes(50 << 20))
    assert (big.status, big.code) == (413, "too-large")
    assert web.client.audio(name, 0, SPEECH).status == 200

    def chunks() -> object:
        for _ in range(50):
            yield bytes(1 << 20)

    chunked = web.client.ask("POST", f"/api/utterances/{name}/audio?seq=1", chunks())
    assert (chunked.status, chunked.code) == (413, "too-large")
    assert web.client.audio(name, 1, SPEECH).status == 200


def test_a_chunked_piece_is_a_piece(web: Running) -> None:
    name = web.client.begin()
    parts = (SPEECH[start : start + 100] for start in range(0, len(SPEECH), 100))
    answer = web.client.ask("POST", f"/api/utterances/{name}/audio?seq=0", parts)
    assert answer.status == 200
    assert web.fake.made[0].fed == [SPEECH]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "bad-sample-rate"),
        ("{", "bad-json"),
        ("[" * 100_000, "bad-json"),
        ("[]", "bad-json"),
        ('"x"', "bad-json"),
        (b"\xff\xfe", "bad-json"),
        ('{"sample_rate": 0}', "bad-rate"),
        ('{"sample_rate": -16000}', "bad-rate"),
        ('{"sample_rate": 10000000}', "bad-rate"),
        ('{"sample_rate": true}', "bad-sample-rate"),
        ('{"sample_rate": 44100.5}', "bad-sample-rate"),
        ('{"sample_rate": "fast"}', "bad-sample-rate"),
        ('{"sample_rate": NaN}', "bad-sample-rate"),
        ('{"sample_rate": 16000, "language": 7}', "bad-language"),
        ('{"sample_rate": 16000, "language": ""}', "bad-language"),
        ('{"sample_rate": 16000, "endpoint": "no"}', "bad-endpoint"),
        ('{"sample_rate": 16000, "endpoint": null}', "bad-endpoint"),
        ('{"sample_rate": 16000, "endpoint": 0}', "bad-endpoint"),
        ('{"sample_rate": 16000, "language": "xx"}', "bad-language"),
    ],
)
def test_bad_beginnings(web: Running, body: str | bytes, code: str) -> None:
    answer = web.client.post("/api/utterances", body)
    assert (answer.status, answer.code) == (400, code)
    assert web.client.get("/api/status").json["utterances"]["open"] == 0


@pytest.mark.parametrize("seq", ["", "?seq=", "?seq=-1", "?seq=1.0", "?seq=x", "?seq=%D9%A1"])
def test_bad_numbers(web: Running, seq: str) -> None:
    name = web.client.begin()
    answer = web.client.post(f"/api/utterances/{name}/audio{seq}", SPEECH)
    assert (answer.status, answer.code) == (400, "bad-seq")


@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e", "a%00b", "x" * 3000, "%f0%9f"])
def test_unknown_ids(web: Running, name: str) -> None:
    for answer in (
        web.client.audio(name, 0, SPEECH),
        web.client.post(f"/api/utterances/{name}/finish"),
        web.client.post(f"/api/utterances/{name}/cancel"),
        web.client.get(f"/api/utterances/{name}"),
    ):
        assert answer.status == 404
        assert answer.code in {"no-such-utterance", "not-found"}


def test_silence_ends_it(web: Running) -> None:
    name = web.client.begin()
    web.client.audio(name, 0, SPEECH)
    with web.client.events(f"/api/events?job={name}") as stream:
        ended = web.client.audio(name, 1, SILENCE)
        assert ended.json["state"] == "finished"
        assert (ended.json["ended"], ended.json["text"]) == ("silence", "word0")
        assert stream.next()[1] == "stt-end"
    # pieces that were on their way are no error
    late = web.client.audio(name, 2, SPEECH)
    assert (late.status, late.json["state"]) == (200, "finished")
    assert web.client.post(f"/api/utterances/{name}/finish").json["ended"] == "silence"
    assert web.client.post(f"/api/utterances/{name}/finish?count=9").status == 200
    assert web.fake.open_now == 0


def test_nobody_speaks(web: Running) -> None:
    name = web.client.begin()
    with web.client.events(f"/api/events?job={name}") as stream:
        answer = web.client.audio(name, 0, NOTHING)
        assert answer.status == 200
        assert answer.json["error"]["code"] == "no-speech"
        kind, told = stream.next()[1:]
        assert kind == "error"
        assert (told["data"]["stage"], told["data"]["code"]) == ("stt", "no-speech")
    for _ in range(2):
        finished = web.client.post(f"/api/utterances/{name}/finish")
        assert (finished.status, finished.code) == (422, "no-speech")


def test_cancel(web: Running) -> None:
    name = web.client.begin()
    web.client.audio(name, 0, SPEECH)
    for _ in range(2):
        assert web.client.post(f"/api/utterances/{name}/cancel").json["state"] == "cancelled"
    assert web.fake.made[0].state == "cancelled"
    for answer in (
        web.client.audio(name, 1, SPEECH),
        web.client.post(f"/api/utterances/{name}/finish"),
    ):
        assert (answer.status, answer.code) == (410, "cancelled")
    assert web.fake.open_now == 0


def test_cancelling_what_is_finished_changes_nothing(web: Running) -> None:
    name = web.client.begin()
    web.client.audio(name, 0, SPEECH)
    web.client.post(f"/api/utterances/{name}/finish")
    assert web.client.post(f"/api/utterances/{name}/cancel").json["state"] == "finished"
    assert web.client.post(f"/api/utterances/{name}/finish").status == 200


@pytest.mark.parametrize(("pcm", "code"), [(BREAK, "decoder-broke"), (DEFECT, "internal")])
def test_a_broken_recogniser_harms_nobody_else(web: Running, pcm: bytes, code: str) -> None:
    broken, other = web.client.begin(), web.client.begin()
    answer = web.client.audio(broken, 0, pcm)
    assert (answer.status, answer.code) == (500, code)
    assert b"secret" not in answer.body
    assert web.client.audio(other, 0, SPEECH).status == 200
    assert web.client.get(f"/api/utterances/{broken}").json["state"] == "failed"
    assert web.client.post(f"/api/utterances/{broken}/finish").status == 500
    assert web.fake.made[0].state == "cancelled"
    assert web.client.get("/api/status").json["utterances"]["open"] == 1


def test_eight_at_once_and_the_ninth(web: Running) -> None:
    names = [web.client.begin() for _ in range(8)]
    ninth = web.client.post("/api/utterances", {"sample_rate": 16000})
    assert (ninth.status, ninth.code) == (503, "busy")
    assert int(ninth.headers["Retry-After"]) > 0

    def speak(name: str) -> Answer:
        for seq in range(10):
            assert web.client.audio(name, seq, SPEECH).status == 200
        return web.client.post(f"/api/utterances/{name}/finish?count=10")

    with ThreadPoolExecutor(8) as pool:
        texts = {answer.json["text"] for answer in pool.map(speak, names)}
    assert texts == {" ".join(f"word{i}" for i in range(10))}
    assert web.client.begin()
    assert web.fake.open_now == 1


def test_a_refused_opening_gives_its_place_back(web: Running) -> None:
    web.fake.refusal = MissingError("no-model", "There is no model.", hint="Run setup.")
    for _ in range(10):
        answer = web.client.post("/api/utterances", {"sample_rate": 16000})
        assert (answer.status, answer.code) == (503, "no-model")
        assert "Retry-After" not in answer.headers
    web.fake.refusal = None
    web.client.begin()


def test_an_abandoned_utterance_is_closed(start: Start) -> None:
    web = start(abandoned=0.3)
    with web.client.events() as stream:
        name = web.client.begin()
        web.client.audio(name, 0, SPEECH)
        while (told := stream.next())[1] != "error":
            pass
        assert told[2]["job"] == name
        assert told[2]["data"]["code"] == "abandoned"
    assert web.fake.made[0].state == "cancelled"
    answer = web.client.audio(name, 1, SPEECH)
    assert (answer.status, answer.code) == (410, "abandoned")
    assert web.client.get("/api/status").json["utterances"]["open"] == 0
    # the watch goes on
    web.client.begin()
    until(lambda: web.fake.open_now == 0)


def test_who_keeps_sending_is_not_abandoned(start: Start) -> None:
    web = start(abandoned=2.0)
    name, left = web.client.begin(), web.client.begin()
    for seq in range(25):
        assert web.client.audio(name, seq, SPEECH).status == 200
        time.sleep(0.1)
    assert web.client.get(f"/api/utterances/{left}").json["state"] == "abandoned"
    assert web.client.post(f"/api/utterances/{name}/finish").status == 200


def test_a_slow_recogniser_is_not_abandonment(start: Start) -> None:
    web = start(abandoned=0.2)
    name = web.client.begin()
    web.fake.gate.clear()
    got: list[Answer] = []
    sending = threading.Thread(target=lambda: got.append(web.client.audio(name, 0, SPEECH)))
    sending.start()
    time.sleep(0.6)
    web.fake.gate.set()
    sending.join(10)
    assert got[0].status == 200


def test_old_ones_are_forgotten_and_open_ones_never(start: Start) -> None:
    web = start()
    kept = web.client.begin()
    first = web.client.begin()
    web.client.post(f"/api/utterances/{first}/cancel")
    for _ in range(210):
        web.services.listening.cancel(web.services.listening.open("en", 16000)["id"])
    assert web.client.get(f"/api/utterances/{first}").status == 404
    assert web.client.get(f"/api/utterances/{kept}").json["state"] == "listening"


def test_stop_returns_the_recognisers(start: Start) -> None:
    web = start()
    web.client.begin()
    web.client.begin()
    web.close()
    assert web.fake.open_now == 0
    assert web.fake.closed


def test_errors_are_small_json(web: Running) -> None:
    answer = web.client.get("/api/utterances/x")
    assert answer.headers["Content-Type"] == "application/json"
    assert list(json.loads(answer.body)) == ["error"]
