"""The template is data that users edit: every slip gets one sentence that names it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from s2i.errors import InputError
from s2i.refine.chat import chat_scaffold, plain_scaffold
from s2i.refine.contradictions import IdeaFacts
from s2i.refine.template import DEFAULT_FILE, load_template
from s2i.refine.words import words

TEMPLATE = load_template()


def write(tmp_path: Path, data: object) -> Path:
    path = tmp_path / "refine.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_the_default_has_five_examples_within_its_own_limits():
    assert len(TEMPLATE.examples) == 5
    for example in TEMPLATE.examples:
        assert len(words(example.prompt)) <= TEMPLATE.limits.max_words
        for bank in TEMPLATE.banks.values():
            assert bank.phrases


def test_every_bank_phrase_shows_its_own_sign():
    """Otherwise a topped-up prompt would still count as lacking it."""
    for name, bank in TEMPLATE.banks.items():
        for phrase in bank.phrases:
            assert set(words(phrase)) & bank.signs, (name, phrase)


@pytest.mark.parametrize("idea", ["a fox", "night", "a black and white photo", "a bright day"])
def test_every_bank_offers_something_for(idea):
    facts = IdeaFacts(idea, TEMPLATE.exclusive)
    for name, bank in TEMPLATE.banks.items():
        if not bank.signs & set(words(idea)):
            assert any(facts.against(phrase) is None for phrase in bank.phrases), name


def test_no_file_is_the_default(tmp_path):
    assert load_template(tmp_path / "nothing.json") == TEMPLATE


def test_own_file_overrides_key_by_key(tmp_path):
    path = write(tmp_path, {"system": "Be brief.", "sampling": {"temperature": 0.2}})
    own = load_template(path)
    assert own.system == "Be brief."
    assert own.sampling == replace(TEMPLATE.sampling, temperature=0.2)
    assert own.examples == TEMPLATE.examples
    assert own.version.startswith("1+own-")


def test_version_follows_the_content_not_the_layout(tmp_path):
    first = load_template(write(tmp_path, {"version": "mine", "system": "Be brief."})).version
    same = load_template(write(tmp_path, '{"system":\n\n "Be brief.", "version": "mine"}')).version
    other = load_template(write(tmp_path, {"version": "mine", "system": "Be long."})).version
    assert first == same != other
    assert first.startswith("mine-")


def test_own_bank_joins_the_others(tmp_path):
    bank = {"signs": ["angle"], "phrases": ["low angle"]}
    own = load_template(write(tmp_path, {"banks": {"camera": bank}}))
    assert set(own.banks) == {*TEMPLATE.banks, "camera"}


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "refine.json"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"system": "Be brief."}')
    assert load_template(path).system == "Be brief."


def test_control_tokens_in_an_own_template_are_taken_out(tmp_path):
    path = write(tmp_path, {"system": "Be <|im_end|> brief."})
    assert load_template(path).system == "Be brief."


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("{", "line 1 is not valid JSON"),
        ("[]", "one JSON object"),
        ("[" * 100_000, "nested too deeply"),
        ({"sistem": "x"}, 'did you mean "system"'),
        ({"sampling": {"temprature": 1}}, '"sampling.temprature" is not a key'),
        ({"sampling": 3}, '"sampling" must be an object'),
        ({"sampling": {"temperature": "hot"}}, "from 0 to 2"),
        ({"sampling": {"temperature": -1}}, "from 0 to 2"),
        ({"sampling": {"top_k": 1.5}}, "a whole number"),
        ({"sampling": {"max_tokens": True}}, "a whole number"),
        ('{"sampling": {"top_p": NaN}}', "from 0.01 to 1"),
        ({"limits": {"min_words": 40}}, "above"),
        ({"examples": []}, "1 to 20 examples"),
        ({"examples": ["fox"]}, "example 1 must have"),
        ({"examples": [{"idea": "a fox", "prompt": "a wolf, snow"}]}, "must begin with its idea"),
        ({"examples": [{"idea": "", "prompt": ""}]}, "must hold a text"),
        ({"system": 7}, '"system" must hold a text'),
        ({"version": " "}, '"version" must hold a text'),
        ({"unwanted": "cat"}, "list of texts"),
        ({"banks": {"light": {"signs": []}}}, '"banks.light" must have'),
        ({"banks": {"light": {"signs": [], "phrases": []}}}, "is empty"),
        ({"exclusive": {"time": "night"}}, "list of lists"),
        ({"exclusive": {"time": ["night"]}}, "list of texts"),
    ],
)
def test_mistakes_are_named(tmp_path, data, says):
    path = write(tmp_path, data)
    with pytest.raises(InputError) as caught:
        load_template(path)
    assert caught.value.code == "bad-template"
    assert says in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(InputError, match="can't be used"):
        load_template(tmp_path)  # a folder
    path = tmp_path / "refine.json"
    path.write_bytes(b'{"system": "\xff"}')
    with pytest.raises(InputError, match="UTF-8"):
        load_template(path)
    path.write_bytes(b" " * 300_000)
    with pytest.raises(InputError, match="larger than"):
        load_template(path)


def test_the_shipped_file_is_itself_a_valid_own_file():
    assert load_template(DEFAULT_FILE).examples == TEMPLATE.examples


def chatml(messages: list[dict[str, str]]) -> str:
    turns = "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages)
    return f"{turns}<|im_start|>assistant\n"


def test_chat_scaffold_is_cut_at_the_idea():
    scaffold = chat_scaffold(TEMPLATE, chatml, no_think=False)
    assert scaffold is not None
    assert scaffold.before.startswith(f"<|im_start|>system\n{TEMPLATE.system}<|im_end|>")
    assert scaffold.before.endswith("<|im_start|>user\n")
    assert scaffold.between == "<|im_end|>\n<|im_start|>assistant\n"
    assert scaffold.before.count("<|im_start|>assistant") == len(TEMPLATE.examples)


def test_templates_without_a_system_turn_get_it_in_the_first_one():
    def gemma(messages):
        if messages[0]["role"] == "system":
            raise ValueError("System role not supported")
        return chatml(messages)

    scaffold = chat_scaffold(TEMPLATE, gemma, no_think=False)
    assert scaffold is not None
    assert scaffold.before.startswith(f"<|im_start|>user\n{TEMPLATE.system}\n\n")


def test_templates_that_drop_the_system_turn_in_silence():
    def forgetful(messages):
        return chatml([message for message in messages if message["role"] != "system"])

    scaffold = chat_scaffold(TEMPLATE, forgetful, no_think=False)
    assert scaffold is not None
    assert TEMPLATE.system in scaffold.before


def test_unusable_templates_are_given_up():
    assert chat_scaffold(TEMPLATE, lambda _messages: "fixed text", no_think=False) is None


@pytest.mark.parametrize(
    ("tail", "ends"),
    [
        ("<think>\n", "<think>\n\n</think>\n\n"),
        ("<think>\n\n</think>\n\n", "<think>\n\n</think>\n\n"),
        ("", "assistant\n"),
    ],
)
def test_models_that_think_begin_past_it(tail, ends):
    scaffold = chat_scaffold(TEMPLATE, lambda messages: chatml(messages) + tail, no_think=True)
    assert scaffold is not None
    assert scaffold.between.endswith(ends)
    assert scaffold.between.count("</think>") <= 1
    assert "/no_think" in scaffold.before


def test_plain_scaffold_for_base_models():
    scaffold = plain_scaffold(TEMPLATE)
    assert scaffold.before.endswith("\n\nIdea: ")
    assert scaffold.between == "\nPrompt: "
    assert scaffold.before.count("Prompt: ") == len(TEMPLATE.examples)
