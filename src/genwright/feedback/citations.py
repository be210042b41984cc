"""Better citations: a span of a document, said in short."""

import re

from sqlalchemy import select

from genwright.errors import NotFound, UsageError
from genwright.storage import Database, Document, may_read
from genwright.types import Json, Principal

_SPAN = re.compile(r"(\d+):(\d+)-(\d+)")


def parse_citation(database: Database, principal: Principal, text: str) -> Json:
    """A citation of ``DOCUMENT:START-END``, with the words that stand there.

    Raises:
        UsageError: It has another form, or the span is not within the document.
        NotFound: There is no such document that the principal may read.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise UsageError(f"Expected a citation as DOCUMENT:START-END, such as 3:120-180: {text!r}.")
    document, start, end = map(int, match.groups())
    with database.read(principal) as session:
        row = session.scalar(
            select(Document.text).where(Document.id == document, may_read(principal))
        )
    if row is None:
        raise NotFound(f"There is no document {document}: genwright list shows them.")
    if not start < end <= len(row):
        raise UsageError(f"Document {document} has {len(row)} characters; got {start} to {end}.")
    return {"document": document, "start": start, "end": end, "text": row[start:end]}
