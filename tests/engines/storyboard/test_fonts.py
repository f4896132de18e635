"""Type: fonts that lack characters, lines that are too long, scripts from right to left."""

from __future__ import annotations

import pytest

from s2i.engines.storyboard import fonts


def test_plain_words_need_no_font_of_the_system() -> None:
    assert fonts.choose("A red fox, two cats & more…") == ("", "A red fox, two cats & more…")


def test_accents_go_where_no_font_has_them() -> None:
    assert fonts.choose("naïve café, weiß", system=()) == ("", "naive cafe, weiss")
    name, text = fonts.choose("naïve café")
    assert text == "naïve café" if name else text == "naive cafe"


def test_characters_that_no_font_has_are_left_out() -> None:
    name, text = fonts.choose("a fox \U0010fffd here")
    assert text == "a fox here"
    assert fonts.width(fonts.font(name, 12), text) > 0


def test_words_that_no_font_has_are_replaced_by_a_remark() -> None:
    assert fonts.choose("\U0010fffd\U0010fffc") == ("", "(no font here for these words)")


@pytest.mark.parametrize("limit", [1, 20, 60, 200])
@pytest.mark.parametrize("lines", [1, 2, 5])
def test_wrapping_keeps_within_its_bounds(limit: int, lines: int) -> None:
    face = fonts.font("", 14)
    for text in ("", "a", "a red fox sleeping in the snow", "x" * 500, "word " * 200):
        out = fonts.wrap(face, text, limit, lines)
        assert len(out) <= lines
        for line in out:
            assert len(line) <= 1 or fonts.width(face, line) <= limit


def test_wrapping_loses_nothing_that_fits() -> None:
    face = fonts.font("", 14)
    text = "a red fox sleeping in the snow under the northern lights"
    assert " ".join(fonts.wrap(face, text, 150, 9)) == text
    assert fonts.wrap(face, text, 150, 2)[-1].endswith("…")


def test_visual_order_without_raqm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own layout draws left to right only; its feature check is what is replaced here."""
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    assert fonts.visual("a fox") == "a fox"
    assert fonts.visual("אבג") == "גבא"
    assert fonts.visual("אב fox גד") == "דג fox בא"
    assert fonts.visual("see אב here") == "see בא here"


def test_pillow_orders_it_by_itself_with_raqm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda name: True)
    assert fonts.visual("אבג") == "אבג"
