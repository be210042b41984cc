"""Words, numbers and names are what a reader would take them for."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.grounding import words


@given(st.text())
def test_any_text_has_words_that_stand_in_it(text):
    composed = unicodedata.normalize("NFC", text)
    for word in words.split_tokens(text):
        assert word in composed
        assert any(character.isalnum() for character in word)


@given(st.text())
def test_stems_numbers_and_names_come_from_the_words(text):
    stems = {words.stem(word) for word in words.split_tokens(text)}
    assert set(words.extract_content(text)) <= stems
    assert words.extract_names(text) <= set(words.extract_content(text))
    assert len(words.extract_numbers(text)) <= len(words.split_tokens(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("the pumps were oiled", "Pumps oiling"),
        ("the engineer's pump", "engineer pump"),
        ("the engineer\u2019s pump", "engineer's pump"),
        ("café", "cafe\u0301"),
    ],
)
def test_forms_of_a_word_are_alike(one, other):
    assert words.extract_content(one) == words.extract_content(other)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,083 feet", {"1083"}),
        ("a third of 3.5 km", {"third", "3.5"}),
        ("at 10:30 on 24/12", {"10:30", "24/12"}),
        ("no number", set()),
    ],
)
def test_numbers_in_figures_and_words(text, numbers):
    assert words.extract_numbers(text) == numbers


def test_names_are_capitalised_words_but_the_first():
    assert words.extract_names("Water is sold by Ada Miller.") == {"ada", "miller"}
    assert words.extract_names("NASA sold it.") == {"nasa"}


def test_an_acronym_is_no_function_word():
    assert words.extract_content("IT of the US") == ("it", "us")
    assert words.extract_content("it is for us") == ()


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("It must not run.", True),
        ("It doesn\u2019t run.", True),
        ("Nobody runs it.", True),
        ("It runs in November.", False),
    ],
)
def test_words_that_deny(text, denies):
    assert words.has_negation(text) is denies


def test_scripts_without_spaces_are_read_by_character():
    assert words.extract_content("北京的胡同") == ("北", "京", "的", "胡", "同")
    assert set(words.extract_content("胡同在哪里")) & set(words.extract_content("北京的胡同"))


@pytest.mark.parametrize(("said", "found"), [("in 1931", True), ("in May", True), ("in it", False)])
def test_dates(said, found):
    assert words.has_date(words.split_tokens(said)) is found
