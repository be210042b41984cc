"""Asking a set, and the summary of its verdicts."""

import pytest

from genwright.evaluation.answers import ask_cases, summarize_answers
from genwright.evaluation.suites.questions import AnswerCase, CaseDocument
from genwright.evaluation.verdicts import GivenAnswer

PAPER = (CaseDocument("d", "T", "Six bar."),)


def case(id_, expect, answers=()):
    return AnswerCase(id_, "?", expect, "own", expect, answers=answers, documents=PAPER)


def test_groups_shares_seconds_lengths_and_likeness_are_summed_up():
    cases = [case("a", "answer", ("six bar",)), case("b", "answer", ("x",)), case("c", "refuse")]
    replies = {
        "a": GivenAnswer("a", "Six bar.", False, (), 1.0),
        "b": GivenAnswer("b", "", False, (), 3.0, "the model died"),
        "c": GivenAnswer("c", "No.", True, (), 2.0),
    }
    told, kept = [], []
    judged = ask_cases(cases, lambda each: replies[each.id], lambda *a: told.append(a), kept.append)
    assert kept == judged and told[-1][:2] == (3, 3)
    found = summarize_answers(judged)
    assert [each.verdict for each in judged] == ["right", "wrong", "right"]
    assert found["overall"]["right_share"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["overall"]["seconds"] == {"median": 2.0, "p95": 3.0}
    assert found["kinds"]["answer"]["n"] == 2 and list(found["collections"]) == ["own"]
    assert found["failed"] == ["b"]
    measures = found["measures"]
    assert (measures["answered"]["value"], measures["refused"]["value"]) == (0.5, 1)
    assert (measures["token_f1"]["value"], measures["rouge_l"]["value"]) == (0.5, 0.5)


def test_groups_without_answers_have_no_lengths():
    judged = ask_cases([case("c", "refuse")], lambda _: GivenAnswer("c", "No.", True, (), 2.0))
    assert summarize_answers(judged)["overall"]["characters"] == {"median": None, "p95": None}
