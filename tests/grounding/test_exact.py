# ruff: noqa: RUF001 - other quotation marks and spaces are the subject
"""Numbers, dates, names, negations and quotations are compared as they are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.grounding import exact

SAME = [
    ("1,000 people", "1.000 Menschen"),
    ("1 000 people", "one thousand people"),
    ("two million", "2,000,000"),
    ("3.5 km", "3,5 km"),
    ("vierundzwanzig Stunden", "24 hours"),
    ("twenty-one days", "21 days"),
    ("more than 30", "34 of them"),
    ("less than 10 bar", "8 bar"),
    ("about 1,000", "1,083"),
    ("12 percent", "12 %"),
    ("１２", "12"),
]
OTHER = [
    ("1,000 people", "1,001 people"),
    ("more than 30", "29 of them"),
    ("12 %", "12 of them"),
    ("two", "three"),
    ("3.5 km", "35 km"),
]


@pytest.mark.parametrize(("claim", "source"), SAME)
def test_a_number_is_known_in_another_form(claim, source):
    assert exact.find_missing_numbers(claim, source) == 0


@pytest.mark.parametrize(("claim", "source"), OTHER)
def test_another_number_is_missing(claim, source):
    assert exact.find_missing_numbers(claim, source) == 1


@given(st.text(max_size=80))
def test_a_text_misses_nothing_of_itself(text):
    assert exact.find_missing_numbers(text, text) == 0
    assert exact.find_missing_names(text, text) == 0
    assert not exact.has_changed_quote(text, text)


@pytest.mark.parametrize(
    "text", ["Er kam nicht.", "No one came.", "他没有来。", "Il ne vient pas."]
)
def test_a_denial_is_seen_in_several_languages(text):
    assert exact.is_negated(text)


@pytest.mark.parametrize("text", ["Er kam gestern.", "He knows it.", "他来了。"])
def test_what_does_not_deny_is_not_taken_for_it(text):
    assert not exact.is_negated(text)


def test_a_quotation_that_is_not_verbatim_is_seen():
    source = "She said: we shall never leave the island."
    assert not exact.has_changed_quote('She said "we shall never leave".', source)
    assert exact.has_changed_quote("She said “we shall always leave”.", source)


def test_months_are_the_same_in_german():
    assert exact.find_dates("Am Montag, 3. Mai") == exact.find_dates("On Monday, May 3")
