"""Embedding by an engine, with the scripted one and with llama.cpp on a tiny GGUF."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.tiny_gguf import CONTEXT, WIDTH, make_bert

from genwright.embeddings.engine import BATCH, SPECIAL, EngineEmbedder, cut_to_tokens
from genwright.engines import open_engine
from genwright.engines.scripted import ScriptedEngine
from genwright.errors import EngineFailed
from genwright.settings import EngineSettings


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = make_bert(tmp_path_factory.mktemp("gguf") / "tiny.gguf")
    with open_engine(path, EngineSettings(threads=1), kind="embed", name="tiny") as engine:
        yield engine


def test_the_width_is_found_by_trial(tiny):
    assert EngineEmbedder(tiny).dim == WIDTH


def test_the_vector_space_is_named_by_the_file_or_by_the_model():
    engine = ScriptedEngine(name="box/some-embedder")
    by_name = EngineEmbedder(engine).fingerprint
    assert "box/some-embedder" in by_name
    one, other = (EngineEmbedder(engine, digest=d * 64).fingerprint for d in "ab")
    assert len({one, other, by_name}) == 3


def test_a_long_name_still_fits_its_column():
    names = [f"box/{'x' * 200}{end}" for end in "ab"]
    prints = [EngineEmbedder(ScriptedEngine(name=name)).fingerprint for name in names]
    assert max(map(len, prints)) <= 100
    assert prints[0] != prints[1]


def test_more_texts_than_one_request_holds_keep_their_order(tiny):
    texts = [f"text number {place}" for place in range(2 * BATCH + 3)]
    embedder = EngineEmbedder(tiny)
    together = embedder.embed(texts)
    for place in (0, BATCH, 2 * BATCH + 2):
        alone = embedder.embed([texts[place]])[0]
        np.testing.assert_allclose(together[place], alone, atol=1e-4)


def test_a_text_longer_than_the_context_is_embedded_by_its_beginning(tiny):
    # A letter is a token of this model.
    beginning = "a" * (CONTEXT - SPECIAL)
    vectors = EngineEmbedder(tiny).embed([beginning, beginning + "b" * 5000, beginning[:-9]])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)
    assert abs(vectors[0] - vectors[2]).max() > 1e-3


def test_closing_the_embedder_closes_its_engine(tmp_path):
    path = make_bert(tmp_path / "other.gguf")
    embedder = EngineEmbedder(open_engine(path, EngineSettings(), kind="embed"))
    embedder.close()
    with pytest.raises(EngineFailed):
        embedder.embed(["anything"])


@given(st.lists(st.text(max_size=80), max_size=6), st.integers(min_value=1, max_value=12))
def test_a_cut_text_is_a_beginning_that_fits(texts, limit):
    engine = ScriptedEngine()
    cut = cut_to_tokens(engine, texts, limit)
    assert all(text.startswith(part) for text, part in zip(texts, cut, strict=True))
    assert all(count <= limit for count in engine.count_tokens(cut))


def test_pieces_are_about_as_many_as_tokens_and_split_scripts_without_spaces():
    embedder = EngineEmbedder(ScriptedEngine())
    assert len(embedder.locate_tokens("北京的胡同")) == 5
    assert len(embedder.locate_tokens("antidisestablishmentarianism")) == 5
