"""How varied texts are: what a synthesis repeats, a training learns by heart."""

import random as chance
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genwright.types import Json

if TYPE_CHECKING:
    from genwright.types import Vectors

SAMPLE = 200
MOST_SPREAD = 1000


@dataclass(frozen=True)
class Diversity:
    """Of some texts."""

    texts: int
    self_bleu: float
    """Mean BLEU-4 of a text against the others, 0 to 1: lower is more varied (Zhu et al. 2018)."""
    distinct_2: float
    """Different pairs of words over all of them (Li et al. 2016, arXiv:1510.03055)."""
    words: float
    """Mean length."""
    spread: float | None
    """Mean cosine distance of two texts' vectors; None without an embedder."""
    vendi: float | None
    """Effective number of different texts (Friedman and Dieng 2023, arXiv:2210.02410)."""

    def json(self) -> Json:
        """Every field, with four decimals."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in self.__dict__.items()
        }


def measure_diversity(
    texts: Sequence[str], embed: "Callable[[Sequence[str]], Vectors] | None" = None, seed: int = 0
) -> Diversity:
    """Measure texts.

    Args:
        texts: At least two for the measures to mean anything.
        embed: Unit-length vectors; None for none.
        seed: Of the samples that the slower measures are taken on.
    """
    vectors = embed(_draw_texts(texts, MOST_SPREAD, seed)) if embed is not None and texts else None
    return Diversity(
        texts=len(texts),
        self_bleu=self_bleu(texts, seed=seed),
        distinct_2=distinct_n(texts, 2),
        words=float(np.mean([len(text.split()) for text in texts])) if texts else 0.0,
        spread=None if vectors is None else mean_distance(vectors),
        vendi=None if vectors is None else vendi_score(vectors),
    )


def self_bleu(texts: Sequence[str], sample: int = SAMPLE, seed: int = 0) -> float:
    """Mean BLEU of texts, each against all the others of a sample; 1 where all are the same.

    Example:
        >>> self_bleu(["the pump holds two bar"] * 3)
        1.0
    """
    drawn = [text.lower().split() for text in _draw_texts(texts, sample, seed)]
    if len(drawn) < 2:
        return 0.0
    return float(np.mean([_bleu(each, drawn[:n] + drawn[n + 1 :]) for n, each in enumerate(drawn)]))


def distinct_n(texts: Sequence[str], n: int) -> float:
    """Different runs of n words over all runs; 0 where there is none."""
    grams = [gram for text in texts for gram in _list_ngrams(text.lower().split(), n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def mean_distance(vectors: "Vectors") -> float:
    """Mean cosine distance of two different rows, (n, dim) of unit length; 0 for fewer than two."""
    n = len(vectors)
    if n < 2:
        return 0.0
    total = float((vectors.sum(axis=0) ** 2).sum())
    return 1 - (total - n) / (n * (n - 1))


def vendi_score(vectors: "Vectors") -> float:
    """``exp(-sum l log l)``, l the eigenvalues of the similarities over n; between 1 and n."""
    n = len(vectors)
    if not n:
        return 0.0
    values = np.linalg.eigvalsh(vectors.astype(np.float64).T @ vectors / n)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def _bleu(text: Sequence[str], others: Sequence[Sequence[str]], most: int = 4) -> float:
    """BLEU-4 with add-one smoothing above one word (Lin and Och 2004)."""
    if not text:
        return 0.0
    logs = []
    for n in range(1, min(most, len(text)) + 1):
        mine = Counter(_list_ngrams(text, n))
        best: Counter[tuple[str, ...]] = Counter()
        for other in others:
            best |= Counter(_list_ngrams(other, n))
        hits, total = sum((mine & best).values()), sum(mine.values())
        extra = 1 if n > 1 else 0
        if hits + extra == 0:
            return 0.0
        logs.append(np.log((hits + extra) / (total + extra)))
    near = min((abs(len(other) - len(text)), len(other)) for other in others)[1]
    brevity = min(0.0, 1 - near / len(text))
    return float(np.exp(brevity + np.mean(logs)))


def _list_ngrams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + n]) for place in range(len(words) - n + 1)]


def _draw_texts(texts: Sequence[str], most: int, seed: int) -> list[str]:
    if len(texts) <= most:
        return list(texts)
    return chance.Random(seed).sample(list(texts), most)
