"""One utterance around a scripted decoder: events, endings, bad input, failures."""

from __future__ import annotations

import json
import math
import struct

import pytest

from s2i.errors import Cancelled, InputError, SpeechError
from s2i.speech.decoders import DecoderPool
from s2i.speech.endpointing import Verdict
from s2i.speech.utterance import Utterance
from tests.speech.script import LOUD, QUIET, Events, ScriptModel

FOX = ("a", "red", "fox", "in", "the", "snow")


def test_its_events_are_start_partials_and_end():
    events = Events()
    utterance = Utterance(DecoderPool(ScriptModel(FOX)), 16_000, emit=events)
    for _ in range(6):
        utterance.feed(LOUD)
    utterance.feed(QUIET)
    said = utterance.finish()
    assert events.kinds == ["stt-start", *["stt-partial"] * 5, "stt-end"]
    assert events.all[0][1]["recogniser"] == "script"
    assert events.partials[0] == "a red"  # a lone "a" is a filler: nothing was said by then
    assert events.partials[-1] == "a red fox in the snow"
    partial = events.all[-2][1]
    assert (partial["settled"], partial["tail"]) == ("a red fox in the", "snow")
    assert events.all[-1][1]["text"] == said.text == "a red fox in the snow"
    assert said.ended == "finish"
    assert said.seconds == 0.7
    json.dumps([data for _, data in events.all])


def test_speech_and_then_silence_ends_it_and_the_rest_is_named():
    pool = DecoderPool(ScriptModel(FOX))
    utterance = Utterance(pool, 16_000, silence=0.5)
    verdicts = [utterance.feed(LOUD if i < 6 else QUIET) for i in range(40)]
    assert Verdict.SILENCE in verdicts
    assert set(verdicts) == {Verdict.GOING, Verdict.SILENCE}
    said = utterance.finish()
    assert (said.ended, said.text) == ("silence", "a red fox in the snow")
    assert "after the pause" in said.warnings[0]


def test_the_cap_keeps_what_came_and_names_what_is_left_out():
    model = ScriptModel(FOX)
    utterance = Utterance(DecoderPool(model), 16_000, cap=1.0, endpoint=False)
    assert utterance.feed(LOUD * 25) is Verdict.CAP  # one chunk of 2.5 s
    assert model.made[0].taken == 32_000
    said = utterance.finish()
    assert (said.ended, said.text, said.seconds) == ("cap", "a red fox in the snow", 1.0)
    assert "1.5 more seconds" in said.warnings[0]


def test_nobody_spoke():
    utterance = Utterance(DecoderPool(ScriptModel()), 16_000, no_speech=1.0)
    verdicts = [utterance.feed(QUIET) for _ in range(12)]
    assert verdicts[-1] is Verdict.NO_SPEECH
    with pytest.raises(SpeechError, match="No words were heard") as caught:
        utterance.finish()
    assert caught.value.code == "no-speech"
    assert caught.value.hint


@pytest.mark.parametrize("script", [("[noise]",), ("the",), ("huh",), ("[50]", "<unk>")])
def test_fillers_and_marks_alone_are_no_speech(script):
    events = Events()
    utterance = Utterance(DecoderPool(ScriptModel(script)), 16_000, emit=events)
    utterance.feed(LOUD * 3)
    with pytest.raises(SpeechError, match="No words were heard"):
        utterance.finish()
    assert events.partials == []


def test_marks_never_reach_text_words_or_alternatives():
    model = ScriptModel(
        ("[50]", "red", "fox(2)", "<unk>"), alternatives=("read [50] fox", "red fox", "<sil>")
    )
    utterance = Utterance(DecoderPool(model), 16_000)
    utterance.feed(LOUD * 4)
    said = utterance.finish()
    assert said.text == "red fox"
    assert [word.text for word in said.words] == ["red", "fox"]
    assert said.alternatives == ("read fox",)


def test_chinese_has_no_spaces():
    utterance = Utterance(DecoderPool(ScriptModel(("红", "狐狸", "ok"), language="zh")), 16_000)
    utterance.feed(LOUD * 3)
    assert utterance.finish().text == "红狐狸 ok"


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000, 192_000])
def test_any_rate_reaches_the_decoder_at_its_own(rate):
    model = ScriptModel(FOX)
    utterance = Utterance(DecoderPool(model), rate, endpoint=False)
    tone = [int(9000 * math.sin(i * 2 * math.pi * 440 / rate)) for i in range(rate * 2)]
    utterance.feed(struct.pack(f"<{len(tone)}h", *tone))
    said = utterance.finish()
    assert said.seconds == 2.0
    assert abs(model.made[0].taken - 64_000) <= 8


def _floats() -> bytes:
    return struct.pack("<1600f", *(0.3 * math.sin(i / 9) for i in range(1600)))


