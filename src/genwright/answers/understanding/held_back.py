"""Requests of our own that the classifier is measured on, and never learned from.

Each was judged by heads that had not seen its group; ``benchmarks/intents/taught.py`` writes them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from genwright.answers.understanding.intent import IntentClassifier, choose_kinds
from genwright.answers.understanding.kinds import KINDS
from genwright.answers.understanding.taught import Taught, find_near
from genwright.types import Vectors

ROWS = Path(__file__).with_name("intent_held.npz")


@dataclass(frozen=True)
class HeldBack:
    """Requests with the kind of what they want, and what was seen in them."""

    texts: tuple[str, ...]
    kinds: Vectors
    """Places in ``KINDS``, (n,)."""
    vectors: Vectors
    """(n, 384), unit length."""
    seen: dict[str, Vectors]
    """Probabilities of kinds, (n, 10), by ``vectors`` (with n-grams) and by ``ngrams`` alone."""


@cache
def load_held_back() -> HeldBack:
    """The rows as they are shipped: vectors as int8."""
    with np.load(ROWS) as kept:
        vectors = kept["vectors"].astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        seen = {name: kept[f"seen_{name}"].astype(np.float64) for name in ("vectors", "ngrams")}
        return HeldBack(tuple(json.loads(str(kept["texts"]))), kept["kinds"], vectors, seen)


def score_held_back(classifier: IntentClassifier, taught: Sequence[Taught]) -> list[float]:
    """1 for each held-back request whose kind is right, (n,)."""
    held = load_held_back()
    seen = held.seen["vectors" if classifier.uses_vectors else "ngrams"]
    chosen = choose_kinds(seen)
    for place, text in enumerate(held.texts):
        vector = held.vectors[place] if classifier.uses_vectors else None
        known = MappingProxyType(dict(zip(KINDS, seen[place].tolist(), strict=True)))
        near = find_near(classifier, Taught(text, "", vector), known, taught)
        if near is not None:
            chosen[place] = KINDS.index(near.intent)
    return (chosen == held.kinds).astype(float).tolist()
