"""Names and layouts of weights: transformers' on one side, llama.cpp's on the other."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genwright.errors import Refused

Array = NDArray[Any]

ARCHITECTURES = {
    "llama": "llama",
    "mistral": "llama",
    "granite": "granite",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3_text": "gemma3",
    "gpt2": "gpt2",
    "bert": "bert",
}
"""llama.cpp's name of an architecture, by transformers'."""
ROTATED = ("llama", "granite")
"""Of those, the ones whose rows of q and k llama.cpp wants in the order of rotated pairs."""


def find_architecture(family: str) -> str:
    """llama.cpp's name of a family.

    Raises:
        Refused: No file can be made for it here.
    """
    if family not in ARCHITECTURES:
        raise Refused(
            f"No GGUF can be made of {family!r} (of {', '.join(ARCHITECTURES)} one can): it is "
            "served by transformers."
        )
    return ARCHITECTURES[family]


def permute_rows(weight: Array, heads: int) -> Array:
    """Rows of a q or k projection as llama.cpp rotates them: pairs beside each other.

    transformers rotates the halves of each head against each other, ``(i, i + d/2)``; llama.cpp
    pairs ``(2i, 2i + 1)``.

    Args:
        weight: Shape (heads * d, columns), or (heads * d,) for a bias.
        heads: How many there are, for k those of keys.
    """
    rows = weight.shape[0]
    shaped = weight.reshape(heads, 2, rows // heads // 2, *weight.shape[1:])
    return np.ascontiguousarray(shaped.swapaxes(1, 2).reshape(weight.shape))


@cache
def _load_name_map(arch: str, blocks: int) -> Any:
    import gguf

    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    return gguf.get_tensor_name_map(kinds[arch], blocks)


def find_gguf_name(arch: str, blocks: int, name: str) -> str | None:
    """llama.cpp's name of a weight; None where it has none.

    Args:
        arch: llama.cpp's name of the architecture.
        blocks: How many there are.
        name: transformers' name, with ``.weight`` or ``.bias``.
    """
    found = _load_name_map(arch, blocks).get_name(name, try_suffixes=(".weight", ".bias"))
    return str(found) if found else None


def count_heads(name: str, config: dict[str, Any]) -> int | None:
    """Heads of a projection whose rows are rotated; None for every other weight."""
    if find_architecture(config["model_type"]) not in ROTATED:
        return None
    heads = int(config["num_attention_heads"])
    if ".q_proj." in name:
        return heads
    if ".k_proj." in name:
        return int(config.get("num_key_value_heads") or heads)
    return None


def count_blocks(config: dict[str, Any]) -> int:
    """How many blocks a configuration has."""
    return int(config.get("num_hidden_layers") or config.get("n_layer") or 0)
