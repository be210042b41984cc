"""Which sentences of what was found answer a question, and whether any does.

Each sentence of the hits gets the probability that it holds the answer, by a logistic model over
how it and its passage fit the question: likeness of meaning, share of the question's words weighed
by their rarity, the kind of answer asked for. ``benchmarks/calibrate.py`` fits the model and
measures it on held-back data; ``docs/answers.md`` has its figures.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genwright.documents import split_sentences
from genwright.embeddings import Embedder
from genwright.grounding import words
from genwright.grounding.calibration import LogisticRegression
from genwright.retrieval import Hit

Features = NDArray[np.float64]

LONGEST = 1200
"""Characters of a sentence that are looked at; tables and code can be one long one."""

_HOW_MUCH = re.compile(
    r"\bhow (many|much|long|old|far|tall|high|large|big|often|fast|deep|wide)\b"
    r"|\bwhat (percent|percentage|number|proportion|amount)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\bwhen\b|\b(what|which) (year|date|day|month|century|decade|time)\b")
_WHO = re.compile(r"\bwho(m|se)?\b")
_WHERE = re.compile(r"\bwhere\b|\b(what|which) (city|country|state|place|location)\b")

GAPS = 7
"""The first so many features are also given as the distance to the best candidate's."""


@dataclass(frozen=True)
class Evidence:
    """A span of a document, one sentence or two neighbours, that may answer a question."""

    hit: Hit
    start: int
    """First character in the document's text."""
    end: int
    text: str
    score: float
    """Probability, from 0 to 1, that its sentence holds the answer."""
    fit: tuple[float, ...]
    """Cosine, and the share of the question covered by sentence, surroundings and passage."""


@dataclass(frozen=True)
class Candidate:
    """A sentence of a hit."""

    hit: Hit
    start: int
    end: int
    text: str
    before: str
    """The sentence before it in the passage; empty at the beginning."""


def find_evidence(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    rarity: Mapping[str, float],
    model: LogisticRegression,
) -> list[Evidence]:
    """Score every sentence of the hits, best first; spans of one document may overlap.

    Args:
        question: What is asked.
        hits: Where to look, best first.
        embedder: The one that found them.
        rarity: Inverse document frequency of the question's stems; a missing one counts 1.
        model: The fitted weights.
    """
    candidates = list(split_candidates(hits))
    if not candidates:
        return []
    asked = embedder.embed_queries([question])[0]
    vectors = embedder.embed([each.text for each in candidates])
    features = describe(question, candidates, asked, vectors, rarity)
    scores = model.predict_probability(features) * [
        _is_informative(question, c.text) for c in candidates
    ]
    order = np.argsort(-scores, kind="stable")
    return [_widen_evidence(candidates, scores, features, int(place)) for place in order]


def describe(
    question: str,
    candidates: Sequence[Candidate],
    asked: NDArray[np.float32],
    vectors: NDArray[np.float32],
    rarity: Mapping[str, float],
) -> Features:
    """The features of each candidate, shape (candidates, features)."""
    wanted = {stem: rarity.get(stem, 1.0) for stem in find_key_stems(question)}
    total = sum(wanted.values()) or 1.0
    kind = classify_question(question)
    own = np.array(
        [
            _describe_candidate(question, wanted, total, kind, each, float(asked @ vector))
            for each, vector in zip(candidates, vectors, strict=True)
        ]
    )
    gaps = own[:, :GAPS] - own[:, :GAPS].max(axis=0)
    return np.hstack([own, gaps])


def _describe_candidate(
    question: str,
    wanted: Mapping[str, float],
    total: float,
    kind: str,
    candidate: Candidate,
    cosine: float,
) -> list[float]:
    sentence = words.extract_content(candidate.text)
    about = {
        *words.extract_content(candidate.hit.title),
        *words.extract_content(candidate.hit.section),
    }
    near = {*sentence, *words.extract_content(candidate.before), *about}
    around = {*words.extract_content(candidate.hit.text), *about}
    covered, covered_near, covered_around = (
        sum(weight for stem, weight in wanted.items() if stem in place) / total
        for place in (set(sentence), near, around)
    )
    asked_pairs = words.pair_neighbors(words.extract_content(question))
    shared_pairs = len(asked_pairs & words.pair_neighbors(sentence)) / max(1, len(asked_pairs))
    fits = float(_has_kind(kind, question, candidate.text))
    fresh = sum(stem not in wanted for stem in sentence)
    return [
        cosine,
        covered,
        covered_near,
        covered_around,
        shared_pairs,
        min(max(candidate.hit.score, 0.0), 1.0),  # BM25 and rerankers have scales of their own
        candidate.hit.scores.get("vector", 0.0),
        fits,
        min(fresh, 10) / 10,
        math.log1p(len(words.split_tokens(candidate.text))),
        cosine**2,
        covered**2,
        fits * (kind in ("number", "date")),
        cosine * covered,
    ]


