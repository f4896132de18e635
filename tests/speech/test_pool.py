"""Pool and choice around scripted models."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s2i.errors import InputError, MissingError, ModelMissing, S2IError, SpeechError
from s2i.settings import Settings, load
from s2i.speech import choice, registry
from s2i.speech.choice import Offer
from s2i.speech.decoders import DecoderPool, Seats
from s2i.speech.pool import Recognisers
from tests.speech.script import LOUD, QUIET, ScriptModel


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


class World:
    """Recognisers whose models can be installed and broken while they are at work.

    `there` names recognisers and their models, best first; a model's `gate` holds its load up.
    """

    def __init__(self, home: Path, settings: Settings) -> None:
        self.there: dict[str, ScriptModel | Exception] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.states: list[str] = []
        self.settings = settings
        self.recognisers = Recognisers(
            home,
            settings,
            offers={name: self._offers(name) for name in ("best", "starter")},
            on_change=self._changed,
        )

    def _changed(self) -> None:
        assert self.recognisers._lock.acquire(timeout=5), "it was called with a lock held"
        self.recognisers._lock.release()
        self.states.append(self.state)

    def _offers(self, name: str) -> Callable[[str, Path], Offer]:
        def load(model: ScriptModel | Exception) -> ScriptModel:
            assert self.gate.wait(20)
            if isinstance(model, Exception):
                raise model
            return model

        def offer(_language: str, _home: Path) -> Offer:
            model = self.there.get(name)
            if model is None:
                raise ABSENT
            label = model.name if isinstance(model, ScriptModel) else "broken"
            return Offer(name, label, lambda: load(model))

        return offer

    @property
    def state(self) -> str:
        return str(self.recognisers.status()["state"])

    def use(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        self.recognisers.use(self.settings)

    def until(self, state: str) -> None:
        ends = time.monotonic() + 20
        while self.state != state:
            assert time.monotonic() < ends, f"it stays {self.state}"
            time.sleep(0.01)


@pytest.fixture
def world(tmp_path: Path, settings: Settings) -> Iterator[World]:
    made = World(tmp_path, settings)
    yield made
    made.gate.set()
    made.recognisers.close()


def script(name: str, recogniser: str, *words: str) -> ScriptModel:
    return ScriptModel(words, name=name, recogniser=recogniser)


def test_its_state_is_told_as_it_changes(world):
    assert (world.state, world.states) == ("missing", [])
    world.there["starter"] = script("small", "starter")
    world.gate.clear()
    world.recognisers.warm()
    world.until("loading")
    world.gate.set()
    world.until("ready")
    status = world.recognisers.status()
    assert (status["recogniser"], status["model"], status["ready"]) == ("starter", "small", True)
    assert status["loaded"][0]["warm"] == 1
    assert world.states[0] == "loading"
    assert world.states[-1] == "ready"


def test_a_model_that_does_not_load_is_a_state_and_can_be_tried_again(world):
    world.there["starter"] = SpeechError("broken", "It is broken.", hint="Fetch it anew.")
    world.recognisers.warm()
    world.until("failed")
    status = world.recognisers.status()
    assert status["reason"] == "It is broken. Fetch it anew."
    assert not status["ready"]
    with pytest.raises(SpeechError, match="It is broken"):
        world.recognisers.open("en", 16_000)
    world.there["starter"] = script("small", "starter")
    world.until("ready")


def test_an_unforeseen_failure_is_one_sentence_too(world):
    world.there["starter"] = MemoryError("no room")
    with pytest.raises(SpeechError, match="couldn't be loaded") as caught:
        world.recognisers.open("en", 16_000)
    assert caught.value.code == "model-failed"
    assert world.state == "failed"


def test_what_is_at_work_is_named_where_the_best_does_not_load(world):
    world.there["best"] = ModelMissing("model-broken", "It is broken.")
    world.there["starter"] = script("small", "starter")
    world.recognisers.open("en", 16_000).cancel()
    status = world.recognisers.status()
    assert (status["state"], status["recogniser"]) == ("ready", "starter")
    assert "best (broken) doesn't load" in status["reason"]
    # and it isn't tried anew for every utterance
    pool = world.recognisers.pool("en")
    assert world.recognisers.pool("en") is pool


def test_other_settings_hold_from_the_next_utterance_on(world):
    world.there["best"] = script("large", "best", "fox")
    world.there["starter"] = script("small", "starter", "dog")
    before = world.recognisers.open("en", 16_000)
    before.feed(LOUD)
    world.use(recogniser="starter")
    world.until("ready")
    after = world.recognisers.open("en", 16_000)
    after.feed(LOUD)
    before.feed(LOUD)
    assert (before.finish().text, after.finish().text) == ("fox", "dog")
    assert world.there["best"].closed
    assert all(made.closed for made in world.there["best"].made), "freed once it was idle"
    assert not world.there["starter"].closed
    assert world.recognisers.status()["speaking"] == 0


def test_another_silence_ends_the_next_one_sooner_and_loads_nothing(world):
    model = world.there["best"] = script("large", "best", "a", "red", "fox", "in", "the", "snow")

    def quiet_until_the_end() -> int:
        utterance = world.recognisers.open("en", 16_000)
        for _ in range(6):
            utterance.feed(LOUD)
        count = 0
        while utterance.verdict.value == "going":
            utterance.feed(QUIET)
            count += 1
        utterance.finish()
        return count

    long = quiet_until_the_end()
    world.use(silence=0.3)
    assert quiet_until_the_end() < long
    assert not model.closed
    assert len(model.made) == 1


def test_another_language_is_loaded_and_the_former_one_freed(world):
    english = world.there["best"] = script("english", "best")
    world.recognisers.open("en", 16_000).cancel()
    french = world.there["best"] = script("french", "best")
    world.use(language="fr-CA")
    world.until("ready")
    assert world.recognisers.status()["model"] == "french"
    assert english.closed
    world.use(language="fr")
    assert not french.closed


def test_a_model_that_was_installed_meanwhile_is_found(world):
    starter = world.there["starter"] = script("small", "starter", "dog")
    world.recognisers.warm()
    world.until("ready")
    going_on = world.recognisers.open("en", 16_000)
    world.there["best"] = script("large", "best", "fox")
    utterance = world.recognisers.open("en", 16_000)
    utterance.feed(LOUD)
    going_on.feed(LOUD)
    assert (utterance.finish().text, going_on.finish().text) == ("fox", "dog")
    assert starter.closed


def test_looking_at_the_status_is_enough_to_load_it(world):
    world.recognisers.warm()
    world.until("missing")
    world.there["starter"] = script("small", "starter")
    world.until("ready")
    assert world.recognisers.status()["loaded"]


def test_settings_that_change_while_many_speak_harm_nobody(world):
    world.there["best"] = script("large", "best", "fox")
    world.there["starter"] = script("small", "starter", "fox")
    texts: list[str] = []
    errors: list[Exception] = []

    def speak() -> None:
        for _ in range(30):
            try:
                utterance = world.recognisers.open("en", 16_000)
                utterance.feed(LOUD)
                texts.append(utterance.finish().text)
            except Exception as error:  # noqa: BLE001 - told by the assertion below
                errors.append(error)
            for name in ("best", "starter"):  # a model that is loaded again is a new one
                if world.there[name].closed:
                    world.there[name] = script(world.there[name].name, name, "fox")

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(20):
        world.use(recogniser=("auto", "starter", "best")[number % 3])
        time.sleep(0.005)
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert texts == ["fox"] * 120
    assert world.recognisers.status()["speaking"] == 0


def test_closing_while_a_model_loads_frees_it(world):
    model = world.there["starter"] = script("small", "starter")
    world.gate.clear()
    world.recognisers.warm()
    world.until("loading")
    closing = threading.Thread(target=world.recognisers.close)
    closing.start()
    while not world.recognisers._closed:
        time.sleep(0.01)
    world.gate.set()
    closing.join(20)
    assert not closing.is_alive()
    assert model.closed
