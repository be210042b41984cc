"""``/v1/vector_stores/…/files`` and ``/file_batches``: what is in a collection.

https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query

from genwright.library.files import attached_files, detach, get_attached, set_attributes
from genwright.server.api.shared import stored
from genwright.server.api.shared.stored import attached_json, number_of
from genwright.server.api.vector_stores import batches
from genwright.server.api.vector_stores.routes import After, Limit, put
from genwright.server.deps import InRights, may
from genwright.types import Json

router = APIRouter(prefix="/v1/vector_stores/{store}", tags=["vector stores"])
State = Literal["in_progress", "completed", "failed", "cancelled"]


@router.post("/files", dependencies=[Depends(may("documents.add"))])
def add(store: str, body: stored.AddedFile, runtime: InRights, tasks: BackgroundTasks) -> Json:
    """Put a file into a collection; ask for it again to learn what came of it."""
    attributes = dict(body.attributes or {})
    return attached_json(put(runtime, tasks, number_of(store), body.file_id, attributes))


@router.get("/files")
def listing(
    store: str,
    runtime: InRights,
    after: After = None,
    limit: Limit = 20,
    order: Literal["asc", "desc"] = "desc",
    state: Annotated[State | None, Query(alias="filter")] = None,
) -> Json:
    """What is in a collection; documents that were not uploaded are ``document-NUMBER``."""
    found = attached_files(runtime, number_of(store))
    rows = [attached_json(each) for each in found if state in (None, each.status)]
    return stored.page_of(rows if order == "desc" else rows[::-1], after, limit)


@router.get("/files/{file}")
def one(store: str, file: str, runtime: InRights) -> Json:
    """One of them."""
    return attached_json(get_attached(runtime, number_of(store), file))


@router.post("/files/{file}", dependencies=[Depends(may("documents.add"))])
def change(store: str, file: str, body: stored.ChangedFile, runtime: InRights) -> Json:
    """Give it other attributes."""
    return attached_json(set_attributes(runtime, number_of(store), file, dict(body.attributes)))


@router.delete("/files/{file}", dependencies=[Depends(may("documents.add"))])
def remove(store: str, file: str, runtime: InRights) -> Json:
    """Take it out, with the document that was made of it."""
    detach(runtime, number_of(store), file)
    return {"id": file, "object": "vector_store.file.deleted", "deleted": True}


@router.get("/files/{file}/content")
def content(store: str, file: str, runtime: InRights) -> Json:
    """The text that was read from it."""
    return batches.text_of(runtime, get_attached(runtime, number_of(store), file))


@router.post("/file_batches", dependencies=[Depends(may("documents.add"))])
def add_batch(
    store: str, body: stored.AddedFiles, runtime: InRights, tasks: BackgroundTasks
) -> Json:
    """Put several files into a collection."""
    number = number_of(store)
    for file, attributes in batches.files_of(body):
        put(runtime, tasks, number, file, attributes)
    return batches.batch_json(runtime, number, batches.id_of(body))


@router.get("/file_batches/{batch}")
def one_batch(store: str, batch: str, runtime: InRights) -> Json:
    """How far a batch is."""
    return batches.batch_json(runtime, number_of(store), batch)


@router.post("/file_batches/{batch}/cancel")
def cancel_batch(store: str, batch: str, runtime: InRights) -> Json:
    """What is not begun of a batch is not done; files are short work, so most are by then."""
    return batches.batch_json(runtime, number_of(store), batch)


@router.get("/file_batches/{batch}/files")
def batch_files(
    store: str, batch: str, runtime: InRights, after: After = None, limit: Limit = 20
) -> Json:
    """The files of a batch."""
    found = batches.attached_of(runtime, number_of(store), batch)
    return stored.page_of([attached_json(each) for each in found], after, limit)
