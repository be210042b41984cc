"""What is wanted by a request: a fact, a list, a summary, a word of thanks …

A linear softmax over the embedder's vector of the request (multinomial logistic regression), with a
sigmoid beside it for what cannot be understood without the turn before. Its probabilities are
calibrated by one temperature each (Guo et al. 2017, arXiv:1706.04599). Where another embedder is
in use than the one it was trained with, the same stands over hashed n-grams of characters.
``benchmarks/intents/train.py`` trains both and measures them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

import numpy as np

from genwright.embeddings import Embedder
from genwright.types import Vectors

KINDS = (
    "fact",
    "explanation",
    "how-to",
    "comparison",
    "list",
    "summary-document",
    "summary-collection",
    "about-collection",
    "instruction",
    "smalltalk",
)
SPECIAL = frozenset(KINDS[5:])
"""Kinds that are not answered by looking for passages: to take one by mistake is costly."""
LEAST_SPECIAL = 0.5
"""Least probability of a special kind to be chosen."""
LEAST_FOLLOW_UP = 0.5
LEAST_LETTERS = 3
"""A shorter text, in a script of letters, is taken as nothing special."""
TRAINED_WITH = "multilingual-e5-small"
PLACES, SHORTEST, LONGEST = 4096, 2, 5
"""Of hashed n-grams of characters."""
MOST_CHARACTERS = 400
"""Of a request that n-grams are taken from."""
WEIGHTS = Path(__file__).with_name("intent.npz")


@dataclass(frozen=True)
class Intent:
    """What is wanted, how sure that is, and whether it needs the turn before."""

    kind: str
    """One of ``KINDS``; a special one only from ``LEAST_SPECIAL`` on."""
    probabilities: Mapping[str, float]
    """Of each kind; they sum to 1."""
    follow_up: float
    """Probability that the request cannot be understood without the turn before."""

    @property
    def confidence(self) -> float:
        """Probability of the kind that was chosen."""
        return self.probabilities[self.kind]

    @property
    def is_follow_up(self) -> bool:
        """Whether it rather needs the turn before than not."""
        return self.follow_up >= LEAST_FOLLOW_UP


@dataclass(frozen=True)
class LinearHeads:
    """Weights of one space: a column for each kind, and the last for follow-ups."""

    weights: Vectors
    """(features, 11), already divided by the temperatures."""
    biases: Vectors
    """(11,)"""

    def compute(self, features: Vectors) -> tuple[Vectors, Vectors]:
        """Probabilities of the kinds, (n, 10), and of a follow-up, (n,)."""
        logits = features.astype(np.float64) @ self.weights + self.biases
        kinds = np.exp(logits[:, :-1] - logits[:, :-1].max(axis=1, keepdims=True))
        return kinds / kinds.sum(axis=1, keepdims=True), 1 / (1 + np.exp(-logits[:, -1]))


class IntentClassifier:
    """Says what a request wants.

    Example:
        >>> classifier = IntentClassifier("hashing")
        >>> classifier.classify(None, "Which files are invoices?").kind
        'about-collection'
        >>> classifier.classify(None, "thank you very much").kind
        'smalltalk'
    """

    def __init__(self, embedder: str = "") -> None:
        """``embedder`` is the name or fingerprint of the one that the vectors come from."""
        self.uses_vectors = TRAINED_WITH in embedder

    def classify(self, vector: Vectors | None, text: str) -> Intent:
        """What is wanted.

        Args:
            vector: The text embedded as a query, (384,) and of unit length; unused, and may be
                None, where ``uses_vectors`` is false.
            text: As typed.
        """
        kinds, follow_up = load_heads("ngrams").compute(count_ngrams(text)[None])
        if self.uses_vectors:
            if vector is None:
                raise ValueError(f"A vector of {TRAINED_WITH} was expected for the text, got None.")
            by_meaning, follow_up = load_heads("vectors").compute(vector[None])
            # Meaning hears the subject more than the request, n-grams know no synonyms: the
            # geometric mean of both is surer than either.
            kinds = np.sqrt(kinds * by_meaning)
            kinds /= kinds.sum(axis=1, keepdims=True)
        chosen = KINDS[int(choose_kinds(kinds)[0])]
        chosen = chosen if _says_something(text) else "fact"
        probabilities = dict(zip(KINDS, kinds[0].tolist(), strict=True))
        return Intent(chosen, MappingProxyType(probabilities), float(follow_up[0]))


def _says_something(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= LEAST_LETTERS or any(char > "\u2e80" for char in text)


def choose_kinds(probabilities: Vectors, least: float = LEAST_SPECIAL) -> Vectors:
    """Places of the kinds to act on, (n,): the likeliest, or the likeliest that is not special."""
    special = np.array([kind in SPECIAL for kind in KINDS])
    allowed = np.where(special & (probabilities < least), 0, probabilities)
    return np.asarray(allowed.argmax(axis=1))


def count_ngrams(text: str) -> Vectors:
    """Hashed n-grams of the characters of each word, (4096,), square roots of counts, unit length.

    A word's beginning and end count as a character; whole words of the beginning are marked, too.
    """
    found = np.zeros(PLACES, dtype=np.float32)
    words = re.findall(r"\w+|[?？؟!]", text.lower()[:MOST_CHARACTERS])
    for word in words:
        bounded = f" {word} "
        for size in range(SHORTEST, LONGEST + 1):
            for start in range(max(0, len(bounded) - size + 1)):
                found[_place(bounded[start : start + size])] += 1
    for word in words[:2]:
        found[_place(f"^{word}")] += 1
    found[_place(f"#{min(len(words), 12)}")] += 1
    return np.sqrt(found) / np.sqrt(found.sum())


def _place(feature: str) -> int:
    return crc32(feature.encode()) % PLACES


@cache
def load_heads(space: str) -> LinearHeads:
    """Weights of ``vectors`` or ``ngrams`` as they are shipped: int8 with a scale for each column."""
    with np.load(WEIGHTS) as kept:
        weights = kept[f"{space}_weights"].astype(np.float64) * kept[f"{space}_scales"]
        return LinearHeads(weights, kept[f"{space}_biases"])


def read_about() -> dict[str, object]:
    """What the weights were trained on and how well they did."""
    with np.load(WEIGHTS) as kept:
        about: dict[str, object] = json.loads(str(kept["about"]))
    return about


def classify_request(embedder: Embedder, text: str) -> Intent:
    """What a request wants, by the vector that an embedder gives it.

    What is too short to say anything wants a fact, which is then not found.
    """
    classifier = IntentClassifier(embedder.name)
    vector = embedder.embed_queries([text])[0] if classifier.uses_vectors else None
    return classifier.classify(vector, text)
