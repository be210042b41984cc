import math
from dataclasses import replace

import pytest

from genwright.evaluation.qa import (
    QAAnswer,
    QuoteLocation,
    ask_all,
    list_gold_sentences,
    measure_answers,
)
from genwright.evaluation.suites import SquadParagraph, SquadQuestion, SquadSet

PUMP = "The Velda pump needs oil. Change it every 400 hours. It whistles when air gets in."
HALL = "Hall 3 has a boiler. Tomas Brenner built it in 1931."


def question(id_: str, text: str, paragraph: int, *answers: str) -> SquadQuestion:
    starts = tuple((PUMP, HALL)[paragraph].index(each) for each in answers)
    return SquadQuestion(id_, text, "Works", paragraph, answers, starts)


HOURS = question("q1", "How often is the oil changed?", 0, "every 400 hours", "400 hours")
BUILDER = question("q2", "Who built the boiler?", 1, "Tomas Brenner")
PRICE = question("q3", "What does the pump cost?", 0)
SQUAD = SquadSet(
    (SquadParagraph("Works", PUMP), SquadParagraph("Works", HALL)), (HOURS, BUILDER, PRICE), ""
)
REFUSAL = QAAnswer("There is nothing.", True, (), (), 0.5)


def place(paragraph: int, start: int, end: int) -> QuoteLocation:
    return QuoteLocation(paragraph, start, end, SQUAD.paragraphs[paragraph].text[start:end])


def ideal(text: str, without: int | None) -> QAAnswer:
    """Says the gold answer, cites its sentence, refuses what has none."""
    asked = next(each for each in SQUAD.questions if each.text == text)
    if not asked.is_answerable or without == asked.paragraph:
        return REFUSAL
    cited = place(asked.paragraph, *list_gold_sentences(SQUAD, asked)[0])
    whole = place(asked.paragraph, 0, len(SQUAD.paragraphs[asked.paragraph].text))
    return QAAnswer(asked.answers[0], False, ((cited,),), (whole,), 0.5)


def measured(ask, questions=SQUAD.questions, left_out=(), depths=(5,)):
    return measure_answers(SQUAD, ask_all(questions, left_out, ask), depths)


def test_a_perfect_answerer_gets_one_in_every_measure():
    found = measured(ideal, left_out=[HOURS, BUILDER])
    assert found.pop("seconds").value == 0.5
    assert {name: each.value for name, each in found.items()} == dict.fromkeys(found, 1.0)


def test_who_refuses_everything_is_right_only_where_there_is_no_answer():
    found = measured(lambda text, without: REFUSAL, left_out=[HOURS])
    assert found["refusal_accuracy"].value == 1
    nothing = ("exact_match", "f1", "answer_recall", "answered", "supported_answers")
    assert {found[name].value for name in nothing} == {0}
    empty = ("supported", "citation_precision", "citation_recall", "quotes_exact")
    assert all(math.isnan(found[name].value) for name in empty)


def test_who_never_refuses_answers_all_and_has_no_refusal_right():
    found = measured(lambda text, without: replace(ideal(HOURS.text, None)), left_out=[HOURS])
    assert (found["answered"].value, found["refusal_accuracy"].value) == (1, 0)


def test_without_unanswerable_questions_there_is_no_refusal_accuracy():
    found = measured(ideal, [HOURS, BUILDER])
    assert found["refusal_accuracy"].json() == {"value": None, "low": None, "high": None}


def test_a_longer_answer_costs_exact_match_and_f1_but_not_recall():
    found = measured(
        lambda text, without: replace(ideal(text, without), text=f"Well then: {PUMP} {HALL}"),
        [HOURS, BUILDER],
    )
    assert found["exact_match"].value == 0
    assert 0 < found["f1"].value < 1
    assert found["answer_recall"].value == 1


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (26, 52, 1.0),  # just the sentence
        (0, len(PUMP), 1.0),  # more than it
        (27, 52, 0.0),  # a character too few
        (26, 51, 0.0),
        (0, 25, 0.0),  # another sentence
    ],
)
def test_a_citation_is_right_when_it_holds_the_whole_sentence_of_the_answer(start, end, holds):
    assert PUMP[26:52] == "Change it every 400 hours."
    given = replace(ideal(HOURS.text, None), sentences=((place(0, start, end),),))
    found = measured(lambda text, without: given, [HOURS])
    assert found["citation_precision"].value == found["citation_recall"].value == holds


def test_the_same_offsets_in_another_paragraph_are_wrong():
    given = replace(ideal(HOURS.text, None), sentences=((place(1, 0, len(HALL)),),))
    assert measured(lambda text, without: given, [HOURS])["citation_precision"].value == 0


def test_precision_counts_citations_and_recall_counts_answers():
    right, wrong = place(0, 26, 52), place(0, 0, 25)
    given = replace(ideal(HOURS.text, None), sentences=((right, wrong), (wrong,)))
    found = measured(lambda text, without: given, [HOURS])
    assert found["citation_precision"].value == pytest.approx(1 / 3)
    assert found["citation_recall"].value == 1


def test_a_sentence_without_citation_costs_support():
    given = replace(ideal(HOURS.text, None), sentences=((place(0, 26, 52),), ()))
    found = measured(lambda text, without: given, [HOURS])
    assert (found["supported"].value, found["supported_answers"].value) == (0.5, 0)


def test_a_quote_that_differs_by_a_character_is_not_exact():
    quote = replace(place(0, 26, 52), quote="Change it every 400 hours!")
    given = replace(ideal(HOURS.text, None), sentences=((quote,),))
    assert measured(lambda text, without: given, [HOURS])["quotes_exact"].value == 0


def test_span_recall_looks_at_the_first_k_hits_for_the_answer_itself():
    answer = place(0, *[HOURS.starts[1], HOURS.starts[1] + len("400 hours")])
    given = replace(ideal(HOURS.text, None), hits=(place(1, 0, 20), place(0, 0, 25), answer))
    found = measured(lambda text, without: given, [HOURS], depths=(1, 2, 3))
    assert [found[f"span_recall@{k}"].value for k in (1, 2, 3)] == [0, 0, 1]


def test_an_answer_over_two_sentences_asks_for_both():
    both = "oil. Change"
    asked = SquadQuestion("q", "?", "Works", 0, (both,), (PUMP.index(both),))
    assert list_gold_sentences(SQUAD, asked) == [(0, 52)]


def test_left_out_questions_are_asked_without_their_paragraph_after_the_others():
    calls = []

    def ask(text, without):
        calls.append((text, without))
        return REFUSAL

    told = []
    ask_all([HOURS, PRICE], [BUILDER], ask, lambda done, total, what: told.append((done, total)))
    assert calls == [(HOURS.text, None), (PRICE.text, None), (BUILDER.text, 1)]
    assert told == [(1, 3), (2, 3), (3, 3)]
