"""Models from scratch: architectures of transformers by family, in sizes of one's own."""

from typing import Any, Literal

from pydantic import Field, model_validator

from genwright.errors import Refused
from genwright.settings import Section

Family = Literal[
    "llama", "mistral", "qwen2", "qwen3", "gemma3_text", "granite", "gpt2", "gpt_neo", "gptj",
    "bert", "roberta", "t5",
]  # fmt: skip
MASKED, CORRUPTED = ("bert", "roberta"), ("t5",)
"""Families that restore masked tokens, and corrupted spans; the others write the next token."""


class Architecture(Section):
    """The shape of a model."""

    family: Family = "llama"
    """Decoder, encoder (bert, roberta) or encoder-decoder (t5)."""
    layers: int = Field(default=4, ge=1)
    """Blocks; of an encoder-decoder on each side."""
    width: int = Field(default=192, ge=8)
    """Of the hidden states."""
    heads: int = Field(default=6, ge=1)
    """Of attention."""
    kv_heads: int = Field(default=0, ge=0)
    """Of keys and values, where several heads share them; 0 for as many as heads."""
    hidden: int = Field(default=0, ge=0)
    """Of the feed-forward layers; 0 for what is usual for the family."""
    context: int = Field(default=256, ge=8)
    """Longest text, in tokens; trainings cut blocks of this length."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Of attention and hidden states, where the family has it."""
    tied: bool = True
    """Whether the output layer is the embedding."""

    @model_validator(mode="after")
    def _check_heads(self) -> "Architecture":
        if self.width % self.heads:
            raise ValueError(f"width ({self.width}) must be a multiple of heads ({self.heads})")
        if self.kv_heads and self.heads % self.kv_heads:
            raise ValueError(
                f"heads ({self.heads}) must be a multiple of kv_heads ({self.kv_heads})"
            )
        return self


def build_configuration(
    shape: Architecture, vocabulary: int, special: dict[str, int | None]
) -> Any:
    """Transformers' configuration of a shape.

    Args:
        shape: Which.
        vocabulary: Tokens; the embedding has as many rows.
        special: Ids of ``bos``, ``eos`` and ``pad``.
    """
    import transformers

    ids = {f"{name}_token_id": place for name, place in special.items()}
    build = _BUILDERS.get(shape.family, _configure_llama)
    values = build(shape) | {"vocab_size": vocabulary} | ids
    kind = transformers.AutoConfig.for_model(shape.family).__class__
    return kind(**values)


def build(shape: Architecture, config: Any) -> Any:
    """A model with fresh weights.

    Raises:
        Refused: transformers has no such head for the family.
    """
    import transformers

    if shape.family in MASKED:
        return transformers.AutoModelForMaskedLM.from_config(config)
    if shape.family in CORRUPTED:
        return transformers.AutoModelForSeq2SeqLM.from_config(config)
    try:
        return transformers.AutoModelForCausalLM.from_config(config)
    except ValueError as error:
        raise Refused(f"{shape.family} cannot be pre-trained here: {error}") from error


def _configure_llama(shape: Architecture) -> dict[str, Any]:
    hidden = shape.hidden or -(-int(shape.width * 8 / 3) // 32) * 32
    values = {
        "hidden_size": shape.width,
        "intermediate_size": hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads or shape.heads,
        "head_dim": shape.width // shape.heads,
        "max_position_embeddings": shape.context,
        "tie_word_embeddings": shape.tied,
        "attention_dropout": shape.dropout,
    }
    return values | ({"sliding_window": None} if shape.family == "mistral" else {})


def _configure_gpt2(shape: Architecture) -> dict[str, Any]:
    values = {
        "n_embd": shape.width,
        "n_layer": shape.layers,
        "n_head": shape.heads,
        "n_inner": shape.hidden or None,
        "n_positions": shape.context,
        "attn_pdrop": shape.dropout,
        "resid_pdrop": shape.dropout,
        "embd_pdrop": shape.dropout,
        "tie_word_embeddings": shape.tied,
    }
    return values | (
        {"rotary_dim": shape.width // shape.heads // 2 * 2} if shape.family == "gptj" else {}
    )


def _configure_gpt_neo(shape: Architecture) -> dict[str, Any]:
    pairs = (shape.layers + 1) // 2
    kinds = (["global", "local"] * pairs)[: shape.layers]
    return {
        "hidden_size": shape.width,
        "num_layers": shape.layers,
        "num_heads": shape.heads,
        "attention_types": [[[kind], 1] for kind in kinds],
        "intermediate_size": shape.hidden or None,
        "max_position_embeddings": shape.context,
        "resid_dropout": shape.dropout,
        "tie_word_embeddings": shape.tied,
    }


def _configure_bert(shape: Architecture) -> dict[str, Any]:
    # RoBERTa counts positions from the padding token's id on.
    more = 2 if shape.family == "roberta" else 0
    return {
        "hidden_size": shape.width,
        "intermediate_size": shape.hidden or 4 * shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "max_position_embeddings": shape.context + more,
        "hidden_dropout_prob": shape.dropout,
        "attention_probs_dropout_prob": shape.dropout,
    }


def _configure_t5(shape: Architecture) -> dict[str, Any]:
    return {
        "d_model": shape.width,
        "d_ff": shape.hidden or 4 * shape.width,
        "d_kv": shape.width // shape.heads,
        "num_layers": shape.layers,
        "num_heads": shape.heads,
        "dropout_rate": shape.dropout,
        "decoder_start_token_id": 1,
    }


_BUILDERS = {
    "gpt2": _configure_gpt2,
    "gptj": _configure_gpt2, "gpt_neo": _configure_gpt_neo,
    "bert": _configure_bert, "roberta": _configure_bert,
    "t5": _configure_t5,
}  # fmt: skip
