"""Vosk for real, with whatever model is there: structure and survival, never exact texts."""

from __future__ import annotations

import json
import random
import shutil
import struct
import threading
from pathlib import Path

import pytest

from bootstrap import catalogue, downloads, models, verify
from s2i.errors import MissingError, ModelMissing
from s2i.settings import load
from s2i.speech import memory, registry, vosk
from s2i.speech.base import Transcript
from s2i.speech.decoders import DecoderPool
from s2i.speech.endpointing import Verdict
from s2i.speech.pool import Recognisers
from s2i.speech.utterance import Utterance
from s2i.speech.vosk import VoskDecoder, VoskModel
from tests.speech.conftest import Clip
from tests.speech.script import Events


def _noise(seconds: float, loudness: int = 300) -> bytes:
    noise = random.Random(3)
    count = int(seconds * 16_000)
    return struct.pack(f"<{count}h", *(noise.randint(-loudness, loudness) for _ in range(count)))


def _say(pool: DecoderPool, clip: Clip, emit: Events | None = None) -> Transcript:
    utterance = Utterance(pool, clip.rate, emit=emit, endpoint=False)
    for piece in clip.pieces():
        utterance.feed(piece)
    return utterance.finish()


def test_events_words_and_times(vosk_pool, human):
    events = Events()
    clip = human("h_cards_005")
    said = _say(vosk_pool, clip, events)
    assert events.kinds[0] == "stt-start"
    assert events.kinds[-1] == "stt-end"
    assert len(events.partials) >= 3
    assert said.recogniser == "vosk"
    assert said.alternatives == ()
    assert said.words
    assert all(0 <= word.start <= word.end <= said.seconds for word in said.words)
    assert all(0 <= (word.confidence or 0) <= 1 for word in said.words)
    assert not any("[" in word.text for word in said.words)
    assert "[" not in said.text


def test_a_second_utterance_counts_its_times_from_its_own_begin(vosk_pool, human):
    clip = human("h_goforward")
    first = _say(vosk_pool, clip)
    cut_off = Utterance(vosk_pool, clip.rate)
    cut_off.feed(clip.pcm[:30_000])
    cut_off.cancel()
    second = _say(vosk_pool, clip)
    assert vosk_pool.status()["warm"] == 1  # it was the same decoder
    assert second.words[0].start == pytest.approx(first.words[0].start, abs=0.2)
    assert second.words[-1].end == pytest.approx(first.words[-1].end, abs=0.2)


def test_an_endpoint_of_its_own_settles_text_and_ends_nothing(vosk_model, human):
    decoder = vosk_model.decoder()
    settled: list[str] = []
    for piece in human("h_jfk").pieces():  # 11 s with pauses
        heard = decoder.accept(piece)
        if heard.settled and heard.settled not in settled:
            settled.append(heard.settled)
        assert heard.settled.startswith(settled[-1] if settled else "")
    assert settled
    words = decoder.finish().words
    assert len(words) > len(settled[0].split())
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert starts[-1] > 5


def test_our_endpointing_ends_it_in_faint_noise(vosk_pool, human):
    clip = human("h_goforward")
    utterance = Utterance(vosk_pool, 16_000)
    utterance.feed(clip.pcm)
    verdict = Verdict.GOING
    for _ in range(40):
        verdict = utterance.feed(_noise(0.1, 40))
        if verdict is not Verdict.GOING:
            break
    assert verdict is Verdict.SILENCE
    assert utterance.finish().text


def test_half_a_minute_of_silence_is_no_speech_and_the_decoder_lives(vosk_pool, human):
    utterance = Utterance(vosk_pool, 16_000, endpoint=False, cap=30.0)
    verdict = Verdict.GOING
    for _ in range(4):
        verdict = utterance.feed(bytes(320_000))
    assert verdict is Verdict.CAP
    with pytest.raises(Exception, match="No words were heard"):
        utterance.finish()
    assert _say(vosk_pool, human("h_goforward")).words


