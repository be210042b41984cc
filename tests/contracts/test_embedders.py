"""What every embedder promises, asked of each of them."""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.fixtures.tiny_bert import make_bert

from genwright.embeddings import Embedder, embedders, prepare
from genwright.engines.scripted import ScriptedEngine

TEXTS = ["the pump is warm", "oil", "", "The moon, the earth!", "zażółć 北京 🙂", "a " * 3000]


@pytest.fixture(scope="module", params=embedders.names())
def embedder(request, tmp_path_factory) -> Iterator[Embedder]:
    kind = embedders.get(request.param)
    if request.param == "bert":
        folder = make_bert(tmp_path_factory.mktemp("models") / "tiny")
        prepare(folder)
        made = kind(folder, name="tiny")
    elif request.param == "engine":
        made = kind(ScriptedEngine(context=64))
    else:
        made = kind()
    yield made
    made.close()


def test_an_embedder_keeps_the_protocol(embedder):
    assert isinstance(embedder, Embedder)
    assert embedder.dim > 0
    assert embedder.max_tokens > 0


def test_vectors_have_unit_length_and_come_in_order(embedder):
    vectors = embedder.embed(TEXTS)
    turned = embedder.embed(TEXTS[::-1])
    assert vectors.shape == (len(TEXTS), embedder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors * turned[::-1]).sum(axis=1).min() > 0.999


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, embedder.dim)
    assert embedder.embed_queries([]).shape == (0, embedder.dim)


def test_a_query_lies_in_the_space_of_the_passages(embedder):
    asked = embedder.embed_queries(["oil is cold"])[0]
    same, other = embedder.embed(["oil is cold", "the moon 42"])
    assert asked @ same > asked @ other


def test_the_same_text_has_the_same_vector(embedder):
    one, other = embedder.embed([TEXTS[0], TEXTS[0]])
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_text_is_liker_to_itself_than_to_another(embedder):
    asked, same, other = embedder.embed(["oil is cold", "oil is cold", "the moon 42"])
    assert asked @ same > asked @ other


def test_a_longer_text_than_it_reads_is_embedded_by_its_beginning(embedder):
    beginning = "oil " * embedder.max_tokens
    one, other = embedder.embed([beginning + "moon", beginning + "earth earth"])
    assert one @ other > 0.99  # where exactly it is cut may depend on what is cut off


def test_the_fingerprint_fits_its_column_and_a_file_name(embedder):
    assert 0 < len(embedder.fingerprint) <= 100


def test_progress_ends_with_all(embedder):
    seen: list[tuple[int, int]] = []
    embedder.embed(TEXTS, lambda done, total, what: seen.append((done, total)))
    assert seen[-1] == (len(TEXTS), len(TEXTS))


@pytest.mark.parametrize("text", TEXTS)
def test_token_offsets_ascend_within_the_text_and_leave_out_no_letter(embedder, text):
    spans = embedder.locate_tokens(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    covered = {place for start, end in spans for place in range(start, end)}
    letters = {place for place, character in enumerate(text) if character.isalnum()}
    assert letters <= covered
