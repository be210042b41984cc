"""No reranking: what the search found stays in its order."""

from collections.abc import Sequence
from typing import ClassVar

from genwright.retrieval.rerankers.base import rerankers


@rerankers.register("none")
class NoReranker:
    """All scores equal, so every order is kept: costs nothing."""

    needs_model: ClassVar[bool] = False

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """Zero for each text."""
        return [0.0] * len(texts)
