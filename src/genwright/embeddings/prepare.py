"""From a published encoder to the form it runs in, once, when it is fetched."""

import hashlib
import json
import shutil
from pathlib import Path

from genwright.embeddings.arithmetic import Bert, load_bert
from genwright.embeddings.e5s1 import PREFIXES, find_e5s1
from genwright.embeddings.fidelity import (
    LEAST_COSINE,
    PROBES,
    WAYS,
    Probes,
    choose,
    measure,
    record,
)
from genwright.embeddings.graph import build_graph, calibrate
from genwright.embeddings.words import WORD_SCALES, WORDS, quantize_words, save_words
from genwright.errors import UntrustedWeights
from genwright.types import Json

_KEPT = ("model.onnx", WORDS, WORD_SCALES, "tokenizer.json", "embedder.json", PROBES)


def prepare(folder: Path) -> None:
    """Turn published weights and their configuration into ``model.onnx``, and delete them.

    The graph is int8, or float32 where int8 does not do for the weights: a quarter of the size, or
    the same. How it is best run here is measured. ``embedder.json`` keeps that, what the runtime
    must know, and the digest of the weights; ``probes.npz`` what to measure by on another
    processor. The words of an int8 graph are beside it (``words.py``), for others to share.

    Raises:
        UntrustedWeights: The model is of another kind, or does not compute what it should.
    """
    from tokenizers import Tokenizer

    bert, packed = load_bert(folder), find_e5s1(folder)
    prefixes = PREFIXES if packed else {}
    max_tokens = _read_max_tokens(folder, len(bert.positions))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    probes = Probes.of(bert, tokenizer, max_tokens, prefixes.get("passage_prefix", ""))
    probes.save(folder / PROBES)
    about = _write_graph(folder, bert, probes) | {
        "dim": bert.width,
        "max_tokens": max_tokens,
        "pooling": bert.pooling,
        "weights_sha256": _digest(packed or folder / "model.safetensors"),
        **prefixes,
    }
    (folder / "embedder.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in _KEPT:
            path.unlink()


def _write_graph(folder: Path, bert: Bert, probes: Probes) -> Json:
    """Write ``model.onnx`` in the first form that is faithful in some way of running it."""
    graph = folder / "model.onnx"
    for form in WAYS:
        if form.startswith("int8"):
            words = save_words(quantize_words(bert.words), folder)
            graph.write_bytes(build_graph(bert, calibrate(bert), words))
        else:
            for name in (WORDS, WORD_SCALES):
                (folder / name).unlink(missing_ok=True)
            graph.write_bytes(build_graph(bert, None))
        ways = measure(graph, form, probes)
        if chosen := choose(ways):
            return {"form": form} | record(chosen, ways)
    raise UntrustedWeights(
        f"{folder}: the prepared embedder has cosine {ways[0].cosine:.4f} to plain arithmetic "
        f"even in float32, expected {LEAST_COSINE}; pull it again."
    )


def _digest(file: Path) -> str:
    with file.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()


def _read_max_tokens(folder: Path, positions: int) -> int:
    file = folder / "sentence_bert_config.json"
    stated = json.loads(file.read_text())["max_seq_length"] if file.is_file() else positions
    return min(int(stated or positions), positions)
