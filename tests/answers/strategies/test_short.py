"""Short answers are words of the texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.answers.strategies.short import (
    MOST_SPANS,
    MOST_WORDS,
    build_short_schema,
    list_answer_spans,
    parse_choice,
)

TEXT = "The boiler of hall 3 was built by Tomas Brenner in 1931. Its valve (new) opens at 6 bar."


@given(st.lists(st.text(), max_size=3), st.text())
def test_every_span_stands_in_a_text_and_is_short(texts, question):
    found = list_answer_spans(question, texts)
    assert len(found) == len(set(found)) <= MOST_SPANS
    for span in found:
        assert any(span in text for text in texts)
        assert len(span.split()) <= MOST_WORDS
        assert parse_choice(json.dumps(span)) == span


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who built the boiler?", "Tomas Brenner"),
        ("When was the boiler built?", "1931"),
        ("At how many bar does the valve open?", "6 bar"),
        ("What is the valve?", "new"),
    ],
)
def test_the_answer_is_among_the_spans(question, answer):
    assert answer in list_answer_spans(question, [TEXT])


@pytest.mark.parametrize("question", ["Who built the boiler?", "When was the boiler built?"])
def test_only_spans_of_the_kind_that_is_asked_for(question):
    for span in list_answer_spans(question, [TEXT]):
        assert span[0].isupper() or any(letter.isdigit() for letter in span)
        assert span != "valve"


def test_a_span_that_only_repeats_the_question_is_none():
    found = list_answer_spans("What was built by Tomas Brenner?", [TEXT])
    assert "Tomas Brenner" not in found and "boiler" in found


def test_no_span_crosses_a_stop():
    assert not any("1931. Its" in span for span in list_answer_spans("When?", [TEXT]))


@pytest.mark.parametrize("texts", [[], ["It is what it is."], ["..."]])
def test_texts_that_say_nothing_have_no_spans(texts):
    assert build_short_schema("Who is it?", texts)["enum"] == []


def test_a_reply_that_was_cut_short_chooses_nothing():
    assert parse_choice('"Tomas Bren') == ""
