"""The vocabulary of a GGUF: copied from the base's, or made of a ``tokenizer.json``."""

import json
from pathlib import Path
from typing import Any

from genwright.errors import Refused

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""llama.cpp's kinds of tokens."""
PRE = {"qwen2": "qwen2", "qwen3": "qwen2", "llama": "llama-bpe", "gpt2": "gpt-2"}
"""How a byte-level tokenizer cuts text first, by family; llama.cpp knows them by name."""
SPECIAL = {
    "bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding", "sep": "seperator",
    "cls": "cls", "mask": "mask",
}  # fmt: skip
"""llama.cpp's names of special tokens, in its own spelling."""
DIGITS = "smollm"
"""Like GPT-2's, with every digit apart."""


def add_vocabulary(
    writer: Any, folder: Path, config: dict[str, Any], copied: Path | None = None
) -> None:
    """Write tokens, merges, special tokens and the chat template.

    Args:
        writer: A ``gguf.GGUFWriter``.
        folder: Holds ``tokenizer.json`` and what belongs to it.
        config: The model's ``config.json``.
        copied: A GGUF whose vocabulary is taken over as it is.

    Raises:
        Refused: llama.cpp has no tokenizer of this kind.
    """
    if copied is not None:
        _copy(writer, copied)
        return
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    kind = tokenizer["model"]["type"]
    if kind == "BPE" and "ByteLevel" in json.dumps(tokenizer.get("pre_tokenizer") or {}):
        _add_byte_level(writer, tokenizer, config)
    elif kind == "BPE":
        _add_sentencepiece(writer, tokenizer, config)
    elif kind == "WordPiece":
        _add_word_piece(writer, tokenizer)
    else:
        raise Refused(f"llama.cpp has no {kind} tokenizer for decoders: serve it by transformers.")
    _add_special(writer, folder, config, tokenizer)


def _copy(writer: Any, path: Path) -> None:
    import gguf

    reader = gguf.GGUFReader(path)
    for key, field in reader.fields.items():
        if not key.startswith("tokenizer."):
            continue
        kind = field.types[0]
        if kind == gguf.GGUFValueType.ARRAY:
            writer.add_array(key, field.contents())
        else:
            writer.add_key_value(key, field.contents(), kind)


def _list_tokens(tokenizer: dict[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Tokens by id and their kinds; ids that the model knows and the tokenizer not are unused."""
    vocabulary = tokenizer["model"]["vocab"]
    pairs = vocabulary.items() if isinstance(vocabulary, dict) else []
    tokens, kinds = [f"[PAD{i}]" for i in range(size)], [UNUSED] * size
    for token, place in pairs:
        tokens[place], kinds[place] = token, NORMAL
    for added in tokenizer.get("added_tokens") or ():
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = CONTROL if added["special"] else USER
    return tokens, kinds


def _add_byte_level(writer: Any, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    tokens, kinds = _list_tokens(tokenizer, int(config["vocab_size"]))
    merges = [
        each if isinstance(each, str) else " ".join(each) for each in tokenizer["model"]["merges"]
    ]
    cuts = json.dumps(tokenizer["pre_tokenizer"])
    pre = DIGITS if '"Digits"' in cuts else _pick_pretokenizer(cuts, config["model_type"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)


def _pick_pretokenizer(cuts: str, family: str) -> str:
    """GPT-2's own cut where the tokenizer names no pattern, else its family's."""
    return PRE.get(family, "gpt-2") if '"Split"' in cuts else "gpt-2"


def _add_sentencepiece(writer: Any, tokenizer: dict[str, Any], config: dict[str, Any]) -> None:
    """BPE over characters with bytes to fall back on: earlier tokens merge first."""
    tokens, kinds = _list_tokens(tokenizer, int(config["vocab_size"]))
    for place, token in enumerate(tokens):
        if token.startswith("<0x") and token.endswith(">") and len(token) == 6:
            kinds[place] = BYTE
    unknown = tokenizer["model"].get("unk_token")
    if unknown in tokens:
        kinds[tokens.index(unknown)] = UNKNOWN
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(place) for place in range(len(tokens))])
    writer.add_token_types(kinds)
    prepends = '"Prepend"' in json.dumps(tokenizer.get("normalizer") or {})
    metaspace = '"Metaspace"' in json.dumps(tokenizer.get("pre_tokenizer") or {})
    writer.add_add_space_prefix(prepends or metaspace)


def _add_word_piece(writer: Any, tokenizer: dict[str, Any]) -> None:
    """BERT's: llama.cpp marks the beginning of a word, where BERT marks what goes on."""
    tokens, kinds = _list_tokens(tokenizer, len(tokenizer["model"]["vocab"]))
    marked = [
        token if kind == CONTROL else token[2:] if token.startswith("##") else "\u2581" + token
        for token, kind in zip(tokens, kinds, strict=True)
    ]
    writer.add_tokenizer_model("bert")
    writer.add_token_type_count(2)
    writer.add_token_list(marked)
    writer.add_token_types(kinds)


def _add_special(
    writer: Any, folder: Path, config: dict[str, Any], tokenizer: dict[str, Any]
) -> None:
    """Ids of special tokens, whether they are added, and the chat template."""
    from genwright.models.bases import load_tokenizer

    made = load_tokenizer(folder)
    ids = {
        # llama.cpp begins and ends a BERT's input with these two.
        "bos": made.cls_token_id if made.bos_token_id is None else made.bos_token_id,
        "eos": made.sep_token_id if made.eos_token_id is None else made.eos_token_id,
        "unk": made.unk_token_id,
        "pad": made.pad_token_id,
        "sep": made.sep_token_id,
        "cls": made.cls_token_id,
        "mask": made.mask_token_id,
    }
    for name, place in ids.items():
        if place is not None:
            writer.add_uint32(f"tokenizer.ggml.{SPECIAL[name]}_token_id", int(place))
    probe = made("a")["input_ids"]
    if made.bos_token_id is not None:
        writer.add_add_bos_token(bool(probe) and probe[0] == made.bos_token_id)
    if made.eos_token_id is not None and made.cls_token_id is None:
        writer.add_add_eos_token(bool(probe) and probe[-1] == made.eos_token_id)
    if made.chat_template:
        writer.add_chat_template(str(made.chat_template))
    del config, tokenizer
