"""What a request wants, by the n-grams that need no model, and by vectors where theirs is there."""

import numpy as np
import pytest

from genwright.answers.understanding.intent import (
    KINDS,
    LEAST_SPECIAL,
    SPECIAL,
    WEIGHTS,
    IntentClassifier,
    average_kinds,
    choose_kinds,
    count_ngrams,
    load_heads,
    load_heat,
    read_about,
)
from genwright.answers.understanding.taught import classify_request
from genwright.embeddings import open_embedder

REQUESTS = [
    ("which files are invoices", "about-collection"),
    ("list all documents", "about-collection"),
    ("which invoices are overdue", "list"),
    ("summarise the contract", "summary-document"),
    ("summarise all documents", "summary-collection"),
    ("How do you do a backup?", "how-to"),
    ("hello", "smalltalk"),
    ("vielen dank", "smalltalk"),
    ("why is the sky blue", "explanation"),
    ("difference between the old and the new plan", "comparison"),
    ("write an email to the landlord", "instruction"),
    ("thanks, and how long is the warranty?", "fact"),
]
BY_MEANING = [
    ("what is this about?", "summary-collection"),
    ("Which page here is about candle wax?", "about-collection"),
    ("How many sketches are in here and which is the newest?", "about-collection"),
    ("Give me the gist of the page on candle wax.", "summary-document"),
    ("tl;dr of the candle guide", "summary-document"),
    ("What is this collection about?", "summary-collection"),
    ("How many candles burn in the chapel?", "fact"),
    ("hi", "smalltalk"),
]
UNKNOWN = ["zxqv plorn", "7f3a-99", "Blorptang", "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ", "", "   ", "🙂", "a" * 10_000]


@pytest.fixture(scope="module")
def classifier() -> IntentClassifier:
    return IntentClassifier("hashing-256")


@pytest.mark.parametrize(("text", "kind"), REQUESTS)
def test_a_plain_request_is_of_its_kind(classifier, text, kind):
    assert classifier.classify(None, text).kind == kind


@pytest.mark.parametrize("text", [*UNKNOWN, "who signed the lease", "thanks"])
def test_probabilities_of_all_kinds_sum_to_one(classifier, text):
    found = classifier.classify(None, text)
    assert tuple(found.probabilities) == KINDS
    assert sum(found.probabilities.values()) == pytest.approx(1)
    assert 0 <= found.follow_up <= 1


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_text_is_no_special_kind(classifier, text):
    assert classifier.classify(None, text).kind not in SPECIAL


@pytest.mark.parametrize(
    "text", ["🙂👍🎉", "?!", "2024-05", "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ", "ᚠᚢᚦ", "", "\ue000" * 9]
)
def test_a_text_without_letters_that_are_known_wants_a_fact(text):
    likeliest = np.full(384, 0.05, dtype=np.float32)
    assert IntentClassifier("hashing").classify(None, text).kind == "fact"
    assert IntentClassifier("multilingual-e5-small").classify(likeliest, text).kind == "fact"


@pytest.mark.parametrize("text", ["谢谢", "ありがとう", "고마워", "спасибо"])
def test_few_letters_of_a_dense_script_say_something(classifier, text):
    assert classifier.classify(None, text).kind == "smalltalk"


def test_the_mean_of_equal_estimates_is_the_same_and_of_others_between():
    one, other = np.array([[0.7, 0.2, 0.1]]), np.array([[0.1, 0.2, 0.7]])
    assert average_kinds(one, one) == pytest.approx(one)
    mean = average_kinds(one, other)
    assert mean == pytest.approx(mean[:, ::-1])
    assert mean.sum() == pytest.approx(1)


def test_a_lower_temperature_makes_the_mean_surer_and_keeps_its_order():
    one, other = np.array([[0.5, 0.3, 0.2]]), np.array([[0.6, 0.3, 0.1]])
    warm, cold = average_kinds(one, other), average_kinds(one, other, 0.5)
    assert cold.max() > warm.max()
    assert np.array_equal(cold.argsort(), warm.argsort())


def test_the_shipped_figures_are_those_of_the_mean_too():
    figures = read_about()["figures"]
    assert figures["mean"]["temperature"] == load_heat()
    assert figures["mean"]["kinds"]["ece"] < figures["mean"]["ece_uncalibrated"]
    assert figures["mean"]["kinds"]["decided"]["least"] == LEAST_SPECIAL


def test_a_special_kind_is_chosen_from_its_least_probability_on():
    rows = np.full((2, len(KINDS)), 0.05)
    place = KINDS.index("smalltalk")
    rows[0, place], rows[1, place] = LEAST_SPECIAL - 0.01, LEAST_SPECIAL
    rows[:, KINDS.index("list")] = 0.2
    assert [KINDS[each] for each in choose_kinds(rows)] == ["list", "smalltalk"]


@pytest.mark.parametrize("text", ["and for the phone?", "since when?", "why?", "und danach?"])
def test_what_needs_the_turn_before_is_a_follow_up(classifier, text):
    assert classifier.classify(None, text).is_follow_up


@pytest.mark.parametrize("text", ["list all documents", "why is the sky blue", "hello"])
def test_what_stands_alone_is_no_follow_up(classifier, text):
    assert not classifier.classify(None, text).is_follow_up


def test_ngrams_have_unit_length_and_do_not_depend_on_case():
    one, other = count_ngrams("Which files?"), count_ngrams("WHICH FILES?")
    assert np.linalg.norm(one) == pytest.approx(1)
    assert np.array_equal(one, other)


def test_another_embedder_is_answered_by_ngrams_and_its_own_needs_a_vector():
    assert not IntentClassifier("all-minilm-l6-v2").uses_vectors
    own = IntentClassifier("multilingual-e5-small")
    assert own.uses_vectors
    with pytest.raises(ValueError, match="vector of multilingual-e5-small"):
        own.classify(None, "hello")


@pytest.mark.parametrize(("space", "width"), [("vectors", 384), ("ngrams", 4096)])
def test_the_weights_are_small_and_fit_the_kinds(space, width):
    assert load_heads(space).weights.shape == (width, len(KINDS) + 1)
    assert WEIGHTS.stat().st_size <= 100_000
    assert set(read_about()["kinds"]) == set(KINDS)


@pytest.fixture(scope="module")
def embedder(models_dir):
    folder = models_dir / "multilingual-e5-small"
    if not folder.is_dir():
        pytest.skip("multilingual-e5-small is not in the folder of models")
    opened = open_embedder(folder, name="multilingual-e5-small", threads=1, batch_tokens=2048)
    yield opened
    opened.close()


@pytest.mark.parametrize(("text", "kind"), [*REQUESTS, *BY_MEANING])
def test_a_plain_request_is_of_its_kind_by_meaning_and_wording(embedder, text, kind):
    assert classify_request(embedder, text)[0].kind == kind


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_text_is_no_special_kind_by_its_meaning_either(embedder, text):
    assert classify_request(embedder, text)[0].kind not in SPECIAL
