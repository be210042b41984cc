"""Making the indexes anew, and the languages of documents from before they were known."""

import pytest
from sqlalchemy import select, text
from tests.fixtures.rows import add_document

from genwright.library.reindex import reindex
from genwright.maintenance.doctor import examine
from genwright.retrieval import EVERYWHERE, search_keywords
from genwright.runtime import Runtime
from genwright.storage import Document, Passage
from genwright.types import OWNER
from genwright.workspace import create_workspace, open_workspace

GERMAN = "Die Häuser der Stadt wurden im Jahr 1901 gebaut und seither dreimal erneuert."
CHECK = "INSERT INTO passage_fts (passage_fts, rank) VALUES ('integrity-check', 1)"


@pytest.fixture
def runtime(tmp_path):
    folder = create_workspace(tmp_path / "workspace")
    workspace = open_workspace(folder, {"embedding": {"model": "hashing"}})
    with Runtime(workspace) as runtime:
        yield runtime
    workspace.close()


def test_documents_without_a_language_are_given_theirs_and_indexed_by_it(runtime):
    with runtime.database.write(OWNER) as session:
        add_document(session, "old", [GERMAN])
        add_document(session, "short", ["7"])
    notes = [each for each in examine(runtime, ["keyword index"]) if each.level == "note"]
    assert "2 documents" in notes[0].says
    assert notes[0].mend == "genwright reindex"

    reindex(runtime)

    with runtime.database.write(OWNER) as session:
        assert session.scalars(select(Document.language).order_by(Document.id)).all() == ["de", ""]
        assert session.scalars(select(Passage.language).order_by(Passage.id)).all() == ["de", ""]
        assert [id_ for id_, _ in search_keywords(session, "Haus", EVERYWHERE, 5)] == [1]
        session.execute(text(CHECK))
    assert [each.level for each in examine(runtime, ["keyword index"])] == ["ok"]
