"""Who may see what: owners, grants on collections and documents, restricted documents."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from tests.fixtures.rows import add_document

from genwright.storage import Collection, Database, Document, Grant, may_read, may_see, may_write
from genwright.types import OWNER, Principal

ANN, BOB, CAT = Principal("ann"), Principal("bob", ("group:staff",)), Principal("cat")


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "genwright.db")
    with database.write(ANN) as session:
        add_document(session, "plan", ["one"], collection="ann's")
        add_document(session, "salaries", ["two"], collection="ann's", restricted=True)
    yield database
    database.close()


def give(database: Database, holder: str, right: str, **target: str) -> None:
    with database.write(OWNER) as session:
        columns = {}
        if "collection" in target:
            found = select(Collection.id).where(Collection.name == target["collection"])
            columns["collection_id"] = session.scalar(found)
        if "document" in target:
            found = select(Document.id).where(Document.source == target["document"])
            columns["document_id"] = session.scalar(found)
        session.add(Grant(holder=holder, right=right, **columns))


def sources(database: Database, principal: Principal, condition=may_read) -> set[str]:
    with database.read(principal) as session:
        return set(session.scalars(select(Document.source).where(condition(principal))))


def collections(database: Database, principal: Principal) -> set[str]:
    with database.read(principal) as session:
        return set(session.scalars(select(Collection.name).where(may_see(principal))))


def test_without_a_grant_others_see_nothing_and_know_of_nothing(database):
    assert sources(database, BOB) == collections(database, BOB) == set()
    assert sources(database, ANN) == sources(database, OWNER) == {"plan", "salaries"}


def test_a_grant_on_a_collection_reaches_what_is_not_restricted(database):
    give(database, "group:staff", "read", collection="ann's")
    assert sources(database, BOB) == {"plan"}
    assert sources(database, BOB, may_write) == set()
    assert sources(database, CAT) == collections(database, CAT) == set()


def test_a_grant_on_a_document_reaches_that_one_and_shows_its_collection(database):
    give(database, "cat", "write", document="salaries")
    assert sources(database, CAT) == sources(database, CAT, may_write) == {"salaries"}
    assert collections(database, CAT) == {"ann's"}


def test_a_user_cannot_pass_for_a_group(database):
    give(database, "group:staff", "read", collection="ann's")
    assert sources(database, Principal("staff")) == set()


def test_a_grant_goes_with_what_it_is_on(database):
    give(database, "cat", "read", document="plan")
    with database.write(OWNER) as session:
        session.delete(session.scalars(select(Document).where(Document.source == "plan")).one())
    with database.read(OWNER) as session:
        assert session.scalars(select(Grant)).all() == []


def test_a_grant_has_one_target(database):
    with pytest.raises(IntegrityError), database.write(OWNER) as session:
        session.add(Grant(holder="cat", right="read"))


def test_two_people_may_each_have_a_collection_of_one_name(database):
    with database.write(CAT) as session:
        session.add(Collection(name="ann's", owner="cat"))
    assert collections(database, CAT) == {"ann's"}
    assert sources(database, CAT) == set()
