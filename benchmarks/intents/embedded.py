"""Vectors of requests by the pulled multilingual-e5-small, each text once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genwright.embeddings import open_embedder
from genwright.types import Vectors


def embed_requests(texts: Sequence[str], model: Path, cache: Path | None = None) -> Vectors:
    """Unit length, (n, 384). What is new is added to the cache."""
    known: dict[str, Vectors] = {}
    if cache and cache.is_file():
        with np.load(cache) as kept:
            known = dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        known.update(zip(new, _embed(new, model), strict=True))
    if new and cache:
        np.savez(cache, texts=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[text] for text in texts])


def _embed(texts: Sequence[str], folder: Path) -> Vectors:
    embedder = open_embedder(folder, name=folder.name, threads=2, batch_tokens=4096)
    try:
        return embedder.embed_queries(list(texts))
    finally:
        embedder.close()
