"""The audit log shows when somebody changed it."""

import sqlite3

import pytest
from sqlalchemy.exc import DatabaseError

from genwright.access import audit
from genwright.access.grants import GrantTarget, grant, list_grants, restrict, revoke
from genwright.access.people import create_user
from genwright.errors import NotFound, UsageError
from genwright.storage import AuditEntry, Database
from genwright.types import EVERYONE, OWNER, Principal

ANN = Principal("ann", (EVERYONE,), "editor")
BOB = Principal("bob", (EVERYONE,), "editor")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    for name in ("ann", "bob", "cat"):
        create_user(database, OWNER, name)
    yield database
    database.close()


@pytest.fixture
def document(database):
    from tests.fixtures.rows import add_document

    with database.write(ANN) as session:
        row = add_document(session, "plan", ["one"], collection="ann's")
        return row.id, row.collection_id


def tamper(database: Database, statement: str) -> None:
    """What somebody with the file can do."""
    with sqlite3.connect(database.path) as connection:
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_no_{change}")
        connection.execute(statement)


def test_a_log_that_nobody_changed_is_unbroken(database):
    found = audit.verify(database)
    assert (found.entries, found.broken_at) == (3, None)
    assert audit.has_digest(database, found.head) and not audit.has_digest(database, "ab" * 32)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET target = 'user-9' WHERE id = 2", 2),
        ("UPDATE audit SET at = '2020-01-01 00:00:00' WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("UPDATE audit SET details = '{}' WHERE id = 3", 3),
    ],
)
def test_a_change_is_found_where_it_is(database, statement, broken):
    tamper(database, statement)
    assert audit.verify(database).broken_at == broken


def test_a_log_that_was_cut_lacks_a_head_noted_before(database):
    head = audit.verify(database).head
    tamper(database, "DELETE FROM audit WHERE id = 3")
    assert audit.verify(database).broken_at is None
    assert not audit.has_digest(database, head)


def test_the_store_refuses_to_change_an_entry(database):
    with pytest.raises(DatabaseError, match="only added to"), database.write(OWNER) as session:
        session.query(AuditEntry).update({"target": "x"})


def test_entries_name_nobody(database, document):
    grant(database, ANN, "bob", GrantTarget("document", document[0]))
    text = str(list(audit.export(database, OWNER)))
    assert "bob" not in text and "ann" not in text and "user-2" in text
    assert audit.find_actor_names(database, OWNER, {"user-2", "owner"}) == {"user-2": "bob"}


def test_who_may_write_may_share_and_nobody_else(database, document):
    target = GrantTarget("document", document[0])
    with pytest.raises(NotFound) as hidden:
        grant(database, BOB, "cat", target)
    with pytest.raises(NotFound) as missing:
        grant(database, BOB, "cat", GrantTarget("document", 999))
    assert str(hidden.value).replace(str(document[0]), "999") == str(missing.value)
    grant(database, ANN, "bob", target, "read")
    with pytest.raises(NotFound):
        grant(database, BOB, "cat", target)
    grant(database, ANN, "bob", target, "write")
    grant(database, BOB, "group:everyone", target)
    assert [(each.holder, each.right) for each in list_grants(database, ANN, target)] == [
        ("bob", "write"),
        ("group:everyone", "read"),
    ]
    revoke(database, ANN, "bob", target)
    with pytest.raises(NotFound):
        revoke(database, ANN, "bob", target)


def test_a_right_needs_a_holder_and_a_name(database, document):
    target = GrantTarget("collection", document[1])
    for holder in ("nobody", "group:nothing", "a:b"):
        with pytest.raises(NotFound):
            grant(database, ANN, holder, target)
    with pytest.raises(UsageError):
        grant(database, ANN, "bob", target, "own")
    with pytest.raises(UsageError):
        grant(database, ANN, "bob", GrantTarget("conversation", 1), "write")


def test_a_restricted_document_is_passed_by(database, document):
    from sqlalchemy import select

    from genwright.storage import Document, may_read

    grant(database, ANN, "group:everyone", GrantTarget("collection", document[1]))

    def sees(principal: Principal) -> int:
        with database.read(principal) as session:
            return len(session.scalars(select(Document.id).where(may_read(principal))).all())

    assert sees(BOB) == 1
    restrict(database, ANN, document[0], True)
    assert sees(BOB) == 0
    with pytest.raises(NotFound):
        restrict(database, BOB, document[0], False)
