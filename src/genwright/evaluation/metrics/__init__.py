"""Measures of rankings and of answers, each for one case; ``interval`` takes them over many.

Example:
    >>> from genwright.evaluation.metrics import token_f1
    >>> token_f1("the Eiffel tower", ["Eiffel Tower"])
    1.0
"""

from genwright.evaluation.metrics.answers import (
    answer_recall,
    exact_match,
    normalize_answer,
    token_f1,
)
from genwright.evaluation.metrics.ranking import (
    average_precision,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)

__all__ = [
    "answer_recall",
    "average_precision",
    "exact_match",
    "ndcg",
    "normalize_answer",
    "precision",
    "recall",
    "reciprocal_rank",
    "token_f1",
]
