"""Tiny models of every family with random weights, as folders in the model hub's form."""

from pathlib import Path

from genwright.training.tokenizers import train_tokenizer

TEXT = (
    "the red pump is on the left and the blue pump is on the right . open the valve slowly . "
    "question answer good bad small large yes no one two three four five six seven eight nine ten"
)
SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
LLAMA = {**SIZES, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
         "max_position_embeddings": 256, "tie_word_embeddings": True}  # fmt: skip
BERT = {**SIZES, "num_attention_heads": 4, "max_position_embeddings": 260}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}

FAMILIES = {
    "llama2": ("llama", LLAMA),
    "mistral": ("mistral", {**LLAMA, "sliding_window": None}),
    "granite": ("granite", {**LLAMA, "logits_scaling": 4.0, "residual_multiplier": 0.5}),
    "gpt2": ("gpt2", GPT),
    "gpt_neo": ("gpt_neo", {
        "hidden_size": 32, "num_layers": 2, "num_heads": 4, "max_position_embeddings": 256,
        "attention_types": [[["global", "local"], 1]],
    }),
    "gptj": ("gptj", {**GPT, "rotary_dim": 8}),
    "qwen": ("qwen2", LLAMA),
    "gemma": ("gemma3_text", {**LLAMA, "query_pre_attn_scalar": 8}),
    "bert": ("bert", BERT),
    "biobert": ("bert", {**BERT, "type_vocab_size": 2}),
    "roberta": ("roberta", BERT),
    "xlnet": ("xlnet", {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}),
    "t5": ("t5", {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
                  "decoder_start_token_id": 1}),
}  # fmt: skip
"""By the name that people use: transformers' type and a small shape."""
ENCODERS = ("bert", "biobert", "roberta", "xlnet")
CLASSES = {"t5": "AutoModelForSeq2SeqLM"}
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|endoftext|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def build(name: str, folder: Path, *, template: str = "", spread: float = 0.2) -> Path:
    """Write a tiny model of a family, and return its folder."""
    import torch
    import transformers

    family, sizes = FAMILIES[name]
    text = folder.parent / f"{folder.name}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(TEXT * 3)
    kind = "wordpiece" if family == "bert" else "bpe"
    train_tokenizer([text], folder, kind=kind, vocabulary=320 if kind == "bpe" else 120)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    special = {
        f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "eos", "pad")
    }
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(
        family, **sizes, vocab_size=len(tokenizer), **special, initializer_range=spread
    )
    usual = "AutoModel" if name in ENCODERS else "AutoModelForCausalLM"
    model = getattr(transformers, CLASSES.get(name, usual)).from_config(config)
    model.save_pretrained(folder)
    if template:
        tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder
