"""From a trained cross-encoder to the file that is shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from genwright.embeddings.arithmetic import Array, Bert, assemble_bert
from genwright.embeddings.graph import find_ranges
from genwright.embeddings.quantized import quantize
from genwright.grounding.reading.shipped import NO_WORDS, ReaderProbe, ShippedReader
from genwright.grounding.reading.windows import average_sides
from genwright.types import Json

Head = tuple[Array, Array]


def make_reader(
    weights: Mapping[str, Array],
    config: Json,
    rows: Sequence[Sequence[int]],
    probes: Sequence[tuple[Sequence[int], int]],
    about: Json,
) -> ShippedReader:
    """Quantise the weights of ``training.cross_encoder.CrossEncoder``.

    Args:
        weights: Its ``state_dict``, float32, with its ``HEAD_RATE`` in those of the heads.
        config: ``config.json`` of the encoder it began as.
        rows: Token ids of pairs that show how large the activations of each channel are.
        probes: The pairs that the graph is measured by: their token ids, and where the second
            text begins.
        about: What the file's header says beside the shapes.

    Raises:
        KeyError: A tensor, or a line of the configuration, is missing.
    """
    encoder = {name.removeprefix("encoder."): value for name, value in weights.items()}
    bert = assemble_bert(encoder, config, "cls")
    row, word = ((weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in ("row", "word"))
    quantized = quantize(bert, find_ranges(bert, rows), NO_WORDS)
    positions = quantized.positions[: about["most_tokens"]]
    return ShippedReader(
        replace(quantized, positions=positions),
        row,
        word,
        tuple(_probe(bert, row, word, *probe) for probe in probes),
        about,
    )


def _probe(bert: Bert, row: Head, word: Head, ids: Sequence[int], second_start: int) -> ReaderProbe:
    sides = average_sides(len(ids), second_start)
    rows, words = read_plainly(bert, row, word, ids, sides)
    return ReaderProbe(np.array(ids, np.int64), sides, rows, words)


def read_plainly(
    bert: Bert, row: Head, word: Head, ids: Sequence[int], sides: Array
) -> tuple[Array, Array]:
    """Logits of a pair, (2,), and of its tokens, (T,), by plain arithmetic."""
    states = bert.encode(ids)
    first, second = sides @ states
    rows = np.concatenate([states[0], first, second, first * second]) @ row[0].T + row[1]
    words = np.concatenate([states, states * first], axis=1) @ word[0].T + word[1]
    return rows, words[:, 0]
