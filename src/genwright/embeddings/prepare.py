"""From a published encoder to the form it runs in, once, when it is fetched."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from genwright.embeddings.arithmetic import Bert, load_bert
from genwright.embeddings.graph import build, calibrate
from genwright.embeddings.sessions import open_session
from genwright.errors import UntrustedWeights

FORM = "int8-1"
"""Version of the form; a new one makes new vectors."""

LEAST_COSINE = 0.99
"""What a prepared model must reach against plain arithmetic, or it is refused."""

_KEPT = ("model.onnx", "tokenizer.json", "embedder.json")


def prepare(folder: Path) -> None:
    """Turn ``model.safetensors`` and its configuration into ``model.onnx``, and delete them.

    The prepared folder is a quarter of the size. ``embedder.json`` keeps what the runtime must
    know, and the digest of the weights it came from.

    Raises:
        UntrustedWeights: The model is of another kind, or does not compute what it should.
    """
    from tokenizers import Tokenizer

    bert = load_bert(folder)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "model.onnx").write_bytes(build(bert, calibrate(bert)))
    about = {
        "form": FORM,
        "dim": bert.width,
        "max_tokens": _max_tokens(folder, len(bert.positions)),
        "pooling": bert.pooling,
        "weights_sha256": digest,
    }
    (folder / "embedder.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    _check(folder, bert, tokenizer.encode("The moon goes round the earth.").ids)
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _KEPT:
            path.unlink()


def _check(folder: Path, bert: Bert, ids: list[int]) -> None:
    session = open_session(folder / "model.onnx", threads=1)
    text = [token for token in ids if token][:64]  # some tokenizers pad on their own
    fast = session.run(["vectors"], {"ids": np.array([text], np.int64)})[0][0]
    cosine = float(fast @ bert.embed(text))
    if not cosine >= LEAST_COSINE:
        raise UntrustedWeights(
            f"{folder}: the prepared embedder has cosine {cosine:.4f} to plain arithmetic, "
            f"expected {LEAST_COSINE}; its weights do not suit int8."
        )


def _max_tokens(folder: Path, positions: int) -> int:
    file = folder / "sentence_bert_config.json"
    stated = json.loads(file.read_text())["max_seq_length"] if file.is_file() else positions
    return min(int(stated or positions), positions)
