"""Rows of token ids: every token is in a window, and no row is too long."""

from itertools import pairwise

import numpy as np
import pytest
from tests.fixtures.tiny_bert import make_bert
from tokenizers import Tokenizer

from genwright.grounding.reading.windows import OVERLAP, PairEncoder

MOST_TOKENS, QUESTION_TOKENS = 208, 64


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = make_bert(tmp_path_factory.mktemp("encoder"))
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def encoder(tokenizer):
    return PairEncoder(tokenizer, 0, 2, MOST_TOKENS, QUESTION_TOKENS)


@pytest.mark.parametrize("question", ["", "warm?", "is the pump warm " * 40])
@pytest.mark.parametrize("title", ["", "moon", "moon " * 300])
def test_windows_cover_a_text_of_any_length(encoder, question, title):
    for size in (1, 2, 40, 150, 151, 152, 170, 215, 216, 217, 260, 400, 1000):
        pair = encoder.encode(question, title, "oil " * size)
        seen = [range(each.first, each.first + each.size) for each in pair.windows]
        assert {token for part in seen for token in part} == set(range(size))
        assert len(pair.offsets) == size
        assert [part.start for part in seen] == sorted({part.start for part in seen})
        for each in pair.windows:
            assert len(each.ids) == each.at + each.size + 1 <= MOST_TOKENS
            assert (each.ids[0], each.ids[-1]) == (0, 2)
            assert each.second <= each.at
            np.testing.assert_allclose(each.sides[1].sum(), 1, rtol=1e-5)
            assert not each.sides[:, [0, each.second - 2, each.second - 1, -1]].any()


def test_neighbors_share_tokens(encoder):
    windows = encoder.encode("warm?", "", "oil " * 1000).windows
    for one, other in pairwise(windows):
        assert one.first + one.size - other.first >= OVERLAP


def test_a_text_that_fits_is_one_row_as_in_training(encoder, tokenizer):
    pytest.importorskip("torch", reason="the rows of training need it")
    from benchmarks.reader import rows

    from genwright.training.cross_encoder import average_sides

    assert (rows.MOST_TOKENS, rows.QUESTION_TOKENS) == (MOST_TOKENS, QUESTION_TOKENS)
    title, text = "the moon", "the pump is warm, the oil is cold. " * 8
    (window,) = encoder.encode("query: warm?", title, text).windows
    row = rows.Pairs(tokenizer).reader_row("warm?", title, text, [])
    assert window.ids == row["input_ids"]
    assert window.second == row["second_start"]
    sides = average_sides(row, len(window.ids)).numpy()
    np.testing.assert_allclose(window.sides, sides)


def test_a_text_without_tokens_has_no_windows(encoder):
    assert encoder.encode("warm?", "moon", " ").windows == []
