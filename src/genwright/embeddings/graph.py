"""The encoder as an ONNX graph that a CPU runs fast, built from the weights without torch.

What makes it fast, with its price (``docs/LOG.md`` has the figures, ``benchmarks/embedders.py``
measures them again):

- One text, or texts of one length, at a time: no padding, so attention needs no mask.
- Products in int8: weights by output channel, activations by text. Layer norms leave a few channels
  far larger than the rest, which one scale per text serves badly; their range is moved into the
  weights (SmoothQuant, Xiao et al. 2022, arXiv:2211.10438, equation 4).
- The product after the gelu has rare large values that no channel scale helps; it is quantised in
  blocks of 128 by row.
- Word vectors in int8 by word: a third of the file.

The same graph in float32 is for weights that do not suit int8. How int8 is multiplied is the
runtime's choice at load, and right on every processor only where it is asked for
(``fidelity.py``).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.arithmetic import Array, Bert, Layer
from genwright.embeddings.onnx_format import FLOAT, INT64, MICROSOFT, OnnxGraph

SMOOTHING = 0.65
"""How much of an activation's range goes into the weights, from 0 to 1 (alpha in the paper)."""

BLOCK = 128
"""Values that share a scale in the blocked product."""

WORDS_AT_ONCE = 8192

CALIBRATION_TEXTS, CALIBRATION_TOKENS = 8, 128


class EncoderGraph(OnnxGraph):
    """A graph whose matrices are int8, or else float32."""

    def __init__(self, int8: bool, words: str = "") -> None:
        super().__init__()
        self.int8, self.words = int8, words


def build_graph(bert: Bert, ranges: Mapping[str, Array] | None, words: str = "") -> bytes:
    """The graph, serialised: ``ids`` int64 (B, T), texts of one length, to ``vectors`` (B, C).

    Args:
        bert: The weights.
        ranges: Largest magnitude by channel of what goes into ``N.qkv`` and ``N.up`` of each
            layer N, as ``calibrate`` finds them; None for a graph in float32.
        words: Name of the file beside an int8 graph that holds the values of ``quantize_words``,
            where another graph may share them; empty to have them in the graph itself.
    """
    graph = EncoderGraph(ranges is not None, words)
    known = ranges or {}
    x = _add_embedding(graph, bert)
    for number, layer in enumerate(bert.layers):
        x = _add_layer(graph, bert, layer, x, known.get(f"{number}.qkv"), known.get(f"{number}.up"))
    _add_pooling(graph, bert, x)
    return graph.serialize({"ids": (INT64, ["B", "T"])}, {"vectors": (FLOAT, ["B", bert.width])})


def quantize_words(bert: Bert) -> tuple[NDArray[np.int8], Array]:
    """The word table in int8, shape (vocabulary, C), and the scale of each word.

    In parts, for a multilingual table is most of a model and float32 copies of it would not fit.
    """
    values = np.empty(bert.words.shape, np.int8)
    scales = np.empty(len(bert.words), np.float32)
    for start in range(0, len(bert.words), WORDS_AT_ONCE):
        part = slice(start, start + WORDS_AT_ONCE)
        values[part], scales[part] = _quantize_rows(bert.words[part])
    return values, scales


