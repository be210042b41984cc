"""One search over passages: keyword, vector or both, in the asker's rights, reranked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlalchemy import select

from genwright.embeddings import Embedder
from genwright.errors import UsageError
from genwright.retrieval.base import EVERYWHERE, Hit, Scope
from genwright.retrieval.hybrid import convex_combination, reciprocal_rank_fusion
from genwright.retrieval.keyword import keyword_search
from genwright.retrieval.rerankers import Reranker
from genwright.retrieval.vector import VectorSearch, cosines
from genwright.settings import RetrievalSettings
from genwright.storage import Document, Passage, StoreSession
from genwright.types import Vectors

MODES = ("keyword", "vector", "hybrid")

Scores = dict[int, dict[str, float]]
"""By passage id, the score of each origin."""


class Search:
    """Searches the passages of one workspace with one embedder.

    Args:
        indexes: Folder of the index files.
        embedder: Turns queries into vectors; its fingerprint names the stored vectors.
        settings: How to search when the caller does not say.
        reranker: Reorders the best hits; None leaves them.
    """

    def __init__(
        self,
        indexes: Path,
        embedder: Embedder,
        settings: RetrievalSettings,
        reranker: Reranker | None = None,
    ) -> None:
        self.embedder, self.settings, self.reranker = embedder, settings, reranker
        self.vectors = VectorSearch(indexes, embedder.fingerprint, embedder.dim, settings)

    def search(
        self,
        session: StoreSession,
        query: str,
        *,
        k: int | None = None,
        mode: str | None = None,
        scope: Scope = EVERYWHERE,
    ) -> list[Hit]:
        """The best passages for a query, best first.

        Args:
            session: Whose rights apply.
            query: Any text; one without a letter or digit finds nothing.
            k: Hits to return; by default the setting's.
            mode: ``keyword``, ``vector`` or ``hybrid``; by default the setting's.
            scope: Where to search.

        Raises:
            UsageError: There is no such mode.
        """
        k, mode = k or self.settings.k, mode or self.settings.mode
        if mode not in MODES:
            raise UsageError(f"Mode should be one of {', '.join(MODES)}, not {mode!r}.")
        query = query.encode("utf-8", "replace").decode()  # a shell may hand over half characters
        if not any(character.isalnum() for character in query):
            return []
        depth = max(k, self.settings.rerank_top if self.reranker else 0)
        ranking, scores = self._rank(session, query, mode, scope, depth)
        hits = _load(session, dict(list(ranking.items())[:depth]), scores)
        return self._rerank(query, hits)[:k]

    def _rank(
        self, session: StoreSession, query: str, mode: str, scope: Scope, depth: int
    ) -> tuple[Mapping[int, float], Scores]:
        """Score by passage id, best first, and where each came from."""
        wide = max(depth, self.settings.candidates)
        if mode == "keyword":
            keyword = dict(keyword_search(session, query, scope, depth))
            return keyword, {id_: {"keyword": score} for id_, score in keyword.items()}
        embedded = self.embedder.embed([query])[0]
        vector = dict(self.vectors.search(session, embedded, scope, wide))
        if mode == "vector":
            return vector, {id_: {"vector": score} for id_, score in vector.items()}
        keyword = dict(keyword_search(session, query, scope, wide))
        self._complete(session, query, embedded, scope, keyword, vector)
        return self._fuse(keyword, vector), {
            id_: {"keyword": keyword.get(id_, 0.0), "vector": vector.get(id_, 0.0)}
            for id_ in {**keyword, **vector}
        }

    def _complete(
        self,
        session: StoreSession,
        query: str,
        embedded: Vectors,
        scope: Scope,
        keyword: dict[int, float],
        vector: dict[int, float],
    ) -> None:
        """Give each side the scores of what only the other found: a missing score is not a zero."""
        unseen = [id_ for id_ in keyword if id_ not in vector]
        vector |= cosines(session, self.embedder.fingerprint, embedded, unseen)
        unread = np.array([id_ for id_ in vector if id_ not in keyword], dtype=np.int64)
        if len(unread):
            keyword |= dict(keyword_search(session, query, scope, len(unread), among=unread))

    def _fuse(self, keyword: dict[int, float], vector: dict[int, float]) -> dict[int, float]:
        if self.settings.fusion == "convex":
            return convex_combination(keyword, vector, self.settings.weight)
        rankings = [sorted(side, key=lambda id_: -side[id_]) for side in (vector, keyword)]
        return reciprocal_rank_fusion(rankings)

    def _rerank(self, query: str, hits: list[Hit]) -> list[Hit]:
        """The best ``rerank_top`` in the reranker's order; the others follow in theirs."""
        if self.reranker is None or not hits:
            return hits
        best, rest = hits[: self.settings.rerank_top], hits[self.settings.rerank_top :]
        scores = self.reranker.rerank(query, [f"{hit.section}\n{hit.text}" for hit in best])
        reranked = [
            replace(hit, score=score, scores={**hit.scores, "rerank": score})
            for hit, score in zip(best, scores, strict=True)
        ]
        reranked.sort(key=lambda hit: -hit.score)  # stable: ties stay in order
        # Two scales: the others' scores are moved below the last, so that the list stays sorted.
        fall = reranked[-1].score - rest[0].score if rest else 0.0
        return reranked + [replace(hit, score=hit.score + fall) for hit in rest]


def _load(session: StoreSession, ranking: Mapping[int, float], scores: Scores) -> list[Hit]:
    """The passages of a ranking as hits, in its order."""
    rows = session.execute(
        select(Passage, Document.source, Document.title)
        .join(Document, Passage.document_id == Document.id)
        .where(Passage.id.in_(ranking))
    )
    found = {
        passage.id: Hit(
            passage=passage.id,
            document=passage.document_id,
            source=source,
            title=title,
            section=passage.section,
            page=passage.page,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=ranking[passage.id],
            scores=scores[passage.id],
        )
        for passage, source, title in rows
    }
    return [found[id_] for id_ in ranking if id_ in found]
