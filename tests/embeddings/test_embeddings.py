"""The embedders of the catalog that are small enough for tests, themselves."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from genwright.embeddings import Embedder, open_embedder

PAIRS = [
    ("The cat sits on the mat.", "A kitten is resting on a rug."),
    ("How do I reset my password?", "Steps to recover a forgotten login code."),
    ("The patient was given antibiotics.", "Doctors treated him with penicillin."),
    ("Interest rates rose again.", "The central bank made borrowing dearer."),
]


TRANSLATED = [
    "Die Katze liegt auf dem Teppich.",
    "¿Cómo recupero mi contraseña olvidada?",
    "医生给病人用了青霉素。",
    "La banque centrale a encore relevé ses taux.",
]


def open_pulled(models_dir: Path, name: str) -> Embedder:
    folder = models_dir / name
    if not (folder / "embedder.json").is_file():
        pytest.skip(f"no {name} in {models_dir}: run `make models`")
    return open_embedder(folder, name=name, threads=2, batch_tokens=4096)


@pytest.fixture(scope="module", params=["multilingual-e5-small", "all-minilm-l6-v2"])
def embedder(request, models_dir: Path) -> Iterator[Embedder]:
    opened = open_pulled(models_dir, request.param)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def e5(models_dir: Path) -> Iterator[Embedder]:
    opened = open_pulled(models_dir, "multilingual-e5-small")
    yield opened
    opened.close()


def test_each_sentence_is_nearest_to_its_paraphrase(embedder):
    left = embedder.embed_queries([one for one, _ in PAIRS])
    right = embedder.embed([other for _, other in PAIRS])
    assert (left @ right.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_batches_change_vectors_by_rounding_only(embedder):
    texts = [f"{one} {other}" * (1 + place) for place, (one, other) in enumerate(PAIRS)] * 4
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.998


def test_it_reads_what_it_says_and_no_further(embedder):
    whole = " ".join(["oil"] * (embedder.max_tokens - 2))  # two are special
    assert len(embedder.locate_tokens(whole)) == embedder.max_tokens - 2
    for embed in (embedder.embed, embedder.embed_queries):
        longer, just, shorter = embed([whole + " boiler" * 100, whole, whole[:-4]])
        np.testing.assert_allclose(longer, just, atol=1e-6)
        assert np.abs(just - shorter).max() > 1e-6


def test_minilm_reads_256_tokens(models_dir):
    assert open_pulled(models_dir, "all-minilm-l6-v2").max_tokens == 256


def test_the_default_finds_a_passage_in_another_language(e5):
    scores = e5.embed_queries(TRANSLATED) @ e5.embed([other for _, other in PAIRS]).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_the_marks_of_the_default_are_not_counted(e5):
    assert e5.max_tokens == 512 - 3  # "query:" is three pieces
    assert e5.locate_tokens("oil") == [(0, 3)]
