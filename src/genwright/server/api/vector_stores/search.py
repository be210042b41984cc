"""Searching one vector store: passages in the asker's rights, filtered by attributes."""

from collections.abc import Iterator

from genwright.library.collections import get_collection
from genwright.library.files import FileAttachment, list_attachments
from genwright.library.search import find_passages
from genwright.retrieval import Hit, Scope
from genwright.runtime import Runtime
from genwright.server.api.shared.stored import VectorStoreSearchBody, format_hit
from genwright.server.api.vector_stores.filters import is_matching
from genwright.types import Json

SPARE = 4
"""So many times the wanted hits are looked at, because a filter leaves some out."""


def search_store(runtime: Runtime, collection: int, body: VectorStoreSearchBody) -> Json:
    """What a search of one collection finds.

    Raises:
        NotFound: There is no such collection that the asker knows of.
        UsageError: A filter is none.
    """
    name = get_collection(runtime, collection).name
    files = {each.document: each for each in list_attachments(runtime, collection)}
    queries = [body.query] if isinstance(body.query, str) else body.query
    least = (body.ranking_options or {}).get("score_threshold")
    found: dict[int, Hit] = {}
    for query in queries:
        k = min(1000, body.max_num_results * (SPARE if body.filters else 1) + SPARE)
        for hit in _filter_hits(
            find_passages(runtime, query, k=k, scope=Scope((name,))), files, body.filters
        ):
            best = found.get(hit.passage)
            found[hit.passage] = hit if best is None or hit.score > best.score else best
    ranked = sorted(found.values(), key=lambda hit: -hit.score)
    if isinstance(least, int | float):
        ranked = [hit for hit in ranked if hit.score >= least]
    rows = [format_hit(hit, files.get(hit.document)) for hit in ranked[: body.max_num_results]]
    return {
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": rows,
        "has_more": len(ranked) > body.max_num_results,
        "next_page": None,
    }


def _filter_hits(
    hits: list[Hit], files: dict[int | None, FileAttachment], filters: Json | None
) -> Iterator[Hit]:
    """Hits of this very collection (others may have its name) whose attributes fit."""
    for hit in hits:
        file = files.get(hit.document)
        if file is not None and is_matching(file.attributes, filters):
            yield hit
