"""Uploaded files, and putting them into collections.

A file is its uploader's. Put into a collection it becomes a document there, with the rights that
documents have; its bytes are kept, so that the source of an answer can be shown as it was.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlalchemy.orm import undefer

from genwright.errors import GenwrightError, NotFound, Refused, UsageError
from genwright.library.ingest import DocumentIngester
from genwright.runtime import Runtime
from genwright.storage import (
    Collection,
    CollectionFile,
    Database,
    Document,
    StoredFile,
    StoreSession,
    may_add_to,
    may_read,
    may_see,
    may_write,
)
from genwright.types import OWNER, Json, Principal

LONGEST_NAME = 255


@dataclass(frozen=True)
class FileInfo:
    """An uploaded file without its bytes."""

    id: str
    owner: str
    name: str
    purpose: str
    size: int
    """Bytes."""
    created_at: int
    """Seconds since 1970."""


@dataclass(frozen=True)
class FileAttachment:
    """A file in a collection, and what came of it."""

    file_id: str
    name: str
    collection: int
    document: int | None
    status: str
    """``in_progress``, ``completed``, ``failed`` or ``cancelled``."""
    error: str
    attributes: Json
    size: int
    created_at: int


def save_file(runtime: Runtime, name: str, data: bytes, purpose: str) -> FileInfo:
    """Keep an uploaded file.

    Raises:
        UsageError: It is empty, too large, or its name is none.
    """
    most = runtime.settings.documents.max_file_bytes
    plain = name.replace("\\", "/").rpartition("/")[2].strip()
    if not plain or len(plain) > LONGEST_NAME or not plain.isprintable():
        raise UsageError(
            f"Expected a file name of 1 to {LONGEST_NAME} characters, got {name[:80]!r}."
        )
    if not 0 < len(data) <= most:
        raise UsageError(f"Expected a file of 1 to {most} bytes, got {len(data)}.")
    row = StoredFile(
        id=f"file-{secrets.token_hex(12)}",
        owner=runtime.principal.name,
        name=plain,
        purpose=purpose,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
    )
    with runtime.database.write(runtime.principal) as session:
        session.add(row)
        session.flush()
        return _describe_file(row)


def list_files(
    runtime: Runtime,
    *,
    purpose: str = "",
    after: str = "",
    limit: int = 100,
    oldest_first: bool = False,
) -> list[FileInfo]:
    """The principal's files, newest first; an admin sees all.

    Args:
        runtime: Whose.
        purpose: Only of this purpose.
        after: Only those that follow this one in the list.
        limit: At most so many.
        oldest_first: The other way round.
    """
    order = (StoredFile.created_at, StoredFile.id)
    found = select(StoredFile).where(_filter_own(runtime.principal)).limit(limit)
    if purpose:
        found = found.where(StoredFile.purpose == purpose)
    with runtime.database.read(runtime.principal) as session:
        if after:
            last = _find_file(session, after)
            newer = StoredFile.created_at > last.created_at
            older = StoredFile.created_at < last.created_at
            same = StoredFile.created_at == last.created_at
            beside = StoredFile.id > last.id if oldest_first else StoredFile.id < last.id
            found = found.where((newer if oldest_first else older) | (same & beside))
        columns = order if oldest_first else tuple(each.desc() for each in order)
        return [_describe_file(row) for row in session.scalars(found.order_by(*columns))]


def get_file(runtime: Runtime, file: str) -> FileInfo:
    """One file.

    Raises:
        NotFound: The principal has none of that id.
    """
    with runtime.database.read(runtime.principal) as session:
        return _describe_file(_find_file(session, file))


def read_file_content(runtime: Runtime, file: str) -> tuple[FileInfo, bytes]:
    """A file with its bytes.

    Raises:
        NotFound: The principal has none of that id.
    """
    with runtime.database.read(runtime.principal) as session:
        row = _find_file(session, file)
        return _describe_file(row), row.data


def find_original(runtime: Runtime, document: int) -> tuple[FileInfo, bytes] | None:
    """The uploaded file that a readable document was made of; None where there is none."""
    with runtime.database.read(runtime.principal) as session:
        row = session.scalar(
            select(StoredFile)
            .join(CollectionFile, CollectionFile.file_id == StoredFile.id)
            .join(Document, Document.id == CollectionFile.document_id)
            .where(Document.id == document, may_read(runtime.principal))
            .options(undefer(StoredFile.data))
            .limit(1)
        )
        return (_describe_file(row), row.data) if row is not None else None


def remove_file(runtime: Runtime, file: str) -> None:
    """Remove a file; documents that were made of it stay.

    Raises:
        NotFound: The principal has none of that id.
    """
    with runtime.database.write(runtime.principal) as session:
        session.delete(_find_file(session, file))


def attach(runtime: Runtime, file: str, collection: int, attributes: Json) -> FileAttachment:
    """Note that a file is to be put into a collection; ``ingest_file`` then does it.

    Raises:
        NotFound: There is no such file, or no such collection that the principal may fill.
    """
    with runtime.database.write(runtime.principal) as session:
        row = _find_file(session, file)
        find_collection(session, collection, may_add_to(runtime.principal))
        old = session.get(CollectionFile, (collection, file))
        if old is not None and old.status == "in_progress":
            raise Refused(
                f"{file!r} is already being added to this collection; wait until it finishes."
            )
        link = old or CollectionFile(collection_id=collection, file_id=file)
        link.status, link.error = "in_progress", ""
        link.attributes = attributes or (old.attributes if old else {})
        session.add(link)
        session.flush()
        return _describe_attachment(link, row)


def ingest_file(runtime: Runtime, file: str, collection: int) -> FileAttachment:
    """Read an attached file into its collection, and note what came of it."""
    database, principal = runtime.database, runtime.principal
    with database.read(principal) as session:
        row = _find_file(session, file)
        name, data = row.name, row.data
        home = find_collection(session, collection, may_add_to(principal)).name
    try:
        report = DocumentIngester(runtime, home, collection_id=collection).add_bytes(data, name)
        error = report.skipped[0].reason if report.skipped else ""
    except GenwrightError as failure:
        error = str(failure)
    with database.write(principal) as session:
        link = session.get(CollectionFile, (collection, file))
        if link is None:
            raise NotFound(f"{file!r} was taken out of this collection meanwhile.")
        link.status, link.error = ("failed", error) if error else ("completed", "")
        if not error:
            link.document_id = session.scalar(
                select(Document.id)
                .where(
                    Document.collection_id == collection,
                    Document.source == name,
                    may_write(principal),
                )
                .order_by((Document.owner == principal.name).desc())
            )
        session.flush()
        return _describe_attachment(link, _find_file(session, file))


def give_up_unfinished(database: Database) -> None:
    """Mark as failed what was being read when a server ended: nobody goes on with it."""
    with database.write(OWNER) as session:
        session.execute(
            update(CollectionFile)
            .where(CollectionFile.status == "in_progress")
            .values(status="failed", error="The server ended meanwhile: add the file again.")
        )


def find_collection(
    session: StoreSession, collection: int, condition: ColumnElement[bool] | None = None
) -> Collection:
    """A collection by its number.

    Raises:
        NotFound: There is none under the condition; by default: that the principal knows of.
    """
    may = may_see(session.principal) if condition is None else condition
    row = session.scalar(select(Collection).where(Collection.id == collection, may))
    if row is None:
        raise NotFound(f"There is no vector store 'vs_{collection}'.")
    return row


def list_attachments(runtime: Runtime, collection: int) -> list[FileAttachment]:
    """What a collection has, newest first: uploaded files, and documents that came otherwise.

    Raises:
        NotFound: There is no such collection that the principal knows of.
    """
    with runtime.database.read(runtime.principal) as session:
        find_collection(session, collection)
        links = session.execute(
            select(CollectionFile, StoredFile)
            .join(StoredFile, CollectionFile.file_id == StoredFile.id)
            .outerjoin(Document, Document.id == CollectionFile.document_id)
            .where(
                CollectionFile.collection_id == collection,
                (CollectionFile.document_id.is_(None) & _filter_own(runtime.principal))
                | may_read(runtime.principal),
            )
        ).all()
        made = {link.document_id for link, _ in links}
        others = session.scalars(
            select(Document).where(
                Document.collection_id == collection, may_read(runtime.principal)
            )
        )
        found = [_describe_attachment(link, row) for link, row in links]
        found += [_describe_document(row) for row in others if row.id not in made]
    return sorted(found, key=lambda each: (each.created_at, each.file_id), reverse=True)


def get_attachment(runtime: Runtime, collection: int, file: str) -> FileAttachment:
    """One file of a collection, by its id or that of a document (``document-7``).

    Raises:
        NotFound: There is none that the principal may see.
    """
    for each in list_attachments(runtime, collection):
        if file in (each.file_id, f"document-{each.document}"):
            return each
    raise NotFound(f"There is no file {file[:80]!r} in this vector store.")


def set_attributes(
    runtime: Runtime, collection: int, file: str, attributes: Json
) -> FileAttachment:
    """Give a file of a collection other attributes, which searches can filter by.

    Raises:
        NotFound: There is none that the principal may change.
    """
    with runtime.database.write(runtime.principal) as session:
        find_collection(session, collection, may_add_to(runtime.principal))
        link = session.get(CollectionFile, (collection, file))
        if link is None:
            raise NotFound(f"There is no file {file[:80]!r} in this vector store.")
        link.attributes = attributes
    return get_attachment(runtime, collection, file)


def detach(runtime: Runtime, collection: int, file: str) -> None:
    """Take a file out of a collection, with the document that was made of it.

    Raises:
        NotFound: There is none that the principal may change.
    """
    found = get_attachment(runtime, collection, file)
    with runtime.database.write(runtime.principal) as session:
        find_collection(session, collection, may_add_to(runtime.principal))
        session.execute(
            delete(CollectionFile).where(
                CollectionFile.collection_id == collection, CollectionFile.file_id == file
            )
        )
        if found.document is not None:
            session.execute(
                delete(Document).where(Document.id == found.document, may_write(runtime.principal))
            )


def _find_file(session: StoreSession, file: str) -> StoredFile:
    row = session.scalar(
        select(StoredFile).where(StoredFile.id == file, _filter_own(session.principal))
    )
    if row is None:
        raise NotFound(f"There is no file {file[:80]!r}.")
    return row


def _filter_own(principal: Principal) -> ColumnElement[bool]:
    return true() if principal.sees_all else StoredFile.owner == principal.name


def _to_seconds(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp())


def _describe_file(row: StoredFile) -> FileInfo:
    return FileInfo(row.id, row.owner, row.name, row.purpose, row.size, _to_seconds(row.created_at))


def _describe_attachment(link: CollectionFile, row: StoredFile) -> FileAttachment:
    return FileAttachment(
        file_id=row.id,
        name=row.name,
        collection=link.collection_id,
        document=link.document_id,
        status=link.status,
        error=link.error,
        attributes=link.attributes,
        size=row.size,
        created_at=_to_seconds(link.created_at or datetime.now(UTC)),
    )


def _describe_document(row: Document) -> FileAttachment:
    """A document that was not uploaded, as if it were a file: ``document-`` and its number."""
    return FileAttachment(
        file_id=f"document-{row.id}",
        name=row.source.rpartition("/")[2],
        collection=row.collection_id,
        document=row.id,
        status="completed",
        error="",
        attributes=dict(row.details),
        size=row.characters,
        created_at=_to_seconds(row.added_at),
    )
