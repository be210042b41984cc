"""The documents in a scope, as questions about the collection itself need them."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import PurePath

from sqlalchemy import func, select

from genwright.library.documents import check_collections
from genwright.retrieval import Hit, Scope
from genwright.retrieval.scope import build_conditions
from genwright.runtime import Runtime
from genwright.storage import Document, Passage
from genwright.types import Json

_YEAR = re.compile(
    r"(?<!\d)(1[5-9]\d\d|20\d\d)(?:[-_.](0[1-9]|1[0-2])(?:[-_.](0[1-9]|[12]\d|3[01]))?(?!\d))?"
    r"(?!\d)"
)
_DATED = ("date", "created_at", "creationdate", "modified_at")
_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?")
MOST_DOCUMENTS = 2000
"""Documents that an overview looks at, newest first; their number is exact."""


@dataclass(frozen=True)
class DocumentEntry:
    """A document as an overview knows it."""

    id: int
    source: str
    title: str
    format: str
    opening: Hit
    """Its first passage."""
    dated: str
    """When it is from, ISO 8601 as far as it is known; empty where nothing tells."""
    added_at: datetime

    @property
    def name(self) -> str:
        """Title and file, as a person would call it."""
        file = PurePath(self.source).name or self.source
        plain = self.title.strip()
        return file if not plain or plain == PurePath(file).stem else f"{plain} ({file})"


def list_entries(runtime: Runtime, scope: Scope) -> tuple[int, list[DocumentEntry]]:
    """How many documents are in a scope that the principal may read, and what they are, by id.

    Raises:
        NotFound: The scope names a collection that is not there.
    """
    with runtime.database.read(runtime.principal) as session:
        check_collections(session, scope.collections)
        where = build_conditions(session, scope)
        number = session.scalar(select(func.count()).select_from(Document).where(*where)) or 0
        first = (
            select(Passage.document_id, func.min(Passage.id).label("id"))
            .group_by(Passage.document_id)
            .subquery()
        )
        rows = session.execute(
            select(Document, Passage)
            .join(first, first.c.document_id == Document.id)
            .join(Passage, Passage.id == first.c.id)
            .where(*where)
            .order_by(Document.id.desc())
            .limit(MOST_DOCUMENTS)
        ).all()
    return number, [_make_entry(document, passage) for document, passage in reversed(rows)]


def _make_entry(document: Document, passage: Passage) -> DocumentEntry:
    hit = make_hit(document, passage)
    return DocumentEntry(
        document.id,
        document.source,
        document.title,
        document.format,
        hit,
        find_date(document.details, document.source, document.title),
        document.added_at,
    )


def make_hit(document: Document, passage: Passage, score: float = 0.0) -> Hit:
    """A passage as a search gives it."""
    return Hit(
        passage.id,
        document.id,
        document.source,
        document.title,
        passage.section,
        passage.page,
        passage.start,
        passage.end,
        passage.text,
        score,
        {},
    )


def find_date(details: Json, source: str, title: str) -> str:
    """When a document is from: a date in its name or title, else one that the file carries.

    Example:
        >>> find_date({}, "/minutes/2024-03-05 board.md", "Board")
        '2024-03-05'
        >>> find_date({"date": "Wed, 21 Dec 2022 10:28:53 -0600"}, "a.eml", "Hello")
        '2022-12-21'
    """
    if found := _YEAR.search(PurePath(source).stem) or _YEAR.search(title):
        return "-".join(part for part in found.groups() if part)
    for key in _DATED:
        if told := _parse_date(str(details.get(key) or "")):
            return told
    return ""


def _parse_date(text: str) -> str:
    if found := _PDF_DATE.match(text):
        return "-".join(part for part in found.groups() if part)
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (TypeError, ValueError):
        return ""


def read_document_passages(runtime: Runtime, document: int, most: int = 400) -> list[Hit]:
    """The passages of a document that the principal may read, in order."""
    with runtime.database.read(runtime.principal) as session:
        rows = session.execute(
            select(Document, Passage)
            .join(Passage, Passage.document_id == Document.id)
            .where(Document.id == document, *build_conditions(session, Scope()))
            .order_by(Passage.start)
            .limit(most)
        ).all()
        return [make_hit(owner, passage) for owner, passage in rows]


def lengthen_hit(runtime: Runtime, hit: Hit, passages: int = 2) -> Hit:
    """A passage with those after it in its document, as one; itself where it is the last."""
    with runtime.database.read(runtime.principal) as session:
        allowed = (Document.id == hit.document, *build_conditions(session, Scope()))
        ends = session.scalars(
            select(Passage.end)
            .join(Document, Passage.document_id == Document.id)
            .where(Passage.start >= hit.end, *allowed)
            .order_by(Passage.start)
            .limit(passages)
        ).all()
        if not ends:
            return hit
        part = func.substr(Document.text, hit.start + 1, ends[-1] - hit.start)
        text = session.scalar(select(part).where(*allowed))
    return replace(hit, end=hit.start + len(text or hit.text), text=text or hit.text)


def read_before(runtime: Runtime, hit: Hit, start: int, characters: int = 4000) -> str:
    """What stands before a place in a hit's document, where the principal may read it."""
    first = max(0, start - characters)
    part = func.substr(Document.text, first + 1, start - first)
    with runtime.database.read(runtime.principal) as session:
        allowed = (Document.id == hit.document, *build_conditions(session, Scope()))
        return session.scalar(select(part).where(*allowed)) or ""
