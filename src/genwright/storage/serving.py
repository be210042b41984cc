"""Rows of what is served: assistants, responses, files, feedback, series, alerts."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genwright.storage.tables import Base, now
from genwright.types import Json


class Assistant(Base):
    """A name that people talk to; what it is at a time, its versions say."""

    __tablename__ = "assistant"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    owner: Mapped[str] = mapped_column(String(200))
    default: Mapped[bool] = mapped_column(default=False)
    """Whether it is the one that is asked where none is named; one of them is."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class AssistantVersion(Base):
    """One configuration of an assistant; a trigger refuses to change it."""

    __tablename__ = "assistant_version"
    __table_args__ = (UniqueConstraint("assistant_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    assistant_id: Mapped[int] = mapped_column(ForeignKey("assistant.id", ondelete="CASCADE"))
    number: Mapped[int]
    """Counted from 1."""
    config: Mapped[Json]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the configuration."""
    note: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class AliasMove(Base):
    """From here on an alias of an assistant points to this version; the last move counts."""

    __tablename__ = "alias_move"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    assistant_id: Mapped[int] = mapped_column(
        ForeignKey("assistant.id", ondelete="CASCADE"), index=True
    )
    alias: Mapped[str] = mapped_column(String(50))
    """Such as ``live`` or ``candidate``."""
    version_id: Mapped[int] = mapped_column(ForeignKey("assistant_version.id", ondelete="CASCADE"))
    moved_by: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime] = mapped_column(default=now)


class Feedback(Base):
    """What somebody thought of one answer."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index("ix_feedback_owner_trace_id", "owner", "trace_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    trace_id: Mapped[str] = mapped_column(String(32), index=True)
    thumb: Mapped[int | None]
    """1 for up, -1 for down."""
    rating: Mapped[int | None]
    """1 to 5."""
    correction: Mapped[str] = mapped_column(default="")
    """What the answer should have been."""
    citation: Mapped[Json | None]
    """A better place: ``{"document", "start", "end", "text"}``."""
    consent: Mapped[bool] = mapped_column(default=True)
    """Whether a model may learn from it."""
    door: Mapped[str] = mapped_column(String(20), default="api")
    """Where it was given: ``page``, ``api``, ``cli``, ``queue`` or ``arena``."""
    comment: Mapped[str] = mapped_column(default="")
    intent: Mapped[str] = mapped_column(String(50), default="")
    """Kind of what was wanted, where it was taken for another; empty where nothing is said."""
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class StoredResponse(Base):
    """A response of ``/v1/responses``, which a later one may go on from."""

    __tablename__ = "response"

    id: Mapped[str] = mapped_column(String(50), primary_key=True)
    """``resp_`` and its trace id."""
    owner: Mapped[str] = mapped_column(String(200), index=True)
    previous_id: Mapped[str | None] = mapped_column(String(50))
    items: Mapped[list[Json]]
    """What was said in this turn, in and out, as the API has it."""
    body: Mapped[Json]
    """The response as it was sent."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class StoredFile(Base):
    """A file that was uploaded."""

    __tablename__ = "file"

    id: Mapped[str] = mapped_column(String(50), primary_key=True)
    """``file-`` and random digits."""
    owner: Mapped[str] = mapped_column(String(200), index=True)
    name: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(50))
    size: Mapped[int]
    """In bytes."""
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Last, so that a list does not read the pages that hold contents.
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class CollectionFile(Base):
    """An uploaded file that was put into a collection, and what came of it."""

    __tablename__ = "collection_file"

    collection_id: Mapped[int] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    file_id: Mapped[str] = mapped_column(
        ForeignKey("file.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("document.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[str] = mapped_column(String(20))
    """``in_progress``, ``completed``, ``failed`` or ``cancelled``."""
    error: Mapped[str] = mapped_column(default="")
    attributes: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(default=now)


class IdempotentReply(Base):
    """The reply to a write that carried an ``Idempotency-Key``."""

    __tablename__ = "idempotent_reply"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of who asked, and the key."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of method, path and body: the same key with another request is refused."""
    status: Mapped[int]
    """0 while the first request is still at work."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)


class Sample(Base):
    """One value of a series, for plots, alerts and drift."""

    __tablename__ = "sample"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    labels: Mapped[str] = mapped_column(String(300), primary_key=True)
    """JSON object with sorted keys."""
    at: Mapped[int] = mapped_column(primary_key=True, index=True)
    """Seconds since 1970, at the end of its interval."""
    value: Mapped[float] = mapped_column(Float)


class Alert(Base):
    """An alert that fired, until it was resolved and after."""

    __tablename__ = "alert"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(200))
    severity: Mapped[str] = mapped_column(String(20))
    summary: Mapped[str]
    value: Mapped[float] = mapped_column(Float)
    """Of the rule's expression, when last looked at."""
    fired_at: Mapped[datetime] = mapped_column(default=now)
    resolved_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]
    """When its present state was last delivered."""
