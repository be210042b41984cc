"""The documents of a workspace: listing, showing and removing them."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.orm import undefer

from genwright.errors import NotFound, UsageError
from genwright.storage import (
    Collection,
    Database,
    Document,
    Passage,
    StoreSession,
    may_read,
    may_see,
    may_write,
)
from genwright.types import Json, Principal

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class DocumentSummary:
    """A document as lists show it."""

    id: int
    source: str
    title: str
    format: str
    pages: int
    """How many it has; 0 where the format has none."""
    passages: int
    characters: int
    sha256: str
    added_at: str
    """ISO 8601, UTC."""
    owner: str
    restricted: bool
    """Whether rights on its collection do not reach it."""

    def json(self) -> Json:
        """Every field."""
        return asdict(self)


@dataclass(frozen=True)
class DocumentDetails:
    """A document with all that is known of it; ``passages`` are spans of ``text``."""

    listed: DocumentSummary
    collection: str
    text: str
    warnings: list[str]
    metadata: Json
    passages: list[Json]

    def describe(self) -> Json:
        """What is known of it beside its text."""
        more = {"collection": self.collection, "warnings": self.warnings, "metadata": self.metadata}
        return {**self.listed.json(), **more}

    def json(self) -> Json:
        """Everything; ``passages`` are the passages themselves and not their number."""
        return {**self.describe(), "text": self.text, "passages": self.passages}


def list_documents(
    database: Database, principal: Principal, collection: str = ""
) -> list[DocumentSummary]:
    """Every document that the principal may read, by id.

    Args:
        database: The store.
        principal: Who asks.
        collection: Only those in it; empty for all.

    Raises:
        NotFound: There is no such collection.
    """
    with database.read(principal) as session:
        where = _filter_inside(session, collection)
        counts = dict(
            session.execute(
                select(Passage.document_id, func.count()).group_by(Passage.document_id)
            ).all()
        )
        documents = session.scalars(
            select(Document).where(may_read(principal), where).order_by(Document.id)
        )
        return [_summarize_document(document, counts.get(document.id, 0)) for document in documents]


def list_collection_documents(
    database: Database, principal: Principal, collection: int, *, limit: int, offset: int = 0
) -> list[DocumentSummary]:
    """Documents of a collection by its number that the principal may read, newest first.

    Args:
        database: The store.
        principal: Who asks.
        collection: Its number.
        limit: At most so many.
        offset: After so many.
    """
    with database.read(principal) as session:
        documents = session.scalars(
            select(Document)
            .where(may_read(principal), Document.collection_id == collection)
            .order_by(Document.id.desc())
            .limit(limit)
            .offset(offset)
        ).all()
        ids = [document.id for document in documents]
        counts = dict(
            session.execute(
                select(Passage.document_id, func.count())
                .where(Passage.document_id.in_(ids))
                .group_by(Passage.document_id)
            ).all()
        )
        return [_summarize_document(document, counts.get(document.id, 0)) for document in documents]


def list_collections(database: Database, principal: Principal) -> list[Json]:
    """``{"name", "documents", "passages", "characters"}`` of each collection, by name."""
    with database.read(principal) as session:
        passages = (
            select(Passage.document_id, func.count().label("number"))
            .group_by(Passage.document_id)
            .subquery()
        )
        rows = session.execute(
            select(
                Collection.name,
                func.count(Document.id),
                func.coalesce(func.sum(passages.c.number), 0),
                func.coalesce(func.sum(Document.characters), 0),
            )
            .select_from(Collection)
            .outerjoin(Document, (Document.collection_id == Collection.id) & may_read(principal))
            .outerjoin(passages, passages.c.document_id == Document.id)
            .where(may_see(principal))
            .group_by(Collection.id)
            .order_by(Collection.name, Collection.id)
        )
        names = ("name", "documents", "passages", "characters")
        return [dict(zip(names, row, strict=True)) for row in rows]


def show_document(
    database: Database, principal: Principal, named: str, collection: str = ""
) -> DocumentDetails:
    """One document.

    Args:
        database: The store.
        principal: Who asks.
        named: Its id, its source, or a path that leads to its source.
        collection: Where to look; empty for everywhere.

    Raises:
        NotFound: There is none.
        UsageError: Several collections have one of that source.
    """
    with database.read(principal) as session:
        statement = (
            select(Document, Collection.name)
            .join(Collection, Document.collection_id == Collection.id)
            .options(undefer(Document.text))
            .where(may_read(principal), _filter_inside(session, collection), _filter_named(named))
        )
        rows = session.execute(statement).all()
        if not rows:
            raise NotFound(f"No document {named!r}: genwright list shows those there are.")
        if len(rows) > 1:
            ids = ", ".join(str(document.id) for document, _ in rows)
            raise UsageError(f"{named!r} names documents {ids}: give the id of one of them.")
        document, name = rows[0]
        passages = session.scalars(
            select(Passage).where(Passage.document_id == document.id).order_by(Passage.id)
        ).all()
        return DocumentDetails(
            listed=_summarize_document(document, len(passages)),
            collection=name,
            text=document.text,
            warnings=document.warnings,
            metadata=document.details,
            passages=[_encode_passage(each) for each in passages],
        )


def remove_documents(
    database: Database, principal: Principal, named: Sequence[str], collection: str = ""
) -> list[str]:
    """Remove documents, all of those named or none.

    Args:
        database: The store.
        principal: Who asks.
        named: Each an id, a source, a path that leads to one, or a folder with all that came
            from it.
        collection: Where to look; empty for everywhere.

    Returns:
        The sources of what is gone.

    Raises:
        NotFound: One of the names fits no document; then nothing is removed.
    """
    gone: dict[int, str] = {}
    with database.write(principal) as session:
        where = _filter_inside(session, collection)
        for each in named:
            rows = session.execute(
                select(Document.id, Document.source).where(
                    may_write(principal), where, or_(_filter_named(each), _filter_below(each))
                )
            ).all()
            if not rows:
                raise NotFound(
                    f"No document {each!r}: genwright list shows those there are. "
                    "Nothing was removed."
                )
            gone.update({id_: source for id_, source in rows})
        for id_ in gone:
            session.execute(delete(Document).where(Document.id == id_))
    return list(gone.values())


def format_source(path: Path | str) -> str:
    r"""A path as the source of a document; bytes of a name that are no UTF-8 are written out.

    Example:
        >>> import os
        >>> format_source(os.fsdecode(b"/docs/caf\xe9.txt"))
        '/docs/caf\\xe9.txt'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def check_collections(session: StoreSession, names: Sequence[str]) -> None:
    """Raise NotFound for a name that no collection has: a typo must not look like no hits."""
    for name in names:
        _filter_inside(session, name)


