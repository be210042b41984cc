"""BERT's encoder in plain NumPy: what the fast graph is calibrated by and tested against.

Devlin et al. 2018, arXiv:1810.04805, with the layers of Vaswani et al. 2017, arXiv:1706.03762.
Shapes: T tokens, C width, H hidden, A heads. One text at a time, float32.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genwright.embeddings.e5s1 import find_e5s1, read_e5s1
from genwright.errors import UntrustedWeights
from genwright.types import Json

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """Weights of one encoder layer; matrices are (out, in), as safetensors holds them."""

    qkv: Array
    qkv_bias: Array
    attended: Array
    attended_bias: Array
    attended_norm: tuple[Array, Array]
    up: Array
    up_bias: Array
    down: Array
    down_bias: Array
    down_norm: tuple[Array, Array]


@dataclass(frozen=True)
class Bert:
    """A BERT-kind encoder with mean or first-token pooling."""

    words: Array
    """(vocabulary, C)."""
    positions: Array
    """(longest, C): position and first token type, added."""
    norm: tuple[Array, Array]
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float
    pooling: str
    """``mean`` or ``cls``."""

    @property
    def width(self) -> int:
        """C."""
        return int(self.words.shape[1])

    def embed(self, ids: Sequence[int], see: "Callable[[str, Array], None] | None" = None) -> Array:
        """The unit-length vector, shape (C,), of one text's token ids, special tokens included.

        Args:
            ids: Token ids, at most as many as there are positions.
            see: Shown what goes into each matrix product, as (its name, values (T, in)).
        """
        x = self.encode(ids, see)
        pooled: Array = x.mean(axis=0) if self.pooling == "mean" else x[0]
        return pooled / np.linalg.norm(pooled)

    def encode(
        self, ids: Sequence[int], see: "Callable[[str, Array], None] | None" = None
    ) -> Array:
        """The states of one text's tokens, shape (T, C); the arguments are those of ``embed``."""
        show = see or (lambda name, values: None)
        x = normalize(self.words[list(ids)] + self.positions[: len(ids)], self.norm, self.epsilon)
        for number, layer in enumerate(self.layers):
            show(f"{number}.qkv", x)
            heads = attend(x @ layer.qkv.T + layer.qkv_bias, self.heads)
            y = heads @ layer.attended.T + layer.attended_bias
            x = normalize(x + y, layer.attended_norm, self.epsilon)
            show(f"{number}.up", x)
            y = gelu(x @ layer.up.T + layer.up_bias) @ layer.down.T + layer.down_bias
            x = normalize(x + y, layer.down_norm, self.epsilon)
        return x


def normalize(x: Array, norm: tuple[Array, Array], epsilon: float) -> Array:
    """Layer normalisation of each row (Ba et al. 2016, arXiv:1607.06450)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return (centred / deviation * norm[0] + norm[1]).astype(np.float32)


def attend(qkv: Array, heads: int) -> Array:
    """Scaled dot-product attention within one text: (T, 3C) to (T, C)."""
    tokens, width = qkv.shape[0], qkv.shape[1] // 3
    q, k, v = (
        part.reshape(tokens, heads, -1).transpose(1, 0, 2) for part in np.split(qkv, 3, axis=1)
    )
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(width // heads)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return (weights @ v).transpose(1, 0, 2).reshape(tokens, width)


def gelu(x: Array) -> Array:
    """Input times the normal distribution function (Hendrycks, Gimpel 2016, arXiv:1606.08415)."""
    erf = np.vectorize(math.erf, otypes=[np.float32])
    return (0.5 * x * (1 + erf(x / math.sqrt(2)))).astype(np.float32)


def load_bert(folder: Path) -> Bert:
    """Read the weights and their configuration as they are published.

    They are ``model.safetensors`` with ``config.json``, or one ``.e5s1`` file that holds both.

    Raises:
        UntrustedWeights: The model is of another kind, or a tensor is missing.
    """
    if file := find_e5s1(folder):
        return assemble_bert(*read_e5s1(file), "mean")
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        pooling = _read_pooling(folder)
        _require_bert(folder, config)
        tensors = load_file(folder / "model.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise UntrustedWeights(
            f"{folder} should hold config.json and model.safetensors: {error}. Pull it again."
        ) from error
    named = {
        name.removeprefix("bert."): value.astype(np.float32) for name, value in tensors.items()
    }
    try:
        return assemble_bert(named, config, pooling)
    except KeyError as error:
        raise UntrustedWeights(
            f"{folder}: config.json or model.safetensors lacks {error}. Pull it again."
        ) from error


def assemble_bert(named: Mapping[str, Array], config: Json, pooling: str) -> Bert:
    """A BERT of named tensors.

    Args:
        named: By their names in ``transformers``' ``BertModel``, float32.
        config: ``config.json``.
        pooling: ``mean`` or ``cls``.

    Raises:
        KeyError: A tensor or a line of the configuration is missing.
    """

    def get_pair(name: str) -> tuple[Array, Array]:
        return named[f"{name}.weight"], named[f"{name}.bias"]

    layers = []
    for number in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{number}"
        parts = [get_pair(f"{at}.attention.self.{part}") for part in ("query", "key", "value")]
        layers.append(
            Layer(
                np.concatenate([weight for weight, _ in parts]),
                np.concatenate([bias for _, bias in parts]),
                *get_pair(f"{at}.attention.output.dense"),
                get_pair(f"{at}.attention.output.LayerNorm"),
                *get_pair(f"{at}.intermediate.dense"),
                *get_pair(f"{at}.output.dense"),
                get_pair(f"{at}.output.LayerNorm"),
            )
        )
    kind = named["embeddings.token_type_embeddings.weight"][0]
    return Bert(
        words=named["embeddings.word_embeddings.weight"],
        positions=named["embeddings.position_embeddings.weight"] + kind,
        norm=get_pair("embeddings.LayerNorm"),
        layers=tuple(layers),
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
        pooling=pooling,
    )


def _require_bert(folder: Path, config: Json) -> None:
    """Refuse what would load and compute something else."""
    kind = (
        config.get("model_type"),
        config.get("hidden_act", "gelu"),
        config.get("position_embedding_type", "absolute"),
    )
    if kind != ("bert", "gelu", "absolute"):
        raise UntrustedWeights(
            f"{folder} holds a model of kind {kind}; the embedder runs BERT kinds with gelu and "
            "absolute positions. Import a GGUF of it instead: genwright models import FILE.gguf"
        )
    file = folder / "modules.json"
    modules = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    steps = {str(module["type"]).rsplit(".", 1)[-1] for module in modules}
    if more := steps - {"Transformer", "Pooling", "Normalize"}:
        raise UntrustedWeights(
            f"{file} has {', '.join(sorted(more))} after the encoder, which the embedder does not "
            "run. Import a GGUF of it instead: genwright models import FILE.gguf"
        )


def _read_pooling(folder: Path) -> str:
    """``mean`` or ``cls``, as the publisher says; mean where nothing is said."""
    file = folder / "1_Pooling" / "config.json"
    if not file.is_file():
        return "mean"
    modes = json.loads(file.read_text(encoding="utf-8"))
    on = [key for key, value in modes.items() if key.startswith("pooling_mode_") and value is True]
    known = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    if len(on) != 1 or on[0] not in known:
        raise UntrustedWeights(
            f"{file} asks for {', '.join(on) or 'no pooling'}; the embedder pools by mean or by "
            "the first token. Import a GGUF of it instead: genwright models import FILE.gguf"
        )
    return known[on[0]]
