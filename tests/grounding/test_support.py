"""A claim is supported by a span that says it, and not by one that says otherwise."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.hits import hit

from genwright.embeddings import open_embedder
from genwright.embeddings.hashing import HashingEmbedder
from genwright.grounding.calibration import load_calibration
from genwright.grounding.support import (
    SupportCheck,
    SupportSpan,
    is_scattered,
    list_support_spans,
)

TEXT = (
    "The boiler of hall 3 was built by Tomas Brenner in 1931. Its safety valve opens at 6 bar. "
    "The boiler is drained on the first Monday of May. Workers clean the chimney in October."
)
COPIED = [
    "The boiler of hall 3 was built by Tomas Brenner in 1931.",
    "The boiler is drained on the first Monday of May.",
    "Workers clean the chimney in October.",
]
ELSEWHERE = [
    "Photosynthesis turns light into chemical energy.",
    "The Normans came to England in 1066.",
    "Grade 46 oil is sold in red cans.",
]
CHANGED = [
    (COPIED[0], "1931", "1938"),
    (COPIED[0], "hall 3", "hall 7"),
    (COPIED[0], "Brenner", "Miller"),
    (COPIED[1], "Monday", "Friday"),
    (COPIED[1], "May", "August"),
    (COPIED[2], "October", "April"),
]


@pytest.fixture(scope="module")
def check(models_dir):
    folder = models_dir / "all-minilm-l6-v2"  # whose cosines the model was fitted on
    if not folder.is_dir():
        pytest.skip(f"no all-minilm-l6-v2 in {models_dir}: run `make models`")
    embedder = open_embedder(folder, name="minilm", threads=2, batch_tokens=4096)
    yield SupportCheck("", [hit(TEXT)], embedder, load_calibration().support)
    embedder.close()


def support(check: SupportCheck, claim: str) -> float:
    return check.find_best(claim, {}).probability


@pytest.mark.parametrize("claim", COPIED)
def test_a_copied_sentence_is_supported_by_itself(check, claim):
    best = check.find_best(claim, {})
    assert best.probability >= 0.9
    assert best.span.text == claim


@pytest.mark.parametrize("claim", ELSEWHERE)
def test_a_sentence_from_elsewhere_is_not_supported(check, claim):
    assert support(check, claim) < 0.5


@pytest.mark.parametrize(("claim", "said", "instead"), CHANGED)
def test_another_number_or_name_lowers_the_support(check, claim, said, instead):
    assert support(check, claim.replace(said, instead)) < support(check, claim) - 0.1


@pytest.mark.parametrize("claim", COPIED[:2])
def test_denying_lowers_the_support(check, claim):
    denied = claim.replace(" was ", " was never ").replace(" is ", " is not ")
    assert support(check, denied) < support(check, claim)


def test_leaving_words_out_keeps_it_supported(check):
    assert support(check, "The boiler was built by Tomas Brenner.") >= 0.5


def test_a_claim_over_two_sentences_is_supported_by_both(check):
    best = check.find_best(
        "Tomas Brenner built the boiler of hall 3; its valve opens at 6 bar.", {}
    )
    assert best.span.pair and best.span.text.endswith("6 bar.")


TWO_SOURCES = (
    "The Velda pump was built in Kiel in 1931.",
    "In 1950 the Velda pump was sold to Ada Krause.",
)
JOINED = "The Velda pump was built in Kiel in 1931 and was sold to Ada Krause in 1950."


def check_all(texts: tuple[str, ...], claim: str):
    """Among passages that say nothing of it."""
    hits = [hit(text, passage=n, start=5000 * n) for n, text in enumerate((*ELSEWHERE, *texts))]
    check = SupportCheck("", hits, HashingEmbedder(), load_calibration().support)
    best = check.find_best(claim, {})
    return best, check.is_supported(best, 0.5)


def test_a_sentence_of_two_sources_is_supported_by_both():
    best, supported = check_all(TWO_SOURCES, JOINED)
    assert supported
    assert [each.text for each in best.spans] == list(TWO_SOURCES)


@pytest.mark.parametrize(
    ("said", "instead"), [("1931", "1938"), ("1950", "1938"), ("Ada Krause", "Bob Miller")]
)
def test_a_sentence_is_not_supported_where_one_of_its_parts_is_not(said, instead):
    _, supported = check_all(TWO_SOURCES, JOINED.replace(said, instead))
    assert not supported


def test_parts_that_one_window_holds_were_judged_together():
    near = [SupportSpan(hit(TEXT), n, n + 10, "", False) for n in (0, 90)]
    far = [SupportSpan(hit(TEXT, start=n), n, n + 10, "", False) for n in (0, 900)]
    assert not is_scattered(near)
    assert not is_scattered(near[:1])
    assert is_scattered(far)


def test_one_sentence_is_cited_rather_than_two(check):
    assert not check.find_best(COPIED[1], {}).span.pair


@given(st.lists(st.text(max_size=300), max_size=3), st.text(max_size=100))
def test_any_claim_and_any_text_can_be_checked(texts, claim):
    hits = [hit(text, passage=place, start=place * 1000) for place, text in enumerate(texts)]
    check = SupportCheck("", hits, HashingEmbedder(), load_calibration().support)
    best = check.find_best(claim, {})
    assert (best is None) == (not list_support_spans(hits))
    if best is not None:
        span = best.span
        assert 0 <= best.probability <= 1
        assert span.text == span.hit.text[span.start - span.hit.start : span.end - span.hit.start]


def test_the_title_and_section_a_span_stands_under_count_as_said(check):
    sentence = "Change it every 400 hours."
    claim = "Change the oil of the Velda pump every 400 hours."
    model = load_calibration().support
    bare, headed = (
        SupportCheck("", [hit(sentence, **about)], HashingEmbedder(), model).find_best(claim, {})
        for about in ({}, {"title": "The Velda pump", "section": "Oil"})
    )
    assert headed.probability > bare.probability


def test_the_figures_of_the_fit_come_with_it():
    about = load_calibration().about
    assert set(about) >= {"evidence", "answerable", "support"}
    assert json.dumps(about)
