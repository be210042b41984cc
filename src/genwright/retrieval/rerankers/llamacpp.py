"""Reranking by a cross-encoder in GGUF, such as bge-reranker-v2-m3, run by llama.cpp.

Nogueira and Cho 2019, arXiv:1901.04085: query and passage are read together, so each passage costs
a run of the model; good for the best twenty hits, too slow for all passages.
"""

from collections.abc import Sequence
from typing import ClassVar

from genwright.embeddings.engine import cut_to_tokens
from genwright.engines import Engine
from genwright.retrieval.rerankers.base import rerankers

SPECIAL = 4
"""Tokens around and between query and passage: at most ``<s> query </s></s> passage </s>``."""

QUERY_SHARE = 0.5
"""Of the context, at most, that a query may take, so that a pasted page leaves room to judge."""


@rerankers.register("llamacpp")
class LlamaCppReranker:
    """The scores of an engine that reranks; too long a text is judged by its beginning.

    Args:
        engine: Opened for ``rerank`` with a model made for that.
    """

    needs_model: ClassVar[bool] = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One logit per text, in the order given; higher is better.

        Raises:
            Refused: The engine cannot rerank.
            EngineFailed: It died or returned an invalid response.
        """
        if not texts:
            return []
        room = self._engine.context - SPECIAL
        [asked] = cut_to_tokens(self._engine, [query], int(room * QUERY_SHARE))
        [taken] = self._engine.count_tokens([asked])
        # Engines refuse to judge nothing; a full stop says next to nothing.
        read = [text if text.strip() else "." for text in texts]
        fitting = cut_to_tokens(self._engine, read, room - taken)
        return self._engine.rerank(asked, fitting)
