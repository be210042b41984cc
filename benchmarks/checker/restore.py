"""The shipped reader as weights that training goes on from.

    python -m benchmarks.checker.restore EMBEDDER_FOLDER OUTPUT_FOLDER

EMBEDDER_FOLDER is the pulled multilingual-e5-small. OUTPUT_FOLDER gets what
``benchmarks.reader.train`` begins with: ``config.json``, ``tokenizer.json``, ``model.safetensors``,
and ``reader.safetensors``, the weights of ``CrossEncoder`` as near as int8 holds them.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from genwright.embeddings.arithmetic import Array
from genwright.embeddings.quantized import Encoder, EncoderLayer
from genwright.embeddings.words import load_words
from genwright.grounding.reading import SHIPPED
from genwright.grounding.reading.shipped import load_reader
from genwright.training.cross_encoder import HEAD_RATE


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("embedder", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    reader = load_reader(SHIPPED)
    encoder = reader.with_words(load_words(asked.embedder))
    weights = name_weights(encoder)
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "hidden_size": encoder.positions.shape[1],
        "intermediate_size": encoder.layers[0].up.values.shape[0],
        "layer_norm_eps": encoder.epsilon,
        "max_position_embeddings": encoder.positions.shape[0],
        "num_attention_heads": encoder.heads,
        "num_hidden_layers": len(encoder.layers),
        "type_vocab_size": 1,
        "vocab_size": weights["embeddings.word_embeddings.weight"].shape[0],
        "pad_token_id": 1,
    }
    (asked.output / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copy(asked.embedder / "tokenizer.json", asked.output / "tokenizer.json")
    save_file(weights, asked.output / "model.safetensors", metadata={"format": "pt"})
    whole = {f"encoder.{name}": value for name, value in weights.items()}
    for name, (weight, bias) in (("row", reader.row), ("word", reader.word)):
        whole |= {f"{name}.weight": weight / HEAD_RATE, f"{name}.bias": bias / HEAD_RATE}
    save_file(whole, asked.output / "reader.safetensors", metadata={"format": "pt"})


def name_weights(encoder: Encoder) -> dict[str, Array]:
    """By their names in ``transformers``' ``BertModel``, float32."""
    table = encoder.words
    words = table.values.astype(np.float32)
    if table.scales is not None:
        words *= table.scales[:, None]
    named = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": encoder.positions,
        "embeddings.token_type_embeddings.weight": np.zeros((1, words.shape[1]), np.float32),
        "embeddings.LayerNorm.weight": encoder.norm[0],
        "embeddings.LayerNorm.bias": encoder.norm[1],
    }
    for number, layer in enumerate(encoder.layers):
        named |= _name_layer(f"encoder.layer.{number}", layer.restore())
    return {name: np.ascontiguousarray(value, np.float32) for name, value in named.items()}


def _name_layer(at: str, layer: EncoderLayer) -> dict[str, Array]:
    named = {}
    parts = ("query", "key", "value")
    for part, weight, bias in zip(
        parts, np.split(layer.qkv.values, 3), np.split(layer.qkv.bias, 3), strict=True
    ):
        named[f"{at}.attention.self.{part}.weight"] = weight
        named[f"{at}.attention.self.{part}.bias"] = bias
    for name, product in (
        ("attention.output.dense", layer.attended),
        ("intermediate.dense", layer.up),
        ("output.dense", layer.down),
    ):
        named[f"{at}.{name}.weight"], named[f"{at}.{name}.bias"] = product.values, product.bias
    for name, norm in (
        ("attention.output.LayerNorm", layer.attended_norm),
        ("output.LayerNorm", layer.down_norm),
    ):
        named[f"{at}.{name}.weight"], named[f"{at}.{name}.bias"] = norm
    return named


if __name__ == "__main__":
    main()
