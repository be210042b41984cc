"""Conversations as they may be read: who owns them, with whom they are shared, what is withheld.

An answer quotes documents. Whoever may no longer read one of them, or never could because the
conversation was shared, sees that there was a sentence and not what it said.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, or_, select

from genwright.answers.understanding.taught import forget_taught
from genwright.engines import ChatMessage
from genwright.errors import NotFound
from genwright.runtime import Runtime
from genwright.storage import Conversation, Document, Grant, StoreSession, may_read
from genwright.storage import Message as MessageRow
from genwright.types import Json, Principal

TITLE_CHARACTERS = 80

WITHHELD = "[Withheld: you may not read its source.]"


@dataclass(frozen=True)
class ConversationTurn:
    """One message of a conversation, as its reader may see it."""

    id: int
    role: str
    """``user`` or ``assistant``."""
    text: str
    trace_id: str
    answer: Json | None
    """Sentences, citations and hits of an answer; None for a question."""
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation as lists show it."""

    id: int
    title: str
    owner: str
    assistant: str
    created_at: str

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def filter_readable(principal: Principal) -> ColumnElement[bool]:
    """The condition on ``Conversation`` for those a principal may read: its own and shared ones."""
    held = select(Grant.conversation_id).where(Grant.holder.in_(principal.holders))
    return or_(Conversation.owner == principal.name, Conversation.id.in_(held))


def list_conversations(
    runtime: Runtime, search: str = "", limit: int = 200
) -> list[ConversationSummary]:
    """Conversations the principal may read, newest first.

    Args:
        runtime: Whose rights.
        search: Words in the title or in a message of the reader's own conversations.
        limit: At most so many.
    """
    found = select(Conversation).where(filter_readable(runtime.principal))
    if search:
        # In what others wrote a search would find words that reading withholds.
        said = select(MessageRow.conversation_id).where(
            MessageRow.content.icontains(search, autoescape=True)
        )
        mine = Conversation.owner == runtime.principal.name
        title = Conversation.title.icontains(search, autoescape=True)
        found = found.where(or_(title, mine & Conversation.id.in_(said)))
    with runtime.database.read(runtime.principal) as session:
        rows = session.scalars(found.order_by(Conversation.id.desc()).limit(limit))
        return [
            ConversationSummary(
                row.id, row.title, row.owner, row.assistant, _format_time(row.created_at)
            )
            for row in rows
        ]


def read_conversation(
    runtime: Runtime, conversation: int
) -> tuple[ConversationSummary, list[ConversationTurn]]:
    """A conversation with its turns, oldest first.

    Raises:
        NotFound: There is none of that id that the principal may read.
    """
    with runtime.database.read(runtime.principal) as session:
        row = find_conversation(session, conversation, filter_readable(runtime.principal))
        rows = session.scalars(
            select(MessageRow)
            .where(MessageRow.conversation_id == conversation)
            .order_by(MessageRow.id)
        ).all()
        known = _find_readable(session, (each.answer for each in rows))
        about = ConversationSummary(
            row.id, row.title, row.owner, row.assistant, _format_time(row.created_at)
        )
        return about, [_make_turn(each, known) for each in rows]


def read_turns(runtime: Runtime, conversation: int) -> list[ChatMessage]:
    """The turns of the principal's own conversation as a model is told them, oldest first.

    Raises:
        NotFound: The principal has no conversation of that id.
    """
    about, turns = read_conversation(runtime, conversation)
    if about.owner != runtime.principal.name:
        raise make_not_found(conversation)
    return [
        ChatMessage("user" if turn.role == "user" else "assistant", turn.text) for turn in turns
    ]


def begin_conversation(session: StoreSession, owner: str, question: str, assistant: str) -> int:
    """A new conversation, titled by its first question; returns its id.

    Args:
        session: Where to.
        owner: Whose it is.
        question: The first one.
        assistant: Name of who answers; empty for the workspace's settings.
    """
    title = " ".join(question.split())[:TITLE_CHARACTERS]
    row = Conversation(owner=owner, title=title, assistant=assistant)
    session.add(row)
    session.flush()
    return row.id


def rewind(runtime: Runtime, conversation: int, message: int) -> None:
    """Take a message and all that follow out of the principal's own conversation.

    Raises:
        NotFound: The principal has no such conversation.
    """
    with runtime.database.write(runtime.principal) as session:
        find_conversation(session, conversation, Conversation.owner == runtime.principal.name)
        session.execute(
            delete(MessageRow).where(
                MessageRow.conversation_id == conversation, MessageRow.id >= message
            )
        )


def remove_conversation(runtime: Runtime, conversation: int) -> None:
    """Remove a conversation of the principal's own, and what was learnt of what it asked for.

    Raises:
        NotFound: The principal has no such conversation.
    """
    with runtime.database.write(runtime.principal) as session:
        row = find_conversation(session, conversation, Conversation.owner == runtime.principal.name)
        said = select(MessageRow.trace_id).where(MessageRow.conversation_id == conversation)
        forget_taught(session, set(session.scalars(said)) - {""})
        session.delete(row)


def redact_unreadable(answer: Json, known: Collection[int]) -> Json:
    """An answer without the sentences, quotes and passages of documents that are not known.

    Args:
        answer: As ``Answer.json`` gives it.
        known: Documents whose texts may be seen.
    """
    sentences = [_redact_sentence(sentence, known) for sentence in answer["sentences"]]
    hits = [hit for hit in answer["hits"] if hit["document"] in known]
    text = " ".join(each["text"] for each in sentences) if sentences else answer["answer"]
    return {**answer, "sentences": sentences, "hits": hits, "answer": text}


def make_not_found(conversation: int) -> NotFound:
    """The error for a conversation that is not there, or not the reader's to see."""
    return NotFound(f"You have no conversation {conversation}: see genwright chat --list.")


def find_conversation(
    session: StoreSession, conversation: int, condition: ColumnElement[bool]
) -> Conversation:
    """The row under a condition.

    Raises:
        NotFound: There is none.
    """
    row = session.scalar(select(Conversation).where(Conversation.id == conversation, condition))
    if row is None:
        raise make_not_found(conversation)
    return row


def collect_document_ids(answer: Json) -> set[int]:
    """Ids of all documents whose words an answer holds."""
    cited = {each["document"] for part in answer["sentences"] for each in part["citations"]}
    return cited | {hit["document"] for hit in answer["hits"]}


def select_readable_ids(session: StoreSession, wanted: Iterable[int]) -> set[int]:
    """Those of some documents that the session's principal may read."""
    ids = Document.id.in_(sorted(set(wanted)))
    return set(session.scalars(select(Document.id).where(ids, may_read(session.principal))))


def _find_readable(session: StoreSession, answers: Iterable[Json | None]) -> set[int]:
    wanted = {each for answer in answers if answer for each in collect_document_ids(answer)}
    return select_readable_ids(session, wanted)


def _make_turn(row: MessageRow, known: set[int]) -> ConversationTurn:
    answer = redact_unreadable(row.answer, known) if row.answer else None
    text = answer["answer"] if answer else row.content
    return ConversationTurn(
        row.id, row.role, text, row.trace_id, answer, _format_time(row.created_at)
    )


def _redact_sentence(sentence: Json, known: Collection[int]) -> Json:
    if all(each["document"] in known for each in sentence["citations"]):
        return sentence
    return {"text": WITHHELD, "support": 0.0, "citations": []}


def _format_time(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat(timespec="seconds")
