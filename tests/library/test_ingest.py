"""What goes in is whole, is there once, and is told only when it is on disk."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from sqlalchemy import select

from genwright.embeddings import Embedder
from genwright.embeddings.hashing import HashingEmbedder
from genwright.errors import NotFound, Refused, UsageError
from genwright.library.ingest import (
    BATCH_PASSAGES,
    DocumentIngester,
    IngestedDocument,
    build_embedding_text,
)
from genwright.retrieval import search_keywords
from genwright.retrieval.base import EVERYWHERE
from genwright.runtime import Runtime
from genwright.settings import DocumentSettings
from genwright.storage import Collection, Database, Document, Passage, Vector
from genwright.types import OWNER, Principal
from genwright.workspace import Workspace, create_workspace, open_workspace

MakeIngest = Callable[..., DocumentIngester]


@pytest.fixture
def workspace(tmp_path: Path):
    opened = open_workspace(
        create_workspace(tmp_path / "workspace"), {"embedding": {"model": "hashing"}}
    )
    yield opened
    opened.close()


@pytest.fixture
def database(workspace: Workspace) -> Database:
    return workspace.database


@pytest.fixture
def ingest(workspace: Workspace) -> MakeIngest:
    def make(
        collection: str = "default",
        embedder: Embedder | None = None,
        settings: DocumentSettings | None = None,
        principal: Principal = OWNER,
        stored: Callable[[IngestedDocument], None] = lambda _: None,
    ) -> DocumentIngester:
        changed = {"documents": settings} if settings else {}
        asked = workspace.with_settings(workspace.settings.model_copy(update=changed))
        runtime = Runtime(asked, principal)
        if embedder is not None:
            runtime.models.embedder = embedder
        return DocumentIngester(runtime, collection, stored=stored)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    (made / "inner").mkdir(parents=True)
    (made / "one.md").write_text("# Pumps\n\n" + "Oil the pump every day. " * 80)
    (made / "two.txt").write_text("The valve opens at 6 bar.\n")
    (made / "inner" / "three.txt").write_text("北京的泵每天加油。")
    return made


def sources(database: Database) -> list[str]:
    with database.read(OWNER) as session:
        return [Path(each).name for each in session.scalars(select(Document.source))]


def test_a_passage_is_its_span_of_the_text_and_its_vector_is_the_embedding_of_what_it_says(
    ingest: MakeIngest, database: Database, folder: Path
):
    report = ingest().add_paths([folder])
    with database.read(OWNER) as session:
        rows = session.execute(
            select(Document.text, Passage, Vector.data)
            .join(Passage, Passage.document_id == Document.id)
            .join(Vector, Vector.passage_id == Passage.id)
        ).all()
    assert len(rows) == report.passages > 3
    for text, passage, data in rows:
        assert text[passage.start : passage.end] == passage.text
        vector = HashingEmbedder().embed([build_embedding_text(passage.heading, passage.text)])[0]
        np.testing.assert_array_equal(np.frombuffer(data, "<f4"), vector)


def test_the_same_file_named_twice_is_one_document(ingest: MakeIngest, folder: Path):
    file = folder / "two.txt"
    report = ingest().add_paths([file, folder, file, folder / "inner" / ".." / "two.txt"])
    assert (report.added, report.unchanged, report.skipped) == (3, 0, [])


def test_two_files_of_the_same_content_are_two_documents(
    ingest: MakeIngest, database: Database, folder: Path
):
    (folder / "copy.txt").write_bytes((folder / "two.txt").read_bytes())
    assert ingest().add_paths([folder]).added == 4
    assert sorted(sources(database)) == ["copy.txt", "one.md", "three.txt", "two.txt"]


def test_the_same_name_given_again_replaces_the_document_and_keeps_its_id(
    ingest: MakeIngest, database: Database
):
    ingest().add_bytes(b"First words.", "note.txt")
    with database.read(OWNER) as session:
        first = session.scalars(select(Document.id)).one()
    again = ingest()
    again.add_bytes(b"First words.", "note.txt")
    report = again.add_bytes(b"Other words entirely.", "note.txt")

    assert (report.added, report.unchanged, report.updated) == (0, 1, 1)
    with database.read(OWNER) as session:
        assert session.scalars(select(Document.id)).one() == first
        assert session.scalars(select(Passage.text)).one() == "Other words entirely."
        assert session.query(Vector).count() == 1
        assert search_keywords(session, "First", EVERYWHERE, 5) == []
        assert len(search_keywords(session, "entirely", EVERYWHERE, 5)) == 1


def test_another_way_of_reading_reads_again(ingest: MakeIngest, folder: Path):
    whole = ingest().add_paths([folder]).passages
    report = ingest(settings=DocumentSettings(chunk_tokens=40)).add_paths([folder])
    assert (report.updated, report.unchanged) == (3, 0)
    assert report.passages > whole


def test_documents_are_told_when_another_connection_sees_them(
    ingest: MakeIngest, database: Database, folder: Path
):
    told: list[tuple[str, bool]] = []

    def look(each: IngestedDocument) -> None:
        other = Database(database.path)
        told.append((each.source, Path(each.source).name in sources(other)))
        other.close()

    ingest(stored=look).add_paths([folder])
    assert len(told) == 3 and all(seen for _, seen in told)


class Failing(HashingEmbedder):
    """Embeds so many batches and then no more."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def embed(self, texts, progress=lambda *_: None):
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().embed(texts, progress)


