"""Makes tiny BERT encoders in the form they are published in, with random weights."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing

LAYERS, WIDTH, HEADS, HIDDEN, POSITIONS, MAX_TOKENS = 2, 64, 4, 128, 64, 32
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,?!"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
PIECES += ["the", "pump", "##ing", "oil", "is", "warm", "cold", "moon", "earth"]


def make_bert(folder: Path, *, seed: int = 0, dtype: str = "float32", **config: object) -> Path:
    """Write a BERT of 2 layers that reads letters and a few words.

    Args:
        folder: Made where it is not there.
        seed: Of the weights.
        dtype: Of the weights in the file.
        config: Lines of ``config.json`` that differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.astype(dtype) for name, tensor in _weights(seed).items()}
    save_file(tensors, folder / "model.safetensors")
    about = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
    }
    (folder / "config.json").write_text(json.dumps(about | config))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": MAX_TOKENS}))
    _tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def say_pooling(folder: Path, *modes: str) -> None:
    """Write which poolings are on, as sentence-transformers does."""
    (folder / "1_Pooling").mkdir(exist_ok=True)
    known = ("cls_token", "mean_tokens", "max_tokens")
    config = {f"pooling_mode_{mode}": mode in modes for mode in known}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(config))


def _weights(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}

    def linear(name: str, out: int, into: int) -> None:
        tensors[f"{name}.weight"] = draw.standard_normal((out, into)) / np.sqrt(into)
        tensors[f"{name}.bias"] = draw.standard_normal(out) / 10

    def norm(name: str) -> None:
        tensors[f"{name}.weight"] = 1 + draw.standard_normal(WIDTH) / 10
        tensors[f"{name}.bias"] = draw.standard_normal(WIDTH) / 10

    for name, rows in (("word", len(PIECES)), ("position", POSITIONS), ("token_type", 2)):
        tensors[f"embeddings.{name}_embeddings.weight"] = draw.standard_normal((rows, WIDTH))
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{at}.attention.{part}", WIDTH, WIDTH)
        norm(f"{at}.attention.output.LayerNorm")
        linear(f"{at}.intermediate.dense", HIDDEN, WIDTH)
        linear(f"{at}.output.dense", WIDTH, HIDDEN)
        norm(f"{at}.output.LayerNorm")
    return tensors


def _tokenizer() -> Tokenizer:
    vocabulary = {piece: place for place, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer
