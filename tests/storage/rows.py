"""Rows for tests: documents whose passages are given as texts."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select

from genwright.embeddings import Embedder
from genwright.storage import Collection, Document, Passage, StoreSession, Vector


def add_document(
    session: StoreSession,
    source: str,
    texts: Sequence[str],
    *,
    collection: str = "default",
    embedder: Embedder | None = None,
    **columns: object,
) -> Document:
    """Add a document of the session's principal, one passage per text, with vectors if embedded.

    Args:
        session: A write session.
        source: Its source and title.
        texts: Its passages, joined by blank lines.
        collection: Made where it is not there.
        embedder: Makes the vectors.
        columns: Columns of ``Document`` that differ.
    """
    home = session.scalar(select(Collection).where(Collection.name == collection))
    home = home or Collection(name=collection, owner=session.principal.name)
    session.add(home)
    session.flush()
    text = "\n\n".join(texts)
    values = {
        "collection_id": home.id,
        "owner": session.principal.name,
        "source": source,
        "title": source,
        "format": "text",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "recipe": "",
        "characters": len(text),
        "pages": [],
        "details": {},
        "warnings": [],
        "text": text,
    }
    document = Document(**(values | columns))
    session.add(document)
    session.flush()
    rows, start = [], 0
    for part in texts:
        end = start + len(part)
        rows.append(
            Passage(
                document_id=document.id,
                start=start,
                end=end,
                section="",
                heading=document.title,
                text=part,
            )
        )
        start = end + 2
    session.add_all(rows)
    session.flush()
    if embedder:
        session.add_all(
            Vector(embedder=embedder.fingerprint, passage_id=row.id, data=vector.tobytes())
            for row, vector in zip(rows, embedder.embed(list(texts)), strict=True)
        )
    return document
