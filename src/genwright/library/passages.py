"""Passages by number, those of them that somebody may read."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from genwright.runtime import Runtime
from genwright.storage import Document, Passage, may_read


@dataclass(frozen=True)
class PassageLocation:
    """A passage with where it stands."""

    passage: int
    document: int
    source: str
    page: int | None
    section: str
    start: int
    end: int
    text: str


def read_passages(runtime: Runtime, ids: Iterable[int]) -> dict[int, PassageLocation]:
    """Passages by number; what is not readable is not there."""
    found = (
        select(
            Passage.id,
            Passage.document_id,
            Document.source,
            Passage.page,
            Passage.section,
            Passage.start,
            Passage.end,
            Passage.text,
        )
        .join(Document, Passage.document_id == Document.id)
        .where(Passage.id.in_(sorted(set(ids))), may_read(runtime.principal))
    )
    with runtime.database.read(runtime.principal) as session:
        return {row[0]: PassageLocation(*row) for row in session.execute(found)}
