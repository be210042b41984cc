"""``/v1/vector_stores/…/files`` and ``/file_batches``: what is in a collection.

https://platform.openai.com/docs/api-reference/vector-stores-files.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query

from genwright.library.files import detach, get_attachment, list_attachments, set_attributes
from genwright.server.api.shared import stored
from genwright.server.api.shared.stored import format_attached_file, parse_store_id
from genwright.server.api.vector_stores import batches
from genwright.server.api.vector_stores.routes import After, Limit, attach_to_store
from genwright.server.deps import InRights, require_action
from genwright.types import Json

router = APIRouter(prefix="/v1/vector_stores/{store}", tags=["vector stores"])
State = Literal["in_progress", "completed", "failed", "cancelled"]


@router.post("/files", dependencies=[Depends(require_action("documents.add"))])
def add_store_file(
    store: str, body: stored.VectorStoreFileBody, runtime: InRights, tasks: BackgroundTasks
) -> Json:
    """Put a file into a collection; ask for it again to learn what came of it."""
    attributes = dict(body.attributes or {})
    return format_attached_file(
        attach_to_store(runtime, tasks, parse_store_id(store), body.file_id, attributes)
    )


@router.get("/files")
def list_store_files(
    store: str,
    runtime: InRights,
    after: After = None,
    limit: Limit = 20,
    order: Literal["asc", "desc"] = "desc",
    state: Annotated[State | None, Query(alias="filter")] = None,
) -> Json:
    """What is in a collection; documents that were not uploaded are ``document-NUMBER``."""
    found = list_attachments(runtime, parse_store_id(store))
    rows = [format_attached_file(each) for each in found if state in (None, each.status)]
    return stored.paginate_rows(rows if order == "desc" else rows[::-1], after, limit)


@router.get("/files/{file}")
def get_store_file(store: str, file: str, runtime: InRights) -> Json:
    """One of them."""
    return format_attached_file(get_attachment(runtime, parse_store_id(store), file))


@router.post("/files/{file}", dependencies=[Depends(require_action("documents.add"))])
def update_store_file(
    store: str, file: str, body: stored.FileUpdateBody, runtime: InRights
) -> Json:
    """Give it other attributes."""
    return format_attached_file(
        set_attributes(runtime, parse_store_id(store), file, dict(body.attributes))
    )


@router.delete("/files/{file}", dependencies=[Depends(require_action("documents.add"))])
def delete_store_file(store: str, file: str, runtime: InRights) -> Json:
    """Take it out, with the document that was made of it."""
    detach(runtime, parse_store_id(store), file)
    return {"id": file, "object": "vector_store.file.deleted", "deleted": True}


@router.get("/files/{file}/content")
def get_store_file_content(store: str, file: str, runtime: InRights) -> Json:
    """The text that was read from it."""
    return batches.read_file_text(runtime, get_attachment(runtime, parse_store_id(store), file))


@router.post("/file_batches", dependencies=[Depends(require_action("documents.add"))])
def add_batch(
    store: str, body: stored.FileBatchBody, runtime: InRights, tasks: BackgroundTasks
) -> Json:
    """Put several files into a collection."""
    number = parse_store_id(store)
    for file, attributes in batches.iterate_files(body):
        attach_to_store(runtime, tasks, number, file, attributes)
    return batches.format_batch(runtime, number, batches.make_batch_id(body))


@router.get("/file_batches/{batch}")
def get_batch(store: str, batch: str, runtime: InRights) -> Json:
    """How far a batch is."""
    return batches.format_batch(runtime, parse_store_id(store), batch)


@router.post("/file_batches/{batch}/cancel")
def cancel_batch(store: str, batch: str, runtime: InRights) -> Json:
    """What is not begun of a batch is not done; files are short work, so most are by then."""
    return batches.format_batch(runtime, parse_store_id(store), batch)


@router.get("/file_batches/{batch}/files")
def get_batch_files(
    store: str, batch: str, runtime: InRights, after: After = None, limit: Limit = 20
) -> Json:
    """The files of a batch."""
    found = batches.list_batch_files(runtime, parse_store_id(store), batch)
    return stored.paginate_rows([format_attached_file(each) for each in found], after, limit)
