"""Forgetting: a document, a source or a person goes, with every row that holds their words.

What goes with a document: its passages, vectors and rights; the uploaded file it was made of; every
answer that cites or lists it, with its trace, its response and what was said of it. What goes with
a person: their account, keys, logins and rights; their documents (each as above), conversations,
traces, responses, files and feedback; their name where it stands as a maker; their votes stay, of
somebody. With traces and people go
the rows of data sets that came from them, matches, cases of suites, and what was learnt of what a
request wants. The audit log names nobody. Compaction then makes the files forget, too.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, delete, or_, select, text, update

from genwright.access.audit import record
from genwright.answers.conversations import collect_document_ids
from genwright.answers.understanding.taught import forget_taught
from genwright.errors import NotFound, StoreFailed
from genwright.library.documents import format_source
from genwright.maintenance.erase_derived import forget_judge, forget_matches, forget_rows
from genwright.settings import RetentionSettings
from genwright.storage import (
    AliasMove,
    Assistant,
    AssistantVersion,
    Collection,
    CollectionFile,
    Conversation,
    Database,
    Document,
    Feedback,
    Grant,
    IdempotentReply,
    Message,
    Run,
    Sample,
    Span,
    StoredFile,
    StoredResponse,
    StoreSession,
    Tombstone,
    User,
)
from genwright.types import OWNER, Json, Principal
from genwright.workspace import Workspace

FORGOTTEN = "forgotten"
"""What stands where a name stood that could not simply go."""


@dataclass
class ErasureReport:
    """How many rows went."""

    documents: int = 0
    messages: int = 0
    traces: int = 0
    files: int = 0
    users: int = 0
    rows: int = 0
    """Of data sets."""
    sources: list[str] = field(default_factory=list, repr=False)
    trace_ids: set[str] = field(default_factory=set, repr=False)
    people: list[str] = field(default_factory=list, repr=False)

    def json(self) -> Json:
        """The numbers."""
        names = ("documents", "messages", "traces", "files", "users", "rows")
        return {name: getattr(self, name) for name in names}


def forget_document(database: Database, principal: Principal, document: int) -> ErasureReport:
    """Forget one document.

    Raises:
        NotFound: There is none of that id.
    """
    done = ErasureReport()
    with _open_erasing_session(database, principal) as session:
        if session.get(Document, document) is None:
            raise NotFound(f"There is no document {document}: genwright list shows them.")
        _forget_documents(session, [document], done)
        record(session, "forget", f"document-{document}", done.json())
    return done


def forget_source(database: Database, principal: Principal, source: str) -> ErasureReport:
    """Forget every document of a source, in whichever collection: a file, or a folder's.

    Raises:
        NotFound: There is none.
    """
    done = ErasureReport()
    exact, below = format_source(source), format_source(source).rstrip("/") + "/"
    with _open_erasing_session(database, principal) as session:
        found = session.scalars(
            select(Document.id).where(
                or_(Document.source == exact, Document.source.startswith(below, autoescape=True))
            )
        ).all()
        if not found:
            raise NotFound(f"No document came from {source!r}: genwright list shows their sources.")
        _forget_documents(session, found, done)
        record(session, "forget", "source", done.json())
    return done


def forget_user(database: Database, principal: Principal, name: str) -> ErasureReport:
    """Forget a person.

    Raises:
        NotFound: Nobody of that name has an account or anything else here.
    """
    done = ErasureReport()
    with _open_erasing_session(database, principal) as session:
        user = session.scalar(select(User).where(User.name == name))
        owned = session.scalars(select(Document.id).where(Document.owner == name)).all()
        traces = set(session.scalars(select(Span.trace_id).where(Span.owner == name)))
        if user is None and not owned and not traces:
            raise NotFound(f"There is nobody called {name!r} here.")
        _forget_documents(session, owned, done)
        _forget_traces(session, traces, done)
        _forget_personal(session, name, done)
        done.people.append(name)
        if user is not None:
            record(session, "forget", f"user-{user.id}", done.json())
            session.delete(user)
            done.users = 1
        _add_tombstone(session, "user", name)
    return done


def forget_trace(database: Database, principal: Principal, trace: str) -> ErasureReport:
    """Forget one answer: its trace, its messages, what was said of it and what was learnt of it.

    Raises:
        NotFound: There is no such trace.
    """
    done = ErasureReport()
    with _open_erasing_session(database, principal) as session:
        if session.scalar(select(Span.id).where(Span.trace_id == trace).limit(1)) is None:
            raise NotFound(f"There is no trace {trace!r}: genwright trace last shows the newest.")
        said = session.scalars(select(Message).where(Message.trace_id == trace)).all()
        for message in said:
            session.delete(message)
        done.messages += len(said)
        _forget_traces(session, {trace}, done)
        record(session, "forget", f"trace-{trace}", done.json())
    return done


def forget_dataset_rows(workspace: Workspace, done: ErasureReport) -> None:
    """Take rows out of data sets that came from what was forgotten."""
    done.rows += forget_rows(workspace, done.trace_ids, done.people)


def compact(workspace: Workspace) -> None:
    """Rewrite the files of a workspace, so that no byte of what was removed is left in them.

    Raises:
        StoreFailed: Another process uses the database just now; nothing is lost, try again.
    """
    database = workspace.database
    with database.write(OWNER) as session:
        for what in ("rebuild", "optimize"):  # FTS5 keeps words of removed rows until merged
            session.execute(text(f"INSERT INTO passage_fts (passage_fts) VALUES ('{what}')"))
    shutil.rmtree(workspace.indexes_dir, ignore_errors=True)  # the next search makes them anew
    workspace.indexes_dir.mkdir(exist_ok=True)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert driver is not None  # it has just been opened
        try:
            driver.execute("VACUUM")
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except Exception as error:
            raise _make_in_use_error(workspace) from error
    if busy:
        raise _make_in_use_error(workspace)


def apply_tombstones(workspace: Workspace, tombstones: Iterable[tuple[str, str, datetime]]) -> int:
    """Forget again, in a store that came from an older backup, what was forgotten since.

    Args:
        workspace: The restored one.
        tombstones: Kind, digest and time of each.

    Returns:
        How many documents and people went.
    """
    database, gone = workspace.database, 0
    for kind, digest, at in tombstones:
        with database.read(OWNER) as session:
            if kind == "user":
                # Somebody new may have been given the name of somebody who was forgotten.
                later = {
                    name
                    for name, made in session.execute(select(User.name, User.created_at))
                    if _to_utc(made) > _to_utc(at)
                }
                names = {
                    *session.scalars(select(User.name)),
                    *session.scalars(_select_owners()),
                } - later
                wanted = [name for name in names if _digest(kind, name) == digest]
            else:
                rows = session.execute(select(Document.id, Document.source, Document.added_at))
                wanted = [
                    id_
                    for id_, source, added in rows
                    if _digest(kind, source) == digest and _to_utc(added) <= _to_utc(at)
                ]
        for each in wanted:
            if isinstance(each, str):
                done = forget_user(database, OWNER, each)
            else:
                done = forget_document(database, OWNER, each)
            forget_dataset_rows(workspace, done)
            gone += 1
        with database.write(OWNER) as session:
            _save_tombstone(session, kind, digest, at)
    return gone


def read_tombstones(database: Database) -> list[tuple[str, str, datetime]]:
    """Kind, digest and time of everything that was forgotten."""
    with database.read(OWNER) as session:
        rows = session.scalars(select(Tombstone)).all()
        return [(row.kind, row.digest, _to_utc(row.created_at)) for row in rows]


def apply_retention(database: Database, settings: RetentionSettings) -> None:
    """Remove what is older than the settings keep it."""
    with database.write(OWNER) as session:
        if settings.traces_days:
            ended = int(_subtract_days(settings.traces_days).timestamp() * 1e9)
            session.execute(delete(Span).where(Span.start_ns < ended))
        if settings.conversations_days:
            old = Conversation.created_at < _subtract_days(settings.conversations_days)
            said = select(Message.conversation_id).where(
                Message.created_at >= _subtract_days(settings.conversations_days)
            )
            session.execute(delete(Conversation).where(old, Conversation.id.not_in(said)))
        if settings.responses_days:
            old = StoredResponse.created_at < _subtract_days(settings.responses_days)
            session.execute(delete(StoredResponse).where(old))
        if settings.files_days:
            attached = select(CollectionFile.file_id)
            old = StoredFile.created_at < _subtract_days(settings.files_days)
            session.execute(delete(StoredFile).where(old, StoredFile.id.not_in(attached)))
        if settings.series_days:
            ended = int(_subtract_days(settings.series_days).timestamp())
            session.execute(delete(Sample).where(Sample.at < ended))


@contextmanager
def _open_erasing_session(database: Database, principal: Principal) -> Iterator[StoreSession]:
    """A write session that overwrites what it deletes."""
    with database.write(principal) as session:
        session.execute(text("PRAGMA secure_delete = ON"))
        yield session


def _forget_documents(session: StoreSession, ids: Sequence[int], done: ErasureReport) -> None:
    """Documents with all that was made of them."""
    gone = set(ids)
    for id_, source in session.execute(
        select(Document.id, Document.source).where(Document.id.in_(gone))
    ).all():
        _add_tombstone(session, "document", source)
        done.sources.append(source)
        done.documents += 1
        files = session.scalars(
            select(CollectionFile.file_id).where(CollectionFile.document_id == id_)
        ).all()
        session.execute(delete(StoredFile).where(StoredFile.id.in_(files)))
        done.files += len(files)
    traces = {trace for trace, documents in _list_cited_documents(session) if documents & gone}
    for message, answer, trace in session.execute(
        select(Message.id, Message.answer, Message.trace_id).where(Message.answer.is_not(None))
    ).all():
        if answer and collect_document_ids(answer) & gone:
            session.execute(delete(Message).where(Message.id == message))
            done.messages += 1
            traces.add(trace)
    _forget_traces(session, traces, done)
    session.execute(delete(Document).where(Document.id.in_(gone)))


def _list_cited_documents(session: StoreSession) -> Iterator[tuple[str, set[int]]]:
    """Every trace that lists documents, with their ids."""
    listed = Span.attributes["genwright.documents"]  # of the step that searched
    for trace, ids in session.execute(
        select(Span.trace_id, listed).where(listed.is_not(None))
    ).all():
        yield trace, set(ids or ())


def _forget_traces(session: StoreSession, traces: set[str], done: ErasureReport) -> None:
    """Traces with the responses and the feedback on them."""
    traces.discard("")
    for part in _split_batches(sorted(traces)):
        session.execute(delete(Span).where(Span.trace_id.in_(part)))
        session.execute(delete(Feedback).where(Feedback.trace_id.in_(part)))
        ids = [f"resp_{trace}" for trace in part]
        session.execute(delete(StoredResponse).where(StoredResponse.id.in_(ids)))
    forget_matches(session, traces)
    forget_taught(session, traces)
    session.execute(delete(IdempotentReply))
    done.traces += len(traces)
    done.trace_ids |= traces


def _forget_personal(session: StoreSession, name: str, done: ErasureReport) -> None:
    """What a person owns or said beside documents and traces."""
    talks = select(Conversation.id).where(Conversation.owner == name)
    done.messages += len(
        session.scalars(select(Message.id).where(Message.conversation_id.in_(talks))).all()
    )
    session.execute(delete(Message).where(Message.conversation_id.in_(talks)))
    session.execute(delete(Conversation).where(Conversation.owner == name))
    files = session.scalars(select(StoredFile.id).where(StoredFile.owner == name)).all()
    done.files += len(files)
    for table in (StoredFile, StoredResponse, Feedback, Run):
        session.execute(delete(table).where(table.owner == name))
    session.execute(delete(Grant).where(Grant.holder == name))
    forget_taught(session, (), (name,))
    empty = Collection.id.not_in(select(Document.collection_id))
    session.execute(delete(Collection).where(Collection.owner == name, empty))
    for owned in (Collection, Assistant):
        session.execute(update(owned).where(owned.owner == name).values(owner=FORGOTTEN))
    forget_judge(session, name, FORGOTTEN)
    moved = AliasMove.moved_by == name
    session.execute(update(AliasMove).where(moved).values(moved_by=FORGOTTEN))
    _unname_versions(session, name)


def _unname_versions(session: StoreSession, name: str) -> None:
    """Versions never change, but for the name of a maker who is forgotten."""
    trigger = session.scalar(
        text("SELECT sql FROM sqlite_master WHERE name = 'assistant_version_no_update'")
    )
    session.execute(text("DROP TRIGGER assistant_version_no_update"))
    session.execute(
        update(AssistantVersion)
        .where(AssistantVersion.created_by == name)
        .values(created_by=FORGOTTEN)
    )
    session.execute(text(trigger))


def _add_tombstone(session: StoreSession, kind: str, name: str) -> None:
    _save_tombstone(session, kind, _digest(kind, name), datetime.now(UTC))


def _save_tombstone(session: StoreSession, kind: str, digest: str, at: datetime) -> None:
    row = session.get(Tombstone, (kind, digest)) or Tombstone(kind=kind, digest=digest)
    row.created_at = at
    session.add(row)


def _digest(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}:{name}".encode(errors="surrogatepass")).hexdigest()


def _select_owners() -> Select[str]:
    return select(Document.owner).distinct()


def _split_batches(names: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _to_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)


def _subtract_days(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _make_in_use_error(workspace: Workspace) -> StoreFailed:
    return StoreFailed(
        f"{workspace.database_file} is in use, so its free pages still hold what was removed: try "
        "again by genwright forget --compact."
    )
