"""Whether what was read answers a question: the reader's word weighed with what else is known.

The reader takes passages that are merely near for answers. How sure it is of the first, the second
and the third, how near the best passage is in meaning, and which words and numbers of the question
that passage lacks tell more together: a logistic regression, fitted by ``benchmarks/answerable.py``
on questions of many kinds and languages. Its weights are in ``answerability.json``.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from genwright.grounding import exact, words
from genwright.grounding.calibration import LogisticRegression
from genwright.grounding.passages import ReadPassage, describe_place
from genwright.languages import LANGUAGES, choose_language, detect_language, list_function_words
from genwright.types import Json

WEIGHTS = Path(__file__).with_name("answerability.json")
UNKNOWN = math.nan
"""A feature that cannot be told counts as its mean over what the fit saw."""
SEEN = 6
"""Passages that count, of those that the search found best: the farther down, the likelier one is
taken for an answer by mistake."""
LOWEST = 0.001
"""Probabilities are told apart down to here."""
LANGUAGE_CHARACTERS = 400
"""Of a passage, by which its language is told."""
LEAST_QUESTION, LEAST_LETTERS = 20, 80
"""Characters of a question, and letters of a passage, whose language can be told."""
PREFIX = 5
"""Characters by which two words are near: endings differ, and compounds begin alike."""
NEAR = 0.8
"""How far a word is said by one that only begins alike."""
COSINES = {False: (0.866, 0.035), True: (0.905, 0.020)}
"""Mean and deviation of the highest cosine where a question is answered as often as not, by whether
its script is dense (Chinese, Japanese): there the embedder finds all texts alike."""
DENSE = 0.3
"""Share of a question's letters from which on its script is."""
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True)
class Answerability:
    """The fitted decision."""

    names: tuple[str, ...]
    """Of the features, as ``describe_findings`` gives them."""
    means: tuple[float, ...]
    """Taken for what is unknown."""
    model: LogisticRegression
    about: Json
    """What it was fitted on, and how well it did on sets held back."""

    def estimate(self, features: Mapping[str, float]) -> float:
        """Probability that the question is answered."""
        row = np.array([features[name] for name in self.names])
        known = np.where(np.isnan(row), self.means, row)
        return float(self.model.predict_probability(known[None])[0])


@lru_cache(maxsize=1)
def load_answerability() -> Answerability:
    """The one that comes with genwright."""
    held = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    model = LogisticRegression(tuple(held["weights"]), held["bias"])
    return Answerability(tuple(held["features"]), tuple(held["means"]), model, held["about"])


def estimate_answered(
    question: str,
    read: Sequence[ReadPassage],
    rarity: Mapping[str, float],
    has_cosines: bool = True,
) -> float:
    """Probability that what was read answers a question; 0 where nothing was.

    Args:
        question: As it was read for.
        read: By the trained reader, best first.
        rarity: Inverse document frequency of the question's stems.
        has_cosines: Whether the search's vectors are those of the model that this was fitted with;
            how near texts are in others is on another scale, and counts as unknown.
    """
    if not read:
        return 0.0
    features = describe_findings(question, read, rarity)
    if not has_cosines:
        features["cosine"] = UNKNOWN
    return load_answerability().estimate(features)


def describe_findings(
    question: str, read: Sequence[ReadPassage], rarity: Mapping[str, float]
) -> dict[str, float]:
    """What tells whether a question is answered, by name; see ``estimate_answered``."""
    best = sorted(range(len(read)), key=lambda place: -read[place].hit.score)[:SEEN]
    seen = [read[place] for place in sorted(best)]  # still in the order of their rank
    chances = sorted((_logit(each.probability) for each in seen), reverse=True)
    surest = max(seen, key=lambda each: each.probability)
    dense = _is_dense(question)
    told = f"{describe_place(surest.hit)}\n{surest.hit.text}"
    language = _tell_language(question)
    wanted = _weigh_words(question, language, rarity)
    foreign = _is_foreign(language, surest.hit.text)
    if dense or foreign:
        wanted = {}  # single characters are everywhere, and words of another language nowhere
    said = _find_said(told)
    return {
        "first": chances[0],
        "second": chances[1] if len(chances) > 1 else UNKNOWN,
        "third": chances[2] if len(chances) > 2 else UNKNOWN,
        "ranked": _logit(seen[0].probability),
        "found": _logit(read[best[0]].probability),
        "unit": _logit(surest.best.score),
        "cosine": UNKNOWN if foreign else _place_cosine(seen, dense),
        "covered": _cover(wanted, said),
        "missing": _weigh_missing(wanted, said),
        "numbers_missing": float(exact.find_missing_numbers(question, told)),
        "dense": float(dense),
    }


def _is_dense(question: str) -> bool:
    return len(_DENSE.findall(question)) > DENSE * sum(map(str.isalpha, question))


def _tell_language(question: str) -> str:
    """By its letters where there are enough of them, else by its function words."""
    if len(question) >= LEAST_QUESTION:
        return detect_language(question)
    said = [token.lower() for token in words.split_tokens(question)]
    return choose_language(said, LANGUAGES)


def _weigh_words(question: str, language: str, rarity: Mapping[str, float]) -> dict[str, float]:
    """Stems of the words of a question that carry meaning in its language, and how rare each is."""
    empty = list_function_words(language)
    kept = " ".join(token for token in words.split_tokens(question) if token.lower() not in empty)
    return {stem: rarity.get(stem, 1.0) for stem in words.extract_content(kept)}


def _is_foreign(language: str, text: str) -> bool:
    """Whether a passage is in another language than the question, as far as that is seen."""
    text = text[:LANGUAGE_CHARACTERS]
    if not language or sum(map(str.isalpha, text)) < LEAST_LETTERS:
        return False
    told = detect_language(text)
    return bool(told) and told != language


def _logit(probability: float) -> float:
    bounded = min(max(probability, LOWEST), 1 - LOWEST)
    return math.log(bounded / (1 - bounded))


def _place_cosine(read: Sequence[ReadPassage], dense: bool) -> float:
    """The highest cosine, in deviations from what is usual."""
    known = [each.hit.scores["vector"] for each in read if "vector" in each.hit.scores]
    mean, deviation = COSINES[dense]
    return (max(known) - mean) / deviation if known else UNKNOWN


def _cover(wanted: Mapping[str, float], said: frozenset[str]) -> float:
    """Share of the weight of a question's stems that a text says."""
    total = sum(wanted.values())
    if not total:
        return UNKNOWN
    return sum(value * _is_said(stem, said) for stem, value in wanted.items()) / total


def _weigh_missing(wanted: Mapping[str, float], said: frozenset[str]) -> float:
    """Weight of the rarest word that is not said, relative to that of the rarest."""
    rarest = max(wanted.values(), default=0.0)
    if not rarest:
        return UNKNOWN
    return max(value * (1 - _is_said(stem, said)) for stem, value in wanted.items()) / rarest


def _find_said(text: str) -> frozenset[str]:
    """Stems, and how longer ones begin, marked with a star."""
    stems = words.extract_content(text)
    return frozenset([*stems, *(f"{stem[:PREFIX]}*" for stem in stems if len(stem) >= PREFIX)])


def _is_said(stem: str, said: frozenset[str]) -> float:
    if stem in said:
        return 1.0
    return NEAR if len(stem) >= PREFIX and f"{stem[:PREFIX]}*" in said else 0.0
