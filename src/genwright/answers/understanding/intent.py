"""What is wanted by a request: a fact, a list, a summary, a word of thanks.

Two linear softmaxes (multinomial logistic regression), one over the embedder's vector of the
request and one over hashed n-grams of its characters, each with a sigmoid beside it for what cannot
be understood without the turn before. Their probabilities are calibrated by one temperature each
(Guo et al. 2017, arXiv:1706.04599). What is wanted is said by the geometric mean of both softmaxes,
calibrated by a temperature of its own; a follow-up by the vector's sigmoid. Where another embedder
is in use than the one that it was trained with, n-grams say both.
``benchmarks/intents/train.py`` trains all and measures them.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

import numpy as np

from genwright.answers.understanding.kinds import KINDS, SPECIAL
from genwright.types import Vectors

LEAST_SPECIAL = 0.6
"""Least probability of a special kind to be chosen: of held-back ones so taken 87% are right, and
3% of ordinary requests are lost to them."""
LEAST_FOLLOW_UP = 0.5
LEAST_LETTERS = 2
"""A text of fewer letters says nothing that is special; one of an East Asian script counts as as
many."""
_DENSE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_SCRIPTS = (*_DENSE, *"""LATIN GREEK CYRILLIC ARMENIAN HEBREW ARABIC DEVANAGARI BENGALI GURMUKHI
    GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA THAI LAO MYANMAR GEORGIAN ETHIOPIC
    KHMER""".split())  # fmt: skip
"""Scripts that the embedder has learned, as the names of their letters begin."""
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
        logits = features @ self.weights + self.biases
        kinds = np.exp(logits[:, :-1] - logits[:, :-1].max(axis=1, keepdims=True))
        follow_up = np.asarray(1 / (1 + np.exp(-logits[:, -1])))
        return kinds / kinds.sum(axis=1, keepdims=True), follow_up


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
            kinds = average_kinds(by_meaning, kinds, load_heat())
        chosen = KINDS[int(choose_kinds(kinds)[0])]
        chosen = chosen if _says_something(text) else "fact"
        probabilities = dict(zip(KINDS, kinds[0].tolist(), strict=True))
        return Intent(chosen, MappingProxyType(probabilities), float(follow_up[0]))


def _says_something(text: str) -> bool:
    """Whether a text has letters enough, of a script that something is known of."""
    letters = 0
    for char in text[:MOST_CHARACTERS]:
        if unicodedata.category(char).startswith("L"):
            name = unicodedata.name(char, "")
            letters += LEAST_LETTERS if name.startswith(_DENSE) else name.startswith(_SCRIPTS)
    return letters >= LEAST_LETTERS


def average_kinds(by_meaning: Vectors, by_ngrams: Vectors, heat: float = 1.0) -> Vectors:
    """The geometric mean of two estimates of the kinds, (n, 10) each; rows sum to 1.

    Meaning hears the subject more than the request, and n-grams know no synonyms: where both agree
    is surer than either.

    Args:
        by_meaning: By the vectors.
        by_ngrams: By the n-grams.
        heat: Temperature of the mean.
    """
    mean = (by_meaning * by_ngrams) ** (0.5 / heat)
    return mean / mean.sum(axis=1, keepdims=True)


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
    words = re.findall(r"\w+|[?\uff1f؟!]", text.lower()[:MOST_CHARACTERS])
    for word in words:
        bounded = f" {word} "
        for size in range(SHORTEST, LONGEST + 1):
            for start in range(max(0, len(bounded) - size + 1)):
                found[_place(bounded[start : start + size])] += 1
    for word in words[:2]:
        found[_place(f"^{word}")] += 1
    found[_place(f"#{min(len(words), 12)}")] += 1
    return np.asarray(np.sqrt(found) / np.sqrt(found.sum()))


def _place(feature: str) -> int:
    return crc32(feature.encode()) % PLACES


@cache
def load_heads(space: str) -> LinearHeads:
    """Weights of ``vectors`` or ``ngrams`` as they are shipped: int8 with a scale a column."""
    with np.load(WEIGHTS) as kept:
        weights = kept[f"{space}_weights"].astype(np.float64) * kept[f"{space}_scales"]
        return LinearHeads(weights, kept[f"{space}_biases"])


@cache
def load_heat() -> float:
    """Temperature of the geometric mean."""
    with np.load(WEIGHTS) as kept:
        return float(kept["heat"])


def read_about() -> dict[str, object]:
    """What the weights were trained on and how well they did on groups of requests held back.

    The figures of ``mean`` are those of kinds where the embedder is the one trained with; those of
    ``ngrams`` where it is another; ``vectors`` is one half of the mean.
    """
    with np.load(WEIGHTS) as kept:
        about: dict[str, object] = json.loads(str(kept["about"]))
    return about
