"""Uploading from a page: one file into one collection, and what became of it."""

from dataclasses import dataclass

from sqlalchemy import select

from genwright.errors import GenwrightError
from genwright.library.collections import create_collection
from genwright.library.files import attach, find_collection, ingest_file, remove_file, save_file
from genwright.runtime import Runtime
from genwright.storage import Collection, may_add_to

PURPOSE = "documents"


@dataclass(frozen=True)
class UploadResult:
    """What became of a file."""

    name: str
    collection: int
    document: int | None
    reason: str
    """Why it was not taken; empty where it was."""


def upload_document(runtime: Runtime, collection: str, name: str, data: bytes) -> UploadResult:
    """Put a file into a collection; the bytes are kept, to show its pages later.

    Args:
        runtime: Whose.
        collection: Its number or name; a name that is not there is made, empty is the settings'.
        name: Of the file; tells its format.
        data: Its bytes.

    Raises:
        NotFound: There is no collection of that number that they may fill.
    """
    home = _resolve_collection(runtime, collection or runtime.settings.collection)
    try:
        file = save_file(runtime, name, data, PURPOSE)
    except GenwrightError as error:
        return UploadResult(name, home, None, str(error))
    attach(runtime, file.id, home, {})
    done = ingest_file(runtime, file.id, home)
    if done.error:
        remove_file(runtime, file.id)  # nothing was made of it
    return UploadResult(file.name, home, done.document, done.error)


def _resolve_collection(runtime: Runtime, named: str) -> int:
    with runtime.database.read(runtime.principal) as session:
        if named.isascii() and named.isdigit() and len(named) < 16:
            return find_collection(session, int(named), may_add_to(runtime.principal)).id
        found = session.scalar(
            select(Collection.id)
            .where(Collection.name == named, may_add_to(runtime.principal))
            .order_by((Collection.owner == runtime.principal.name).desc(), Collection.id)
        )
    return found if found is not None else create_collection(runtime, named).id
