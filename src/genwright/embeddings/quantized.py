"""An encoder in the numbers that a graph is built of: int8 with scales, or else float32.

Products in int8 are of two kinds: smoothed, with a scale for each row of the weights, where the
range of single channels of the activations is moved into the weights (SmoothQuant, Xiao et al.
2022, arXiv:2211.10438, equation 4); and blocked, with a scale for each block of each row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.arithmetic import Array, Bert, Layer
from genwright.embeddings.words import WordTable, quantize_rows, quantize_words

SMOOTHING = 0.65
"""How much of an activation's range goes into the weights, from 0 to 1 (alpha in the paper)."""

BLOCK = 128
"""Values that share a scale in the blocked product."""


@dataclass(frozen=True)
class Product:
    """``x / move @ weight.T + bias``."""

    values: NDArray[Any]
    """int8 or float32, (out, in)."""
    bias: Array
    scales: Array | None = None
    """By row (out,), or by block (out, in / BLOCK); None in float32."""
    move: Array | None = None
    """What smoothing took out of x, (in,)."""

    def restore(self) -> "Product":
        """The same in float32, as near as int8 holds it."""
        if self.scales is None:
            return self
        rows, columns = self.values.shape
        scales = self.scales.reshape(rows, -1, 1)
        weight = self.values.reshape(rows, scales.shape[1], -1) * scales
        weight = weight.reshape(rows, columns)
        return Product(weight if self.move is None else weight / self.move, self.bias)


@dataclass(frozen=True)
class EncoderLayer:
    """One layer's products and norms."""

    qkv: Product
    attended: Product
    attended_norm: tuple[Array, Array]
    up: Product
    down: Product
    """Blocked in int8: after the gelu are rare large values that no channel scale helps."""
    down_norm: tuple[Array, Array]

    def restore(self) -> "EncoderLayer":
        """The same in float32."""
        names = ("qkv", "attended", "up", "down")
        return replace(self, **{name: getattr(self, name).restore() for name in names})


@dataclass(frozen=True)
class Encoder:
    """A BERT-kind encoder as it is run."""

    words: WordTable
    positions: Array
    """(longest, C): position and first token type, added."""
    norm: tuple[Array, Array]
    layers: tuple[EncoderLayer, ...]
    heads: int
    epsilon: float


def quantize(
    bert: Bert, ranges: Mapping[str, Array] | None, words: WordTable | None = None
) -> Encoder:
    """The weights in int8.

    Args:
        bert: The weights.
        ranges: Largest magnitude by channel of what goes into ``N.qkv`` and ``N.up`` of each
            layer N; None for float32.
        words: The word vectors where they are quantised already.
    """
    if words is None:
        words = WordTable(bert.words) if ranges is None else quantize_words(bert.words)
    layers = tuple(
        _plain_layer(layer) if ranges is None else _quantize_layer(layer, number, ranges)
        for number, layer in enumerate(bert.layers)
    )
    return Encoder(words, bert.positions, bert.norm, layers, bert.heads, bert.epsilon)


def _quantize_layer(layer: Layer, number: int, ranges: Mapping[str, Array]) -> EncoderLayer:
    return EncoderLayer(
        _smoothed(layer.qkv, layer.qkv_bias, ranges[f"{number}.qkv"]),
        _smoothed(layer.attended, layer.attended_bias, None),
        layer.attended_norm,
        _smoothed(layer.up, layer.up_bias, ranges[f"{number}.up"]),
        _blocked(layer.down, layer.down_bias),
        layer.down_norm,
    )


def _plain_layer(layer: Layer) -> EncoderLayer:
    return EncoderLayer(
        Product(layer.qkv, layer.qkv_bias),
        Product(layer.attended, layer.attended_bias),
        layer.attended_norm,
        Product(layer.up, layer.up_bias),
        Product(layer.down, layer.down_bias),
        layer.down_norm,
    )


def _smoothed(weight: Array, bias: Array, range_: Array | None) -> Product:
    move = None
    if range_ is not None:
        move = range_**SMOOTHING / np.abs(weight).max(axis=0) ** (1 - SMOOTHING)
        move = np.maximum(move, 1e-5)
        move = (move / np.exp(np.log(move).mean())).astype(np.float32)
        weight = weight * move
    values, scales = quantize_rows(weight)
    return Product(values, bias, scales, move)


def _blocked(weight: Array, bias: Array) -> Product:
    values, scales = quantize_rows(weight.reshape(-1, BLOCK))
    rows = len(weight)
    return Product(values.reshape(rows, -1), bias, scales.reshape(rows, -1))
