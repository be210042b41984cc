"""Documents in: read, split, embedded and stored, each wholly or not at all.

Reading happens in a sandboxed process while the batch before is embedded. A batch is one
transaction: rows, keyword index and vectors of its documents appear together, and only then are
they reported. What was reported survives a crash; what was not is read again by the next run.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from sqlalchemy import ColumnElement, delete, select, update

from genwright.documents import DocumentFile, Extract, SkippedFile, TextPassage, walk
from genwright.documents.splitters import splitters
from genwright.embeddings import Embedder
from genwright.errors import Refused, UsageError
from genwright.languages import detect_document_language
from genwright.library.documents import format_source
from genwright.library.prefetch import (
    DocumentInput,
    Item,
    ParsedDocument,
    UnchangedDocument,
    read_ahead,
    read_each,
)
from genwright.privacy import Privacy
from genwright.runtime import Runtime
from genwright.settings import DocumentSettings
from genwright.storage import Collection as CollectionRow
from genwright.storage import Document, StoreSession, Vector, may_add_to, may_write
from genwright.storage import Passage as PassageRow
from genwright.storage.tables import now
from genwright.types import Json

READING_VERSION = 1
"""Raised when loaders or splitters change what they make of a file, so that it is read again."""

BATCH_PASSAGES = 256
"""Passages that are embedded and committed together; a longer document is a batch of its own."""

_Split = tuple[ParsedDocument, list[TextPassage]]
_Fresh = tuple[ParsedDocument, str, list[PassageRow]]
"""A document, its language, its passages."""


@dataclass(frozen=True)
class IngestedDocument:
    """A document that is safely in: its transaction is on disk."""

    source: str
    outcome: str
    """``added``, ``updated`` or ``unchanged`` (another process stored the same meanwhile)."""
    passages: int


@dataclass
class IngestReport:
    """What became of what was given."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: list[SkippedFile] = field(default_factory=list)
    passages: int = 0
    seconds: float = 0.0

    def json(self) -> Json:
        """The numbers, and ``{"path", "reason"}`` of what was skipped."""
        rows = [{"path": format_source(each.path), "reason": each.reason} for each in self.skipped]
        return {**asdict(self), "skipped": rows, "seconds": round(self.seconds, 3)}