def test_an_interruption_keeps_what_was_told_and_the_next_run_goes_on(
    ingest: MakeIngest, database: Database, tmp_path: Path
):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2 * BATCH_PASSAGES):
        (many / f"{number:04}.txt").write_text(f"Machine {number}.")
    told: list[IngestedDocument] = []
    stopped = ingest(embedder=Failing(1), stored=told.append)
    with pytest.raises(KeyboardInterrupt):
        stopped.add_paths([many])

    assert stopped.report.added == stopped.report.passages == len(told) == BATCH_PASSAGES
    assert sorted(sources(database)) == [Path(each.source).name for each in told]
    report = ingest().add_paths([many])
    assert (report.unchanged, report.added) == (BATCH_PASSAGES, BATCH_PASSAGES)


def test_two_ingests_at_once_store_each_document_once(
    ingest: MakeIngest, database: Database, folder: Path
):
    for number in range(40):
        (folder / f"{number}.txt").write_text(f"Machine {number} stands in hall {number % 7}.")
    both = [ingest(), ingest()]
    threads = [Thread(target=each.add_paths, args=([folder],)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    reports = [each.report for each in both]
    assert sum(each.added for each in reports) == 43 == len(sources(database))
    assert sum(each.unchanged for each in reports) == 43
    assert sum(each.passages for each in reports) == database_passages(database)


def database_passages(database: Database) -> int:
    with database.read(OWNER) as session:
        return session.query(Passage).count()


def test_sync_removes_what_is_gone_from_the_folder_and_nothing_else(
    ingest: MakeIngest, database: Database, folder: Path, tmp_path: Path
):
    beside = tmp_path / "docs2"
    beside.mkdir()
    (beside / "beside.txt").write_text("It stands beside.")
    ingest().add_paths([folder, beside])
    ingest().add_bytes(b"From elsewhere.", "given.txt")
    ingest("other").add_paths([folder])
    (folder / "one.md").unlink()
    (folder / "two.txt").write_text("The valve opens at 7 bar.\n")

    report = ingest().sync(folder)

    assert (report.removed, report.updated, report.unchanged) == (1, 1, 1)
    with database.read(OWNER) as session:
        rows = session.execute(
            select(Collection.name, Document.source).join(
                Document, Document.collection_id == Collection.id
            )
        ).all()
    names = sorted((collection, Path(source).name) for collection, source in rows)
    assert names == [
        ("default", "beside.txt"),
        ("default", "given.txt"),
        ("default", "three.txt"),
        ("default", "two.txt"),
        ("other", "one.md"),
        ("other", "three.txt"),
        ("other", "two.txt"),
    ]


def test_sync_keeps_a_hidden_file_that_was_named(
    ingest: MakeIngest, database: Database, folder: Path
):
    (folder / ".notes.md").write_text("Found only by its name.")
    ingest().add_paths([folder, folder / ".notes.md"])
    assert ingest().sync(folder).removed == 0
    (folder / ".notes.md").unlink()
    assert ingest().sync(folder).removed == 1


def test_sync_of_a_folder_that_is_missing_empty_or_a_file_removes_nothing(
    ingest: MakeIngest, database: Database, folder: Path, tmp_path: Path
):
    ingest().sync(folder)
    moved = folder.rename(tmp_path / "moved")
    with pytest.raises(NotFound):
        ingest().sync(folder)
    folder.mkdir()
    with pytest.raises(Refused, match="3 documents"):
        ingest().sync(folder)
    with pytest.raises(UsageError):
        ingest().sync(moved / "one.md")
    assert len(sources(database)) == 3


def test_a_file_that_has_become_unreadable_is_told_and_keeps_its_last_content(
    ingest: MakeIngest, database: Database, folder: Path
):
    ingest().sync(folder)
    (folder / "two.txt").write_bytes(b"%PDF-1.4 broken")

    report = ingest().sync(folder)

    assert [each.path.name for each in report.skipped] == ["two.txt"]
    assert report.removed == 0 and "two.txt" in sources(database)


def test_the_documents_of_somebody_else_are_not_synced_away(
    ingest: MakeIngest, database: Database, folder: Path
):
    ingest(principal=Principal("mira")).add_paths([folder])
    (folder / "one.md").unlink()
    assert ingest().sync(folder).removed == 0
    assert "one.md" in sources(database)


def test_every_refused_document_is_named_once_and_nothing_of_it_is_stored(
    ingest: MakeIngest, database: Database, folder: Path
):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    report = ingest().add_paths([folder])
    refused = sorted(each.path.name for each in report.skipped)
    assert refused == ["broken.pdf", "empty.txt", "picture.png"]
    assert report.added == len(sources(database)) == 3


def test_a_document_and_its_passages_know_their_language(
    ingest: MakeIngest, folder: Path, database: Database
):
    german = "Die Pumpen werden jedes Jahr im Herbst gewartet, und das Öl wird gewechselt."
    (folder / "wartung.txt").write_text(german, encoding="utf-8")
    ingest().add_paths([folder])
    with database.read(OWNER) as session:
        own = select(Document).where(Document.source.endswith("wartung.txt"))
        document = session.scalars(own).one()
        assert document.language == "de"
        passages = select(Passage.language).where(Passage.document_id == document.id)
        assert set(session.scalars(passages)) == {"de"}
        assert search_keywords(session, "Pumpe", EVERYWHERE, 5) != []
        assert search_keywords(session, "valves", EVERYWHERE, 5) != []
