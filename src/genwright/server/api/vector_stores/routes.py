"""``/v1/vector_stores``: the collections of the workspace, as OpenAI's clients know them.

https://platform.openai.com/docs/api-reference/vector-stores.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query

from genwright.library.collections import (
    create_collection,
    get_collection,
    remove_collection,
    rename_collection,
    shelves,
)
from genwright.library.files import Attached, attach, ingest_file
from genwright.runtime import Runtime
from genwright.server.api.shared import stored
from genwright.server.api.shared.stored import number_of, store_json
from genwright.server.api.vector_stores.search import search_store
from genwright.server.deps import InRights, may
from genwright.types import Json

router = APIRouter(prefix="/v1/vector_stores", tags=["vector stores"])
After = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.post("", dependencies=[Depends(may("collections.create"))])
def create(body: stored.NewVectorStore, runtime: InRights, tasks: BackgroundTasks) -> Json:
    """Make a collection, and put files into it."""
    shelf = create_collection(runtime, body.name or "unnamed")
    for file in body.file_ids or ():
        put(runtime, tasks, shelf.id, file, {})
    return store_json(get_collection(runtime, shelf.id))


def put(
    runtime: Runtime, tasks: BackgroundTasks, collection: int, file: str, attributes: Json
) -> Attached:
    """Attach a file; it is read once the reply is on its way."""
    attached = attach(runtime, file, collection, attributes)
    tasks.add_task(ingest_file, runtime, file, collection)
    return attached


@router.get("")
def listing(
    runtime: InRights,
    after: After = None,
    limit: Limit = 20,
    order: Literal["asc", "desc"] = "desc",
) -> Json:
    """The collections you may read or fill."""
    rows = [store_json(each) for each in shelves(runtime)]
    return stored.page_of(rows if order == "desc" else rows[::-1], after, limit)


@router.get("/{store}")
def one(store: str, runtime: InRights) -> Json:
    """One collection."""
    return store_json(get_collection(runtime, number_of(store)))


@router.post("/{store}", dependencies=[Depends(may("documents.add"))])
def change(store: str, body: stored.ChangedVectorStore, runtime: InRights) -> Json:
    """Rename a collection."""
    if body.name is None:
        return store_json(get_collection(runtime, number_of(store)))
    return store_json(rename_collection(runtime, number_of(store), body.name))


@router.delete("/{store}", dependencies=[Depends(may("documents.add"))])
def remove(store: str, runtime: InRights) -> Json:
    """Remove a collection with its documents."""
    remove_collection(runtime, number_of(store))
    return {"id": store, "object": "vector_store.deleted", "deleted": True}


@router.post("/{store}/search")
def search(store: str, body: stored.Searched, runtime: InRights) -> Json:
    """Find the passages of a collection that fit a query."""
    return search_store(runtime, number_of(store), body)
