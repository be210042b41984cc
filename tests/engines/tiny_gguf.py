"""Makes tiny GGUF models with random weights: they prove that a path works, not that it is good."""

from pathlib import Path

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, HIDDEN, CONTEXT = 2, 32, 2, 64, 128
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!"
PIECES = SPECIAL + [f"▁{letter}" for letter in LETTERS] + list(LETTERS)


def make_bert(path: Path, pooling: str = "mean", seed: int = 0) -> Path:
    """Write a BERT of 2 blocks whose tokens are letters.

    Args:
        path: File to write.
        pooling: ``mean`` for an embedding model, ``rank`` for a cross-encoder.
        seed: Of the weights.
    """
    writer = gguf.GGUFWriter(path, "bert")
    _describe(writer, pooling)
    rng = np.random.default_rng(seed)
    for name, shape in _shapes(pooling).items():
        tensor = rng.standard_normal(shape, dtype=np.float32) / 4
        writer.add_tensor(name, tensor + (name.endswith("norm.weight") and 1))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _describe(writer: gguf.GGUFWriter, pooling: str) -> None:
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    types = {"mean": gguf.PoolingType.MEAN, "rank": gguf.PoolingType.RANK}
    writer.add_pooling_type(types[pooling])
    writer.add_tokenizer_model("bert")
    writer.add_token_list(PIECES)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_token_types([control] * len(SPECIAL) + [normal] * (len(PIECES) - len(SPECIAL)))
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)
    writer.add_sep_token_id(3)
    writer.add_mask_token_id(4)


def _shapes(pooling: str) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (len(PIECES), WIDTH),
        "token_types.weight": (2, WIDTH),
        "position_embd.weight": (CONTEXT, WIDTH),
        "token_embd_norm.weight": (WIDTH,),
        "token_embd_norm.bias": (WIDTH,),
    }
    linear = {"attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH)}
    linear |= {"attn_output": (WIDTH, WIDTH)}
    linear |= {"ffn_up": (HIDDEN, WIDTH), "ffn_down": (WIDTH, HIDDEN)}
    for block in range(LAYERS):
        for name, shape in linear.items():
            shapes[f"blk.{block}.{name}.weight"] = shape
            shapes[f"blk.{block}.{name}.bias"] = shape[:1]
        for name in ("attn_output_norm", "layer_output_norm"):
            shapes[f"blk.{block}.{name}.weight"] = shapes[f"blk.{block}.{name}.bias"] = (WIDTH,)
    if pooling == "rank":
        shapes |= {"cls.weight": (WIDTH, WIDTH), "cls.bias": (WIDTH,)}
        shapes |= {"cls.output.weight": (1, WIDTH), "cls.output.bias": (1,)}
    return shapes


def make_lora(path: Path, width: int, seed: int = 0) -> Path:
    """Write a random LoRA adapter of rank 2 for the first query projection of a Llama.

    Args:
        path: File to write.
        width: The model's.
        seed: Of the weights.
    """
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0)
    rng = np.random.default_rng(seed)
    for half, shape in {"a": (2, width), "b": (width, 2)}.items():
        tensor = rng.standard_normal(shape, dtype=np.float32)
        writer.add_tensor(f"blk.0.attn_q.weight.lora_{half}", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
