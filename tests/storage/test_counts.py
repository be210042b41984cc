"""Counting in plain SQL sees exactly what the rights let a session see."""

import pytest
from sqlalchemy import func, select
from tests.fixtures.rows import add_document

from genwright.storage import Database, Document, count_quickly, may_read
from genwright.types import OWNER, Principal


@pytest.mark.parametrize(
    "who", [OWNER, Principal("ann"), Principal("bob"), Principal("bob", ("ann", "owner"))]
)
def test_the_counts_are_those_of_what_one_may_read(tmp_path, who):
    database = Database(tmp_path / "genwright.db")
    for owner in (OWNER, Principal("ann")):
        with database.write(owner) as session:
            add_document(session, f"/{owner.name}", ["one", "two"])
            add_document(session, f"/{owner.name}", ["three"], collection="more")
    with database.read(who) as session:
        seen = session.scalar(select(func.count(Document.id)).where(may_read(who)))
    database.close()
    counts = count_quickly(database.path, who)
    assert sum(row["documents"] for row in counts.collections) == seen
    assert [row["passages"] for row in counts.collections] == ([seen, seen // 2] if seen else [])
    assert counts.passages == 6


@pytest.mark.parametrize("content", [None, b"", b"no database"])
def test_what_is_no_store_of_this_schema_is_left_to_the_database(tmp_path, content):
    path = tmp_path / "genwright.db"
    if content is not None:
        path.write_bytes(content)
    assert count_quickly(path, OWNER) is None
    assert path.exists() == (content is not None)
