"""Measures of one answer against the gold answers of SQuAD (Rajpurkar et al. 2016, 1606.05250)."""

import re
import string
from collections import Counter
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Lower case, without punctuation, articles and extra white space.

    Example:
        >>> normalize_answer("The  Eiffel-Tower!")
        'eiffeltower'
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(answer: str, golds: Sequence[str]) -> float:
    """1 where the normalised answer equals a normalised gold answer, else 0."""
    return float(normalize_answer(answer) in {normalize_answer(gold) for gold in golds})


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Best harmonic mean of precision and recall of words, over the gold answers."""
    return max(
        (_f1(normalize_answer(answer).split(), normalize_answer(gold).split()) for gold in golds),
        default=0.0,
    )


def answer_recall(answer: str, golds: Sequence[str]) -> float:
    """Best share of a gold answer's words that the answer has; fit to judge longer answers."""
    words = Counter(normalize_answer(answer).split())
    best = 0.0
    for gold in golds:
        wanted = Counter(normalize_answer(gold).split())
        if wanted:
            best = max(best, (words & wanted).total() / wanted.total())
    return best


def _f1(answer: list[str], gold: list[str]) -> float:
    if not answer or not gold:
        return float(answer == gold)
    shared = (Counter(answer) & Counter(gold)).total()
    return 2 * shared / (len(answer) + len(gold))
