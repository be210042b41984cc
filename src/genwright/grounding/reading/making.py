"""From a trained cross-encoder to the file that is shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from genwright.embeddings.arithmetic import Array, Bert, assemble_bert
from genwright.embeddings.graph import find_ranges
from genwright.embeddings.quantized import quantize
from genwright.grounding.reading.shipped import NO_WORDS, ReaderProbe, ShippedReader
from genwright.types import Json

Head = tuple[Array, Array]


def make_reader(
    weights: Mapping[str, Array],
    config: Json,
    rows: Sequence[Sequence[int]],
    probes: Sequence[Sequence[int]],
    about: Json,
) -> ShippedReader:
    """Quantise the weights of ``training.cross_encoder.CrossEncoder``.

    Args:
        weights: Its ``state_dict``, float32.
        config: ``config.json`` of the encoder it began as.
        rows: Token ids of pairs that show how large the activations of each channel are.
        probes: Token ids of the pairs that the graph is measured by.
        about: What the file's header says beside the shapes.

    Raises:
        KeyError: A tensor, or a line of the configuration, is missing.
    """
    encoder = {name.removeprefix("encoder."): value for name, value in weights.items()}
    bert = assemble_bert(encoder, config, "cls")
    row, word = ((weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in ("row", "words"))
    quantized = quantize(bert, find_ranges(bert, rows))
    positions = quantized.positions[: about["most_tokens"]]
    return ShippedReader(
        replace(quantized, words=NO_WORDS, positions=positions),
        row,
        word,
        tuple(_probe(bert, row, word, ids) for ids in probes),
        about,
    )


def _probe(bert: Bert, row: Head, word: Head, ids: Sequence[int]) -> ReaderProbe:
    states = bert.encode(ids)
    rows = states[0] @ row[0].T + row[1]
    words = (states @ word[0].T + word[1])[:, 0]
    return ReaderProbe(np.array(ids, np.int64), rows, words)
