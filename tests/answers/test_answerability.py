"""The decision to refuse: what tells that a question is answered, and how it is weighed."""

import math
from dataclasses import replace

import pytest
from tests.fixtures.hits import hit

from genwright.answers.answerability import (
    SEEN,
    describe_findings,
    estimate_answered,
    load_answerability,
)
from genwright.grounding.passages import ReadPassage, Unit

TEXT = "The Velda pump is oiled every 400 hours with grade 46."
ASKED = "How often is the Velda pump oiled?"
RARE = {"often": 2.0, "velda": 5.0, "pump": 2.0, "oil": 3.0}


def read(
    text: str = TEXT, probability: float = 0.9, *, cosine: float | None = 0.9, score: float = 1.0
) -> ReadPassage:
    """A passage of one unit as the reader saw it."""
    scores = {} if cosine is None else {"vector": cosine}
    found = replace(hit(text, score=score), scores=scores)
    unit = Unit(0, len(text), text, probability)
    return ReadPassage(found, probability, (unit,), probability)


def test_nothing_read_answers_nothing():
    assert estimate_answered(ASKED, [], RARE) == 0


def test_what_the_reader_is_sure_of_and_the_search_finds_near_is_an_answer():
    sure = estimate_answered(ASKED, [read(cosine=0.91)], RARE)
    assert sure > 0.5
    assert estimate_answered(ASKED, [read(probability=0.05, cosine=0.91)], RARE) < sure
    assert estimate_answered(ASKED, [read(cosine=0.80)], RARE) < sure


def test_a_passage_that_lacks_the_rarest_word_is_merely_near():
    other = read("The Tarn pump is oiled every 90 hours.")
    whole = estimate_answered(ASKED, [read()], RARE)
    assert estimate_answered(ASKED, [other], RARE) < whole
    assert describe_findings(ASKED, [other], RARE)["missing"] == 1
    assert describe_findings(ASKED, [read()], RARE)["missing"] < 0.5


def test_words_that_begin_alike_are_nearly_said():
    found = describe_findings("Schmierung?", [read("Man muss die Pumpe schmieren.")], {})
    assert found["covered"] == pytest.approx(0.8)


def test_words_of_another_language_are_not_missed():
    asked = "Wie oft muss die Pumpe im Keller geölt werden?"
    text = "The pump in the cellar is oiled every week. " * 3
    found = describe_findings(asked, [read(text, cosine=0.84)], {})
    assert all(math.isnan(found[name]) for name in ("covered", "missing", "cosine"))


def test_a_few_words_of_a_passage_tell_no_language():
    asked = "Who won the battle of Zama?"
    found = describe_findings(asked, [read("name: Mira; room: 204", cosine=0.84)], {})
    assert found["covered"] == 0 and not math.isnan(found["cosine"])


def test_a_title_says_what_its_passage_is_about():
    found = read("It is oiled every 400 hours.")
    about = ReadPassage(
        hit("It is oiled every 400 hours.", title="Velda pump"), 0.9, found.units, 0.9
    )
    bare = describe_findings(ASKED, [found], RARE)["covered"]
    assert describe_findings(ASKED, [about], RARE)["covered"] > bare


def test_only_the_passages_found_best_count():
    near = [read(probability=0.2, score=1 - place / 100) for place in range(SEEN)]
    far = read(probability=0.99, score=0.1)
    known = describe_findings(ASKED, near, RARE)
    assert describe_findings(ASKED, [far, *near], RARE) == known


def test_a_dense_script_is_measured_by_its_own_cosines():
    latin = describe_findings("How often?", [read()], {})["cosine"]
    dense = describe_findings("多久加油一次", [read("每四百小时加油一次。")], {})
    assert dense["cosine"] < latin and math.isnan(dense["covered"])


def test_what_is_unknown_counts_as_usual():
    fitted = load_answerability()
    found = describe_findings(ASKED, [read(cosine=None)], RARE)
    usual = found | {
        name: mean
        for name, mean in zip(fitted.names, fitted.means, strict=True)
        if math.isnan(found[name])
    }
    assert math.isnan(found["cosine"])
    assert fitted.estimate(found) == fitted.estimate(usual)


def test_it_says_how_well_it_did_on_sets_held_back():
    held = load_answerability().about["left one family out"]
    assert held["mean"]["auc"] > held["mean"]["before_auc"]
