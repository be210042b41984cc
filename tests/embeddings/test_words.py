"""The word table apart from its graphs."""

import numpy as np
import pytest

from genwright.embeddings.words import (
    WORD_SCALES,
    WORDS,
    has_words,
    load_words,
    quantize_words,
    save_words,
)
from genwright.errors import UntrustedWeights


@pytest.fixture
def table():
    return quantize_words(np.random.default_rng(0).standard_normal((9000, 8)).astype(np.float32))


def test_what_is_saved_comes_back(table, tmp_path):
    assert not has_words(tmp_path)
    saved, loaded = save_words(table, tmp_path), load_words(tmp_path)
    assert has_words(tmp_path)
    assert saved.file == loaded.file == WORDS
    np.testing.assert_array_equal(loaded.values, table.values)
    np.testing.assert_array_equal(loaded.scales, table.scales)


@pytest.mark.parametrize("name", [WORDS, WORD_SCALES])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_table_that_lacks_something_is_refused(table, tmp_path, name, damage):
    save_words(table, tmp_path)
    file = tmp_path / name
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(UntrustedWeights, match=r"word_scales.*Pull the model again"):
        load_words(tmp_path)