def _filter_named(named: str) -> ColumnElement[bool]:
    source = Document.source.in_({format_source(named), format_source(Path(named).resolve())})
    # SQLite's integers have 64 bits; more digits than 18 are no id.
    fits = named.isascii() and named.isdigit() and len(named) <= 18
    return or_(source, Document.id == int(named)) if fits else source


def _filter_below(folder: str) -> ColumnElement[bool]:
    above = format_source(Path(folder).resolve()).rstrip("/")
    return Document.source.startswith(f"{above}/", autoescape=True)


def _filter_inside(session: StoreSession, collection: str) -> ColumnElement[bool]:
    if not collection:
        return true()
    seen = select(Collection.id, Collection.name).where(may_see(session.principal))
    rows = session.execute(seen).all()
    found = [id_ for id_, name in rows if name == collection]
    if not found:
        known = ", ".join(sorted({name for _, name in rows}))
        raise NotFound(f"No collection {collection!r}. Known: {known or 'none yet'}.")
    return Document.collection_id.in_(found)


def _summarize_document(document: Document, passages: int) -> DocumentSummary:
    return DocumentSummary(
        id=document.id,
        source=document.source,
        title=document.title,
        format=document.format,
        pages=len(document.pages),
        passages=passages,
        characters=document.characters,
        sha256=document.sha256,
        added_at=document.added_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
        owner=document.owner,
        restricted=document.restricted,
    )


def _encode_passage(passage: Passage) -> Json:
    return {
        "id": passage.id,
        "start": passage.start,
        "end": passage.end,
        "page": passage.page,
        "section": passage.section,
        "text": passage.text,
    }
