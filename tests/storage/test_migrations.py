"""The migrations make what the tables say, and the keyword index follows the passages."""

import sqlite3
from contextlib import closing
from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from tests.fixtures.rows import add_document

from genwright.storage import SCHEMA_VERSION, Database, Document, may_read
from genwright.storage.migrations import upgrade
from genwright.storage.segment import segment
from genwright.storage.tables import Base
from genwright.types import OWNER, Principal


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    yield database
    database.close()


def found(database: Database, words: str) -> list[int]:
    with database.read(OWNER) as session:
        match = text("SELECT rowid FROM passage_fts WHERE passage_fts MATCH :words ORDER BY rowid")
        return list(session.scalars(match, {"words": words}))


def test_the_migrations_make_what_the_tables_say(database):
    for name in ("accounts", "loop", "serving", "trained"):  # tables are known once imported
        import_module(f"genwright.storage.{name}")
    with database.engine.connect() as connection:
        known = set(Base.metadata.tables)

        def ours(item, name, kind, reflected, compared) -> bool:
            return kind != "table" or name in known  # FTS5 keeps tables of its own

        options = {"include_object": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_tables_whose_ids_are_kept_forever_have_autoincrement(database):
    with database.read(OWNER) as session:
        rows = session.execute(text("SELECT name, sql FROM sqlite_master"))
        made = {name: sql for name, sql in rows}
    for table in ("document", "passage", "vector_removal", "conversation", "run"):
        assert "AUTOINCREMENT" in made[table]


def test_migrating_again_changes_nothing(database):
    tables = inspect(database.engine).get_table_names()
    upgrade(database.engine)
    assert inspect(database.engine).get_table_names() == tables
    assert database.read_schema_version() == SCHEMA_VERSION


def test_the_keyword_index_follows_passages_that_come_and_go(database):
    with database.write(OWNER) as session:
        first = add_document(session, "first", ["red pumps", "blue valves"]).id
        add_document(session, "second", ["red valves"])
    assert len(found(database, "red")) == 2
    assert len(found(database, "first")) == 2  # its title stands above both of its passages

    with database.write(OWNER) as session:
        session.delete(session.get(Document, first))
    assert len(found(database, "red")) == 1
    assert found(database, "blue") == found(database, "first") == []
    with database.write(OWNER) as session:
        session.execute(text("INSERT INTO passage_fts (passage_fts) VALUES ('integrity-check')"))


def test_stems_and_accents_do_not_count(database):
    with database.write(OWNER) as session:
        add_document(session, "a", ["Żurek the running CAFÉS"])
    for word in ("zurek", "run", "cafe"):
        assert len(found(database, word)) == 1


def test_every_character_of_a_script_without_spaces_is_a_word(database):
    with database.write(OWNER) as session:
        add_document(session, "a", ["北京的胡同很老", "Bangkok กรุงเทพ"])
    assert len(found(database, '"胡 同"')) == 1
    assert found(database, '"同 胡"') == []
    assert len(found(database, f'"{segment("กรุง")}"')) == 1


@pytest.mark.parametrize("words", ["", "plain words", "café\nnaïve", "Привет мир", "한국어 문장"])
def test_scripts_with_spaces_are_left_as_they_are(words):
    assert segment(words) == words


def test_only_the_owner_and_whose_it_is_and_their_groups_may_read(database):
    with database.write(Principal("ann")) as session:
        add_document(session, "ann's", ["one"])
    with database.write(Principal("staff")) as session:
        add_document(session, "the staff's", ["two"], collection="staff")

    def sees(principal: Principal) -> set[str]:
        with database.read(principal) as session:
            return set(session.scalars(select(Document.source).where(may_read(principal))))

    assert sees(OWNER) == {"ann's", "the staff's"}
    assert sees(Principal("ann")) == {"ann's"}
    assert sees(Principal("bob", ("staff",))) == {"the staff's"}
    assert sees(Principal("owner", ("guests",))) == set()  # called so, and not the owner


def test_a_store_from_before_languages_keeps_its_index(tmp_path):
    database = Database(tmp_path / "genwright.db")
    with database.write(OWNER) as session:
        add_document(session, "old", ["Die Häuser", "red pumps"])
        first = add_document(session, "gone", ["blue valves"]).id
    database.close()
    with closing(sqlite3.connect(database.path)) as store:
        _take_back_languages(store)

    database = Database(database.path)
    assert found(database, "pump") == [2]
    assert found(database, "häuser") == [1]
    with database.write(OWNER) as session:
        document = session.get(Document, first)
        assert document.language is None
        session.delete(document)
        session.execute(text(CHECK))
    assert found(database, "valves") == []
    database.close()


CHECK = "INSERT INTO passage_fts (passage_fts, rank) VALUES ('integrity-check', 1)"


def _take_back_languages(store: sqlite3.Connection) -> None:
    """Make of a store what the migration before that of languages left, as far as words go."""
    store.execute("ALTER TABLE feedback DROP COLUMN intent")
    store.execute("DROP TABLE taught_request")
    first = import_module("genwright.storage.migrations.versions.0001_first_schema")
    for name in ("passage_added", "passage_removed"):
        store.execute(f"DROP TRIGGER {name}")
    store.execute("DROP VIEW passage_terms")
    store.execute("DROP INDEX ix_document_language")
    for table in ("document", "passage"):
        store.execute(f"ALTER TABLE {table} DROP COLUMN language")
    for statement in first.KEYWORD_INDEX:
        if "passage_fts USING" not in statement and "vector_removed" not in statement:
            store.execute(statement)
    store.execute("UPDATE alembic_version SET version_num = '0004'")
    store.execute("PRAGMA user_version = 0")
    store.commit()


def test_another_version_of_the_stemmers_indexes_all_words_again(database):
    with database.write(OWNER) as session:
        first = add_document(session, "de", ["Die Häuser"], language="de")
        session.flush()
        # What another version might have made of it.
        session.execute(text("INSERT INTO passage_fts (passage_fts) VALUES ('delete-all')"))
        session.execute(
            text("INSERT INTO passage_fts (rowid, heading, text) VALUES (1, 'de', 'die hauser')")
        )
        session.execute(text("PRAGMA user_version = 7"))
        id_ = first.id
    assert found(database, "haus") == []
    database.close()

    again = Database(database.path)
    assert found(again, "haus") == [1]
    with again.write(OWNER) as session:
        session.delete(session.get(Document, id_))
        session.execute(text(CHECK))
    assert found(again, "haus") == []
    again.close()
