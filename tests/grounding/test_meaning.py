# ruff: noqa: RUF001 - claims in Chinese
"""With the trained reader a claim is checked by what it means."""

import json

import pytest
from tests.fixtures.hits import hit

from genwright.embeddings import open_embedder
from genwright.embeddings.hashing import HashingEmbedder
from genwright.embeddings.words import has_words
from genwright.grounding import meaning
from genwright.grounding.calibration import load_calibration
from genwright.grounding.reading import BASE, open_reader
from genwright.grounding.support import SupportCheck

PUMP = (
    "The pump of hall 3 was built by Tomas Brenner in 1931. It must not be started dry. "
    "Its valve opens at 6 bar. In 1958 Ada Krause succeeded Brenner as head of the works."
)
TRUE = [
    "Tomas Brenner built the pump in 1931.",
    "Never start the pump dry.",
    "The valve opens at six bar.",
    "Ada Krause succeeded Brenner in 1958.",
]
FALSE = [
    "The pump was built by Tomas Brenner in 1938.",
    "The pump was built by Jonas Miller in 1931.",
    "The pump may be started dry.",
    "The valve does not open at 6 bar.",
    "Brenner succeeded Ada Krause in 1958.",
    "Photosynthesis turns light into chemical energy.",
]
OTHER_LANGUAGES = [
    (
        "Das Ventil öffnet bei sechs bar. Es wird im Mai geprüft.",
        "Das Ventil öffnet bei 6 bar.",
        "Das Ventil öffnet bei 9 bar.",
    ),
    ("这座塔建于1889年，由古斯塔夫·埃菲尔设计。", "埃菲尔设计了这座塔。", "这座塔建于1925年。"),
]


@pytest.fixture(scope="module")
def tools(models_dir):
    folder = models_dir / BASE
    if not folder.is_dir() or not has_words(folder):
        pytest.skip(f"no {BASE} in {models_dir}: run `make models`")
    embedder = open_embedder(folder, name=BASE, threads=2, batch_tokens=4096)
    pairs = open_reader(folder, 2)
    yield embedder, pairs
    pairs.close()
    embedder.close()


@pytest.fixture
def judge(tools):
    def support(claim: str, *texts: str) -> float:
        hits = [hit(text, passage=n, start=1000 * n) for n, text in enumerate(texts or (PUMP,))]
        check = SupportCheck("", hits, tools[0], load_calibration().support, tools[1])
        return check.find_best(claim, {}).probability

    return support


def test_true_sentences_are_likelier_than_false_ones(judge):
    true, false = sorted(map(judge, TRUE)), sorted(map(judge, FALSE))
    above = sum(t > f for t in true for f in false) / (len(true) * len(false))
    assert above >= 0.75


@pytest.mark.parametrize("claim", [FALSE[0], FALSE[-1]])
def test_another_number_and_another_subject_do_not_pass(judge, claim):
    assert judge(claim) < 0.5


@pytest.mark.parametrize(("source", "true", "false"), OTHER_LANGUAGES)
def test_german_and_chinese_claims_are_checked(judge, source, true, false):
    assert judge(true, source) > judge(false, source)
    assert judge(false, source) < 0.5


@pytest.mark.parametrize("copied", ["Its valve opens at 6 bar.", PUMP.split(". ", 1)[1]])
def test_a_copy_is_supported(judge, copied):
    assert judge(copied) == 1.0


def test_a_claim_is_found_in_a_passage_far_down(tools):
    texts = [f"Hall {n} is swept on day {n}. Nothing else is known of it." for n in range(8)] + [
        PUMP
    ]
    hits = [hit(text, passage=n, start=1000 * n) for n, text in enumerate(texts)]
    best = SupportCheck("", hits, tools[0], load_calibration().support, tools[1]).find_best(
        "The valve of the pump opens at 6 bar.", {}
    )
    assert best.span.text == "Its valve opens at 6 bar."
    assert best.span.hit.passage == 8


def test_nothing_found_supports_nothing(tools):
    assert (
        SupportCheck("", [], tools[0], load_calibration().support, tools[1]).find_best("A.", {})
        is None
    )


def test_each_window_is_described_by_as_many_features_as_are_weighed(tools):
    check = meaning.MeaningCheck("", [hit(PUMP)], *tools)
    [seen] = check.list_candidates("Brenner succeeded Ada Krause.", {})
    assert len(seen.features) == meaning.FEATURES
    assert seen.features[-1] > 0  # turned around


def test_windows_cover_every_sentence_and_overlap():
    text = " ".join(f"Sentence number {n} is about the pump and its parts." for n in range(60))
    windows = meaning.list_windows([hit(text, start=50)])
    assert len(windows) > 1
    covered = {span.start for window in windows for span in window.spans}
    assert covered == {span.start for span in meaning.list_support_spans([hit(text, start=50)])}
    assert all(len(window.text) <= meaning.WINDOW_CHARACTERS for window in windows)
    assert all(window.text in text for window in windows)


def test_without_the_trained_reader_the_wording_decides():
    check = SupportCheck("", [hit(PUMP)], HashingEmbedder(), load_calibration().support)
    assert check.find_best("Its valve opens at 6 bar.", {}).probability == 1.0


def test_the_figures_of_the_fit_come_with_it():
    model = meaning.load_support_model()
    assert {"left one set out", "mean", "checker"} <= set(model.about)
    assert len(model.weights.weights) == meaning.FEATURES
    assert json.dumps(model.about)
