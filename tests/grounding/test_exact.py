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
    ("1 km", "1,000 m"),
    ("5 miles", "8 km"),
    ("6 bar", "pressure in bar: 6"),
    ("$5 million", "US$5m"),
    ("5 euros", "EUR 5.00"),
    ("the third man", "the 3rd man"),
    ("the third of May", "May 3"),
    ("in the 1990s", "in 1994"),
    ("in the twentieth century", "in 1925"),
    ("more than 5 km", "6,000 m"),
    ("about 100 km", "62 miles"),
    ("built in 1931 [2]", "built in 1931"),
]
OTHER = [
    ("1,000 people", "1,001 people"),
    ("more than 30", "29 of them"),
    ("12 %", "12 of them"),
    ("two", "three"),
    ("3.5 km", "35 km"),
    ("6 bar", "6 psi"),
    ("5 km", "5 miles"),
    ("5 mg", "5 g"),
    ("$5", "€5"),
    ("5 dollars", "5 euros"),
    ("12 km", "12 %"),
    ("18 months", "18 years"),
    ("the third goal", "the second goal"),
    ("3 goals", "the third goal"),
    ("in 1994", "in the 1990s"),
    ("in the 1980s", "in 1994"),
    ("more than 5 km", "4,000 m"),
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
