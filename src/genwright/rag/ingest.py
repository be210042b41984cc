"""Documents in: read, split, embedded and stored, each wholly or not at all.

Reading happens in a sandboxed process while the batch before is embedded. A batch is one
transaction: rows, keyword index and vectors of its documents appear together, and only then are
they reported. What was reported survives a crash; what was not is read again by the next run.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import numpy as np
from sqlalchemy import delete, select

from genwright.documents import Extract, Found, Passage, Reader, Skipped, walk
from genwright.documents.splitters import splitters
from genwright.embeddings import Embedder
from genwright.errors import UnreadableDocument
from genwright.settings import DocumentSettings
from genwright.storage import Collection, Database, Document, StoreSession, Vector
from genwright.storage import Passage as PassageRow
from genwright.types import Json, Principal, Progress, unheard

READING_VERSION = 1
"""Raised when loaders or splitters change what they make of a file, so that it is read again."""

BATCH_PASSAGES = 256
"""Passages that are embedded and committed together; a longer document is a batch of its own."""

READ_AHEAD = 16
"""Documents that may wait for the embedder."""


@dataclass(frozen=True)
class Incoming:
    """A document on its way in."""

    source: str
    sha256: str
    """Of the bytes it was read from."""
    extract: Extract


@dataclass
class IngestReport:
    """What became of what was given."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0

    def json(self) -> Json:
        """The numbers, and ``{"path", "reason"}`` of what was skipped."""
        rows = [{"path": str(each.path), "reason": each.reason} for each in self.skipped]
        return {**asdict(self), "skipped": rows, "seconds": round(self.seconds, 3)}


class Ingest:
    """Puts documents into one collection.

    Args:
        database: The store.
        principal: Who adds; the documents are theirs.
        embedder: Makes the vectors, and counts the tokens passages are measured in.
        settings: How files are read and split.
        collection: Name; made when it is not there.
        progress: Told after each committed batch of documents stored, and passages.
    """

    def __init__(
        self,
        database: Database,
        principal: Principal,
        embedder: Embedder,
        settings: DocumentSettings,
        collection: str,
        progress: Progress = unheard,
    ) -> None:
        self.database, self.principal, self.embedder = database, principal, embedder
        self.settings, self.collection, self.progress = settings, collection, progress
        splitter = splitters.get(settings.splitter)
        self.splitter = splitter(size=settings.size, overlap=settings.overlap)
        self.recipe = _recipe(settings, embedder)
        self.report = IngestReport()

    def add_paths(self, paths: Sequence[Path]) -> IngestReport:
        """Read files and folders and store what is new or changed.

        Raises:
            NotFound: A path that was named is not there.
        """
        start = time.monotonic()
        found: list[Found] = []
        for each in walk(paths, self.settings):
            if isinstance(each, Skipped):
                self.report.skipped.append(each)
            else:
                found.append(each)
        self._total = len(found)
        self.store(_ahead(self._read(found)))
        self.report.seconds = time.monotonic() - start
        return self.report

    def sync(self, folder: Path) -> IngestReport:
        """Make the collection hold what a folder holds: adds, replaces, and removes what is gone."""
        report = self.add_paths([folder])
        there = {str(each.path) for each in walk([folder], self.settings)}
        with self.database.write(self.principal) as session:
            prefix = f"{folder.resolve()}/"
            statement = select(Document).where(
                Document.collection_id == self._collection(session).id,
                Document.owner == self.principal.name,
                Document.source.startswith(prefix, autoescape=True),
            )
            for document in session.scalars(statement):
                if document.source not in there:
                    session.delete(document)
                    report.removed += 1
        return report

    def store(self, incoming: Iterable[Incoming]) -> IngestReport:
        """Split, embed and store documents, in batches."""
        batch: list[tuple[Incoming, list[Passage]]] = []
        waiting = 0
        for each in incoming:
            passages = self.splitter.split(each.extract, self.embedder.token_offsets)
            batch.append((each, passages))
            waiting += len(passages)
            if waiting >= BATCH_PASSAGES:
                self._commit(batch)
                batch, waiting = [], 0
        if batch:
            self._commit(batch)
        return self.report

    def _read(self, found: Sequence[Found]) -> Iterator[Incoming]:
        known = self._known()
        with Reader(self.settings) as reader:
            for each in found:
                try:
                    data = each.read()
                    digest = hashlib.sha256(data).hexdigest()
                    if known.get(str(each.path)) == (digest, self.recipe):
                        self.report.unchanged += 1
                        continue
                    extract = reader.read_bytes(data, each.path.name)
                except UnreadableDocument as error:
                    self.report.skipped.append(Skipped(each.path, str(error)))
                    continue
                yield Incoming(str(each.path), digest, extract)

    def _known(self) -> dict[str, tuple[str, str]]:
        """Digest and recipe of what the collection holds, by source."""
        with self.database.read(self.principal) as session:
            rows = session.execute(
                select(Document.source, Document.sha256, Document.recipe)
                .join(Collection, Document.collection_id == Collection.id)
                .where(Collection.name == self.collection)
            )
            return {source: (digest, recipe) for source, digest, recipe in rows}

    def _commit(self, batch: Sequence[tuple[Incoming, list[Passage]]]) -> None:
        """Embed a batch, write it in one transaction, then report it."""
        rows = [
            (each, [_passage_row(each.extract, passage) for passage in passages])
            for each, passages in batch
        ]
        texts = [embedded_text(row.heading, row.text) for _, own in rows for row in own]
        vectors = iter(self.embedder.embed(texts).astype("<f4"))
        outcome = {"added": 0, "updated": 0, "unchanged": 0}
        with self.database.write(self.principal) as session:
            collection = self._collection(session)
            for each, own in rows:
                data = [next(vectors) for _ in own]
                outcome[self._put(session, collection, each, own, data)] += 1
        self.report.added += outcome["added"]
        self.report.updated += outcome["updated"]
        self.report.unchanged += outcome["unchanged"]
        self.report.passages += len(texts)
        done = self.report.added + self.report.updated
        self.progress(done, getattr(self, "_total", 0), f"{self.report.passages} passages")

    def _put(
        self,
        session: StoreSession,
        collection: Collection,
        incoming: Incoming,
        passages: Sequence[PassageRow],
        vectors: Sequence[np.ndarray],
    ) -> str:
        """Write one document; returns what that was: added, updated or unchanged."""
        old = session.scalar(
            select(Document).where(
                Document.collection_id == collection.id, Document.source == incoming.source
            )
        )
        if old and (old.sha256, old.recipe) == (incoming.sha256, self.recipe):
            return "unchanged"  # another process has just stored the same
        document = _document_row(incoming, collection.id, self.principal.name, self.recipe)
        if old:
            document.id = old.id  # so that a link to a document outlives its new content
            session.execute(delete(Document).where(Document.id == old.id))
            session.expunge(old)
        session.add(document)
        session.flush()
        for row in passages:
            row.document_id = document.id
        session.add_all(passages)
        session.flush()
        session.add_all(
            Vector(embedder=self.embedder.fingerprint, passage_id=row.id, data=vector.tobytes())
            for row, vector in zip(passages, vectors, strict=True)
        )
        return "updated" if old else "added"

    def _collection(self, session: StoreSession) -> Collection:
        found = session.scalar(select(Collection).where(Collection.name == self.collection))
        if found is None:
            found = Collection(name=self.collection, owner=self.principal.name)
            session.add(found)
            session.flush()
        return found


