"""The reader of 4-bit weights, held against files whose values are known."""

import json
import struct

import numpy as np
import pytest
from tests.fixtures.tiny_bert import LAYERS, MAX_TOKENS, POSITIONS, WIDTH
from tests.fixtures.tiny_e5s1 import make_e5s1

from genwright.embeddings import open_embedder, prepare
from genwright.embeddings.arithmetic import load_bert
from genwright.embeddings.e5s1 import PREFIXES, read_e5s1, unpack_e5s1
from genwright.errors import UntrustedWeights


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_e5s1(tmp_path_factory.mktemp("e5s1"))


@pytest.fixture(scope="module")
def whole(made) -> bytes:
    return made[0].read_bytes()


def test_every_weight_comes_back(made):
    file, meant = made
    tensors, config = read_e5s1(file)
    assert set(tensors) == set(meant)
    for name, values in meant.items():
        np.testing.assert_array_equal(tensors[name], values, err_msg=name)
    assert (config["hidden_size"], config["num_hidden_layers"]) == (WIDTH, LAYERS)
    assert config["layer_norm_eps"] == 1e-12


def test_what_is_unpacked_is_the_same_encoder(tmp_path):
    file, _ = make_e5s1(tmp_path)
    packed = load_bert(tmp_path)
    unpack_e5s1(tmp_path)
    file.unlink()
    ids = [2, 5, 6, 3]
    np.testing.assert_array_equal(load_bert(tmp_path).embed(ids), packed.embed(ids))


def test_it_is_prepared_with_its_prefixes(tmp_path):
    folder = tmp_path / "tiny"
    make_e5s1(folder)
    plain = load_bert(folder)
    prepare(folder)
    assert not (folder / "model.e5s1").exists()
    about = json.loads((folder / "embedder.json").read_text())
    assert {key: about[key] for key in PREFIXES} == PREFIXES
    assert about["max_tokens"] == POSITIONS > MAX_TOKENS

    embedder = open_embedder(folder, name="tiny", threads=1, batch_tokens=4096)
    ids = embedder._tokenizer.encode("query: oil").ids
    assert embedder.embed_queries(["oil"])[0] @ plain.embed(ids) > 0.999
    assert embedder.embed_queries(["oil"])[0] @ embedder.embed(["oil"])[0] < 0.999


def refuse(folder, data: bytes, reason: str = "Pull it again") -> None:
    (folder / "model.e5s1").write_bytes(data)
    with pytest.raises(UntrustedWeights, match=reason):
        load_bert(folder)


@pytest.mark.parametrize("share", [0, 0.0005, 0.002, 0.01, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_refused(tmp_path, whole, share):
    refuse(tmp_path, whole[: int(len(whole) * share)])


@pytest.mark.parametrize("data", [b"\x80\x02pickle" * 99, b"PK\x03\x04" * 99, b"GGUF" * 99])
def test_another_format_is_refused(tmp_path, data):
    refuse(tmp_path, data, "another format's mark")


@pytest.mark.parametrize(
    ("at", "number", "reason"),
    [
        (8, 0, "0 width"),
        (8, 2**31 - 1, "width, expected 1 to"),
        (8, WIDTH // 2, "weights in"),
        (12, LAYERS + 1, "l2.q.w"),
        (16, 5, "do not share"),
        (24, 7, "emb.word has"),
        (36, 0, "epsilon 0"),
        (40, 64, "blocks of 64"),
        (44, -1, "-1 pieces"),
        (44, 2**20, "it ends within"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path, whole, at, number, reason):
    refuse(tmp_path, whole[:at] + struct.pack("<i", number) + whole[at + 4 :], reason)


@pytest.mark.parametrize(
    ("skip", "form", "number"), [(0, "B", 7), (1, "I", 3), (5, "Q", 2**63), (13, "Q", 2**40)]
)
def test_a_line_of_the_directory_that_points_elsewhere_is_refused(
    tmp_path, whole, skip, form, number
):
    at = whole.index(b"l0.q.w") + 6 + skip
    patch = struct.pack(f"<{form}", number)
    refuse(tmp_path, whole[:at] + patch + whole[at + len(patch) :], r"l0\.q\.w")


def test_weights_that_are_no_numbers_are_refused(tmp_path, whole):
    (start,) = struct.unpack_from("<Q", whole, whole.index(b"emb.ln.b") + len("emb.ln.b") + 5)
    patched = whole[:start] + struct.pack("<f", float("nan")) + whole[start + 4 :]
    refuse(tmp_path, patched, "no number")
