"""Evidence is a span of a hit, and what answers comes before what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.hits import hit

from genwright.embeddings.hashing import HashingEmbedder
from genwright.grounding.calibration import load_calibration
from genwright.grounding.evidence import (
    LONGEST,
    classify_question,
    estimate_answerability,
    find_evidence,
    split_candidates,
)

TEXTS = [
    "The boiler of hall 3 was built by Tomas Brenner in 1931. Its valve opens at 6 bar.",
    "Change the oil of the pump every 400 hours. Use grade 46 oil only.",
    "北京的胡同很老。上海的外滩建于1844年。",
]


@pytest.fixture(scope="module")
def embedder():
    return HashingEmbedder()


def find(question, hits, embedder):
    return find_evidence(question, hits, embedder, {}, load_calibration().evidence)


@given(texts=st.lists(st.text(max_size=200), max_size=4), question=st.text(max_size=50))
def test_evidence_is_its_span_of_the_hit_and_the_likeliest_comes_first(texts, question):
    hits = [hit(text, passage=place, start=place * 1000) for place, text in enumerate(texts)]
    found = find(question, hits, HashingEmbedder())
    for each in found:
        inside = each.hit.text[each.start - each.hit.start : each.end - each.hit.start]
        assert each.text == inside and inside.strip()
        assert 0 <= each.score <= 1
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert len(found) == len(list(split_candidates(hits)))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who built the boiler of hall 3?", "Tomas Brenner"),
        ("After how many hours is the oil of the pump changed?", "400 hours"),
        ("上海的外滩建于哪年?", "1844"),
    ],
)
def test_the_sentence_that_answers_is_the_best(embedder, question, words):
    hits = [hit(text, passage=place, document=place) for place, text in enumerate(TEXTS)]
    assert words in find(question, hits, embedder)[0].text


def test_the_order_of_the_hits_does_not_matter(embedder):
    hits = [hit(text, passage=place, document=place) for place, text in enumerate(TEXTS)]
    question = "When was the boiler built?"
    forth, back = find(question, hits, embedder), find(question, hits[::-1], embedder)
    assert forth[0] == back[0]
    assert {each.text: each.score for each in forth} == pytest.approx(
        {each.text: each.score for each in back}
    )


def test_a_sentence_that_is_not_sure_is_read_with_its_neighbour(embedder):
    found = find("quite another thing", [hit(TEXTS[0])], embedder)
    assert {each.text for each in found} == {TEXTS[0]}


def test_a_sentence_of_another_passage_is_no_neighbour(embedder):
    hits = [hit("The valve.", passage=1), hit("The pump.", passage=2, start=500)]
    assert {each.text for each in find("x", hits, embedder)} == {"The valve.", "The pump."}


def test_an_endless_sentence_is_cut(embedder):
    [candidate] = split_candidates([hit("word " * 5000, start=70)])
    assert (candidate.start, candidate.end) == (70, 70 + LONGEST)


def test_nothing_found_is_not_answerable():
    assert find("When?", [], HashingEmbedder()) == []
    assert find("When?", [hit("... \n --")], HashingEmbedder()) == []
    assert estimate_answerability("When?", [], {}, load_calibration().answerable) == 0


def test_a_question_is_likelier_answered_by_what_it_is_about(embedder):
    model = load_calibration().answerable

    def chance(question: str) -> float:
        return estimate_answerability(
            question, find(question, [hit(TEXTS[0])], embedder), {}, model
        )

    own = chance("Who built the boiler of hall 3 in 1931?")
    assert own > chance("Which grade of oil does the Velda pump need?")
    assert own > chance("Who built the boiler of the Zorbax castle?")


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many bolts are there?", "number"),
        ("What percentage of it is water?", "number"),
        ("In what year was it built?", "date"),
        ("Whose pump is it?", "person"),
        ("Which city is it in?", "place"),
        ("Wer hat den Kessel gebaut?", "any"),
        ("", "any"),
    ],
)
def test_the_kind_of_answer(question, kind):
    assert classify_question(question) == kind