def _stereo() -> bytes:
    return b"".join(struct.pack("<hh", i % 997, i % 997) for i in range(1600))


@pytest.mark.parametrize(
    ("pcm", "code"),
    [
        (b"", "empty-audio"),
        (LOUD + b"\x01", "odd-audio"),
        (_floats(), "float-audio"),
        (_stereo(), "stereo-audio"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt " + LOUD, "audio-header"),
        (bytes(50 * 10**6), "too-much-audio"),
    ],
)
def test_bad_chunks_never_reach_the_decoder_and_the_utterance_goes_on(pcm, code):
    model = ScriptModel(FOX)
    utterance = Utterance(DecoderPool(model), 16_000)
    utterance.feed(LOUD * 3)
    before = model.made[0].taken
    with pytest.raises(InputError) as caught:
        utterance.feed(pcm)
    assert caught.value.code == code
    assert model.made[0].taken == before
    utterance.feed(LOUD * 3)
    assert utterance.finish().text == "a red fox in the snow"


@pytest.mark.parametrize("rate", [0, -16_000, 7_999, 200_000, 16_000.0, True, "16000"])
def test_a_rate_that_cannot_be_takes_no_decoder(rate):
    pool = DecoderPool(ScriptModel())
    with pytest.raises(InputError) as caught:
        Utterance(pool, rate)
    assert caught.value.code == "bad-rate"
    assert pool.seats.taken == 0


def test_times_that_cannot_be_take_no_decoder():
    pool = DecoderPool(ScriptModel())
    with pytest.raises(InputError):
        Utterance(pool, 16_000, silence=math.nan)
    with pytest.raises(InputError):
        Utterance(pool, 16_000, cap=0.0)
    with pytest.raises(InputError):
        Utterance(pool, 16_000, no_speech=-1.0)
    assert pool.seats.taken == 0


def test_finishing_without_a_sample_is_one_sentence():
    pool = DecoderPool(ScriptModel())
    with pytest.raises(InputError, match="No sound came") as caught:
        Utterance(pool, 16_000).finish()
    assert caught.value.code == "empty-audio"
    assert pool.seats.taken == 0


def test_finishing_twice_gives_the_same_and_feeding_later_is_harmless():
    pool = DecoderPool(ScriptModel(FOX))
    utterance = Utterance(pool, 16_000)
    utterance.feed(LOUD * 3)
    said = utterance.finish()
    utterance.feed(LOUD)
    utterance.cancel()
    assert utterance.finish() is said
    assert pool.seats.taken == 0


def test_cancelled_gives_its_decoder_back_once():
    pool = DecoderPool(ScriptModel(FOX))
    utterance = Utterance(pool, 16_000)
    utterance.feed(LOUD)
    utterance.cancel()
    utterance.cancel()
    assert pool.status()["warm"] == 1
    for deed in (lambda: utterance.feed(LOUD), utterance.finish):
        with pytest.raises(Cancelled):
            deed()


@pytest.mark.parametrize("broken", [RuntimeError("native"), SpeechError("gone", "It is gone.")])
def test_a_decoder_that_fails_is_not_used_again_and_others_go_on(broken):
    model = ScriptModel(FOX)
    pool = DecoderPool(model)
    mine, other = Utterance(pool, 16_000), Utterance(pool, 16_000)
    other.feed(LOUD * 3)
    model.broken = broken
    with pytest.raises(SpeechError) as caught:
        mine.feed(LOUD)
    model.broken = None
    with pytest.raises(SpeechError) as again:
        mine.finish()
    assert again.value is caught.value
    assert model.made[0].closed
    assert other.finish().text == "a red fox"
    assert pool.seats.taken == 0


def test_a_decoder_that_wants_to_know_is_told_of_a_recording():
    told: list[bool] = []

    class Knowing(ScriptModel):
        def decoder(self):
            made = super().decoder()
            made.record = lambda: told.append(True)  # type: ignore[attr-defined]  # a script may be taught more
            return made

    pool = DecoderPool(Knowing(FOX))
    for decoded in (False, True, False):
        utterance = Utterance(pool, 16_000, decoded=decoded)
        utterance.feed(LOUD * 3)
        assert utterance.finish().text == "a red fox"
    assert told == [True]


def test_without_endpoint_neither_silence_nor_nobody_ends_it():
    pool = DecoderPool(ScriptModel(FOX))
    utterance = Utterance(pool, 16_000, endpoint=False, no_speech=1.0, silence=0.3, cap=20.0)
    for _ in range(100):
        assert utterance.feed(QUIET) is Verdict.GOING
    for _ in range(6):
        utterance.feed(LOUD)
    for _ in range(90):
        assert utterance.feed(QUIET) is Verdict.GOING
    for _ in range(4):
        last = utterance.feed(QUIET)
    assert last is Verdict.CAP
    assert utterance.finish().text == "a red fox in the snow"