def find_key_stems(question: str) -> tuple[str, ...]:
    """Stems of a question that its answer's surroundings may be expected to have.

    Example:
        >>> find_key_stems("How often is the oil changed?")
        ('oil', 'chang')
    """
    return words.extract_content(_HOW_MUCH.sub(" ", question)) or words.extract_content(question)


def classify_question(question: str) -> str:
    """The kind of answer a question wants, as far as its words tell (English).

    Example:
        >>> [classify_question(q) for q in ("How many?", "When was it?", "Who?", "Where?", "Why?")]
        ['number', 'date', 'person', 'place', 'any']
    """
    lower = question.lower()
    rules = ((_HOW_MUCH, "number"), (_WHEN, "date"), (_WHO, "person"), (_WHERE, "place"))
    return next((kind for rule, kind in rules if rule.search(lower)), "any")


def _has_kind(kind: str, question: str, text: str) -> bool:
    """Whether a text has something of the kind that the question does not have itself."""
    if kind == "any":
        return True
    if kind == "number":
        return bool(words.extract_numbers(text) - words.extract_numbers(question))
    if kind == "date":
        known = {word.lower() for word in words.split_tokens(question)}
        return words.has_date(
            word for word in words.split_tokens(text) if word.lower() not in known
        )
    return bool(words.extract_names(text) - set(words.extract_content(question)))


def split_candidates(hits: Sequence[Hit]) -> Iterator[Candidate]:
    """Every sentence of the hits that has a letter or a digit, in their order."""
    for hit in hits:
        before = ""
        for start, last in split_sentences(hit.text):
            end = min(last, start + LONGEST)
            text = hit.text[start:end]
            if any(char.isalnum() for char in text):
                yield Candidate(hit, hit.start + start, hit.start + end, text, before)
            before = text


def _is_informative(question: str, text: str) -> bool:
    """Whether a sentence adds to the question; a heading that repeats it has no answer."""
    if text.lstrip().startswith("#"):
        return False
    return bool(set(words.extract_content(text)) - set(words.extract_content(question)))


WIDEN_BELOW = 0.75
"""A sentence less sure than this is read with its likelier neighbour: the one its pronouns need, or
that goes on where it only begins to answer."""


def _widen_evidence(
    candidates: Sequence[Candidate],
    scores: NDArray[np.float64],
    features: Features,
    place: int,
) -> Evidence:
    own = candidates[place]
    first = last = place
    if scores[place] < WIDEN_BELOW:
        beside = [
            other
            for other in (place - 1, place + 1)
            if 0 <= other < len(candidates) and candidates[other].hit.passage == own.hit.passage
        ]
        if beside:
            other = max(beside, key=lambda each: float(scores[each]))
            first, last = min(place, other), max(place, other)
    start, end = candidates[first].start, candidates[last].end
    text = own.hit.text[start - own.hit.start : end - own.hit.start]
    fit = tuple(float(value) for value in features[place][:4])
    return Evidence(own.hit, start, end, text, float(scores[place]), fit)


def estimate_answerability(
    question: str,
    evidence: Sequence[Evidence],
    rarity: Mapping[str, float],
    model: LogisticRegression,
) -> float:
    """Probability that the hits answer the question; 0 where there is no evidence at all.

    Args:
        question: What is asked.
        evidence: As ``find_evidence`` gives it.
        rarity: The one it was found with.
        model: The fitted weights.
    """
    if not evidence:
        return 0.0
    return float(
        model.predict_probability(np.array([describe_answerability(question, evidence, rarity)]))[0]
    )


def describe_answerability(
    question: str, evidence: Sequence[Evidence], rarity: Mapping[str, float]
) -> list[float]:
    """The features of answerability: how good the best evidence is, and what it leaves out."""
    best = evidence[0]
    wanted = {stem: rarity.get(stem, 1.0) for stem in find_key_stems(question)}
    about = {*words.extract_content(best.hit.title), *words.extract_content(best.hit.section)}
    around = {*words.extract_content(best.hit.text), *about}
    missing = max((value for stem, value in wanted.items() if stem not in around), default=0.0)
    strange = words.extract_names(question) - around
    return [
        _logit(best.score),
        _logit(float(np.mean([each.score for each in evidence[:3]]))),
        *best.fit,
        best.hit.scores.get("vector", 0.0),
        missing / (max(wanted.values(), default=0.0) or 1.0),
        len(strange) / max(1, len(words.extract_names(question))),
    ]


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
