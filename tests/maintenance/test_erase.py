"""What is forgotten leaves no row, no trace, no byte, and does not come back with a backup."""

from pathlib import Path

import pytest
from sqlalchemy import select, text
from tests.fixtures.library import fill, scripted

from genwright.access import audit
from genwright.access.people import create_user, list_users
from genwright.answers.answerer import Answerer
from genwright.answers.chat import Chat
from genwright.errors import NotFound, UsageError
from genwright.feedback import Opinion, record_feedback
from genwright.library.files import attach, ingest_file, save_file
from genwright.library.ingest import DocumentIngester
from genwright.maintenance.erase import (
    apply_retention,
    apply_tombstones,
    compact,
    forget_dataset_rows,
    forget_document,
    forget_source,
    forget_user,
    read_tombstones,
)
from genwright.maintenance.restore import restore_workspace
from genwright.runtime import Runtime
from genwright.settings import RetentionSettings
from genwright.storage import Document, Span, StoredFile, Vector
from genwright.storage.backup import create_backup
from genwright.types import OWNER, Principal
from genwright.workspace import create_workspace, open_workspace

CANARY = "Zwarglhubber"
ANN = Principal("annabelle")


@pytest.fixture
def runtime(tmp_path: Path):
    folder = create_workspace(tmp_path / "workspace")
    workspace = open_workspace(folder, scripted({}))
    with Runtime(workspace) as runtime:
        yield runtime
    workspace.close()


def add(runtime: Runtime, principal: Principal, name: str, text: str) -> int:
    mine = runtime.act_for(principal)
    DocumentIngester(mine, "default").add_bytes(text.encode(), name)
    with runtime.database.read(principal) as session:
        return session.query(Document).where(Document.source == name).one().id


def files_with(folder: Path, words: bytes) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in paths if words in path.read_bytes()]


def vectors_of(runtime: Runtime, document: int) -> list[bytes]:
    with runtime.database.read(OWNER) as session:
        passages = session.get(Document, document) and session.execute(
            Vector.__table__.select().where(
                Vector.passage_id.in_(
                    text(f"SELECT id FROM passage WHERE document_id = {document}")
                )
            )
        )
        return [row.data for row in passages]


def use(runtime: Runtime, principal: Principal) -> None:
    """Ask about the canary, so that its words are in conversations, traces and feedback."""
    mine = runtime.act_for(principal)
    answer = Chat(Answerer(mine, extractive=True)).ask(f"What does the {CANARY} eat?")
    assert not answer.refused
    record_feedback(runtime.database, principal, answer.trace_id, Opinion(1, comment=f"{CANARY}!"))


TEXT = f"# Animals\n\nThe {CANARY} eats seven acorns a day. It sleeps in trees.\n"


def test_after_compaction_no_byte_of_a_document_is_left(runtime):
    root = runtime.workspace.root
    document = add(runtime, OWNER, "animals.md", TEXT)
    add(runtime, OWNER, "other.md", "# Plants\n\nThe oak grows slowly.\n")
    use(runtime, OWNER)
    runtime.search.vectors.save()
    vectors = vectors_of(runtime, document)
    assert vectors and files_with(root, CANARY.encode())

    done = forget_document(runtime.database, OWNER, document)
    # The question itself names it too: questions go with their person, or by hand.
    with runtime.database.write(OWNER) as session:
        session.execute(text("DELETE FROM conversation"))
    compact(runtime.workspace)

    assert (done.documents, done.messages, done.traces) == (1, 1, 1)
    assert files_with(root, CANARY.encode()) == files_with(root, CANARY.lower().encode()) == []
    assert not any(files_with(root, vector) for vector in vectors)
    assert audit.verify(runtime.database).broken_at is None


def test_after_compaction_no_byte_of_a_person_is_left(runtime):
    root, database = runtime.workspace.root, runtime.database
    create_user(database, OWNER, ANN.name, role="editor", email="annabelle@example.org")
    add(runtime, ANN, "animals.md", TEXT)
    mine = runtime.act_for(ANN)
    kept = save_file(mine, "more.md", f"The {CANARY} is blue.".encode(), "user_data")
    with database.read(ANN) as session:
        home = session.query(Document).one().collection_id
    attach(mine, kept.id, home, {})
    assert ingest_file(mine, kept.id, home).status == "completed"
    use(runtime, ANN)

    done = forget_user(database, OWNER, ANN.name)
    compact(runtime.workspace)

    assert (done.documents, done.users, done.files) == (2, 1, 1)
    for words in (CANARY, CANARY.lower(), "annabelle", "more.md"):
        assert files_with(root, words.encode()) == []
    with pytest.raises(NotFound, match="nobody called"):
        forget_user(database, OWNER, ANN.name)


def test_others_keep_what_is_theirs(runtime):
    database = runtime.database
    add(runtime, OWNER, "animals.md", TEXT)
    use(runtime, OWNER)
    document = add(runtime, ANN, "plants.md", "# Plants\n\nThe oak grows slowly.\n")
    forget_document(database, OWNER, document)
    with database.read(OWNER) as session:
        assert [row.source for row in session.query(Document)] == ["animals.md"]
        assert session.query(Span).count() > 0


def test_a_source_goes_from_every_collection(runtime):
    for collection in ("one", "two"):
        DocumentIngester(runtime, collection).add_bytes(b"The same text.", "/shared/plan.txt")
    done = forget_source(runtime.database, OWNER, "/shared")
    assert done.documents == 2
    with pytest.raises(NotFound, match="No document came from"):
        forget_source(runtime.database, OWNER, "/shared")