class DocumentIngester:
    """Puts documents into one collection.

    Args:
        runtime: Where to; the documents are its principal's.
        collection: Name, by default the settings'; made when it is not there.
        collection_id: Its number, where the name does not tell it from others' of that name.
        stored: Told of each document once its transaction is on disk.
    """

    def __init__(
        self,
        runtime: Runtime,
        collection: str = "",
        *,
        collection_id: int | None = None,
        stored: Callable[[IngestedDocument], None] = lambda _: None,
    ) -> None:
        settings, self.stored = runtime.settings, stored
        self.database, self.principal = runtime.database, runtime.principal
        self.progress, self.embedder = runtime.progress, runtime.models.embedder
        self.settings, self.collection = settings.documents, collection or settings.collection
        splitter = splitters.get(self.settings.splitter)
        self.splitter = splitter(
            size=self.settings.chunk_tokens, overlap=self.settings.chunk_overlap
        )
        self.recipe = _compute_recipe(self.settings, self.embedder)
        self.report = IngestReport()
        self.screen = Privacy(settings.privacy).screen_document
        self.collection_id = collection_id
        self._total, self._began = 0, time.monotonic()

    def add_paths(self, paths: Sequence[Path]) -> IngestReport:
        """Read files and folders and store what is new or changed.

        Raises:
            NotFound: A path that was named is not there.
        """
        return self._add(list(walk(paths, self.settings)))

    def add_bytes(self, data: bytes, name: str) -> IngestReport:
        """Store one document that is not a file; ``name`` is its source and tells its format."""
        self._total += 1
        given = DocumentInput(format_source(name), name, lambda: data)
        return self.store(read_each([given], self.settings, self._read_known(), self.recipe))

    def sync(self, folder: Path) -> IngestReport:
        """Make the collection hold what a folder holds: adds, replaces, and removes what is gone.

        A file that has become unreadable keeps its last good content, and is reported.

        Raises:
            NotFound: The folder is not there.
            UsageError: It is a file.
            Refused: Documents came from it and it has none now: it may be a disk not mounted.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"Expected a folder, got a file: genwright add {folder}")
        found = list(walk([folder], self.settings))
        here = format_source(folder.resolve())
        if not found and (lost := self._find_sources_below(here)):
            raise Refused(
                f"Expected the files of {len(lost)} documents in {folder}, got an empty folder: "
                f"mount it, or drop them by: genwright remove {here}"
            )
        self._add(found)
        there = {format_source(each.path) for each in found}
        gone = [
            id_
            for id_, source in self._find_sources_below(here).items()
            if source not in there and _is_gone(source)
        ]
        with self.database.write(self.principal) as session:
            for id_ in gone:
                session.execute(delete(Document).where(Document.id == id_))
        self.report.removed += len(gone)
        return self._finish_report()

    def store(self, incoming: Iterable[Item]) -> IngestReport:
        """Split, embed and store documents, in batches."""
        batch: list[_Split] = []
        waiting = 0
        for item in incoming:
            each = self._screen_item(item)
            if isinstance(each, SkippedFile):
                self.report.skipped.append(each)
            elif isinstance(each, UnchangedDocument):
                self.report.unchanged += 1
                self._report_progress()
            else:
                passages = self.splitter.split(each.extract, self.embedder.locate_tokens)
                batch.append((each, passages))
                waiting += len(passages)
            if waiting >= BATCH_PASSAGES:
                self._commit(batch)
                batch, waiting = [], 0
        if batch:
            self._commit(batch)
        return self._finish_report()

    def _screen_item(self, item: Item) -> Item:
        """A document as it may be stored, or why it may not."""
        if not isinstance(item, ParsedDocument):
            return item
        extract = item.extract
        try:
            text, title = self.screen(extract.text), self.screen(extract.title)
        except Refused as error:
            return SkippedFile(Path(item.source), str(error))
        return replace(item, extract=replace(extract, text=text, title=title))

    def _add(self, walked: Sequence[DocumentFile | SkippedFile]) -> IngestReport:
        self.report.skipped += [each for each in walked if isinstance(each, SkippedFile)]
        found = [each for each in walked if isinstance(each, DocumentFile)]
        self._total += len(found)
        given = [
            DocumentInput(format_source(each.path), each.path.name, each.read) for each in found
        ]
        reading = read_each(given, self.settings, self._read_known(), self.recipe)
        with closing(read_ahead(reading)) as incoming:  # ends the sandbox on Ctrl-C too
            return self.store(incoming)

    def _read_known(self, sources: Collection[str] | None = None) -> dict[str, tuple[str, str]]:
        """Digest and recipe of what the collection holds, by source; of all, or of those named."""
        statement = (
            select(Document.source, Document.sha256, Document.recipe)
            .join(CollectionRow, Document.collection_id == CollectionRow.id)
            .where(self._filter_named(), may_write(self.principal))
        )
        if sources is not None:
            statement = statement.where(Document.source.in_(sources))
        with self.database.read(self.principal) as session:
            rows = session.execute(statement)
            return {source: (digest, recipe) for source, digest, recipe in rows}

    def _find_sources_below(self, folder: str) -> dict[int, str]:
        """Sources of the principal's documents that came from a folder, by id."""
        statement = (
            select(Document.id, Document.source)
            .join(CollectionRow, Document.collection_id == CollectionRow.id)
            .where(
                self._filter_named(),
                Document.owner == self.principal.name,
                Document.source.startswith(f"{folder.rstrip('/')}/", autoescape=True),
            )
        )
        with self.database.read(self.principal) as session:
            return dict(session.execute(statement).all())

    def _commit(self, batch: Sequence[_Split]) -> None:
        """Embed a batch, write it in one transaction, then report it."""
        known = self._read_known({each.source for each, _ in batch})
        # What another process has stored since this one looked is not worth embedding again.
        fresh = [
            _make_fresh(each, passages)
            for each, passages in batch
            if known.get(each.source) != (each.sha256, self.recipe)
        ]
        self.report.unchanged += len(batch) - len(fresh)
        texts = [build_embedding_text(row.heading, row.text) for *_, own in fresh for row in own]
        vectors = iter(self.embedder.embed(texts, self._report_embedded).astype("<f4"))
        stored: list[IngestedDocument] = []
        with self.database.write(self.principal) as session:
            collection = self._find_or_make_collection(session)
            for each, language, own in fresh:
                data = [next(vectors) for _ in own]
                outcome = self._put(session, collection, (each, language, own), data)
                stored.append(IngestedDocument(each.source, outcome, len(own)))
        self._count(stored)

    def _count(self, stored: Sequence[IngestedDocument]) -> None:
        report = self.report
        for each in stored:
            report.added += each.outcome == "added"
            report.updated += each.outcome == "updated"
            report.unchanged += each.outcome == "unchanged"
            report.passages += each.passages if each.outcome != "unchanged" else 0
            self.stored(each)
        self._report_progress()

    def _finish_report(self) -> IngestReport:
        self.report.seconds = time.monotonic() - self._began
        return self.report

    def _report_embedded(self, done: int, total: int, what: str) -> None:
        self._report_progress(done)

    def _report_progress(self, embedded: int = 0) -> None:
        """Report progress; ``embedded`` passages are on their way and not yet stored."""
        done = self.report.added + self.report.updated + self.report.unchanged
        passages = self.report.passages + embedded
        rate = passages / max(time.monotonic() - self._began, 1e-3)
        what = f"{done} of {self._total} documents, {passages} passages, {rate:.0f} passages/s"
        self.progress(done, self._total, what)

    def _put(
        self,
        session: StoreSession,
        collection: CollectionRow,
        fresh: _Fresh,
        vectors: Sequence[np.ndarray],
    ) -> str:
        """Write one document; returns what that was: added, updated or unchanged."""
        incoming, language, passages = fresh
        old = session.scalar(
            select(Document)
            .where(
                Document.collection_id == collection.id,
                Document.source == incoming.source,
                may_write(self.principal),
            )
            .order_by((Document.owner == self.principal.name).desc(), Document.id)
        )
        if old and (old.sha256, old.recipe) == (incoming.sha256, self.recipe):
            return "unchanged"  # another process has just stored the same
        columns = _make_columns(incoming, self.recipe, language)
        if old:
            # The row stays, so that links to a document and rights on it outlive its new content.
            session.execute(delete(PassageRow).where(PassageRow.document_id == old.id))
            session.execute(update(Document).where(Document.id == old.id).values(columns))
            document = old
        else:
            document = Document(collection_id=collection.id, owner=self.principal.name, **columns)
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

    def _filter_named(self) -> ColumnElement[bool]:
        if self.collection_id is not None:
            return CollectionRow.id == self.collection_id
        return CollectionRow.name == self.collection

    def _find_or_make_collection(self, session: StoreSession) -> CollectionRow:
        mine = CollectionRow.owner == self.principal.name
        found = session.scalar(
            select(CollectionRow)
            .where(self._filter_named(), may_add_to(self.principal))
            .order_by(mine.desc(), CollectionRow.id)
        )
        if found is None:
            found = CollectionRow(name=self.collection, owner=self.principal.name)
            session.add(found)
            session.flush()
        return found


