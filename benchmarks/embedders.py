"""The ways to run MiniLM on a CPU, against sentence-transformers.

    python benchmarks/embedders.py --peer-python VENV/bin/python \
        --published MINILM_FOLDER --prepared WORKSPACE/models/all-minilm-l6-v2

Each way is a process of its own (``peers/embed.py``) that loads the model, embeds two texts to warm
up, and then all paragraphs of XQuAD's English part, cut to 254 tokens so that every way reads the
same. The ways take turns, each round once. Printed by thread count: texts a second (median over
rounds, loading not counted), the ratio to sentence-transformers (median of the ratios within a
round), processor time a text (of this process only, so not llama.cpp's), peak memory, loading
seconds, and mean and least cosine to sentence-transformers' vectors.

With ``--retrieval``: whether the product's int8 vectors find what float32 vectors of the same
weights find. SciFact nDCG@10, and the share of the gold excerpts that 5 passages hold on the
chunking-evaluation set (1.4 MB in five documents, cut by the product's splitter); the difference
is printed with its 95 % bootstrap interval over the questions.
"""

import argparse
import csv
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from embedder_forms import make_forms
from measure import DATA, PEERS, Child, alternately, median_ratio, run

from genwright.documents.loaders.markdown import MarkdownLoader
from genwright.documents.splitters import splitters
from genwright.embeddings import Embedder, open_embedder
from genwright.evaluation.intervals import bootstrap_mean
from genwright.evaluation.metrics import ndcg
from genwright.evaluation.suites import read_beir, read_squad
from genwright.library.ingest import build_embedding_text
from genwright.settings import DocumentSettings

OURS = ("genwright", "onnx_float", "onnx_float_padded", "llamacpp_f16", "llamacpp_q8_0")
THEIRS = (
    "sentence_transformers", "ctranslate2_float32", "ctranslate2_int8", "openvino_f32",
    "openvino_bf16",
)  # fmt: skip
REFERENCE = "sentence_transformers"
LONGEST = 254
"""Tokens of a text: 256 with the two special ones, what the model reads."""


def main() -> None:
    """Measure speed, or retrieval."""
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    make_forms(options.published, options.prepared, options.work)
    if options.retrieval:
        _compare_retrieval(options)
        return
    texts = _texts(options)
    print(f"{len(texts)} texts, {_mean_tokens(options, texts):.0f} tokens on average", flush=True)
    for threads in options.threads:
        _compare_speed(options, texts, threads)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--published", type=Path, required=True, help="folder of MiniLM's weights")
    parser.add_argument("--prepared", type=Path, required=True, help="what genwright made of them")
    work = Path(tempfile.gettempdir()) / "genwright-embedders"
    parser.add_argument("--work", type=Path, default=work, help="other forms are kept here")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--texts", type=int, default=240, help="at most so many")
    parser.add_argument("--ways", nargs="+", default=[*OURS, *THEIRS], choices=[*OURS, *THEIRS])
    parser.add_argument("--retrieval", action="store_true")
    return parser.parse_args()


def _embedder(folder: Path, threads: int) -> Embedder:
    return open_embedder(folder, name="minilm", threads=threads, batch_tokens=4096)


def _texts(options: argparse.Namespace) -> list[str]:
    """Paragraphs, each cut to what the model reads."""
    tokens = _embedder(options.prepared, 1).locate_tokens
    squad = read_squad(DATA / "02-qa/xquad/xquad.en.json.gz")
    texts = [paragraph.text for paragraph in squad.paragraphs[: options.texts]]
    ends = [(tokens(text)[:LONGEST] or [(0, 0)])[-1][1] for text in texts]
    return [text[:end] for text, end in zip(texts, ends, strict=True)]


def _mean_tokens(options: argparse.Namespace, texts: Sequence[str]) -> float:
    tokens = _embedder(options.prepared, 1).locate_tokens
    return statistics.mean(len(tokens(text)) + 2 for text in texts)


