"""Requests whose kind people told: how far one reaches, and that it is forgotten."""

import pytest

from genwright.answers.understanding.held_back import load_held_back, score_held_back
from genwright.answers.understanding.intent import IntentClassifier
from genwright.answers.understanding.kinds import KINDS
from genwright.answers.understanding.taught import (
    TRUST,
    Taught,
    classify_request,
    forget_taught,
    read_taught,
    store_taught,
)
from genwright.embeddings import open_embedder
from genwright.embeddings.hashing import HashingEmbedder
from genwright.storage import Database
from genwright.types import OWNER

TOLD = "our opening hours in August"
SAME = (TOLD, "Our opening hours in August?", "the opening hours in August",
        "what are our opening hours in August")  # fmt: skip
OTHERS = (
    "why are our opening hours shorter in August",
    "list all branches that open in August",
    "compare the opening hours in July and in August",
    "how do I change our opening hours",
    "thank you very much",
    "list all documents",
    "summarise the contract with the baker",
)


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "genwright.db")
    yield made
    made.close()


@pytest.fixture(scope="module", params=["hashing", "multilingual-e5-small"])
def embedder(request, models_dir):
    folder = models_dir / request.param
    if request.param != "hashing" and not folder.is_dir():
        pytest.skip(f"{request.param} is not in the folder of models")
    hashing = request.param == "hashing"
    opened = HashingEmbedder() if hashing else open_embedder(
        folder, name=request.param, threads=1, batch_tokens=2048
    )  # fmt: skip
    yield opened
    opened.close()


def row(text, label, **lineage):
    told = {"kind": "intent", "traces": ["a"], "feedback": [1], "people": ["ann"], **lineage}
    return {"text": text, "label": label, "lineage": told}


def classify(embedder, text, taught=()):
    return classify_request(embedder, text, taught)[0]


def test_one_correction_reaches_the_same_and_paraphrases_and_nothing_else(embedder, database):
    before = {text: classify(embedder, text) for text in OTHERS}
    assert {classify(embedder, text).kind for text in SAME} == {"fact"}
    ids = store_taught(database, OWNER, embedder, [row(TOLD, "list")])
    taught = read_taught(database, ids)
    for text in SAME:
        found, near = classify_request(embedder, text, taught)
        assert (found.kind, near.id) == ("list", ids[0])
        assert found.confidence >= TRUST
        assert sum(found.probabilities.values()) == pytest.approx(1)
    assert {text: classify(embedder, text, taught) for text in OTHERS} == before


def test_of_two_that_reach_a_request_the_nearest_counts(embedder, database):
    rows = [row(TOLD, "list"), row(SAME[3], "fact", kind="liked")]
    taught = read_taught(database, store_taught(database, OWNER, embedder, rows))
    assert [classify(embedder, text, taught).kind for text in (TOLD, SAME[3])] == ["list", "fact"]


def test_a_row_is_kept_once_and_goes_with_its_trace_or_person(database):
    embedder = HashingEmbedder()
    rows = [row("one thing", "list"), row("another", "fact", traces=["b"], people=["bob"]),
            row("a third", "fact", traces=["c"], people=["eve"])]  # fmt: skip
    ids = store_taught(database, OWNER, embedder, rows)
    assert store_taught(database, OWNER, embedder, rows) == ids
    with database.write(OWNER) as session:
        assert forget_taught(session, ["a"]) == 1
        assert forget_taught(session, [], ["bob"]) == 1
    assert [each.text for each in read_taught(database, ids)] == ["a third"]
    assert read_taught(database, ()) == []


@pytest.mark.parametrize("name", ["hashing", "multilingual-e5-small"])
def test_held_back_requests_tell_a_harmful_lesson_from_a_harmless_one(name):
    held, classifier = load_held_back(), IntentClassifier(name)
    before = score_held_back(classifier, [])
    assert len(held.texts) == 500
    assert 0.35 < sum(before) / len(before) < 0.8
    place = next(n for n, text in enumerate(held.texts) if before[n] and len(text) > 20)
    vector = held.vectors[place]
    right = KINDS[int(held.kinds[place])]
    wrong = next(kind for kind in KINDS if kind != right)
    assert sum(score_held_back(classifier, [Taught(held.texts[place], right, vector)])) >= sum(
        before
    )
    assert sum(score_held_back(classifier, [Taught(held.texts[place], wrong, vector)])) < sum(
        before
    )
