"""Rows of the loop: votes of the arena, matches, suites, canaries."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genwright.storage.tables import Base, now
from genwright.types import Json


class Contender(Base):
    """A name that takes part in the arena: ``assistant@3``, a model, or one of an import."""

    __tablename__ = "contender"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Judge(Base):
    """Whoever votes: a person, a model that judges, or one of an import."""

    __tablename__ = "judge"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Battle(Base):
    """One vote, in small integers: what a ranking reads is a million of them."""

    __tablename__ = "battle"
    __table_args__ = (
        UniqueConstraint("match_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    """0 a person, 1 a model that judges, 2 imported, 3 simulated."""
    left_id: Mapped[int] = mapped_column(ForeignKey("contender.id"))
    right_id: Mapped[int] = mapped_column(ForeignKey("contender.id"))
    winner: Mapped[int] = mapped_column(SmallInteger)
    """0 left, 1 right, 2 tie, 3 both bad."""
    judge_id: Mapped[int] = mapped_column(ForeignKey("judge.id"))
    at: Mapped[float] = mapped_column(Float)
    """Seconds since 1970."""
    category: Mapped[str] = mapped_column(String(50), default="")
    dropped: Mapped[str] = mapped_column(String(200), default="")
    """Why it does not count, such as an answer that named its model; empty where it counts."""
    style: Mapped[Json | None]
    """``{"left": {…}, "right": {…}}``: features of both answers, where they are known."""
    match_id: Mapped[str | None] = mapped_column(String(32))
    """The match it was given on."""
    digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of an imported row, so that importing twice adds nothing."""


class BattleTally(Base):
    """Votes of one kind, pair and outcome that count; triggers keep it in step with ``battle``."""

    __tablename__ = "battle_tally"

    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    left_id: Mapped[int] = mapped_column(primary_key=True)
    right_id: Mapped[int] = mapped_column(primary_key=True)
    winner: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    votes: Mapped[int]


class ArenaMatch(Base):
    """Two answers side by side, until somebody votes and after."""

    __tablename__ = "arena_match"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    """Random digits."""
    owner: Mapped[str] = mapped_column(String(200), index=True)
    left: Mapped[str] = mapped_column(String(200))
    right: Mapped[str] = mapped_column(String(200))
    turns: Mapped[list[Json]]
    """``{"question", "left", "right"}`` each; a side is ``{"text", "trace", "sentences", …}``."""
    leak: Mapped[str] = mapped_column(String(200), default="")
    """What an answer said that gives its model away."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    voted_at: Mapped[datetime | None]


class SuiteCase(Base):
    """A question of the regression suite, and what its answer must be like."""

    __tablename__ = "suite_case"
    __table_args__ = (
        UniqueConstraint("suite", "digest"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    suite: Mapped[str] = mapped_column(String(100), default="regression")
    question: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    """A right answer, or one that was good."""
    avoid: Mapped[str] = mapped_column(default="")
    """An answer that was bad: one like it fails."""
    refuse: Mapped[bool] = mapped_column(default=False)
    """Whether the right answer is a refusal."""
    source: Mapped[Json]
    """Documents that must be cited, by source and span; ``{}`` for any."""
    trace_id: Mapped[str] = mapped_column(String(32), default="")
    digest: Mapped[str] = mapped_column(String(64))
    """Of question, reference and what is to avoid."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class TaughtRequest(Base):
    """A request with what it wants, as people said: versions of assistants name them by id.

    Forgetting takes rows out, and no version that names them knows them any more.
    """

    __tablename__ = "taught_request"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    intent: Mapped[str] = mapped_column(String(50))
    """Kind of what it wants."""
    vector: Mapped[bytes]
    """float32, of unit length, by the embedder that the classifier of intents was trained with;
    empty where another one was in use."""
    lineage: Mapped[Json]
    """``{"kind", "traces", "feedback", "people"}`` as rows of data sets have it."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Canary(Base):
    """A share of an assistant's conversations that a candidate answers, for a time."""

    __tablename__ = "canary"
    __table_args__ = (
        Index("ix_canary_assistant_ended", "assistant_id", "ended_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assistant_id: Mapped[int] = mapped_column(ForeignKey("assistant.id", ondelete="CASCADE"))
    version: Mapped[int]
    """Number of the candidate."""
    share: Mapped[float] = mapped_column(Float)
    started_by: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    """Why it ended."""