def _compare_speed(options: argparse.Namespace, texts: Sequence[str], threads: int) -> None:
    def side(way: str, texts: Sequence[str] = texts):
        python = sys.executable if way in OURS else options.peer_python
        told = {
            "way": way,
            "threads": threads,
            "texts": texts,
            "published": str(options.published),
            "prepared": str(options.prepared),
            "work": str(options.work),
            "out": str(options.work / f"{way}.npy"),
        }
        return lambda: run([python, str(PEERS / "embed.py")], told, threads)

    ways = list(dict.fromkeys([REFERENCE, *options.ways]))
    for way in ways:
        side(way, texts[:2])()  # some make their form of the model at the first time
    results = alternately(options.rounds, {way: side(way) for way in ways})
    reference = np.load(options.work / f"{REFERENCE}.npy")
    print(f"\n{threads} threads, {options.rounds} rounds")
    print("texts/s, ratio, processor ms a text, peak MiB, load s, cosine mean, least")
    for way in ways:
        vectors = np.load(options.work / f"{way}.npy")
        cosines = (vectors * reference).sum(axis=1)
        print(_row(way, results[way], results[REFERENCE], len(texts), cosines), flush=True)


def _row(
    way: str,
    own: Sequence[Child],
    reference: Sequence[Child],
    texts: int,
    cosines: np.ndarray,
) -> str:
    seconds = [child.output["seconds"] for child in own]
    ratio = median_ratio([child.output["seconds"] for child in reference], seconds)
    peak = statistics.median(child.peak_mib for child in own)
    load, busy = (
        statistics.median(child.output[figure] for child in own)
        for figure in ("load_seconds", "busy")
    )
    return (
        f"{way:<24}{texts / statistics.median(seconds):7.1f}{ratio:7.2f}"
        f"{1000 * busy / texts:7.1f}{peak:8.0f}{load:7.1f}"
        f"{cosines.mean():10.5f}{cosines.min():10.5f}"
    )


def _compare_retrieval(options: argparse.Namespace) -> None:
    sides = {
        "int8": _embedder(options.prepared, options.threads[-1]),
        "float32": _embedder(options.work / "float", options.threads[-1]),
    }
    for title, measure in (
        ("SciFact nDCG@10, vectors alone", _scifact),
        ("chunking-evaluation, share of gold excerpts in 5 passages", _excerpts),
    ):
        scores = {name: measure(embedder) for name, embedder in sides.items()}
        print(f"{title}, {len(scores['int8'])} questions", flush=True)
        for name, values in scores.items():
            print(f"  {name:<8} {bootstrap_mean(values)}")
        gained = [a - b for a, b in zip(scores["int8"], scores["float32"], strict=True)]
        print(f"  int8 - float32 {bootstrap_mean(gained)}", flush=True)


def _scifact(embedder: Embedder) -> list[float]:
    """NDCG@10 of each question."""
    beir = read_beir(DATA / "01-retrieval/scifact")
    documents = list(beir.corpus)
    vectors = embedder.embed([build_embedding_text(*beir.corpus[id_]) for id_ in documents])
    scores = embedder.embed_queries(list(beir.queries.values())) @ vectors.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return [
        ndcg([documents[place] for place in row], beir.qrels[query], 10)
        for query, row in zip(beir.queries, best, strict=True)
    ]


def _excerpts(embedder: Embedder) -> list[float]:
    """For each question, the share of its excerpts' characters that the best 5 passages hold."""
    folder = DATA / "02-qa/chunking-evaluation"
    splitter = splitters.get("structure")(size=DocumentSettings().chunk_tokens, overlap=0)
    spans: list[tuple[str, int, int]] = []
    texts: list[str] = []
    for file in sorted((folder / "corpora").glob("*.md")):
        extract = MarkdownLoader().load(file.read_bytes(), file.name, DocumentSettings())
        for passage in splitter.split(extract, embedder.locate_tokens):
            spans.append((file.stem, passage.start, passage.end))
            heading = " > ".join(part for part in (extract.title, passage.section) if part)
            texts.append(build_embedding_text(heading, extract.text[passage.start : passage.end]))
    with (folder / "questions_df.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    scores = embedder.embed_queries([row["question"] for row in rows]) @ embedder.embed(texts).T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return [
        _held(row, [spans[place] for place in places])
        for row, places in zip(rows, best, strict=True)
    ]


def _held(row: dict[str, str], spans: Sequence[tuple[str, int, int]]) -> float:
    """Share of the reference characters of one question that lie in the spans (disjoint)."""
    held = wanted = 0
    for reference in json.loads(row["references"]):
        start, end = reference["start_index"], reference["end_index"]
        wanted += end - start
        held += sum(
            max(0, min(end, stop) - max(start, begin))
            for corpus, begin, stop in spans
            if corpus == row["corpus_id"]
        )
    return held / wanted


if __name__ == "__main__":
    main()
