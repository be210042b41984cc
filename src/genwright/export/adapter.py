"""A LoRA adapter as GGUF: what llama.cpp lays over a base, at a scale that each request chooses.

llama.cpp adds ``scale * alpha / rank * B A x`` with one alpha for the whole file. rsLoRA, whose own
scale is ``alpha / sqrt(rank)``, is written with the alpha that gives the same product.
"""

import json
from pathlib import Path
from typing import Any

from genwright.errors import Refused
from genwright.export.tensors import (
    ARCHITECTURES,
    count_blocks,
    count_heads,
    find_architecture,
    find_gguf_name,
    permute_rows,
)
from genwright.extras import need

PREFIX = "base_model.model."


def find_adapter_problem(config: dict[str, Any], family: str) -> str:
    """Why an adapter cannot become a GGUF; empty where it can.

    Args:
        config: Its ``adapter_config.json``.
        family: Of the base.
    """
    if config.get("peft_type") != "LORA":
        return f"llama.cpp has no {config.get('peft_type', 'such')} adapters"
    if family not in ARCHITECTURES:
        return f"llama.cpp does not run {family}, or not by files that are made here"
    lost = {
        "use_dora": "DoRA's magnitudes",
        "modules_to_save": "modules that are saved whole",
        "rank_pattern": "ranks that differ by layer",
        "alpha_pattern": "scales that differ by layer",
        "lora_bias": "biases of the update",
    }
    found = [words for key, words in lost.items() if config.get(key)]
    if config.get("bias", "none") != "none":
        found.append("trained biases")
    return f"llama.cpp would lose {' and '.join(found)}" if found else ""


def write_adapter(adapter: Path, base_config: dict[str, Any], target: Path) -> float:
    """Write a peft LoRA folder as one GGUF file.

    Args:
        adapter: The folder.
        base_config: ``config.json`` of the base.
        target: The file to make.

    Returns:
        The alpha that it was written with.

    Raises:
        Refused: llama.cpp would lose a part of it; merge it instead.
    """
    gguf = need("gguf", "train", "Exporting an adapter")
    from safetensors.numpy import load_file

    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    family = base_config["model_type"]
    if problem := find_adapter_problem(config, family):
        raise Refused(f"This adapter cannot go to llama.cpp alone: {problem}. Merge it instead.")
    rank, alpha = int(config["r"]), float(config["lora_alpha"])
    if config.get("use_rslora"):
        alpha *= rank**0.5
    arch = find_architecture(family)
    writer = gguf.GGUFWriter(str(target), arch)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, value in sorted(load_file(adapter / "adapter_model.safetensors").items()):
        where, kind = _map_update_name(name, arch, base_config)
        heads = count_heads(name, base_config) if kind == "lora_b" else None
        single = value.astype("float32")  # A stays as it is: it is read by the input's side
        writer.add_tensor(f"{where}.{kind}", permute_rows(single, heads) if heads else single)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return alpha


def _map_update_name(name: str, arch: str, config: dict[str, Any]) -> tuple[str, str]:
    """llama.cpp's name of the weight that an update is for, and which half it is."""
    kind = "lora_a" if ".lora_A." in name else "lora_b"
    bare = name.removeprefix(PREFIX).split(".lora_")[0]
    found = find_gguf_name(arch, count_blocks(config), f"{bare}.weight")
    if found is None:
        raise Refused(f"llama.cpp has no place for an update of {bare}: merge the adapter instead.")
    return found, kind
