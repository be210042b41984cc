"""The protocol of rerankers."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from genwright.plugins import Plugins


@runtime_checkable
class Reranker(Protocol):
    """Scores how well each text answers a query; only the order of the scores has a meaning.

    Equal scores keep the order in which the texts came.
    """

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, in the order given; higher is better."""
        ...


rerankers: Plugins[Reranker] = Plugins("genwright.retrieval.rerankers")
