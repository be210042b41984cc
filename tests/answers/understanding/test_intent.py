"""What a request wants, by the n-grams that need no model, and by vectors where theirs is there."""

import numpy as np
import pytest

from genwright.answers.understanding.intent import (
    KINDS,
    LEAST_SPECIAL,
    SPECIAL,
    WEIGHTS,
    IntentClassifier,
    choose_kinds,
    count_ngrams,
    load_heads,
    read_about,
)

REQUESTS = [
    ("which files are invoices", "about-collection"),
    ("list all documents", "about-collection"),
    ("which invoices are overdue", "list"),
    ("summarise the contract", "summary-document"),
    ("summarise all documents", "summary-collection"),
    ("what is this about?", "summary-collection"),
    ("How do you do a backup?", "how-to"),
    ("hello", "smalltalk"),
    ("vielen dank", "smalltalk"),
    ("why is the sky blue", "explanation"),
    ("difference between the old and the new plan", "comparison"),
    ("write an email to the landlord", "instruction"),
    ("thanks, and how long is the warranty?", "fact"),
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
def test_unknown_text_is_no_special_kind_and_not_sure(classifier, text):
    found = classifier.classify(None, text)
    assert found.kind not in SPECIAL
    assert found.confidence < LEAST_SPECIAL


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


@pytest.mark.parametrize(("text", "kind"), REQUESTS)
def test_a_plain_request_is_of_its_kind_by_its_vector(models_dir, text, kind):
    folder = models_dir / "multilingual-e5-small"
    if not folder.is_dir():
        pytest.skip("multilingual-e5-small is not in the folder of models")
    pytest.importorskip("transformers")
    from benchmarks.intents.embedded import embed_requests

    vector = embed_requests([text], folder)[0]
    assert IntentClassifier("multilingual-e5-small").classify(vector, text).kind == kind
