"""The embedded embedder itself."""

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


@pytest.fixture(scope="module")
def minilm(models_dir: Path) -> Iterator[Embedder]:
    folder = models_dir / "all-minilm-l6-v2"
    if not (folder / "embedder.json").is_file():
        pytest.skip(f"no all-minilm-l6-v2 in {models_dir}: run `make models`")
    embedder = open_embedder(folder, name="all-minilm-l6-v2", threads=2, batch_tokens=4096)
    yield embedder
    embedder.close()


def test_each_sentence_is_nearest_to_its_paraphrase(minilm):
    left = minilm.embed([one for one, _ in PAIRS])
    right = minilm.embed([other for _, other in PAIRS])
    assert (left @ right.T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_batches_change_vectors_by_rounding_only(minilm):
    texts = [f"{one} {other}" * (1 + place) for place, (one, other) in enumerate(PAIRS)] * 4
    together = minilm.embed(texts)
    alone = np.concatenate([minilm.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.998


def test_it_reads_256_tokens_and_no_further(minilm):
    beginning = "valve " * 254
    one, other = minilm.embed([beginning + "boiler " * 100, beginning])
    np.testing.assert_allclose(one, other, atol=1e-6)
