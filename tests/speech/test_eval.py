"""The word error rate's arithmetic."""

from __future__ import annotations

import pytest

from tests.eval_speech import word_errors, words_of


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("go forward ten meters", "go forward ten meters", 0),
        ("go forward ten meters", "Go forward, TEN meters.", 0),
        ("ten of clubs", "a fan of close", 3),
        ("a b c", "", 3),
        ("", "a b", 2),
        ("a b c d", "b c d e", 2),
    ],
)
def test_word_errors(said, heard, errors):
    assert word_errors(words_of(said), words_of(heard)) == errors
