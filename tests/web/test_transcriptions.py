"""POST /api/transcriptions: whole files, as curl and forms send them."""

from __future__ import annotations

import io
import math
import tempfile
import wave
from pathlib import Path

import pytest

from s2i.web import transcriptions
from tests.fakes.recogniser import BREAK
from tests.speech_audio import sounds
from tests.web.conftest import Running

PATH = "/api/transcriptions"


def recording(seconds: float = 1.0, rate: int = 8000, channels: int = 2) -> bytes:
    """A WAV file with a tone in it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        tone = (int(9000 * math.sin(i / 3)) for i in range(int(seconds * rate)))
        out.writeframes(
            b"".join(value.to_bytes(2, "little", signed=True) * channels for value in tone)
        )
    return file.getvalue()


def form(*parts: tuple[str, str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body of (name, filename, content), and its header."""
    body = b""
    for name, filename, content in parts:
        named = f'name="{name}"' + (f'; filename="{filename}"' if filename else "")
        body += f"--xyz\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode()
        body += content + b"\r\n"
    return body + b"--xyz--\r\n", {"Content-Type": "multipart/form-data; boundary=xyz"}


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go; to be found empty afterwards."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_as_curl_sends_it(web: Running, scratch: Path) -> None:
    answer = web.client.ask(
        "POST",
        PATH + "?language=fr",
        recording(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 200, answer.body
    (made,) = web.fake.made
    assert answer.json["text"].startswith("word0 word1")
    assert answer.json["language"] == made.language == "fr"
    assert answer.json["warnings"] == []
    assert answer.json["seconds"] == pytest.approx(1.0, abs=0.05)
    assert (made.rate, made.state, made.endpoint) == (16000, "finished", False)
    assert list(scratch.iterdir()) == []


def test_as_a_form(web: Running, scratch: Path) -> None:
    body, headers = form(("note", "", b"hello"), ("file", "../../x.wav", recording()))
    answer = web.client.ask("POST", PATH, body, headers)
    assert answer.status == 200, answer.body
    assert answer.json["text"]
    assert list(scratch.iterdir()) == []


def test_chunked(web: Running) -> None:
    whole = recording()
    parts = (whole[start : start + 1000] for start in range(0, len(whole), 1000))
    assert web.client.ask("POST", PATH, parts).status == 200


def test_events_carry_its_id(web: Running) -> None:
    with web.client.events() as stream:
        name = web.client.post(PATH, recording()).json["id"]
        kind, told = stream.next()[1:]
        assert (kind, told["job"]) == ("stt-start", name)


def test_its_transcript_can_be_asked_for_afterwards(web: Running) -> None:
    told = web.client.post(PATH, recording()).json
    said = web.services.listening.transcript(told["id"])
    assert said is not None
    assert said.text == told["text"]
    shown = web.client.get(f"/api/utterances/{told['id']}").json
    assert (shown["state"], shown["text"]) == ("finished", told["text"])


def test_what_the_reader_warns_of_is_part_of_it(web: Running) -> None:
    whole = sounds.file(sounds.sine(440, 8.0, 48_000), 48_000, "flac")
    told = web.client.post(PATH, whole[: len(whole) // 2]).json
    assert any("cut short" in warning for warning in told["warnings"])
    said = web.services.listening.transcript(told["id"])
    assert said is not None
    assert list(said.warnings) == told["warnings"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty-audio"),
        (b"This is a text and no sound at all.\n" * 50, None),
        (bytes(range(256)) * 40, None),
        (recording()[:30], None),
    ],
)
def test_no_recording(web: Running, scratch: Path, body: bytes, code: str | None) -> None:
    answer = web.client.post(PATH, body)
    assert answer.status == 400
    assert code in {answer.code, None}
    assert answer.json["error"]["message"].startswith("The recording ")
    assert str(scratch) not in answer.body.decode()
    assert list(scratch.iterdir()) == []
    assert web.fake.made == []


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (*form(("note", "", b"hello")), "no-file"),
        (*form(("a", "a.wav", recording()), ("b", "b.wav", recording())), "two-files"),
        (b"nonsense", {"Content-Type": "multipart/form-data; boundary=xyz"}, "bad-body"),
        (b"nonsense", {"Content-Type": "multipart/form-data"}, "bad-body"),
        (b"nonsense", {"Content-Type": "multipart/form-data; boundary=\xe9"}, "bad-body"),
        (form(("a", "a.wav", recording()))[0][:-300], form()[1], "bad-body"),
    ],
)
def test_bad_forms(web: Running, body: bytes, headers: dict[str, str], code: str) -> None:
    answer = web.client.ask("POST", PATH, body, headers)
    assert (answer.status, answer.code) == (400, code)


def test_too_large(web: Running, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the limit itself is 200 MB; what is tried is that it holds in all three ways
    monkeypatch.setattr(transcriptions, "MAX_FILE", 1 << 20)
    big = recording(80)
    body, headers = form(("file", "a.wav", big))
    parts = (big[start : start + 65536] for start in range(0, len(big), 65536))
    for answer in (
        web.client.post(PATH, big),
        web.client.ask("POST", PATH, body, headers),
        web.client.ask("POST", PATH, parts),
    ):
        assert (answer.status, answer.code) == (413, "too-large")
        assert "1 MB" in answer.json["error"]["message"]
    assert list(scratch.iterdir()) == []


def test_it_counts_as_one_who_speaks(web: Running) -> None:
    names = [web.client.begin() for _ in range(8)]
    assert web.client.post(PATH, recording()).code == "busy"
    web.client.post(f"/api/utterances/{names[0]}/cancel")
    assert web.client.post(PATH, recording()).status == 200
    assert web.client.post(PATH, recording()).status == 200
    assert web.client.post(PATH, b"x").status == 400
    assert web.fake.open_now == 7


def test_a_broken_recogniser(web: Running, scratch: Path) -> None:
    # 0.02 s of the sound that the fake breaks at, already at its rate
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(BREAK)
    with web.client.events() as stream:
        answer = web.client.post(PATH, file.getvalue())
        assert (answer.status, answer.code) == (500, "decoder-broke")
        assert stream.next()[1] == "stt-start"
        assert stream.next()[2]["data"]["code"] == "decoder-broke"
    assert web.fake.made[0].state == "cancelled"
    assert list(scratch.iterdir()) == []