def _is_gone(source: str) -> bool:
    """Whether nothing is there; a folder that may not be entered says nothing of its files."""
    try:
        os.lstat(source)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def build_embedding_text(heading: str, text: str) -> str:
    """What the embedder reads of a passage: its heading gives short passages their subject."""
    return f"{heading}\n{text}" if heading else text


def _make_fresh(document: ParsedDocument, passages: Sequence[TextPassage]) -> _Fresh:
    language = detect_document_language(document.extract.text)
    rows = [_make_passage_row(document.extract, passage, language) for passage in passages]
    return document, language, rows


def _make_passage_row(extract: Extract, passage: TextPassage, language: str) -> PassageRow:
    heading = " > ".join(part for part in (extract.title, passage.section) if part)
    return PassageRow(
        start=passage.start,
        end=passage.end,
        page=passage.page,
        section=passage.section,
        heading=heading,
        text=extract.text[passage.start : passage.end],
        language=language,
    )


def _make_columns(incoming: ParsedDocument, recipe: str, language: str) -> Json:
    """What the row of a document has of what was read, by column."""
    extract = incoming.extract
    return {
        "source": incoming.source,
        "title": extract.title,
        "format": extract.format,
        "sha256": incoming.sha256,
        "recipe": recipe,
        "characters": len(extract.text),
        "pages": [asdict(page) for page in extract.pages],
        "details": dict(extract.metadata),
        "warnings": list(extract.warnings),
        "language": language,
        "added_at": now(),
        "text": extract.text,
    }


def _compute_recipe(settings: DocumentSettings, embedder: Embedder) -> str:
    parts = (
        READING_VERSION,
        settings.splitter,
        settings.chunk_tokens,
        settings.chunk_overlap,
        settings.ocr,
        embedder.fingerprint,
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
