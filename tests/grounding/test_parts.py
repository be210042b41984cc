# ruff: noqa: RUF001 - Chinese and Japanese sentences
"""A sentence made of several statements is taken apart, each with what it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.grounding.parts import MOST_PARTS, split_parts

TAKEN_APART = [
    (
        "Ann Brenner was born in Kiel and died in Bremen in 1950.",
        ["Ann Brenner was born in Kiel", "Ann Brenner died in Bremen in 1950"],
    ),
    (
        "The pump was built in 1931 by Ann and sold to Velda in 1950.",
        ["The pump was built in 1931 by Ann", "The pump was sold to Velda in 1950"],
    ),
    (
        "Ann Brenner founded the Velda works in 1931, and Bob Krause led the works until 1950.",
        ["Ann Brenner founded the Velda works in 1931", "Bob Krause led the works until 1950"],
    ),
    (
        "The valve opens at 6 bar; it must be tested every May.",
        ["The valve opens at 6 bar", "The valve must be tested every May"],
    ),
    (
        "The tower was designed by Gustave Eiffel and by Maurice Koechlin.",
        ["The tower was designed by Gustave Eiffel", "The tower was designed by Maurice Koechlin"],
    ),
    (
        "Ann Brenner and Bob Krause were born in Kiel.",
        ["Ann Brenner were born in Kiel", "Bob Krause were born in Kiel"],
    ),
    (
        "Die Pumpe wurde 1931 in Kiel gebaut und wird jeden Montag geölt.",
        ["Die Pumpe wurde 1931 in Kiel gebaut", "Die Pumpe wird jeden Montag geölt"],
    ),
    (
        "这座塔建于1889年，由古斯塔夫·埃菲尔设计。",
        ["这座塔建于1889年", "这座塔由古斯塔夫·埃菲尔设计"],
    ),
    (
        "ポンプは1931年に作られ，1950年にベルダ社に売られた。",
        ["ポンプは1931年に作られ", "ポンプは1950年にベルダ社に売られた"],
    ),
]
WHOLE = [
    "The pump was built by Ann Brenner in 1931.",
    "If it rains and the pump runs, stop the valve.",
    "The road runs between Kiel and Bremen in the north.",
    "Neither the pump nor the valve was built in Kiel and sold to Velda.",
    "The pump is big and red.",
    'She said "the pump was built in Kiel and was sold to Velda" in 1950.',
    "",
]


@pytest.mark.parametrize(("sentence", "parts"), TAKEN_APART)
def test_each_part_is_a_statement_with_its_subject(sentence, parts):
    assert split_parts(sentence) == parts


@pytest.mark.parametrize("sentence", WHOLE)
def test_what_is_one_statement_stays_one(sentence):
    assert split_parts(sentence) == [sentence]


@given(st.text(max_size=120))
def test_any_text_has_between_one_and_the_most_parts(text):
    assert 1 <= len(split_parts(text)) <= MOST_PARTS