def test_it_can_be_told_eight_thousand_a_second(vosk_pool, human):
    assert _say(vosk_pool, human("h_vosk_test")).seconds == pytest.approx(8.31, abs=0.1)


def test_eight_at_once_lose_nothing(vosk_pool, human):
    clip = human("h_cards_002")
    said: list[Transcript] = []

    def speak() -> None:
        said.append(_say(vosk_pool, clip))

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [item.seconds for item in said] == [1.96] * 8
    assert all(item.words for item in said)


def test_a_decoder_wears_out_by_what_it_grows(vosk_model, human):
    growth = memory.Growth(1 << 20)
    decoder = VoskDecoder(vosk_model._native, growth, 1 << 10)
    assert not decoder.worn()
    decoder.accept(human("h_cards_005").pcm)
    decoder.reset()
    assert decoder.worn()
    decoder.close()
    assert growth.total == 0


def test_a_model_that_is_not_there_or_broken_is_one_sentence(tmp_path):
    with pytest.raises(ModelMissing, match="isn't there"):
        VoskModel(tmp_path / "none", "ko")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMissing, match="doesn't load") as caught:
        VoskModel(tmp_path / "empty", "ko")
    assert "setup --language ko" in caught.value.hint


def test_auto_takes_an_installed_model_only_once_it_is_vouched_for(
    vosk_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, human
):
    monkeypatch.setenv("S2I_CATALOGUE", str(_korean(tmp_path)))
    folder = tmp_path / "models" / "speech" / "small-ko"
    shutil.copytree(vosk_folder, folder, copy_function=_link)
    (folder / "am" / "final.mdl").rename(tmp_path / "final.mdl")
    with pytest.raises(MissingError):
        registry.choose("ko", home=tmp_path)
    assert verify.read_mark(folder) is None
    (tmp_path / "final.mdl").rename(folder / "am" / "final.mdl")
    registry.choose("ko", home=tmp_path)
    assert verify.read_mark(folder) is not None, "it was tried out before it was taken"
    recognisers = Recognisers(tmp_path, load({"S2I_HOME": str(tmp_path), "S2I_LANGUAGE": "ko"}))
    assert recognisers.status()["recogniser"] == "vosk"
    assert recognisers.status()["model"] == "small-ko"
    clip = human("h_goforward")
    utterance = recognisers.open("ko-KR", clip.rate, endpoint=False)
    utterance.feed(clip.pcm)
    assert utterance.finish().model == "small-ko"
    recognisers.close()


def _link(source: str, target: str) -> None:
    Path(target).symlink_to(source)


def _korean(folder: Path) -> Path:
    shipped = Path(registry.__file__).parents[2] / "bootstrap" / "catalogue.json"
    data = json.loads(shipped.read_text(encoding="utf-8"))
    entry = {**data["speech"][0], "name": "small-ko", "language": "ko", "language_name": "Korean"}
    data["speech"].append(entry)
    path = folder / "catalogue.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_model_put_there_by_hand_is_tried_out_once_and_taken(vosk_folder: Path, tmp_path: Path):
    entry = catalogue.load().speech_for("ko")[0]
    folder = downloads.speech_path(tmp_path, entry)
    folder.parent.mkdir(parents=True)
    shutil.copytree(vosk_folder, folder)
    assert vosk.offer("ko", tmp_path).model == entry.name
    assert models.installed_speech(tmp_path, "ko") == entry, "it is marked from now on"


def test_a_broken_one_put_there_by_hand_is_named_until_it_is_mended(
    vosk_folder: Path, tmp_path: Path
):
    entry = catalogue.load().speech_for("ko")[0]
    folder = downloads.speech_path(tmp_path, entry)
    folder.mkdir(parents=True)
    for _ in range(2):  # the second time from memory
        with pytest.raises(MissingError, match=entry.name):
            vosk.offer("ko", tmp_path)
    shutil.copytree(vosk_folder, folder, dirs_exist_ok=True)
    assert vosk.offer("ko", tmp_path).model == entry.name
