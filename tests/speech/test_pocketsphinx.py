"""PocketSphinx for real, and what becomes of it when its process dies."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from s2i.errors import SpeechError
from s2i.speech.base import Transcript
from s2i.speech.decoders import DecoderPool
from s2i.speech.endpointing import Verdict
from s2i.speech.pocketsphinx import PocketSphinxDecoder
from s2i.speech.resampler import Resampler
from s2i.speech.utterance import Utterance
from tests.speech.conftest import Clip
from tests.speech.script import Events


def _say(pool: DecoderPool, clip: Clip, emit: Any = None, **times: Any) -> Transcript:
    utterance = Utterance(pool, clip.rate, emit=emit, **times)
    for piece in clip.pieces():
        utterance.feed(piece)
    return utterance.finish()


def test_it_hears_what_flite_says(english, spoken):
    clip = spoken("an old lighthouse in a storm")
    events = Events()
    said = _say(english, clip, events, endpoint=False)
    assert "lighthouse" in said.text
    assert (said.recogniser, said.model, said.language) == ("pocketsphinx", "en-us", "en")
    assert len(events.partials) >= 3
    assert said.seconds == pytest.approx(clip.seconds, abs=0.01)
    ends = [word.end for word in said.words]
    assert ends == sorted(ends)
    assert all(0 <= word.start < word.end <= said.seconds + 0.05 for word in said.words)
    assert all(0 <= (word.confidence or 0) <= 1 for word in said.words)
    assert said.text not in said.alternatives


def test_a_person_reading_eight_thousand_or_sixteen_thousand_a_second(english, human):
    said = _say(english, human("h_goforward"))
    assert said.text.startswith("go forward ten")
    assert len(said.alternatives) >= 1
    digits = human("h_vosk_test")
    narrow = Clip(Resampler(digits.rate, 8_000).feed(digits.pcm), 8_000)
    assert "zero" in _say(english, narrow, endpoint=False).text


def test_one_speaker_does_not_change_what_the_next_one_is_heard_to_say(english, human, spoken):
    clip = human("h_goforward")
    first = _say(english, clip)
    _say(english, spoken("three robots playing chess in a garden", "rms"))
    utterance = Utterance(english, 16_000)
    utterance.feed(clip.pcm[:40_000])
    utterance.cancel()
    assert _say(english, clip) == first


def test_silence_before_speech_changes_no_word_and_shifts_the_times(english, human):
    clip = human("h_goforward")
    utterance = Utterance(english, clip.rate)
    utterance.feed(bytes(3 * clip.rate * 2))
    for piece in clip.pieces():
        utterance.feed(piece)
    said = utterance.finish()
    assert "forward" in said.text
    forward = next(word for word in said.words if word.text == "forward")
    assert forward.start == pytest.approx(3.64, abs=0.15)


def _recorded(pool: DecoderPool, pcm: bytes, rate: int) -> Transcript:
    utterance = Utterance(pool, rate, endpoint=False, decoded=True)
    for at in range(0, len(pcm), rate // 5):
        utterance.feed(pcm[at : at + rate // 5])
    return utterance.finish()


def test_a_recording_is_heard_as_a_whole_and_leaves_the_next_one_alone(english, human):
    clip = human("h_goforward")
    spoken = _say(english, clip)
    said = _recorded(english, clip.pcm, clip.rate)
    assert said.text == "go forward ten meters"
    assert said.words[-1].end <= said.seconds + 0.05
    assert len(said.alternatives) >= 1
    assert _recorded(english, clip.pcm, clip.rate).text == said.text
    assert _say(english, clip).text == spoken.text
    cancelled = Utterance(english, clip.rate, decoded=True)
    cancelled.feed(clip.pcm)
    cancelled.cancel()
    assert _say(english, clip).text == spoken.text
    assert english.status()["warm"] == 1  # it was the same decoder all along


def test_a_long_recording_is_decoded_in_parts_with_times_of_the_whole(english, human):
    clip = human("h_goforward")
    # said at 0, 9.8 and 19.6 s: the parts' border is in the silence between them
    pause = bytes(7 * clip.rate * 2)
    pcm = pause.join([clip.pcm] * 3)
    said = _recorded(english, pcm, clip.rate)
    starts = [word.start for word in said.words if word.text == "forward"]
    first = starts[0]
    step = 7 + clip.seconds
    assert starts == pytest.approx([first, first + step, first + 2 * step], abs=0.3)
    ends = [word.end for word in said.words]
    assert ends == sorted(ends)


def test_a_silent_recording_is_no_speech_and_the_decoder_lives(english, human):
    utterance = Utterance(english, 16_000, endpoint=False, decoded=True)
    utterance.feed(bytes(16_000 * 2))
    with pytest.raises(SpeechError, match="No words were heard"):
        utterance.finish()
    clip = human("h_goforward")
    assert _recorded(english, clip.pcm, clip.rate).text.startswith("go forward")


def test_it_ends_after_speech_and_not_before(english, spoken):
    clip = spoken("a red fox sleeping in the snow under the northern lights")
    utterance = Utterance(english, clip.rate)
    assert all(utterance.feed(piece) is Verdict.GOING for piece in clip.pieces())
    for _ in range(30):
        if utterance.feed(bytes(clip.rate // 10 * 2)) is not Verdict.GOING:
            break
    assert utterance.finish().ended == "silence"


def test_while_one_works_python_goes_on(english, human):
    """PocketSphinx itself holds Python's lock for as long as it decodes."""
    clip = human("h_goforward")
    turns = 0
    done = threading.Event()

    def count() -> None:
        nonlocal turns
        while not done.wait(0.01):
            turns += 1

    counter = threading.Thread(target=count)
    counter.start()
    utterance = Utterance(english, clip.rate, endpoint=False)
    utterance.feed(clip.pcm)
    before = turns
    utterance.finish()
    done.set()
    counter.join()
    assert before >= 10


def test_a_decoder_that_is_killed_is_one_sentence_and_the_next_utterance_works(english, human):
    utterance = Utterance(english, 16_000)
    decoder = utterance._decoder  # the pool's own, to be killed like the OOM killer would
    assert isinstance(decoder, PocketSphinxDecoder)
    decoder._child.kill()
    decoder._child.wait()
    with pytest.raises(SpeechError, match="its process has ended"):
        utterance.feed(human("h_goforward").pcm[:32_000])
    assert english.seats.taken == 0
    assert _say(english, human("h_goforward")).text.startswith("go forward")


def test_a_child_that_says_nothing_or_nonsense_is_given_up():
    for code, reason in (
        ("import time; time.sleep(60)", "no answer came"),
        ("print('hello')", "has ended"),
        ('print(\'{"error": "no model"}\')', "no model"),
    ):
        with pytest.raises(SpeechError, match=reason):
            PocketSphinxDecoder([sys.executable, "-c", code], patience=2.0)


def test_reset_without_an_utterance_and_finish_without_sound(english):
    decoder = english.take()
    decoder.reset()
    assert decoder.finish().words == ()
    english.give(decoder)
