"""Rows of people and what they may do: users, groups, keys, logins, grants, audit, quotas.

Secrets are never stored: of a password an scrypt hash, of a key or a login the SHA-256 of 256
random bits.
"""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genwright.storage.tables import Base, now
from genwright.types import Json


class User(Base):
    """A person, or a program with an account of its own."""

    __tablename__ = "user"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    """Without a colon; ``owner`` is the person at the machine and nobody else."""
    email: Mapped[str] = mapped_column(String(320), default="")
    role: Mapped[str] = mapped_column(String(20))
    """``reader``, ``editor`` or ``admin``."""
    password: Mapped[str] = mapped_column(String(300), default="")
    """scrypt hash with its salt and costs; empty where it has none."""
    subject: Mapped[str | None] = mapped_column(String(500), unique=True)
    """Issuer and subject of an OpenID login, joined by a space."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Group(Base):
    """People who hold rights together; ``everyone`` is not a row."""

    __tablename__ = "group"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    """Without ``group:``, which it has where it holds rights."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Membership(Base):
    """A user in a group."""

    __tablename__ = "membership"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("group.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ApiKey(Base):
    """A key for programs; it acts for its user."""

    __tablename__ = "api_key"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(20))
    """Its first characters, for people to tell keys apart."""
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    assistants: Mapped[list[str]] = mapped_column(JSON)
    """Models and assistants it may ask, by name; empty for all."""
    requests_per_minute: Mapped[int | None]
    tokens_per_day: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Login(Base):
    """A browser's session."""

    __tablename__ = "login"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


class Grant(Base):
    """A right that a user or a group holds on a collection, one document or one conversation."""

    __tablename__ = "grant"
    __table_args__ = (
        UniqueConstraint("holder", "collection_id"),
        UniqueConstraint("holder", "document_id"),
        UniqueConstraint("holder", "conversation_id"),
        CheckConstraint(
            "(collection_id IS NOT NULL) + (document_id IS NOT NULL)"
            " + (conversation_id IS NOT NULL) = 1",
            name="one_target",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(200), index=True)
    """Name of a user, or ``group:`` and that of a group."""
    collection_id: Mapped[int | None] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[int | None] = mapped_column(
        ForeignKey("document.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[int | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    right: Mapped[str] = mapped_column(String(20))
    """``read``, or ``write``, which includes it."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class AuditEntry(Base):
    """One thing that was done. Triggers refuse to change or remove one.

    It names users and documents by number, so that forgetting one leaves nothing of it here.
    """

    __tablename__ = "audit"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(50))
    """``user-7``, ``owner`` or ``nobody``."""
    action: Mapped[str] = mapped_column(String(100))
    """Such as ``key.create``."""
    target: Mapped[str] = mapped_column(String(200))
    """Such as ``document-12``."""
    details: Mapped[Json]
    previous: Mapped[str] = mapped_column(String(64))
    """Digest of the entry before; zeros for the first."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over this entry and ``previous``."""


class Usage(Base):
    """What a key, or a user without one, has used on one day."""

    __tablename__ = "usage"

    subject: Mapped[str] = mapped_column(String(50), primary_key=True)
    """``key-3`` or ``user-7``."""
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    """ISO date, UTC."""
    requests: Mapped[int] = mapped_column(default=0)
    tokens: Mapped[int] = mapped_column(default=0)


class Tombstone(Base):
    """What was forgotten, by digest, so that an older backup does not bring it back."""

    __tablename__ = "tombstone"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """``document``, ``user`` or ``source``."""
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
