"""Retrieval: the passages that fit a query, found by words and by meaning, in the asker's rights.

Example:
    >>> from genwright.retrieval import reciprocal_rank_fusion
    >>> list(reciprocal_rank_fusion([[1, 2], [2, 3]]))
    [2, 1, 3]
"""

from genwright.retrieval.base import EVERYWHERE, Hit, Scope
from genwright.retrieval.hybrid import convex_combination, reciprocal_rank_fusion
from genwright.retrieval.keyword import measure_rarity, search_keywords
from genwright.retrieval.search import PassageSearch
from genwright.retrieval.vector import VectorSearch

__all__ = [
    "EVERYWHERE",
    "Hit",
    "PassageSearch",
    "Scope",
    "VectorSearch",
    "convex_combination",
    "measure_rarity",
    "reciprocal_rank_fusion",
    "search_keywords",
]
