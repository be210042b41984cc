"""Rerankers: read query and passage together and reorder the best hits.

Example:
    >>> rerankers.get("none")().rerank("a question", ["a passage", "another"])
    [0.0, 0.0]
"""

from genwright.retrieval.rerankers.base import Reranker, open_reranker, rerankers

__all__ = ["Reranker", "open_reranker", "rerankers"]
