"""Transactions, several processes, and what a database file may turn out to be."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from tests.fixtures.rows import add_document

from genwright.embeddings.hashing import HashingEmbedder
from genwright.errors import StoreFailed
from genwright.storage import (
    SCHEMA_VERSION,
    Collection,
    Database,
    Document,
    Passage,
    Vector,
    VectorRemoval,
)
from genwright.types import OWNER


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


def count(database: Database, table: type) -> int:
    with database.read(OWNER) as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_every_connection_is_durable_and_checks_references(database, pragma, value):
    for open_session in (database.read, database.write):
        with open_session(OWNER) as session:
            assert session.scalar(text(f"PRAGMA {pragma}")) == value  # 2 is FULL


def test_a_failed_transaction_leaves_nothing(database):
    embedder = HashingEmbedder()
    with pytest.raises(ZeroDivisionError), database.write(OWNER) as session:
        add_document(session, "a", ["one", "two"], embedder=embedder)
        raise ZeroDivisionError

    for table in (Collection, Document, Passage, Vector, VectorRemoval):
        assert count(database, table) == 0
    with database.read(OWNER) as session:
        assert session.scalar(text("SELECT count(*) FROM passage_fts('one')")) == 0


def test_a_reference_to_nothing_is_refused(database):
    with pytest.raises(IntegrityError), database.write(OWNER) as session:
        session.add(Vector(embedder="any", passage_id=99, data=b""))


def test_the_same_source_is_not_twice_in_a_collection(database):
    with pytest.raises(IntegrityError), database.write(OWNER) as session:
        add_document(session, "a", ["one"])
        add_document(session, "a", ["two"])


def test_a_reader_keeps_its_view_while_another_writes(database):
    with database.read(OWNER) as reader:
        assert reader.scalar(select(func.count()).select_from(Document)) == 0
        with database.write(OWNER) as writer:
            add_document(writer, "a", ["one"])
        assert reader.scalar(select(func.count()).select_from(Document)) == 0
    assert count(database, Document) == 1


def test_a_removed_document_takes_its_passages_and_vectors_and_says_which(database):
    embedder = HashingEmbedder()
    with database.write(OWNER) as session:
        gone = add_document(session, "a", ["one", "two"], embedder=embedder).id
        add_document(session, "b", ["three"], embedder=embedder)
        ids = session.scalars(select(Passage.id).where(Passage.document_id == gone)).all()
    with database.write(OWNER) as session:
        session.delete(session.get(Document, gone))

    assert count(database, Passage) == count(database, Vector) == 1
    with database.read(OWNER) as session:
        removed = session.scalars(select(VectorRemoval.passage_id)).all()
    assert sorted(removed) == sorted(ids)


def test_ids_are_never_used_twice(database):
    with database.write(OWNER) as session:
        first = add_document(session, "a", ["one"]).id
        last = session.scalar(select(func.max(Passage.id)))
    with database.write(OWNER) as session:
        session.delete(session.get(Document, first))
    with database.write(OWNER) as session:
        assert add_document(session, "b", ["two"]).id > first
        assert session.scalar(select(func.min(Passage.id))) > last


WRITER = """
import sys
from pathlib import Path
from tests.fixtures.rows import add_document
from genwright.storage import Database
from genwright.types import OWNER
database = Database(Path(sys.argv[1]))
for number in range(25):
    with database.write(OWNER) as session:
        add_document(session, f"{sys.argv[2]}-{number}", ["one", "two"])
    print(number, flush=True)
"""


def writer(database: Database, name: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(database.path), name],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_two_processes_make_and_write_one_database_at_once(database):
    writers = [writer(database, name) for name in ("left", "right")]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    assert count(database, Document) == 50
    assert count(database, Passage) == 100
    assert count(database, Collection) == 1


def test_what_a_killed_writer_committed_is_there_and_nothing_is_half_there(database):
    process = writer(database, "killed")
    for line in process.stdout:
        if line.strip() == "9":
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()

    documents = count(database, Document)
    assert documents >= 10
    assert count(database, Passage) == 2 * documents
    with database.read(OWNER) as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert session.scalar(text("SELECT count(*) FROM passage_fts('one')")) == documents


def test_a_new_file_has_the_newest_schema(database):
    assert database.read_schema_version() == SCHEMA_VERSION


def test_a_newer_schema_is_refused_with_what_to_do(database):
    with database.write(OWNER) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreFailed, match="upgrade genwright"):
        count(Database(database.path), Document)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    file = tmp_path / "genwright.db"
    file.write_bytes(b"This is a letter to my aunt. " * 100)
    with pytest.raises(StoreFailed, match="not a database"):
        count(Database(file), Document)


def test_a_folder_that_is_gone_is_said_to_be(tmp_path):
    with pytest.raises(StoreFailed, match="check that its folder is there"):
        count(Database(tmp_path / "gone" / "genwright.db"), Document)


def test_damage_is_named_as_damage(database):
    with database.write(OWNER) as session:
        add_document(session, "a", ["word " * 5000])
    database.close()
    with sqlite3.connect(database.path) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    data = bytearray(database.path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    database.path.write_bytes(data)
    with pytest.raises(StoreFailed, match="restore it from a backup"):
        count(Database(database.path), Document)


def test_a_closed_database_opens_again(database):
    assert count(database, Document) == 0
    database.close()
    assert count(database, Document) == 0
