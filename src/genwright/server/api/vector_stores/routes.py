"""``/v1/vector_stores``: the collections of the workspace, as OpenAI's clients know them.

https://platform.openai.com/docs/api-reference/vector-stores.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query

from genwright.library.collections import (
    create_collection,
    get_collection,
    list_collection_summaries,
    remove_collection,
    rename_collection,
)
from genwright.library.files import FileAttachment, attach, ingest_file
from genwright.runtime import Runtime
from genwright.server.api.shared import stored
from genwright.server.api.shared.stored import format_store, parse_store_id
from genwright.server.api.vector_stores.search import search_store
from genwright.server.deps import InRights, require_action
from genwright.types import Json

router = APIRouter(prefix="/v1/vector_stores", tags=["vector stores"])
After = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("", dependencies=[Depends(require_action("collections.create"))])
def create_store(
    body: stored.VectorStoreCreateBody, runtime: InRights, tasks: BackgroundTasks
) -> Json:
    """Make a collection, and put files into it."""
    shelf = create_collection(runtime, body.name or "unnamed")
    for file in body.file_ids or ():
        attach_to_store(runtime, tasks, shelf.id, file, {})
    return format_store(get_collection(runtime, shelf.id))


def attach_to_store(
    runtime: Runtime, tasks: BackgroundTasks, collection: int, file: str, attributes: Json
) -> FileAttachment:
    """Attach a file; it is read once the reply is on its way."""
    attached = attach(runtime, file, collection, attributes)
    tasks.add_task(ingest_file, runtime, file, collection)
    return attached


@router.get("")
def list_stores(
    runtime: InRights,
    after: After = None,
    limit: Limit = 20,
    order: Literal["asc", "desc"] = "desc",
) -> Json:
    """The collections you may read or fill."""
    rows = [format_store(each) for each in list_collection_summaries(runtime)]
    return stored.paginate_rows(rows if order == "desc" else rows[::-1], after, limit)


@router.get("/{store}")
def get_store(store: str, runtime: InRights) -> Json:
    """One collection."""
    return format_store(get_collection(runtime, parse_store_id(store)))


@router.post("/{store}", dependencies=[Depends(require_action("documents.add"))])
def update_store(store: str, body: stored.VectorStoreUpdateBody, runtime: InRights) -> Json:
    """Rename a collection."""
    if body.name is None:
        return format_store(get_collection(runtime, parse_store_id(store)))
    return format_store(rename_collection(runtime, parse_store_id(store), body.name))


@router.delete("/{store}", dependencies=[Depends(require_action("documents.add"))])
def delete_store(store: str, runtime: InRights) -> Json:
    """Remove a collection with its documents."""
    remove_collection(runtime, parse_store_id(store))
    return {"id": store, "object": "vector_store.deleted", "deleted": True}


@router.post("/{store}/search")
def search_vector_store(store: str, body: stored.VectorStoreSearchBody, runtime: InRights) -> Json:
    """Find the passages of a collection that fit a query."""
    return search_store(runtime, parse_store_id(store), body)
