"""Sizes and constants of an architecture, under llama.cpp's keys."""

from typing import Any

from genwright.errors import Refused
from genwright.export.tensors import count_blocks


def describe(writer: Any, config: dict[str, Any]) -> None:
    """Write what llama.cpp must know of an architecture beside its weights.

    Args:
        writer: A ``gguf.GGUFWriter``.
        config: transformers' ``config.json``.
    """
    writer.add_block_count(count_blocks(config))
    _DESCRIBERS.get(config["model_type"], _describe_llama)(writer, config)


def _describe_llama(writer: Any, config: dict[str, Any]) -> None:
    """Decoders of Llama's build: mistral, granite, qwen2 and 3, gemma3."""
    heads = int(config["num_attention_heads"])
    width = int(config["hidden_size"])
    length = int(config.get("head_dim") or width // heads)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_key_length(length)
    writer.add_value_length(length)
    writer.add_rope_dimension_count(length)
    writer.add_rope_freq_base(_read_rope_base(config))
    writer.add_vocab_size(int(config["vocab_size"]))
    if config["model_type"] == "granite":
        writer.add_embedding_scale(float(config.get("embedding_multiplier", 1.0)))
        writer.add_residual_scale(float(config.get("residual_multiplier", 1.0)))
        writer.add_attention_scale(float(config.get("attention_multiplier", 1.0)))
        writer.add_logit_scale(float(config.get("logits_scaling", 1.0)))
    if config["model_type"] == "gemma3_text" and config.get("sliding_window"):
        if float(config.get("query_pre_attn_scalar", length)) != length:
            raise Refused(
                f"llama.cpp scales Gemma's attention by a head's length ({length}), this model "
                f"by {config['query_pre_attn_scalar']}: it is served by transformers."
            )
        writer.add_sliding_window(int(config["sliding_window"]))


def _read_rope_base(config: dict[str, Any]) -> float:
    parameters = config.get("rope_parameters") or {}
    whole = parameters.get("full_attention", parameters)
    return float(whole.get("rope_theta") or config.get("rope_theta") or 10_000.0)


def _describe_gpt2(writer: Any, config: dict[str, Any]) -> None:
    writer.add_context_length(int(config["n_positions"]))
    writer.add_embedding_length(int(config["n_embd"]))
    writer.add_feed_forward_length(int(config.get("n_inner") or 4 * config["n_embd"]))
    writer.add_head_count(int(config["n_head"]))
    writer.add_layer_norm_eps(float(config["layer_norm_epsilon"]))


def _describe_bert(writer: Any, config: dict[str, Any]) -> None:
    import gguf

    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(int(config["num_attention_heads"]))
    writer.add_layer_norm_eps(float(config["layer_norm_eps"]))
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)


_DESCRIBERS = {"gpt2": _describe_gpt2, "bert": _describe_bert}
