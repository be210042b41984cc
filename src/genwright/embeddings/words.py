"""The word vectors of an encoder: most of a multilingual model, so that its graphs share them.

In int8 they lie in ``words.bin``, which the runtime maps, with a scale for each word in
``word_scales.npy``.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.arithmetic import Array
from genwright.errors import UntrustedWeights

WORDS, WORD_SCALES = "words.bin", "word_scales.npy"

WORDS_AT_ONCE = 8192


@dataclass(frozen=True)
class WordTable:
    """The vectors of the vocabulary."""

    values: NDArray[Any]
    """int8 or float32, (vocabulary, C)."""
    scales: Array | None = None
    """Of each word, (vocabulary,); None in float32."""
    file: str = ""
    """Name of the file beside a graph that holds the values; empty to have them in the graph."""


def quantize_words(words: Array) -> WordTable:
    """In int8, with a scale for each word.

    In parts, for a multilingual table is most of a model and float32 copies of it would not fit.
    """
    values = np.empty(words.shape, np.int8)
    scales = np.empty(len(words), np.float32)
    for start in range(0, len(words), WORDS_AT_ONCE):
        part = slice(start, start + WORDS_AT_ONCE)
        values[part], scales[part] = quantize_rows(words[part])
    return WordTable(values, scales)


def quantize_rows(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Symmetric int8 values and the scale of each row."""
    scales = np.abs(matrix).max(axis=1) / 127
    scales[scales == 0] = 1
    values = np.clip(np.round(matrix / scales[:, None]), -127, 127).astype(np.int8)
    return values, scales.astype(np.float32)


def save_words(words: WordTable, folder: Path) -> WordTable:
    """Write an int8 table for the graphs in a folder; returned is one that stays in its file."""
    assert words.scales is not None  # those of an int8 table are there
    (folder / WORDS).write_bytes(words.values.tobytes())
    np.save(folder / WORD_SCALES, words.scales)
    return replace(words, file=WORDS)


def has_words(folder: Path) -> bool:
    """Whether ``load_words`` finds a table in a folder."""
    return (folder / WORDS).is_file() and (folder / WORD_SCALES).is_file()


def load_words(folder: Path) -> WordTable:
    """What ``save_words`` wrote, mapped.

    Raises:
        UntrustedWeights: There is none, or its files do not belong together.
    """
    try:
        scales = np.load(folder / WORD_SCALES)
        values = np.memmap(folder / WORDS, np.int8, "r").reshape(len(scales), -1)
    except (OSError, ValueError) as error:
        raise UntrustedWeights(
            f"{folder} should hold word vectors, {WORDS} and {WORD_SCALES}: {error}. "
            "Pull the model again."
        ) from error
    return WordTable(values, scales, WORDS)