def embedded_text(heading: str, text: str) -> str:
    """What the embedder reads of a passage: its heading gives short passages their subject."""
    return f"{heading}\n{text}" if heading else text


def _passage_row(extract: Extract, passage: Passage) -> PassageRow:
    heading = " > ".join(part for part in (extract.title, passage.section) if part)
    return PassageRow(
        start=passage.start,
        end=passage.end,
        page=passage.page,
        section=passage.section,
        heading=heading,
        text=extract.text[passage.start : passage.end],
    )


def _document_row(incoming: Incoming, collection: int, owner: str, recipe: str) -> Document:
    extract = incoming.extract
    return Document(
        collection_id=collection,
        owner=owner,
        source=incoming.source,
        title=extract.title,
        format=extract.format,
        sha256=incoming.sha256,
        recipe=recipe,
        characters=len(extract.text),
        pages=[asdict(page) for page in extract.pages],
        details=dict(extract.metadata),
        warnings=list(extract.warnings),
        text=extract.text,
    )


def _recipe(settings: DocumentSettings, embedder: Embedder) -> str:
    parts = (
        READING_VERSION,
        settings.splitter,
        settings.size,
        settings.overlap,
        settings.ocr,
        embedder.fingerprint,
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _ahead(incoming: Iterator[Incoming]) -> Iterator[Incoming]:
    """Read in a thread of its own, at most ``READ_AHEAD`` documents before they are asked for."""
    queue: Queue[Incoming | BaseException | None] = Queue(READ_AHEAD)
    stopped = Event()

    def produce() -> None:
        try:
            for each in incoming:
                queue.put(each)
                if stopped.is_set():
                    return
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    thread = Thread(target=produce, name="genwright-reader", daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():  # a full queue must not hold the thread, nor its child process
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.05)