def test_an_older_backup_does_not_bring_it_back(runtime, tmp_path):
    root = runtime.workspace.root
    document = add(runtime, OWNER, "animals.md", TEXT)
    add(runtime, OWNER, "other.md", "# Plants\n\nThe oak grows slowly.\n")
    create_backup(root, tmp_path / "monday.tar.gz")
    forget_document(runtime.database, OWNER, document)
    runtime.workspace.close()

    aside, again = restore_workspace(tmp_path / "monday.tar.gz", root)

    assert again == 1 and aside is not None
    restored = open_workspace(root)
    with restored.database.read(OWNER) as session:
        assert [row.source for row in session.query(Document)] == ["other.md"]
    restored.close()
    assert files_with(root, CANARY.encode()) == []


def test_somebody_new_of_a_forgotten_name_stays(runtime):
    database = runtime.database
    create_user(database, OWNER, "annabelle")
    forget_user(database, OWNER, "annabelle")
    create_user(database, OWNER, "annabelle")
    assert apply_tombstones(runtime.workspace, read_tombstones(database)) == 0
    assert [each.name for each in list_users(database, OWNER)] == ["annabelle"]


def test_a_backup_comes_back_as_it_was(runtime, tmp_path):
    fill(runtime.workspace.root, {"embedding": {"model": "hashing"}})
    (runtime.workspace.root / "prompts" / "own.md").write_text("words")
    made = create_backup(runtime.workspace.root, tmp_path / "a" / "b.tar.gz")
    assert set(made.files) == {"genwright.db", "genwright.toml", "prompts/own.md"}

    aside, again = restore_workspace(made.path, tmp_path / "elsewhere")

    assert (aside, again) == (None, 0)
    restored = open_workspace(tmp_path / "elsewhere")
    with restored.database.read(OWNER) as session:
        assert session.query(Document).count() == 5
    restored.close()
    assert (tmp_path / "elsewhere" / "prompts" / "own.md").read_text() == "words"


def test_a_damaged_backup_is_refused_and_nothing_is_touched(runtime, tmp_path):
    root = runtime.workspace.root
    add(runtime, OWNER, "animals.md", TEXT)
    file = create_backup(root, tmp_path / "b.tar.gz").path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    runtime.workspace.close()
    with pytest.raises(UsageError, match="damaged"):
        restore_workspace(file, root)
    assert (root / "genwright.db").exists()
    assert not list(tmp_path.glob("*restored*"))


def test_what_is_older_than_it_is_kept_goes(runtime):
    add(runtime, OWNER, "animals.md", TEXT)
    use(runtime, OWNER)
    kept = save_file(runtime, "a.txt", b"text", "user_data")
    database = runtime.database
    apply_retention(database, RetentionSettings())
    with database.read(OWNER) as session:
        assert session.query(Span).count() > 0
    with database.write(OWNER) as session:
        for table in ("file", "conversation", "message"):
            sql = f"UPDATE {table} SET created_at = '2020-01-01 00:00:00'"
            session.execute(text(sql))
        session.execute(text("UPDATE span SET start_ns = 1"))
    apply_retention(database, RetentionSettings(traces_days=1, conversations_days=1, files_days=1))
    with database.read(OWNER) as session:
        assert session.query(Span).count() == 0
        assert session.get(StoredFile, kept.id) is None


def test_what_was_learnt_from_a_person_or_trace_goes_too(runtime):
    from genwright.arena.matches import ask_match, begin_match, cast_vote, store_answer
    from genwright.arena.votes import read_tally
    from genwright.datasets import list_stored_datasets, read_stored_dataset
    from genwright.feedback.job import collect_feedback, keep_rows
    from genwright.improve.suites import add_from_trace, list_cases
    from genwright.storage import ArenaMatch, Judge

    workspace, database = runtime.workspace, runtime.database
    ann = Principal("ann", role="admin")
    own = runtime.act_for(ann)
    answer = Answerer(own, extractive=True).ask(f"What is {CANARY}?")
    record_feedback(database, ann, answer.trace_id, Opinion(correction=f"It is {CANARY} by Ann."))
    other = Answerer(runtime, extractive=True).ask("What else is there?")
    record_feedback(database, OWNER, other.trace_id, Opinion(correction="Nothing at all."))
    add_from_trace(database, ann, answer.trace_id, reference="So it is.")
    match = begin_match(database, ann, ("a@1", "a@2"))
    ask_match(database, ann, match.id, "Why?")
    for side in ("left", "right"):
        said = {"text": side, "trace": answer.trace_id, "refused": False, "sentences": []}
        store_answer(database, ann, match.id, side, said)
    cast_vote(database, ann, match.id, 0)
    keep_rows(runtime, collect_feedback(runtime).make_dataset("pairs", "edits"))
    (before,) = list_stored_datasets(database, OWNER)
    assert before.rows == 3

    done = forget_user(database, OWNER, "ann")
    forget_dataset_rows(workspace, done)

    assert done.rows == 2
    (after,) = list_stored_datasets(database, OWNER)
    (row,) = read_stored_dataset(workspace.datasets_dir, after.sha256).rows
    assert row["chosen"] == "Nothing at all."
    assert not (workspace.datasets_dir / f"{before.sha256}.jsonl").exists()
    assert list_cases(database, OWNER) == []
    with database.read(OWNER) as session:
        assert session.scalars(select(ArenaMatch)).all() == []
        assert [each.name for each in session.scalars(select(Judge))] == ["forgotten-1"]
    assert read_tally(database, OWNER).total == 1  # the vote stays, of somebody
