"""Drawn passages and vectors that are as uneven as real ones: what ``search.py`` searches."""

from dataclasses import dataclass

import numpy as np

from genwright.types import Vectors

WORDS, SHORTEST, LONGEST = 50_000, 60, 140
QUERY_WORDS, COMMON = 6, 100
CENTRES, DIRECTIONS, DIM = 2_000, 64, 384
NEAR, NEARER = 0.7, 0.8
"""Cosine of a row to its centre, and of a query to its row."""

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True)
class Rows:
    """Passages with their vectors, shape (n, 384), and queries with theirs."""

    texts: list[str]
    vectors: Vectors
    queries: list[str]
    query_vectors: Vectors


def draw(passages: int, queries: int, seed: int = 0) -> Rows:
    """Draw passages, and queries that each aim at one of them."""
    chance = np.random.default_rng(seed)
    lengths = chance.integers(SHORTEST, LONGEST + 1, passages)
    ends = np.cumsum(lengths)
    weights = 1 / np.arange(1, WORDS + 1)
    ranks = chance.choice(WORDS, int(ends[-1]), p=weights / weights.sum())
    words = [spell(rank) for rank in range(WORDS)]
    cuts = np.split(ranks, ends[:-1])
    texts = [" ".join([words[rank] for rank in cut.tolist()]) for cut in cuts]
    vectors = _clustered(chance, passages)
    aims = chance.choice(passages, queries, replace=False)
    asked = []
    for aim in aims:
        rare = cuts[aim][cuts[aim] >= COMMON]
        asked.append(" ".join(words[rank] for rank in chance.choice(rare, QUERY_WORDS)))
    moved = _beside(chance, vectors[aims], NEARER)
    return Rows(texts, vectors, asked, moved)


def spell(rank: int) -> str:
    """A pronounceable word, another for each rank.

    Example:
        >>> len({spell(rank) for rank in range(50_000)})
        50000
    """
    word, left = "", rank + 1
    while left:
        left, consonant = divmod(left, len(_CONSONANTS))
        left, vowel = divmod(left, len(_VOWELS))
        word += _CONSONANTS[consonant] + _VOWELS[vowel]
    return word + "k"


def _clustered(chance: np.random.Generator, number: int) -> Vectors:
    """Unit vectors around centres in a space of fewer directions, as those of texts are."""
    plane = chance.standard_normal((DIRECTIONS, DIM), dtype=np.float32)
    centres = _unit(chance.standard_normal((CENTRES, DIRECTIONS), dtype=np.float32) @ plane)
    rows = centres[chance.integers(CENTRES, size=number)]
    noise = _unit(chance.standard_normal((number, DIRECTIONS), dtype=np.float32) @ plane)
    return _unit(NEAR * rows + np.sqrt(1 - NEAR**2) * noise)


def _beside(chance: np.random.Generator, rows: Vectors, cosine: float) -> Vectors:
    noise = _unit(chance.standard_normal(rows.shape, dtype=np.float32))
    return _unit(cosine * rows + np.sqrt(1 - cosine**2) * noise)


def _unit(rows: np.ndarray) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
