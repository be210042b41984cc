"""Searching the passages of a workspace in the rights of whoever asks."""

from genwright.library.documents import check_collections
from genwright.retrieval import EVERYWHERE, Hit, Scope
from genwright.runtime import Runtime


def find_passages(
    runtime: Runtime,
    query: str,
    *,
    k: int | None = None,
    mode: str | None = None,
    scope: Scope = EVERYWHERE,
) -> list[Hit]:
    """The best passages for a query; see ``Search.search``.

    Raises:
        NotFound: The scope names a collection that is not there.
        UsageError: There is no such mode.
    """
    with runtime.database.read(runtime.principal) as session:
        check_collections(session, scope.collections)
        return runtime.search.search(session, query, k=k, mode=mode, scope=scope)
