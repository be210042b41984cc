"""Embedding without a model: signed feature hashing of words and pairs of words.

Weinberger et al. 2009, arXiv:0902.2206. Finds texts that share words; knows nothing of meaning.
For tests, for machines without any model, and as the floor that a real embedder must beat.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise

import numpy as np

from genwright.embeddings.base import embedders
from genwright.types import Progress, Vectors, ignore_progress


@embedders.register("hashing")
class HashingEmbedder:
    """Each word, and each pair of neighbours at half weight, adds ±1 to one of ``dim`` places."""

    name = "hashing"
    max_tokens = 256

    def __init__(self, dim: int = 256) -> None:
        self.dim, self.fingerprint = dim, f"hashing-{dim}"

    def embed(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """Vectors in the order of the texts, float32, shape (n, dim)."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for number, text in enumerate(texts):
            words = re.findall(r"\w+", text.lower())[: self.max_tokens]
            features = [(word, 1.0) for word in words]
            features += [(f"{one} {two}", 0.5) for one, two in pairwise(words)]
            for feature, weight in features or [("", 1.0)]:
                place, sign = self._place(feature)
                vectors[number, place] += sign * weight
            progress(number + 1, len(texts), "texts embedded")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[lengths[:, 0] == 0, 0] = 1.0  # opposite signs may cancel out
        return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)

    def embed_queries(self, texts: Sequence[str], progress: Progress = ignore_progress) -> Vectors:
        """The same as ``embed``: words are words."""
        return self.embed(texts, progress)

    def locate_tokens(self, text: str) -> list[tuple[int, int]]:
        """Where each word or mark begins and ends, in characters."""
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def close(self) -> None:
        """Nothing is held."""

    def _place(self, feature: str) -> tuple[int, int]:
        number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "little")
        return number % self.dim, 1 if number >> 63 else -1
