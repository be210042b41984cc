"""Search over 100,000 passages in a real store: latency and recall.

    python benchmarks/search.py [--peer-python VENV/bin/python] [--prepared MINILM]

Passages and vectors are synthetic, drawn with a seed. Texts: words of a vocabulary of 50,000 whose
frequencies follow Zipf's law, 60 to 140 a passage. Vectors: 384 wide, unit length, around 2,000
centres that spread over 64 directions, at a cosine of about 0.7 to their centre. A query is six
words of one passage, without the 100 commonest (they stand for the function words that the product
leaves out), and that passage's vector, moved to a cosine of about 0.8.

Each query goes through ``genwright.retrieval.Search`` on a session of its own, k = 10: by keyword,
by vector and hybrid, with the exact index and with the approximate one. Printed: p50 and p95 in
milliseconds, processor time a query, recall@10 of the vectors against a full comparison in float32,
and with ``--prepared`` the p50 with the time that MiniLM takes to embed a query of so many words.
Peers in the same run: NumPy's full comparison, and with ``--peer-python`` txtai over the same rows.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measure import PEERS, run
from sqlalchemy import insert, select
from synthetic import Rows, draw

from genwright.embeddings import open_embedder
from genwright.retrieval import PassageSearch
from genwright.retrieval.vector import VectorSearch
from genwright.settings import RetrievalSettings
from genwright.storage import Collection, Database, Document, Passage, Vector
from genwright.types import OWNER, Progress, Vectors, ignore_progress

K = 10
PER_DOCUMENT = 100
WARM = 5
"""Queries that are run before any is timed: files are opened, pages read."""


@dataclass(frozen=True)
class Times:
    """Seconds of each query, and processor seconds of all its threads, on average."""

    seconds: Sequence[float]
    busy: float = 0.0

    @property
    def median(self) -> float:
        """p50, in seconds."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        p50, p95 = np.quantile(self.seconds, [0.5, 0.95]) * 1000
        busy = f" (processor {1000 * self.busy:.1f} ms)" if self.busy else ""
        return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms{busy}"


