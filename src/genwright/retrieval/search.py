"""One search over passages: keyword, vector or both, in the asker's rights, reranked."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice, takewhile

import numpy as np
from sqlalchemy import select

from genwright.embeddings import Embedder
from genwright.errors import UsageError
from genwright.retrieval.base import EVERYWHERE, Hit, Scope
from genwright.retrieval.hybrid import convex_combination, reciprocal_rank_fusion
from genwright.retrieval.keyword import search_keywords
from genwright.retrieval.rerankers import Reranker
from genwright.retrieval.scope import encode_ids, select_listed
from genwright.retrieval.vector import VectorSearch, compute_cosines
from genwright.settings import RetrievalSettings
from genwright.storage import Document, Passage, StoreSession

MODES = ("keyword", "vector", "hybrid")

TIED = 6
"""Scores that are the same to so many decimals are equal: the order a text is embedded in shows
beyond."""

SPARE = 2
"""So many times the wanted passages are looked at, because some repeat others."""

Scores = Mapping[str, Mapping[int, float]]
"""By origin, the score of each passage."""


class PassageSearch:
    """Searches the passages of one workspace with one embedder.

    Args:
        vectors: The index over the embedder's vectors.
        embedder: Turns queries into vectors.
        settings: How to search when the caller does not say.
        reranker: Reorders the best hits; None leaves them.
    """

    def __init__(
        self,
        vectors: VectorSearch,
        embedder: Embedder,
        settings: RetrievalSettings,
        reranker: Reranker | None = None,
    ) -> None:
        self.vectors, self.embedder = vectors, embedder
        self.settings, self.reranker = settings, reranker

    def search(
        self,
        session: StoreSession,
        query: str,
        *,
        k: int | None = None,
        mode: str | None = None,
        scope: Scope = EVERYWHERE,
    ) -> list[Hit]:
        """The best passages for a query, best first; equal ones in the order they were stored.

        A passage whose text repeats a better one's word for word is left out.

        Args:
            session: Whose rights apply.
            query: Any text; one without a letter or digit finds nothing.
            k: Hits to return; by default the setting's.
            mode: ``keyword``, ``vector`` or ``hybrid``; by default the setting's.
            scope: Where to search.

        Raises:
            UsageError: There is no such mode.
        """
        k, mode = k or self.settings.top_k, mode or self.settings.mode
        if mode not in MODES:
            raise UsageError(f"Mode should be one of {', '.join(MODES)}, not {mode!r}.")
        query = query.encode("utf-8", "replace").decode()  # a shell may hand over half characters
        if not any(character.isalnum() for character in query):
            return []
        depth = max(k, self.settings.rerank_top if self.reranker else 0)
        ranking, scores = self._rank(session, query, mode, scope, depth * SPARE)
        hits = _load(session, _take_first(ranking, depth * SPARE), scores)
        return self._rerank(query, _drop_repeats(hits)[:depth])[:k]

    def _rank(
        self, session: StoreSession, query: str, mode: str, scope: Scope, depth: int
    ) -> tuple[Mapping[int, float], Scores]:
        """Score by passage id, best first, and what each came from."""
        if mode == "keyword":
            keyword = dict(search_keywords(session, query, scope, depth))
            return keyword, {"keyword": keyword}
        embedded = self.embedder.embed_queries([query])[0]
        if mode == "vector":
            vector = dict(self.vectors.search(session, embedded, scope, depth))
            return vector, {"vector": vector}
        # Each side scores what only the other found, too: a missing score is not a zero.
        wide = max(depth, self.settings.candidates)
        vector = dict(self.vectors.search(session, embedded, scope, wide))
        met = np.fromiter(vector, dtype=np.int64, count=len(vector))
        keyword = dict(search_keywords(session, query, scope, wide, also=met))
        unseen = np.array([id_ for id_ in keyword if id_ not in vector], dtype=np.int64)
        vector |= compute_cosines(session, self.embedder.fingerprint, embedded, unseen)
        return self._fuse(keyword, vector), {"keyword": keyword, "vector": vector}

    def _fuse(self, keyword: dict[int, float], vector: dict[int, float]) -> dict[int, float]:
        if self.settings.fusion == "convex":
            return convex_combination(keyword, vector, self.settings.vector_weight)
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


def _take_first(ranking: Mapping[int, float], number: int) -> dict[int, float]:
    """The first of a ranking; equal ones, as many as reach up to there, in stored order."""
    scored = [(-round(score, TIED), id_) for id_, score in islice(ranking.items(), number)]
    following = islice(ranking.items(), number, None)
    equal = takewhile(lambda item: -round(item[1], TIED) == scored[-1][0], following)
    scored += [(scored[-1][0], id_) for id_, _ in equal]
    return {id_: ranking[id_] for _, id_ in sorted(scored)[:number]}


def _drop_repeats(hits: list[Hit]) -> list[Hit]:
    """The first of each text: copies would fill the places of what says something else."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.text, hit)
    return list(first.values())


_FOUND = (
    select(
        Passage.id,
        Passage.document_id,
        Document.source,
        Document.title,
        Passage.section,
        Passage.page,
        Passage.start,
        Passage.end,
        Passage.text,
    )
    .join(Document, Passage.document_id == Document.id)
    .where(Passage.id.in_(select_listed("ids")))
)
"""In the order of a hit's fields."""


def _load(session: StoreSession, ranking: Mapping[int, float], scores: Scores) -> list[Hit]:
    """The passages of a ranking as hits, in its order."""
    ids = np.fromiter(ranking, dtype=np.int64, count=len(ranking))
    rows = {row[0]: row for row in session.execute(_FOUND, {"ids": encode_ids(ids)}).all()}
    return [
        Hit(
            *rows[id_],
            score=score,
            scores={origin: found.get(id_, 0.0) for origin, found in scores.items()},
        )
        for id_, score in ranking.items()
        if id_ in rows
    ]
