"""The other forms of the embedder that ``embedders.py`` compares: ONNX in float32, and GGUF."""

import json
import shutil
from pathlib import Path

import numpy as np

from genwright.embeddings import graph as fast
from genwright.embeddings.arithmetic import Bert, load_bert
from genwright.embeddings.onnx_format import FLOAT, INT32, INT64, MICROSOFT, OnnxGraph
from genwright.embeddings.quantized import Encoder, EncoderLayer, quantize

PAD, UNKNOWN, CLS, SEP = 0, 100, 101, 102  # of BERT's English vocabulary


def make_forms(published: Path, prepared: Path, work: Path) -> None:
    """Write each form that is not there yet into a folder of its own."""
    bert = load_bert(published)
    for name, padded in (("float", False), ("float-padded", True)):
        folder = work / name
        if not (folder / "model.onnx").exists():
            folder.mkdir(parents=True, exist_ok=True)
            for kept in ("tokenizer.json", "embedder.json"):
                shutil.copy(prepared / kept, folder / kept)
            (folder / "model.onnx").write_bytes(build_float(bert, padded))
    for kind in ("F16", "Q8_0"):
        file = work / f"minilm-{kind}.gguf"
        if not file.exists():
            write_gguf(bert, published, file, kind)


def build_float(bert: Bert, padded: bool) -> bytes:
    """The graph of ``genwright.embeddings.graph`` with plain float32 products.

    Args:
        bert: The weights.
        padded: Take texts of unequal length and a mask beside them.
    """
    graph, encoder = OnnxGraph(), quantize(bert, None)
    x = fast._add_embedding(graph, encoder)
    for layer in encoder.layers:
        x = _layer(graph, encoder, layer, x, padded)
    inputs = {"ids": (INT64, ["B", "T"])}
    if padded:
        inputs["mask"] = (INT32, ["B", "T"])
        _masked_mean(graph, x)
    else:
        fast._add_pooling(graph, bert, x)
    return graph.serialize(inputs, {"vectors": (FLOAT, ["B", bert.width])})


def _layer(graph: OnnxGraph, encoder: Encoder, layer: EncoderLayer, x: str, padded: bool) -> str:
    parts = graph.split(fast._add_product(graph, x, layer.qkv), 3)
    heads = graph.node(
        "MultiHeadAttention",
        *parts,
        *(["", "mask"] if padded else []),
        domain=MICROSOFT,
        num_heads=encoder.heads,
    )
    y = fast._add_product(graph, heads, layer.attended)
    x = fast._add_norm(graph, graph.node("Add", x, y), layer.attended_norm, encoder.epsilon)
    y = graph.node("Gelu", fast._add_product(graph, x, layer.up))
    y = fast._add_product(graph, y, layer.down)
    return fast._add_norm(graph, graph.node("Add", x, y), layer.down_norm, encoder.epsilon)


def _masked_mean(graph: OnnxGraph, x: str) -> None:
    axis = graph.constant(np.array([2]))
    mask = graph.node("Unsqueeze", graph.node("Cast", "mask", to=FLOAT), axis)
    one = graph.constant(np.array([1]))
    total = graph.node("ReduceSum", graph.node("Mul", x, mask), one, keepdims=0)
    # The count of tokens cancels out.
    graph.node("LpNormalization", total, result="vectors", axis=-1, p=2)


def write_gguf(bert: Bert, published: Path, file: Path, kind: str) -> None:
    """Write llama.cpp's file of the model, with matrices in a quantised kind."""
    from gguf import GGMLQuantizationType, GGUFWriter, PoolingType

    config = json.loads((published / "config.json").read_text())
    writer = GGUFWriter(str(file), "bert")
    writer.add_context_length(len(bert.positions))
    writer.add_embedding_length(bert.width)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(len(bert.layers))
    writer.add_head_count(bert.heads)
    writer.add_layer_norm_eps(bert.epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)
    _add_vocabulary(writer, published / "vocab.txt")
    quantised = GGMLQuantizationType[kind]
    for name, value in _tensors(bert).items():
        plain = value.ndim == 1 or name.startswith(("position", "token_types"))
        _add_tensor(writer, name, value, GGMLQuantizationType.F32 if plain else quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer, file: Path) -> None:
    from gguf import TokenType

    words = file.read_text(encoding="utf-8").splitlines()
    special = [word.startswith("[") and word.endswith("]") for word in words]
    writer.add_tokenizer_model("bert")
    writer.add_token_list(
        [
            word if odd else word[2:] if word.startswith("##") else f"\u2581{word}"
            for word, odd in zip(words, special, strict=True)
        ]
    )
    kinds = [TokenType.CONTROL if odd else TokenType.NORMAL for odd in special]
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    for add, token in (
        (writer.add_bos_token_id, CLS),
        (writer.add_sep_token_id, SEP),
        (writer.add_unk_token_id, UNKNOWN),
        (writer.add_pad_token_id, PAD),
    ):
        add(token)


def _add_tensor(writer, name: str, value: np.ndarray, kind) -> None:
    from gguf import GGMLQuantizationType, quants

    value = np.ascontiguousarray(value, dtype=np.float32)
    if kind == GGMLQuantizationType.F32:
        writer.add_tensor(name, value)
    else:
        writer.add_tensor(name, quants.quantize(value, kind), raw_dtype=kind)


def _tensors(bert: Bert) -> dict[str, np.ndarray]:
    """Tensors by llama.cpp's names; the first token type is in the positions already."""
    found = {
        "token_embd.weight": bert.words,
        "position_embd.weight": bert.positions,
        "token_types.weight": np.zeros((2, bert.width), np.float32),
        "token_embd_norm.weight": bert.norm[0],
        "token_embd_norm.bias": bert.norm[1],
    }
    for number, layer in enumerate(bert.layers):
        pairs = dict(
            zip(
                ("attn_q", "attn_k", "attn_v"),
                zip(np.split(layer.qkv, 3), np.split(layer.qkv_bias, 3), strict=True),
                strict=True,
            )
        )
        pairs |= {
            "attn_output": (layer.attended, layer.attended_bias),
            "attn_output_norm": layer.attended_norm,
            "ffn_up": (layer.up, layer.up_bias),
            "ffn_down": (layer.down, layer.down_bias),
            "layer_output_norm": layer.down_norm,
        }
        for part, (weight, bias) in pairs.items():
            found[f"blk.{number}.{part}.weight"] = weight
            found[f"blk.{number}.{part}.bias"] = bias
    return found
