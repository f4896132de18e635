"""Pool and choice around scripted models."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from s2i.errors import InputError, MissingError, ModelMissing, S2IError, SpeechError
from s2i.settings import Settings, load
from s2i.speech import choice, registry
from s2i.speech.choice import Offer
from s2i.speech.pool import DecoderPool, Recognisers, Seats
from tests.speech.script import LOUD, ScriptModel


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"S2I_HOME": str(tmp_path)})


def offers(*models: ScriptModel | MissingError | SpeechError) -> choice.Offers:
    """A registry whose recognisers answer so, best first; an error of `load` is a SpeechError."""

    def make(answer: ScriptModel | Exception) -> Callable[[str, Path], Offer]:
        def offer(_language: str, _home: Path) -> Offer:
            if isinstance(answer, ModelMissing | SpeechError):
                return Offer("broken", "broken", lambda: _raise(answer))
            if isinstance(answer, Exception):
                raise answer
            return Offer(answer.recogniser, answer.name, lambda: answer)

        return offer

    return {f"r{number}": make(model) for number, model in enumerate(models)}


def _raise(error: Exception) -> ScriptModel:
    raise error


ABSENT = MissingError("no-speech-model", "The best isn't installed.", hint="Run setup.")


def test_a_decoder_is_used_again_the_latest_first():
    model = ScriptModel(("fox",))
    pool = DecoderPool(model)
    first, second = pool.take(), pool.take()
    pool.give(first)
    pool.give(second)
    assert pool.take() is second
    assert [made.resets for made in model.made] == [1, 1]


def test_a_worn_decoder_is_replaced():
    model = ScriptModel()
    pool = DecoderPool(model)
    old = pool.take()
    model.made[0].worn_out = True
    pool.give(old)
    assert model.made[0].closed
    assert pool.take() is not old
    assert pool.seats.taken == 1


def test_warm_leaves_one_that_has_decoded_a_second():
    model = ScriptModel()
    pool = DecoderPool(model)
    pool.warm()
    assert model.made[0].taken == 32_000
    assert (pool.status()["warm"], pool.seats.taken) == (1, 0)


def test_seats_are_limited_and_come_back():
    pool = DecoderPool(ScriptModel(), Seats(2))
    first, _second = pool.take(), pool.take()
    with pytest.raises(S2IError) as caught:
        pool.take()
    assert (caught.value.code, caught.value.retryable) == ("busy", True)
    pool.give(first)
    pool.take()


def test_a_decoder_that_cannot_be_made_takes_no_seat():
    model = ScriptModel()
    pool = DecoderPool(model)
    model.close()
    with pytest.raises(SpeechError):
        pool.take()
    assert pool.seats.taken == 0


def test_a_closed_pool_frees_what_comes_back():
    model = ScriptModel()
    pool = DecoderPool(model)
    idle, busy = pool.take(), pool.take()
    pool.give(idle)
    pool.close()
    assert [made.closed for made in model.made] == [True, False]
    pool.give(busy)
    assert model.made[1].closed
    with pytest.raises(SpeechError):
        pool.take()


def test_auto_takes_the_best_and_says_why(tmp_path):
    table = offers(ABSENT, ScriptModel(name="second"))
    found = registry.choose("en", home=tmp_path, offers=table)
    assert found.offer.model == "second"
    assert found.reason.startswith("The best isn't installed.")
    assert "Run setup." in found.better
    best = registry.choose("en", home=tmp_path, offers=offers(ScriptModel(), ScriptModel()))
    assert best.better == ""


def test_one_asked_for_by_name_is_not_replaced(tmp_path):
    with pytest.raises(MissingError, match="isn't installed") as caught:
        registry.load("en", "r0", home=tmp_path, offers=offers(ABSENT, ScriptModel()))
    assert caught.value.hint == "Run setup."
    with pytest.raises(InputError, match="no speech recogniser 'nope'"):
        registry.load("en", "nope", home=tmp_path, offers=offers(ScriptModel()))


def test_auto_passes_over_one_that_does_not_load(tmp_path):
    broken = ModelMissing("model-broken", "It is broken.")
    good = ScriptModel()
    assert registry.load("en", home=tmp_path, offers=offers(broken, good)) is good
    with pytest.raises(ModelMissing):
        registry.load("en", home=tmp_path, offers=offers(broken))


def test_the_real_registry_names_the_way_out(tmp_path):
    found = registry.choose("en-GB", home=tmp_path)
    assert found.offer.recogniser == "pocketsphinx"
    assert "setup --language en" in found.better
    with pytest.raises(MissingError) as caught:
        registry.choose("fr", home=tmp_path)
    assert "setup --language fr" in caught.value.hint
    with pytest.raises(MissingError) as caught:
        registry.choose("../..", home=tmp_path)
    assert "en, fr" in caught.value.hint


def test_a_language_is_loaded_once_whoever_asks(tmp_path, settings):
    loads: list[str] = []

    def offer(language: str, _home: Path) -> Offer:
        def make() -> ScriptModel:
            loads.append(language)
            return ScriptModel(("fox",))

        return Offer("script", "m", make)

    recognisers = Recognisers(tmp_path, settings, offers={"script": offer})
    opened: list[object] = []
    threads = [
        threading.Thread(target=lambda code=code: opened.append(recognisers.open(code, 48_000)))
        for code in ("en", "en-GB", "EN", "fr")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(opened) == 4
    assert sorted(loads) == ["en", "fr"]
    assert recognisers.status()["speaking"] == 4


def test_at_most_so_many_over_all_languages(tmp_path, settings):
    model = ScriptModel(("fox",))
    recognisers = Recognisers(tmp_path, settings, limit=2, offers=offers(model))
    first = recognisers.open("en", 16_000)
    recognisers.open("fr", 16_000)
    with pytest.raises(S2IError) as caught:
        recognisers.open("de", 16_000)
    assert caught.value.code == "busy"
    first.feed(LOUD)
    assert first.finish().text == "fox"
    recognisers.open("en", 16_000)


def test_status_and_close(tmp_path, settings):
    model = ScriptModel()
    recognisers = Recognisers(tmp_path, settings, offers=offers(model))
    assert recognisers.status()["ready"]
    assert recognisers.status()["loaded"] == []
    recognisers.open("en", 16_000).cancel()
    assert recognisers.status()["loaded"][0]["warm"] == 1
    recognisers.close()
    assert model.closed
    with pytest.raises(SpeechError):
        recognisers.open("en", 16_000)
    missing = Recognisers(tmp_path, settings, offers=offers(ABSENT)).status()
    assert (missing["ready"], missing["recogniser"]) == (False, None)
    assert "Run setup." in missing["reason"]
