"""A document's text as pages show it: a window around a span, with pages and span marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import undefer

from genwright.errors import NotFound
from genwright.runtime import Runtime
from genwright.storage import Collection, Document, Passage, may_read

PANEL_CHARACTERS = 3_000
"""Of the window beside an answer."""
PAGE_CHARACTERS = 30_000
"""Of the window of a source's own page."""
MOST_PASSAGES = 2_000


@dataclass(frozen=True)
class TextPiece:
    """A run of characters; ``page`` is set where a page begins."""

    text: str
    marked: bool
    page: int | None


@dataclass(frozen=True)
class SourceView:
    """A document and the window of its text that is shown."""

    id: int
    name: str
    """The last part of where it came from."""
    source: str
    title: str
    collection: str
    format: str
    sha256: str
    characters: int
    pages: int
    page: int | None
    """On which the span begins."""
    section: str
    start: int
    end: int
    """The span; both 0 for none."""
    first: int
    last: int
    """The window."""
    pieces: tuple[TextPiece, ...]
    passages: tuple[tuple[int, int, int | None, str], ...]
    """Start, end, page and section of each, where they were asked for."""


def read_source(
    runtime: Runtime, document: int, start: int, end: int, window: int, at: int | None = None
) -> SourceView:
    """A window of a document around a span.

    Args:
        runtime: Whose rights.
        document: Its id.
        start: Of the span, in characters; one outside the text is moved into it.
        end: Of the span.
        window: Characters to show.
        at: Where the window begins; by default so that the span is well inside.

    Raises:
        NotFound: There is no such document that they may read.
    """
    with runtime.database.read(runtime.principal) as session:
        found = session.execute(
            select(Document, Collection.name)
            .join(Collection, Document.collection_id == Collection.id)
            .where(Document.id == document, may_read(runtime.principal))
            .options(undefer(Document.text))
        ).first()
        if found is None:
            raise NotFound(f"There is no document {document} that you may read.")
        row, collection = found
        passages = session.execute(
            select(Passage.start, Passage.end, Passage.page, Passage.section)
            .where(Passage.document_id == document)
            .order_by(Passage.start)
            .limit(MOST_PASSAGES)
        ).all()
        length = len(row.text)
        start, end = max(0, min(start, length)), max(0, min(end, length))
        first, last = _find_window(row.text, start, end, window, at)
        section = next((each[3] for each in passages if each[0] <= start < each[1]), "")
        return SourceView(
            id=row.id,
            name=PurePath(row.source).name or row.source,
            source=row.source,
            title=row.title,
            collection=collection,
            format=row.format,
            sha256=row.sha256,
            characters=length,
            pages=len(row.pages),
            page=_find_page(row, start) if end > start else None,
            section=section if end > start else "",
            start=start,
            end=end,
            first=first,
            last=last,
            pieces=tuple(_split_pieces(row, first, last, start, end)),
            passages=tuple((each[0], each[1], each[2], each[3]) for each in passages),
        )


def _find_window(text: str, start: int, end: int, size: int, at: int | None) -> tuple[int, int]:
    """Where to begin and end, at line breaks where there are any near."""
    middle = (start + end) // 2
    first = max(0, min(at if at is not None else middle - size // 2, len(text)))
    last = min(len(text), max(first + size, end if at is None else 0))
    if 0 < first and at is None:
        first = min(start, 1 + text.find("\n", first, start) or first)
    if last < len(text):
        cut = text.find("\n", last, last + 400)
        last = cut + 1 if cut >= 0 else last
    return first, last


def _find_page(row: Document, start: int) -> int | None:
    for page in row.pages:
        if page["start"] <= start < page["end"]:
            return int(page["number"])
    return None


def _split_pieces(
    row: Document, first: int, last: int, start: int, end: int
) -> Iterator[TextPiece]:
    begins = {page["start"]: page["number"] for page in row.pages}
    inside = {each for each in (start, end, *begins) if first < each < last}
    for begin, stop in pairwise(sorted({first, last, *inside})):
        marked = start <= begin < end
        yield TextPiece(row.text[begin:stop], marked, begins.get(begin))
