"""The rows of the store.

Offsets are counted in characters (Unicode code points) of ``Document.text``, ends excluded. Times
are UTC. Ids of passages and removals are never used twice, so that a derived index knows by two
numbers how far it has read.
"""

from datetime import UTC, datetime

from sqlalchemy import JSON, DateTime, ForeignKey, LargeBinary, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from genwright.types import Json


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraints get names so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), Json: JSON, list[Json]: JSON}  # noqa: RUF012


class Collection(Base):
    """A named set of documents; searches stay within the collections they name.

    Two people may each have one of the same name: neither learns of the other's by that.
    """

    __tablename__ = "collection"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Document(Base):
    """A source and its text, as all offsets see it."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("collection_id", "owner", "source"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collection.id"), index=True)
    owner: Mapped[str] = mapped_column(String(200))
    source: Mapped[str]
    """Where it came from: an absolute path, or the name that its giver gave."""
    title: Mapped[str]
    format: Mapped[str] = mapped_column(String(50))
    sha256: Mapped[str] = mapped_column(String(64))
    """Digest of the bytes it was read from."""
    recipe: Mapped[str] = mapped_column(String(64))
    """Digest of how it was read, split and embedded; when that changes, it is read again."""
    characters: Mapped[int]
    pages: Mapped[list[Json]]
    """``{"number", "start", "end"}`` of each page, slide or sheet; empty where there are none."""
    details: Mapped[Json]
    """Metadata the file carries, and filters can ask for."""
    warnings: Mapped[list[str]] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(default=now)
    restricted: Mapped[bool] = mapped_column(default=False)
    """Whether rights on the collection do not reach it: only its owner's and its own do."""
    language: Mapped[str | None] = mapped_column(String(8), default=None, index=True)
    """ISO 639-1 code; empty where its text does not tell, None where nobody has looked yet."""
    # Last, so that SQLite reads a list of documents without the pages that hold their texts.
    text: Mapped[str] = mapped_column(deferred=True)


class Passage(Base):
    """A span of a document's text: what is searched and cited."""

    __tablename__ = "passage"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), index=True
    )
    start: Mapped[int]
    end: Mapped[int]
    page: Mapped[int | None]
    section: Mapped[str]
    """Headings above it, outermost first, joined by `` > ``."""
    heading: Mapped[str]
    """Title and section: what the keyword index and the embedder read beside the text."""
    text: Mapped[str]
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    """What its words are stemmed by in the keyword index: its document's, as it was then."""


class Vector(Base):
    """The embedding of a passage by one embedder: little-endian float32, unit length."""

    __tablename__ = "vector"

    embedder: Mapped[str] = mapped_column(String(100), primary_key=True)
    passage_id: Mapped[int] = mapped_column(
        ForeignKey("passage.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    data: Mapped[bytes] = mapped_column(LargeBinary)


class VectorRemoval(Base):
    """A vector that is gone, for indexes that still hold it. Written by a trigger."""

    __tablename__ = "vector_removal"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    embedder: Mapped[str] = mapped_column(String(100))
    passage_id: Mapped[int]


class Span(Base):
    """A step of one request: an OpenTelemetry span. The root's ``parent_id`` is empty."""

    __tablename__ = "span"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    trace_id: Mapped[str] = mapped_column(String(32), index=True)
    parent_id: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(200))
    name: Mapped[str]
    start_ns: Mapped[int] = mapped_column(index=True)
    """Nanoseconds since 1970."""
    end_ns: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    attributes: Mapped[Json]


class Conversation(Base):
    """A chat of one person."""

    __tablename__ = "conversation"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    title: Mapped[str]
    assistant: Mapped[str] = mapped_column(String(200), default="")
    """Name of the assistant it was begun with; empty for none."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Message(Base):
    """One turn of a conversation."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[str] = mapped_column(String(20))
    content: Mapped[str]
    trace_id: Mapped[str] = mapped_column(String(32))
    answer: Mapped[Json | None]
    """What was answered, with sentences and citations, as ``ask --json`` prints it."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    """One evaluation or training: what went in, what came out."""

    __tablename__ = "run"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(50))
    config: Mapped[Json]
    data: Mapped[Json]
    results: Mapped[Json]
    seconds: Mapped[float]
    name: Mapped[str] = mapped_column(String(200), default="")
    """What the person called it."""
    status: Mapped[str] = mapped_column(String(20), default="done")
    """``running``, ``stopped``, ``failed`` or ``done``."""
    message: Mapped[str] = mapped_column(default="")
    """Where it is, or why it ended."""
    process: Mapped[int | None]
    """Id of the process that is at work."""
    created_at: Mapped[datetime] = mapped_column(default=now)
