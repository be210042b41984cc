"""What a question wants done with the rows of a table: look one up, the greatest, how many.

Two linear heads as those of ``answers.understanding.intent``: a softmax over operators and one over
what a number in the question means for the rows that count (none, above it, below it). Each is the
geometric mean of one over the embedder's vector and one over hashed n-grams of characters.
``benchmarks/operators/train.py`` trains them on questions in fourteen languages and measures them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from genwright.answers.understanding.intent import TRAINED_WITH, average_kinds, count_ngrams
from genwright.embeddings import Embedder
from genwright.types import Vectors

OPERATORS = ("lookup", "greatest", "least", "count", "sum", "mean", "difference", "other")
"""``other`` is whatever no program over rows answers: an explanation, "what comes next"."""
BOUNDS = ("none", "above", "below")
WEIGHTS = Path(__file__).with_name("operators.npz")


@dataclass(frozen=True)
class Wanted:
    """What a question asks of a table."""

    operators: Mapping[str, float]
    """Probability of each of ``OPERATORS``."""
    bounds: Mapping[str, float]
    """Probability of each of ``BOUNDS``."""

    @property
    def operator(self) -> str:
        """The likeliest."""
        return max(self.operators, key=lambda each: self.operators[each])


def recognise_operator(embedder: Embedder, question: str) -> Wanted | None:
    """What a question wants; None with an embedder that the heads were not trained with."""
    if TRAINED_WITH not in embedder.name:
        return None
    return weigh_operators(embedder.embed_queries([question])[0], question)


def weigh_operators(vector: Vectors, question: str) -> Wanted:
    """The same by the question's vector as a query, (384,) and of unit length."""
    features = {"vectors": vector[None], "ngrams": count_ngrams(question)[None]}
    told = {}
    for head, names in (("operators", OPERATORS), ("bounds", BOUNDS)):
        halves = [_compute(features[space], head, space) for space in ("vectors", "ngrams")]
        mean = average_kinds(halves[0], halves[1], _read_heat(head))[0]
        told[head] = dict(zip(names, mean.tolist(), strict=True))
    return Wanted(told["operators"], told["bounds"])


def _compute(features: Vectors, head: str, space: str) -> Vectors:
    weights, biases = _load_head(f"{head}_{space}")
    logits = features @ weights + biases
    found = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


@cache
def _load_head(name: str) -> tuple[Vectors, Vectors]:
    with np.load(WEIGHTS) as kept:
        weights = kept[f"{name}_weights"].astype(np.float64) * kept[f"{name}_scales"]
        return weights, kept[f"{name}_biases"]


@cache
def _read_heat(head: str) -> float:
    with np.load(WEIGHTS) as kept:
        return float(kept[f"{head}_heat"])


def read_about() -> dict[str, object]:
    """What the heads were trained on, and how well they did on groups that were held back."""
    with np.load(WEIGHTS) as kept:
        about: dict[str, object] = json.loads(str(kept["about"]))
    return about
