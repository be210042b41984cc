"""The prepared int8 form, held against plain arithmetic on the published weights."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.tiny_bert import MAX_TOKENS, WIDTH, make_bert, say_pooling
from tokenizers import Tokenizer

from genwright.embeddings import open_embedder, prepare
from genwright.embeddings.arithmetic import Bert, attend, gelu, load_bert, normalize
from genwright.embeddings.bert import BertEmbedder
from genwright.embeddings.graph import build_graph, calibrate
from genwright.errors import EngineFailed, UntrustedWeights

TEXTS = [
    "The pump is warm.",
    "Oil is cold, oil is warm!",
    "moon",
    "pumping " * 12,
    "",
    "the moon and the earth 42",
]


def opened(folder: Path, batch_tokens: int = 4096) -> BertEmbedder:
    return open_embedder(folder, name="tiny", threads=1, batch_tokens=batch_tokens)


@pytest.fixture(scope="module", params=["mean_tokens", "cls_token"])
def published(request, tmp_path_factory) -> Path:
    folder = make_bert(tmp_path_factory.mktemp("published"))
    say_pooling(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def plain(published) -> Bert:
    return load_bert(published)


@pytest.fixture(scope="module")
def prepared(published, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "tiny"
    shutil.copytree(published, folder)
    prepare(folder)
    return folder


def plain_vectors(bert: Bert, published: Path, texts: list[str]) -> np.ndarray:
    tokenizer = Tokenizer.from_file(str(published / "tokenizer.json"))
    rows = [tokenizer.encode(text).ids for text in texts]
    return np.stack([bert.embed(ids) for ids in rows])


def test_the_prepared_form_computes_what_plain_arithmetic_does(prepared, plain, published):
    short = [text for text in TEXTS if len(text) < MAX_TOKENS]
    cosines = (opened(prepared).embed(short) * plain_vectors(plain, published, short)).sum(axis=1)
    assert cosines.min() > 0.999


def test_the_prepared_folder_holds_what_is_needed_and_no_more(prepared, published):
    assert {file.name for file in prepared.iterdir()} == {
        "model.onnx",
        "words.bin",
        "word_scales.npy",
        "tokenizer.json",
        "embedder.json",
        "probes.npz",
    }
    about = json.loads((prepared / "embedder.json").read_text())
    assert (about["dim"], about["max_tokens"]) == (WIDTH, MAX_TOKENS)
    assert about["weights_sha256"][:12] in opened(prepared).fingerprint


def test_a_folder_with_the_words_inside_the_graph_gives_the_same_vectors(prepared, plain, tmp_path):
    before = tmp_path / "tiny"
    shutil.copytree(prepared, before)
    (before / "words.bin").unlink()
    (before / "model.onnx").write_bytes(build_graph(plain, calibrate(plain)))
    np.testing.assert_array_equal(opened(before).embed(TEXTS), opened(prepared).embed(TEXTS))


def test_texts_are_read_with_the_prefix_of_their_role(prepared, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(prepared, folder)
    about = json.loads((folder / "embedder.json").read_text())
    prefixes = {"query_prefix": "the moon is: ", "passage_prefix": "oil: "}
    (folder / "embedder.json").write_text(json.dumps(about | prefixes))
    marked, bare = opened(folder), opened(prepared)

    assert marked.max_tokens == MAX_TOKENS - 4
    assert marked.locate_tokens("moon") == [(0, 4)]
    for made, expected in (
        (marked.embed(["pump"]), "oil: pump"),
        (marked.embed_queries(["pump"]), "the moon is: pump"),
    ):
        np.testing.assert_array_equal(made, bare.embed([expected]))
    np.testing.assert_array_equal(bare.embed_queries(TEXTS), bare.embed(TEXTS))


def test_company_does_not_change_a_vector(prepared):
    texts = TEXTS * 5
    together = opened(prepared).embed(texts)
    in_small_batches = opened(prepared, batch_tokens=256).embed(texts)
    alone = np.concatenate([opened(prepared).embed([text]) for text in TEXTS] * 5)

    # Activations that run together share an int8 scale, so the last bits depend on company.
    assert (together * alone).sum(axis=1).min() > 0.999
    assert (together * in_small_batches).sum(axis=1).min() > 0.999


def test_a_long_text_is_embedded_by_its_beginning(prepared):
    embedder = opened(prepared)
    beginning = "oil " * (MAX_TOKENS - 2)
    long, other = embedder.embed([beginning + "moon " * 50_000, beginning + "earth"])
    np.testing.assert_allclose(long, other, atol=1e-6)


def test_progress_reaches_the_end(prepared):
    seen: list[tuple[int, int]] = []
    opened(prepared).embed(TEXTS, lambda done, total, what: seen.append((done, total)))
    assert seen[-1] == (len(TEXTS), len(TEXTS))
    assert seen == sorted(seen)


def test_offsets_point_at_the_tokens(prepared):
    text = "The pumping moon, the Earth"
    pieces = [text[start:end] for start, end in opened(prepared).locate_tokens(text)]
    assert pieces == ["The", "pump", "ing", "moon", ",", "the", "Earth"]


def test_a_closed_embedder_can_be_used_again(prepared):
    embedder = opened(prepared)
    before = embedder.embed(["moon"])
    embedder.close()
    np.testing.assert_array_equal(embedder.embed(["moon"]), before)


def test_half_precision_weights_give_the_same_vectors(tmp_path):
    half = load_bert(make_bert(tmp_path / "half", dtype="float16"))
    full = load_bert(make_bert(tmp_path / "full"))
    assert half.embed([2, 5, 6, 3]).dtype == np.float32
    assert float(half.embed([2, 5, 6, 3]) @ full.embed([2, 5, 6, 3])) > 0.9999


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"model_type": "roberta"}, "roberta"),
        ({"hidden_act": "relu"}, "relu"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"num_hidden_layers": 3}, "encoder.layer.2"),
    ],
)
def test_a_model_of_another_kind_is_refused(tmp_path, config, named):
    folder = make_bert(tmp_path / "other", **config)
    with pytest.raises(UntrustedWeights, match=named):
        prepare(folder)
    assert (folder / "model.safetensors").exists()  # nothing is thrown away


def test_a_pooling_the_embedder_does_not_have_is_refused(tmp_path):
    folder = make_bert(tmp_path / "max")
    say_pooling(folder, "max_tokens")
    with pytest.raises(UntrustedWeights, match="max_tokens"):
        prepare(folder)


def test_a_layer_after_the_encoder_is_refused(tmp_path):
    folder = make_bert(tmp_path / "dense")
    modules = [{"type": "sentence_transformers.models.Dense"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UntrustedWeights, match="Dense"):
        prepare(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff" * 100])
def test_a_broken_file_is_refused(tmp_path, name, content):
    folder = make_bert(tmp_path / "broken")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(UntrustedWeights, match="Pull it again"):
        prepare(folder)


def test_an_unprepared_folder_says_how_to_get_the_model(tmp_path):
    with pytest.raises(EngineFailed, match="genwright models pull tiny"):
        opened(tmp_path)


def test_layer_norm_gives_mean_0_and_variance_1():
    x = np.random.default_rng(0).standard_normal((5, 32)).astype(np.float32) * 9 + 4
    y = normalize(x, (np.ones(32, np.float32), np.zeros(32, np.float32)), 0)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axis=1), 1, atol=1e-4)


def test_gelu_of_x_and_minus_x_differ_by_x():
    x = np.linspace(-4, 4, 33, dtype=np.float32)
    np.testing.assert_allclose(gelu(x) - gelu(-x), x, atol=1e-6)


def test_attention_over_equal_keys_is_the_mean_of_the_values():
    rng = np.random.default_rng(0)
    q, v = (rng.standard_normal((6, 8)).astype(np.float32) for _ in range(2))
    out = attend(np.concatenate([q, np.ones_like(q), v], axis=1), heads=2)
    np.testing.assert_allclose(out, np.broadcast_to(v.mean(axis=0), (6, 8)), atol=1e-5)