def calibrate(bert: Bert) -> dict[str, Array]:
    """Largest magnitude by channel of what goes into each smoothed product.

    Which channels are large is a trait of the weights and not of the text: eight texts of random
    words find them as well as real ones (cosine to the reference 0.99931 against 0.99934), and need
    no text to be shipped.
    """
    ranges: dict[str, Array] = {}

    def record_range(name: str, values: Array) -> None:
        here = np.abs(values).max(axis=0)
        ranges[name] = np.maximum(ranges[name], here) if name in ranges else here

    draw = np.random.default_rng(0)
    tokens = min(CALIBRATION_TOKENS, len(bert.positions))
    for _ in range(CALIBRATION_TEXTS):
        bert.embed(
            draw.integers(len(bert.words) // 16, len(bert.words) // 4, tokens).tolist(),
            record_range,
        )
    return ranges


def _add_embedding(graph: EncoderGraph, bert: Bert) -> str:
    x = _words(graph, bert)
    length = graph.node("Shape", "ids", start=1, end=2)
    zero = graph.constant(np.array([0]))
    positions = graph.node("Slice", graph.constant(bert.positions), zero, length, zero)
    return _add_norm(graph, graph.node("Add", x, positions), bert.norm, bert.epsilon)


def _words(graph: EncoderGraph, bert: Bert) -> str:
    if not graph.int8:
        return graph.node("Gather", graph.constant(bert.words), "ids")
    words, scales = quantize_words(bert)
    if graph.words:
        table = graph.external("int8", words.shape, graph.words)
    else:
        table = graph.constant(words)
    words_node = graph.node("Gather", table, "ids")
    scale = graph.node("Gather", graph.constant(scales[:, None]), "ids")
    return graph.node("Mul", graph.node("Cast", words_node, to=FLOAT), scale)


def _add_layer(
    graph: EncoderGraph, bert: Bert, layer: Layer, x: str, qkv: Array | None, up: Array | None
) -> str:
    parts = _add_product(graph, x, layer.qkv, layer.qkv_bias, qkv)
    q, k, v = graph.split(parts, 3)
    heads = graph.node("MultiHeadAttention", q, k, v, domain=MICROSOFT, num_heads=bert.heads)
    y = _add_product(graph, heads, layer.attended, layer.attended_bias)
    x = _add_norm(graph, graph.node("Add", x, y), layer.attended_norm, bert.epsilon)
    y = graph.node("Gelu", _add_product(graph, x, layer.up, layer.up_bias, up))
    y = _add_blocked_product(graph, y, layer.down, layer.down_bias)
    return _add_norm(graph, graph.node("Add", x, y), layer.down_norm, bert.epsilon)


def _add_pooling(graph: EncoderGraph, bert: Bert, x: str) -> None:
    one = graph.constant(np.array([1]))
    if bert.pooling == "mean":
        pooled = graph.node("ReduceMean", x, one, keepdims=0)
    else:
        pooled = graph.node("Gather", x, graph.constant(np.array(0)), axis=1)
    graph.node("LpNormalization", pooled, result="vectors", axis=-1, p=2)


def _add_norm(graph: EncoderGraph, x: str, norm: tuple[Array, Array], epsilon: float) -> str:
    weight, bias = (graph.constant(part) for part in norm)
    return graph.node("LayerNormalization", x, weight, bias, epsilon=epsilon)


def _add_product(
    graph: EncoderGraph, x: str, weight: Array, bias: Array, range_: Array | None = None
) -> str:
    """``x @ weight.T + bias``; in int8 smoothed where the range of x is given."""
    if not graph.int8:
        return _plain_product(graph, x, weight, bias)
    if range_ is not None:
        move = range_**SMOOTHING / np.abs(weight).max(axis=0) ** (1 - SMOOTHING)
        move = np.maximum(move, 1e-5)
        move = (move / np.exp(np.log(move).mean())).astype(np.float32)
        x, weight = graph.node("Mul", x, graph.constant(1 / move)), weight * move
    values, scales = _quantize_rows(weight)
    return graph.node(
        "DynamicQuantizeMatMul",
        x,
        graph.constant(values.T),
        graph.constant(scales),
        graph.constant(np.zeros(len(values), np.int8)),
        graph.constant(bias),
        domain=MICROSOFT,
    )


def _add_blocked_product(graph: EncoderGraph, x: str, weight: Array, bias: Array) -> str:
    """``x @ weight.T + bias``; in int8 a scale for each block of each row of both."""
    if not graph.int8:
        return _plain_product(graph, x, weight, bias)
    rows, columns = weight.shape
    values, scales = _quantize_rows(weight.reshape(-1, BLOCK))
    unsigned = (values.astype(np.int16) + 128).astype(np.uint8)  # 128 is the default zero point
    return graph.node(
        "MatMulNBits",
        x,
        graph.constant(unsigned.reshape(rows, -1, BLOCK)),
        graph.constant(scales.reshape(rows, -1)),
        "",
        "",
        graph.constant(bias),
        domain=MICROSOFT,
        K=columns,
        N=rows,
        bits=8,
        block_size=BLOCK,
        accuracy_level=4,  # activations in int8 too
    )


def _plain_product(graph: EncoderGraph, x: str, weight: Array, bias: Array) -> str:
    return graph.node(
        "Add", graph.node("MatMul", x, graph.constant(weight.T)), graph.constant(bias)
    )


def _quantize_rows(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Symmetric int8 values and the scale of each row."""
    scales = np.abs(matrix).max(axis=1) / 127
    scales[scales == 0] = 1
    values = np.clip(np.round(matrix / scales[:, None]), -127, 127).astype(np.int8)
    return values, scales.astype(np.float32)
