"""The shipped file: what is saved comes back, what is broken is refused."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.fixtures.tiny_reader import make_tiny_reader

from genwright.errors import UntrustedWeights
from genwright.grounding.reading import open_reader
from genwright.grounding.reading.shipped import load_about, load_reader, save_reader


@pytest.fixture
def made(tmp_path):
    return make_tiny_reader(tmp_path, recipe="none")


def test_what_is_saved_comes_back(made, tmp_path):
    reader = load_reader(made[1])
    save_reader(reader, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == made[1].read_bytes()
    assert load_about(made[1])["recipe"] == "none"


def test_matrices_are_int8_and_words_are_not_in_it(made):
    tensors = load_file(made[1])
    kinds = {name.rsplit(".", 1)[-1]: value.dtype for name, value in tensors.items()
             if name.startswith("layers")}  # fmt: skip
    assert kinds["values"] == np.int8
    assert kinds["scales"] == kinds["move"] == kinds["bias"] == np.float32
    assert not [name for name in tensors if "word_embeddings" in name]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"not a file of tensors" * 50], ids=["empty", "json", "text"]
)
def test_a_broken_file_is_refused_by_name(made, content):
    folder, file = made
    file.write_bytes(content)
    with pytest.raises(UntrustedWeights, match=r"reader\.safetensors.*Install genwright again"):
        open_reader(folder, 1, reader=file, checker=file)


def test_a_cut_file_is_refused(made):
    folder, file = made
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(UntrustedWeights):
        open_reader(folder, 1, reader=file, checker=file)


def test_a_missing_file_is_refused(made, tmp_path):
    with pytest.raises(UntrustedWeights, match=r"gone\.safetensors"):
        open_reader(
            made[0], 1, reader=tmp_path / "gone.safetensors", checker=tmp_path / "gone.safetensors"
        )


def test_a_file_that_lacks_a_tensor_is_refused(made):
    folder, file = made
    tensors, about = load_file(file), load_about(file)
    del tensors["layers.1.up.scales"]
    save_file(tensors, file, metadata={"reader": json.dumps(about)})
    with pytest.raises(UntrustedWeights, match=r"layers\.1\.up\.scales"):
        open_reader(folder, 1, reader=file, checker=file)


def test_a_file_of_another_format_is_refused(made):
    folder, file = made
    save_file(load_file(file), file, metadata={"reader": json.dumps({"format": 99})})
    with pytest.raises(UntrustedWeights, match="format 99"):
        open_reader(folder, 1, reader=file, checker=file)
