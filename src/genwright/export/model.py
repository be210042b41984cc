"""Whole weights as GGUF: llama, mistral, granite, qwen2, qwen3, gemma3, gpt2 and bert kinds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genwright.errors import Refused
from genwright.export.metadata import describe
from genwright.export.tensors import (
    ARCHITECTURES,
    Array,
    count_blocks,
    count_heads,
    find_architecture,
    find_gguf_name,
    permute_rows,
)
from genwright.export.vocabulary import add_vocabulary
from genwright.extras import need

SUPPORTED = tuple(ARCHITECTURES)
TYPES = {"f32": "F32", "f16": "F16", "q8_0": "Q8_0", "q4_0": "Q4_0", "q4_1": "Q4_1"}
FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q8_0": 7}
"""llama.cpp's number of a file's type."""
BUFFERS = (".inv_freq", ".attn.bias", ".masked_bias", "position_ids")
"""How names end that are no weights."""


def write_model(
    folder: Path, target: Path, kind: str = "f16", *, vocabulary: Path | None = None
) -> None:
    """Write weights in transformers' form as one GGUF file.

    Args:
        folder: Of the weights and the tokenizer.
        target: The file to make.
        kind: ``f32``, ``f16``, ``q8_0``, ``q4_0`` or ``q4_1``; norms and biases stay in float32.
        vocabulary: A GGUF of the base, whose vocabulary is taken over word for word; by default
            it is made of the tokenizer in the folder.

    Raises:
        Refused: The architecture or its tokenizer cannot be written.
    """
    gguf = need("gguf", "train", "Exporting a model")
    import json

    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    arch = find_architecture(config["model_type"])
    writer = gguf.GGUFWriter(str(target), arch)
    writer.add_name(folder.parent.name if folder.name == "hf" else folder.name)
    writer.add_type("model")
    writer.add_file_type(FILE_TYPES[kind])
    describe(writer, config)
    add_vocabulary(writer, folder, config, vocabulary)
    written = set()
    for name, value in _read_weights(folder):
        if name.endswith(BUFFERS) or name.startswith(("pooler.", "bert.pooler.")):
            continue
        where = _map_weight_name(arch, config, name)
        if where is None or where in written:
            continue
        written.add(where)
        _add(gguf, writer, where, _fit_layout(name, value, arch, config), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _read_weights(folder: Path) -> Iterator[tuple[str, Array]]:
    """Every weight by name, in float32; bfloat16 has no type in numpy."""
    import torch
    from safetensors.torch import load_file

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise Refused(f"{folder} holds no safetensors weights to export.")
    for path in files:
        for name, value in sorted(load_file(path).items()):
            yield name, value.to(torch.float32).numpy()


def _map_weight_name(arch: str, config: dict[str, Any], name: str) -> str | None:
    """llama.cpp's name; None for an output layer that is the embedding itself."""
    if name.startswith(("lm_head.", "cls.")) and (
        config.get("tie_word_embeddings", arch in ("gemma3", "gpt2")) or arch == "bert"
    ):
        return None
    bare = name.removeprefix("bert.") if arch == "bert" else name
    found = find_gguf_name(arch, count_blocks(config), bare)
    if found is None:
        raise Refused(f"llama.cpp has no place for the weight {name} of {config['model_type']}.")
    return found


def _fit_layout(name: str, value: Array, arch: str, config: dict[str, Any]) -> Array:
    """A weight in llama.cpp's layout."""
    if heads := count_heads(name, config):
        return permute_rows(value, heads)
    if arch == "gemma3" and name.endswith("norm.weight"):
        return value + 1.0  # transformers adds the one when it computes
    if arch == "gpt2" and name.endswith(_CONVOLUTIONS):
        return np.ascontiguousarray(value.T)  # stored as (in, out)
    if arch == "bert" and "token_type_embeddings" in name:
        return value[:1].copy() if value.shape[0] == 1 else value
    return value


_CONVOLUTIONS = ("c_attn.weight", "c_proj.weight", "c_fc.weight")


def _add(gguf: Any, writer: Any, name: str, value: Array, kind: str) -> None:
    """Add a weight; one that has a single dimension, or odd rows, is not quantised."""
    plain = value.ndim == 1 or name.startswith(("position_embd", "token_types"))
    chosen = getattr(gguf.GGMLQuantizationType, "F32" if plain else TYPES[kind])
    if not plain and kind.startswith("q") and value.shape[-1] % 32:
        chosen = gguf.GGMLQuantizationType.F16
    if chosen.name == "F32":
        writer.add_tensor(name, value.astype(np.float32))
    elif chosen.name == "F16":
        writer.add_tensor(name, value.astype(np.float16))
    else:
        packed = gguf.quants.quantize(value.astype(np.float32), chosen)
        writer.add_tensor(name, packed, raw_dtype=chosen)
