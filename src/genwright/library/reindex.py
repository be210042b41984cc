"""Making every index anew from the rows of the store."""

import shutil
import time

from sqlalchemy import ColumnElement, delete, exists, func, select, text, update

from genwright.languages import detect_document_language
from genwright.library.ingest import BATCH_PASSAGES, build_embedding_text
from genwright.runtime import Runtime
from genwright.storage import Document, Passage, StoreSession, Vector
from genwright.storage.database import REBUILD
from genwright.types import Json, Vectors

WIDTH = 4
"""Bytes of one component of a vector."""


def reindex(runtime: Runtime) -> Json:
    """Rebuild the keyword index and the vector index; embed what has no vector, or a broken one.

    Documents from before languages were known are given theirs. Vectors of the embedder in use that
    are there are kept: they are truth and no index. Those of other embedders stay too, so that
    going back to one costs nothing.

    Returns:
        ``{"passages", "embedded", "vectors", "seconds"}``.
    """
    start = time.monotonic()
    database, principal = runtime.database, runtime.principal
    languages = _detect_missing(runtime)
    with database.write(principal) as session:
        for id_, language in languages.items():
            session.execute(update(Document).where(Document.id == id_).values(language=language))
            own = Passage.document_id == id_
            session.execute(update(Passage).where(own).values(language=language))
        session.execute(text(REBUILD))  # in the same transaction: it reads what was just written
        session.execute(
            delete(Vector).where(
                Vector.embedder == runtime.models.embedder.fingerprint,
                func.length(Vector.data) != WIDTH * runtime.models.embedder.dim,
            )
        )
    embedded = _embed_missing(runtime)
    # A file from before the store was put back from a backup would know passages to come.
    shutil.rmtree(runtime.search.vectors.folder, ignore_errors=True)
    with database.read(principal) as session:
        index = runtime.search.vectors.rebuild(session)
        passages = session.scalar(select(func.count()).select_from(Passage))
    return {
        "passages": passages,
        "embedded": embedded,
        "vectors": len(index),
        "seconds": round(time.monotonic() - start, 3),
    }


def _detect_missing(runtime: Runtime) -> dict[int, str]:
    """Languages of the documents that nobody has looked at, by id."""
    with runtime.database.read(runtime.principal) as session:
        ids = session.scalars(select(Document.id).where(Document.language.is_(None))).all()
        found = {}
        for done, id_ in enumerate(ids, start=1):
            whole = session.scalar(select(Document.text).where(Document.id == id_))
            found[id_] = detect_document_language(whole or "")
            runtime.progress(done, len(ids), f"language of {done} of {len(ids)} documents")
        return found


def _embed_missing(runtime: Runtime) -> int:
    """Embed in batches, each committed, so that it goes on after an interruption."""
    database, fingerprint = runtime.database, runtime.models.embedder.fingerprint
    missing = select(Passage).where(filter_without_vector(fingerprint)).order_by(Passage.id)
    with database.read(runtime.principal) as session:
        total = session.scalar(select(func.count()).select_from(missing.subquery())) or 0
    done = 0
    while True:
        with database.read(runtime.principal) as session:
            rows = session.scalars(missing.limit(BATCH_PASSAGES)).all()
        if not rows:
            return done
        texts = [build_embedding_text(row.heading, row.text) for row in rows]
        vectors = runtime.models.embedder.embed(texts).astype("<f4")
        with database.write(runtime.principal) as session:
            _add(session, fingerprint, {row.id: v for row, v in zip(rows, vectors, strict=True)})
        done += len(rows)
        runtime.progress(done, max(total, done), f"{done} of {total} passages embedded")


def _add(session: StoreSession, fingerprint: str, vectors: dict[int, Vectors]) -> None:
    """Store vectors by passage, but for passages that another process removed or embedded."""
    still = select(Passage.id).where(Passage.id.in_(vectors), filter_without_vector(fingerprint))
    session.add_all(
        Vector(embedder=fingerprint, passage_id=id_, data=vectors[id_].tobytes())
        for id_ in session.scalars(still).all()
    )


def filter_without_vector(fingerprint: str) -> ColumnElement[bool]:
    """The condition on ``Passage`` that it has no vector of an embedder."""
    return ~exists().where(Vector.embedder == fingerprint, Vector.passage_id == Passage.id)
