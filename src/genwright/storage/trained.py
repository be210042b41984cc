"""Rows of what is trained: data sets, values that a run measured, models and their versions."""

from datetime import datetime

from sqlalchemy import Float, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from genwright.storage.tables import Base, now
from genwright.types import Json


class DataSet(Base):
    """A set of rows that was checked in; the rows are in a file named by their digest."""

    __tablename__ = "dataset"
    __table_args__ = (
        UniqueConstraint("owner", "name", "sha256"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    form: Mapped[str] = mapped_column(String(50))
    """Such as ``messages`` or ``classification``."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the rows without their lineage: ``datasets/<sha256>.jsonl`` holds them."""
    rows: Mapped[int]
    source: Mapped[str] = mapped_column(default="")
    """Where it was read from."""
    report: Mapped[Json]
    """What the check found."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class RunValue(Base):
    """What a run measured at a step, such as the loss."""

    __tablename__ = "run_value"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class Model(Base):
    """A name of trained weights; what it is at a time, its versions say."""

    __tablename__ = "model"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    owner: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelVersion(Base):
    """Weights or an adapter by digest; a trigger refuses to change anything but the card."""

    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("model_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"))
    number: Mapped[int]
    """Counted from 1."""
    digest: Mapped[str] = mapped_column(String(64), index=True)
    """SHA-256 over the names and digests of its files: ``models/versions/<digest>/`` has them."""
    facts: Mapped[Json]
    """Base, method, objective, data, run, evaluation, licence; see ``registry.Facts``."""
    files: Mapped[list[Json]]
    """``{"name", "size", "sha256"}`` of each."""
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))
    card: Mapped[str] = mapped_column(default="")
    """What a person wrote in place of the generated card; empty for that one."""
    created_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ModelAliasMove(Base):
    """From here on an alias of a model points to this version; the last move counts."""

    __tablename__ = "model_alias_move"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id", ondelete="CASCADE"), index=True)
    alias: Mapped[str] = mapped_column(String(50))
    """Such as ``live`` or ``candidate``."""
    version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id", ondelete="CASCADE"))
    moved_by: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime] = mapped_column(default=now)
