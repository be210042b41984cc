"""The judge: positions swapped, verdicts read or counted, agreement with people."""

import pytest

from genwright.engines import Delta, TokenUsage
from genwright.errors import UsageError
from genwright.evaluation.judge import AnswerPair, judge_pairs, kappa, measure_judge_agreement, rate

PAIRS = [AnswerPair(f"q{i}", "short", "a longer answer") for i in range(6)]


class Judge:
    """Says what a function of the two answers says, in the order they are shown."""

    def __init__(self, says) -> None:
        self.says = says

    def chat(self, request, cancel=None):
        text = request.messages[-1].content
        first = text.partition("Answer A:\n")[2].partition("\n\nAnswer B:\n")
        yield Delta(self.says(first[0], first[2].partition("\n\nReply")[0]))
        yield Delta(finish_reason="stop", usage=TokenUsage())


def test_a_judge_of_positions_gives_only_ties():
    report = judge_pairs(Judge(lambda a, b: "A"), PAIRS)
    assert report.json()["verdicts"] == {"a": 0, "b": 0, "tie": 6, "unread": 0}
    assert report.consistent.value == 0 and report.win_rate.value == 0.5


def test_a_judge_of_answers_is_the_same_in_both_orders():
    report = judge_pairs(Judge(lambda a, b: "A" if len(a) > len(b) else "B."), PAIRS)
    assert report.json()["verdicts"]["b"] == 6
    assert report.consistent.value == 1 and report.win_rate.value == 0


@pytest.mark.parametrize("said", ["A tie.", "A and B are alike", "A better answer is B"])
def test_a_sentence_that_begins_with_a_letter_is_no_verdict(said):
    assert judge_pairs(Judge(lambda a, b: said), PAIRS).unread == 6


def test_what_is_no_verdict_is_counted_and_not_guessed():
    report = judge_pairs(Judge(lambda a, b: "Well, both are nice answers"), PAIRS)
    assert report.unread == 6
    assert report.win_rate.value != report.win_rate.value
    with pytest.raises(UsageError):
        judge_pairs(Judge(lambda a, b: "A"), [])


@pytest.mark.parametrize(
    ("said", "read"), [("7", 7), ("Rating: 10", 10), ("11", None), ("7.5", None), ("good", None)]
)
def test_ratings_are_read_or_none(said, read):
    assert rate(Judge(lambda a, b: said), "q", "a") == read


def test_agreement_and_kappa():
    assert kappa([("a", "a"), ("b", "a"), ("a", "b"), ("b", "b")]) == pytest.approx(0.0)
    assert kappa([("a", "b"), ("b", "a")]) == pytest.approx(-1.0)
    found = measure_judge_agreement(["a", "b", "tie", "unread"], ["a", "b", "a", "a"])
    assert found["pairs"] == 3 and found["agreement"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    with pytest.raises(UsageError, match="same pairs"):
        measure_judge_agreement(["a"], ["a", "b"])
