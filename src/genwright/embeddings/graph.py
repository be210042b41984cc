"""The encoder as an ONNX graph that a CPU runs fast, built from the weights without torch.

What makes it fast, with its price (``docs/LOG.md`` has the figures, ``benchmarks/embedders.py``
measures them again):

- One text, or texts of one length, at a time: no padding, so attention needs no mask.
- Products in int8: weights by output channel, activations by text. Layer norms leave a few channels
  far larger than the rest, which one scale per text serves badly; their range is moved into the
  weights (``quantized.py``).
- The product after the gelu has rare large values that no channel scale helps; it is quantised in
  blocks of 128 by row.
- Word vectors in int8 by word: a third of the file.

The same graph in float32 is for weights that do not suit int8. How int8 is multiplied is the
runtime's choice at load, and right on every processor only where it is asked for
(``fidelity.py``).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from genwright.embeddings.arithmetic import Array, Bert
from genwright.embeddings.onnx_format import FLOAT, INT64, MICROSOFT, OnnxGraph
from genwright.embeddings.quantized import (
    BLOCK,
    SMOOTHING,
    Encoder,
    EncoderLayer,
    Product,
    quantize,
)
from genwright.embeddings.words import WordTable

__all__ = ["SMOOTHING", "add_encoder", "build_graph", "calibrate", "find_ranges"]

CALIBRATION_TEXTS, CALIBRATION_TOKENS = 8, 128


def build_graph(
    bert: Bert, ranges: Mapping[str, Array] | None, words: WordTable | None = None
) -> bytes:
    """The graph, serialised: ``ids`` int64 (B, T), texts of one length, to ``vectors`` (B, C).

    Args:
        bert: The weights.
        ranges: Largest magnitude by channel of what goes into ``N.qkv`` and ``N.up`` of each
            layer N, as ``calibrate`` finds them; None for a graph in float32.
        words: The word vectors in int8 where they are quantised already; those that have a file
            stay in it.
    """
    graph = OnnxGraph()
    x = add_encoder(graph, quantize(bert, ranges, words))
    _add_pooling(graph, bert, x)
    return graph.serialize({"ids": (INT64, ["B", "T"])}, {"vectors": (FLOAT, ["B", bert.width])})


def add_encoder(graph: OnnxGraph, encoder: Encoder) -> str:
    """Add the nodes from the input ``ids`` to the states of the tokens, (B, T, C); their name."""
    x = _add_embedding(graph, encoder)
    for layer in encoder.layers:
        x = _add_layer(graph, encoder, layer, x)
    return x


def calibrate(bert: Bert) -> dict[str, Array]:
    """Largest magnitude by channel of what goes into each smoothed product.

    Which channels are large is a trait of the weights and not of the text: eight texts of random
    words find them as well as real ones (cosine to the reference 0.99931 against 0.99934), and need
    no text to be shipped.
    """
    draw = np.random.default_rng(0)
    tokens = min(CALIBRATION_TOKENS, len(bert.positions))
    low, high = len(bert.words) // 16, len(bert.words) // 4
    return find_ranges(
        bert, [draw.integers(low, high, tokens).tolist() for _ in range(CALIBRATION_TEXTS)]
    )


def find_ranges(bert: Bert, texts: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Largest magnitude by channel of what goes into each smoothed product, over token ids."""
    ranges: dict[str, Array] = {}

    def record_range(name: str, values: Array) -> None:
        here = np.abs(values).max(axis=0)
        ranges[name] = np.maximum(ranges[name], here) if name in ranges else here

    for ids in texts:
        bert.encode(ids, record_range)
    return ranges


def _add_embedding(graph: OnnxGraph, encoder: Encoder) -> str:
    x = _add_words(graph, encoder.words)
    length = graph.node("Shape", "ids", start=1, end=2)
    zero = graph.constant(np.array([0]))
    positions = graph.node("Slice", graph.constant(encoder.positions), zero, length, zero)
    return _add_norm(graph, graph.node("Add", x, positions), encoder.norm, encoder.epsilon)


def _add_words(graph: OnnxGraph, words: WordTable) -> str:
    held = words.values
    table = graph.external(held.dtype.name, held.shape, words.file) if words.file else ""
    values = graph.node("Gather", table or graph.constant(held), "ids")
    if words.scales is None:
        return values
    scale = graph.node("Gather", graph.constant(words.scales[:, None]), "ids")
    return graph.node("Mul", graph.node("Cast", values, to=FLOAT), scale)


def _add_layer(graph: OnnxGraph, encoder: Encoder, layer: EncoderLayer, x: str) -> str:
    q, k, v = graph.split(_add_product(graph, x, layer.qkv), 3)
    heads = graph.node("MultiHeadAttention", q, k, v, domain=MICROSOFT, num_heads=encoder.heads)
    y = _add_product(graph, heads, layer.attended)
    x = _add_norm(graph, graph.node("Add", x, y), layer.attended_norm, encoder.epsilon)
    y = graph.node("Gelu", _add_product(graph, x, layer.up))
    y = _add_product(graph, y, layer.down)
    return _add_norm(graph, graph.node("Add", x, y), layer.down_norm, encoder.epsilon)


def _add_pooling(graph: OnnxGraph, bert: Bert, x: str) -> None:
    one = graph.constant(np.array([1]))
    if bert.pooling == "mean":
        pooled = graph.node("ReduceMean", x, one, keepdims=0)
    else:
        pooled = graph.node("Gather", x, graph.constant(np.array(0)), axis=1)
    graph.node("LpNormalization", pooled, result="vectors", axis=-1, p=2)


def _add_norm(graph: OnnxGraph, x: str, norm: tuple[Array, Array], epsilon: float) -> str:
    weight, bias = (graph.constant(part) for part in norm)
    return graph.node("LayerNormalization", x, weight, bias, epsilon=epsilon)


def _add_product(graph: OnnxGraph, x: str, product: Product) -> str:
    """``x / move @ weight.T + bias``, in the way that its scales ask for."""
    if product.scales is None:
        return _add_plain_product(graph, x, product)
    if product.scales.ndim == 2:
        return _add_blocked_product(graph, x, product, product.scales)
    if product.move is not None:
        x = graph.node("Mul", x, graph.constant(1 / product.move))
    return graph.node(
        "DynamicQuantizeMatMul",
        x,
        graph.constant(product.values.T),
        graph.constant(product.scales),
        graph.constant(np.zeros(len(product.values), np.int8)),
        graph.constant(product.bias),
        domain=MICROSOFT,
    )


def _add_blocked_product(graph: OnnxGraph, x: str, product: Product, scales: Array) -> str:
    rows, columns = product.values.shape
    unsigned = (product.values.astype(np.int16) + 128).astype(np.uint8)  # 128: default zero point
    return graph.node(
        "MatMulNBits",
        x,
        graph.constant(unsigned.reshape(rows, -1, BLOCK)),
        graph.constant(scales),
        "",
        "",
        graph.constant(product.bias),
        domain=MICROSOFT,
        K=columns,
        N=rows,
        bits=8,
        block_size=BLOCK,
        accuracy_level=4,  # activations in int8 too
    )


def _add_plain_product(graph: OnnxGraph, x: str, product: Product) -> str:
    weight = graph.constant(product.values.T)
    return graph.node("Add", graph.node("MatMul", x, weight), graph.constant(product.bias))
