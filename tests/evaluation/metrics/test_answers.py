"""SQuAD's measures of one answer: laws, and the cases its script is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genwright.evaluation.metrics import answer_recall, exact_match, normalize_answer, token_f1

TEXT = st.text(alphabet="ab theTHE an.,!-  \n", max_size=30)
GOLDS = st.lists(TEXT, min_size=1, max_size=3)


@given(TEXT, GOLDS)
def test_every_measure_lies_from_0_to_1_and_an_exact_match_is_perfect(answer, golds):
    match, f1 = exact_match(answer, golds), token_f1(answer, golds)
    assert 0 <= match <= f1 <= 1
    assert 0 <= answer_recall(answer, golds) <= 1


@given(TEXT, GOLDS)
def test_the_first_gold_answer_given_back_is_perfect(rest, golds):
    assert exact_match(golds[0], [rest, *golds]) == token_f1(golds[0], [rest, *golds]) == 1


@given(TEXT, TEXT)
def test_f1_does_not_care_which_of_the_two_is_gold(one, other):
    assert token_f1(one, [other]) == token_f1(other, [one])


@given(TEXT, GOLDS, TEXT)
def test_one_more_gold_answer_never_makes_it_worse(answer, golds, more):
    for measure in (exact_match, token_f1, answer_recall):
        assert measure(answer, [*golds, more]) >= measure(answer, golds)


@given(TEXT, GOLDS, TEXT)
def test_saying_more_never_lowers_recall(answer, golds, more):
    assert answer_recall(f"{answer} {more}", golds) >= answer_recall(answer, golds)


@given(TEXT)
def test_normalising_again_changes_nothing_more(text):
    # "a-n" becomes the article "an" only once its hyphen is gone, so twice is enough.
    once = normalize_answer(text)
    assert normalize_answer(once) == once


@pytest.mark.parametrize(
    ("answer", "gold", "match", "f1"),
    [
        ("The Eiffel Tower.", "eiffel tower", 1, 1),
        ("Eiffel tower in Paris", "the Eiffel Tower", 0, 2 * 2 / (4 + 2)),
        ("Paris Paris", "Paris", 0, 2 / 3),  # words are counted, not only seen
        ("", "", 1, 1),
        ("the", "a", 1, 1),  # nothing is left of either
        ("", "Paris", 0, 0),
        ("Rome", "Paris", 0, 0),
        ("1,000", "1000", 1, 1),
    ],
)
def test_known_cases(answer, gold, match, f1):
    assert exact_match(answer, [gold]) == match
    assert token_f1(answer, [gold]) == pytest.approx(f1)


def test_without_gold_answers_nothing_is_right():
    assert exact_match("x", []) == token_f1("x", []) == answer_recall("x", []) == 0
