"""Batches of files: the batch's id holds the files' own, so that nothing more need be stored."""

import base64
import binascii
import zlib
from collections import Counter
from collections.abc import Iterator

from genwright.errors import NotFound, UsageError
from genwright.library.documents import show_document
from genwright.library.files import FileAttachment, list_attachments
from genwright.runtime import Runtime
from genwright.server.api.shared.stored import FileBatchBody
from genwright.types import Json

LONGEST = 20_000
"""Characters of a batch's id."""


def iterate_files(body: FileBatchBody) -> Iterator[tuple[str, Json]]:
    """Each file of a request with its attributes.

    Raises:
        UsageError: It names none.
    """
    if not (body.files or body.file_ids):
        raise UsageError("Expected file_ids or files; got neither.")
    for each in body.files or ():
        yield each.file_id, dict(each.attributes or {})
    for file in body.file_ids or ():
        yield file, dict(body.attributes or {})


def make_batch_id(body: FileBatchBody) -> str:
    """The id of a batch."""
    names = ",".join(file for file, _ in iterate_files(body))
    return "vsfb_" + base64.urlsafe_b64encode(zlib.compress(names.encode())).decode().rstrip("=")


def list_batch_files(runtime: Runtime, collection: int, batch: str) -> list[FileAttachment]:
    """The files of a batch that are in a collection.

    Raises:
        NotFound: There is no such batch.
    """
    wanted = set(_decode_names(batch))
    found = [each for each in list_attachments(runtime, collection) if each.file_id in wanted]
    if not found:
        raise _make_not_found(batch)
    return found


def format_batch(runtime: Runtime, collection: int, batch: str) -> Json:
    """How far a batch is."""
    found = list_batch_files(runtime, collection, batch)
    counts = Counter(each.status for each in found)
    states = ("in_progress", "completed", "failed", "cancelled")
    return {
        "id": batch,
        "object": "vector_store.files_batch",
        "created_at": min(each.created_at for each in found),
        "vector_store_id": f"vs_{collection}",
        "status": "in_progress" if counts["in_progress"] else "completed",
        "file_counts": {**{state: counts[state] for state in states}, "total": len(found)},
    }


def read_file_text(runtime: Runtime, file: FileAttachment) -> Json:
    """The text of an attached file, as the API has it."""
    if file.document is None:
        raise NotFound(f"There is no text of {file.file_id!r}: it is {file.status}.")
    shown = show_document(runtime.database, runtime.principal, str(file.document))
    return {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": shown.text}],
        "has_more": False,
        "next_page": None,
    }


def _decode_names(batch: str) -> list[str]:
    packed = batch.removeprefix("vsfb_")
    if batch == packed or len(packed) > LONGEST:
        raise _make_not_found(batch)
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        # A bound on what it unpacks to: an id is whatever a client sends.
        return zlib.decompressobj().decompress(data, 64 * 1024).decode().split(",")
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _make_not_found(batch) from error


def _make_not_found(batch: str) -> NotFound:
    return NotFound(f"There is no batch {batch[:80]!r}.")