class Drawn:
    """An embedder that knows the vectors of the queries, and takes no time."""

    name = fingerprint = "drawn"
    max_tokens = 256

    def __init__(self, texts: Sequence[str], vectors: Vectors) -> None:
        self.dim = vectors.shape[1]
        self._known = dict(zip(texts, vectors, strict=True))

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Look the texts up."""
        return np.stack([self._known[text] for text in texts])

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Look the texts up."""
        return self.embed(texts, progress)

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Nothing here asks for them."""
        return []

    def close(self) -> None:
        """Nothing to give back."""


def main() -> None:
    """Fill a store, time every way to search it."""
    options = _options()
    rows = draw(options.passages, options.queries)
    truth = _exact(rows.vectors, rows.query_vectors)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(folder / "genwright.db")
        start = time.perf_counter()
        first = _fill(database, rows)
        print(f"{options.passages:,} passages stored in {time.perf_counter() - start:.0f} s")
        embedding = _embedding_seconds(options.prepared, rows.queries)
        for kind, limit in (("exact", options.passages), ("approximate", 0)):
            settings = RetrievalSettings(exact_limit=limit)
            embedder = Drawn(rows.queries, rows.query_vectors)
            vectors = VectorSearch(folder / kind, embedder.fingerprint, embedder.dim, settings)
            search = PassageSearch(vectors, embedder, settings)
            _time_modes(database, search, kind, rows.queries, truth + first, embedding)
        database.close()
        _time_numpy(rows, truth)
        if options.peer_python:
            _time_txtai(options.peer_python, folder, rows, truth)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--prepared", type=Path, help="prepared MiniLM, to time its queries")
    parser.add_argument("--peer-python", help="its environment has txtai")
    return parser.parse_args()


def _fill(database: Database, rows: Rows) -> int:
    """Store the rows as documents of 100 passages; returns the id of the first passage."""
    number = len(rows.texts)
    with database.write(OWNER) as session:
        session.add(Collection(id=1, name="default", owner=OWNER.name))
        session.flush()
        documents = range(1, number // PER_DOCUMENT + 2)
        session.execute(insert(Document), [_document(id_) for id_ in documents])
        for start in range(0, number, 10_000):
            places = range(start, min(start + 10_000, number))
            session.execute(insert(Passage), [_passage(rows, place) for place in places])
            session.execute(
                insert(Vector),
                [
                    {"embedder": "drawn", "passage_id": 1 + p, "data": rows.vectors[p].tobytes()}
                    for p in places
                ],
            )
        return int(session.scalar(select(Passage.id).order_by(Passage.id).limit(1)) or 0)


def _document(id_: int) -> dict:
    return {
        "id": id_, "collection_id": 1, "owner": OWNER.name, "source": f"/drawn/{id_}.txt",
        "title": f"Drawn {id_}", "format": "text", "sha256": f"{id_:064}", "recipe": "",
        "characters": 0, "pages": [], "details": {}, "warnings": [], "text": "",
    }  # fmt: skip


def _passage(rows: Rows, place: int) -> dict:
    text = rows.texts[place]
    return {
        "id": 1 + place, "document_id": 1 + place // PER_DOCUMENT, "start": 0, "end": len(text),
        "page": None, "section": "", "heading": "", "text": text,
    }  # fmt: skip


def _time_modes(
    database: Database,
    search: PassageSearch,
    kind: str,
    queries: Sequence[str],
    truth: np.ndarray,
    embedding: float,
) -> None:
    def ask(query: str, mode: str) -> list[int]:
        with database.read(OWNER) as session:
            return [hit.passage for hit in search.search(session, query, k=K, mode=mode)]

    start = time.perf_counter()
    ask(queries[0], "vector")
    print(f"{kind} index built in {time.perf_counter() - start:.1f} s")
    for mode in ("keyword", "vector", "hybrid"):
        found, times = _timed(queries, lambda query, mode=mode: ask(query, mode))
        extra = f", recall@10 {_recall(found, truth):.3f}" if mode == "vector" else ""
        if embedding and mode != "keyword":
            whole = 1000 * (times.median + embedding)
            extra += f", p50 {whole:.1f} ms with the query's embedding"
        print(f"  {kind} {mode:<8} {times}{extra}", flush=True)


def _timed(
    queries: Sequence[str], ask: Callable[[str], list[int]]
) -> tuple[list[list[int]], Times]:
    for query in queries[:WARM]:
        ask(query)
    found, seconds = [], []
    busy = time.process_time()
    for query in queries:
        start = time.perf_counter()
        found.append(ask(query))
        seconds.append(time.perf_counter() - start)
    busy = time.process_time() - busy
    return found, Times(seconds, busy / len(queries))


def _embedding_seconds(prepared: Path | None, queries: Sequence[str]) -> float:
    """Median time that MiniLM takes for one query; 0 when it is not given."""
    if prepared is None:
        return 0.0
    embedder = open_embedder(prepared, name="minilm", threads=1, batch_tokens=4096)
    _, times = _timed(queries, lambda query: [len(embedder.embed_queries([query]))])
    print(f"embedding a query with MiniLM: {times}")
    return times.median


def _time_numpy(rows: Rows, truth: np.ndarray) -> None:
    def ask(query: str) -> list[int]:
        scores = rows.vectors @ known[query]
        best = np.argpartition(-scores, K)[:K]
        return best[np.argsort(-scores[best])].tolist()

    known = dict(zip(rows.queries, rows.query_vectors, strict=True))
    found, times = _timed(rows.queries, ask)
    print(f"NumPy vector {times}, recall@10 {_recall(found, truth):.3f}")


def _time_txtai(python: str, folder: Path, rows: Rows, truth: np.ndarray) -> None:
    np.savez(folder / "rows.npz", vectors=rows.vectors, queries=rows.query_vectors)
    texts = json.dumps({"texts": rows.texts, "queries": rows.queries})
    (folder / "texts.json").write_text(texts, encoding="utf-8")
    told = {"rows": str(folder / "rows.npz"), "texts": str(folder / "texts.json")}
    figures = run([python, str(PEERS / "search_txtai.py")], told).output
    for mode, each in figures.items():
        extra = f", recall@10 {_recall(each['found'], truth):.3f}" if mode == "vector" else ""
        build = f"built in {each['build']:.0f} s"
        print(f"txtai {mode:<8} {Times(each['seconds'])}{extra}, {build}")


def _exact(vectors: Vectors, queries: Vectors) -> np.ndarray:
    """Places of the ten nearest rows of each query, by float32."""
    return np.argpartition(-(queries @ vectors.T), K, axis=1)[:, :K]


def _recall(found: Sequence[Sequence[int]], truth: np.ndarray) -> float:
    pairs = zip(found, truth.tolist(), strict=True)
    return statistics.mean(len({*own} & {*best}) / K for own, best in pairs)


if __name__ == "__main__":
    main()
