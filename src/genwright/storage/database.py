"""Opening the database, and transactions over it.

SQLite in WAL mode: readers never wait, writers queue for one another (``BEGIN IMMEDIATE``), and a
committed transaction is on disk (``synchronous=FULL``). A crash leaves a transaction wholly in or
wholly out.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from genwright.errors import StoreFailed
from genwright.languages import compute_stems_version
from genwright.storage.counts import SCHEMA_VERSION
from genwright.storage.segment import segment, split_terms
from genwright.types import Principal

WAIT_SECONDS = 60
"""How long a writer waits for the one before it."""


REBUILD = "INSERT INTO passage_fts (passage_fts) VALUES ('rebuild')"
"""Makes the keyword index anew from the passages."""


class StoreSession(Session):
    """A transaction on behalf of somebody: what it reads and writes is for ``principal``."""

    principal: Principal


class Database:
    """One database file.

    Args:
        path: The file; made, with its schema, when it is not there. An older schema is migrated
            the first time it is used.

    Raises:
        StoreFailed: The file is not a database, is damaged, or was written by a newer genwright.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def engine(self) -> Engine:
        """The connection pool, over a schema that is up to date."""
        engine = create_engine(
            f"sqlite:///{self.path}", connect_args={"timeout": WAIT_SECONDS}, pool_pre_ping=False
        )
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
        with _explain_errors(self.path):
            self._bring_up_to_date(engine)
        return engine

    @contextmanager
    def read(self, principal: Principal) -> Iterator[StoreSession]:
        """A consistent view for one principal: no write that commits after its first read."""
        with _explain_errors(self.path), StoreSession(self.engine) as session:
            session.principal = principal
            yield session

    @contextmanager
    def write(self, principal: Principal) -> Iterator[StoreSession]:
        """One transaction for one principal: commits at the end, or leaves no trace on an error."""
        writer = self.engine.execution_options(genwright_write=True)
        with _explain_errors(self.path), StoreSession(writer) as session, session.begin():
            session.principal = principal
            yield session

    def read_schema_version(self) -> str:
        """Name of the last migration that ran on this file; empty for a file without any."""
        with self.engine.connect() as connection:
            return _read_schema_version(connection)

    def close(self) -> None:
        """Give back the connections; the object can be used again."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def _bring_up_to_date(self, engine: Engine) -> None:
        with engine.connect() as connection:
            version = _read_schema_version(connection)
        if version > SCHEMA_VERSION:
            raise StoreFailed(
                f"{self.path} has schema {version}, this genwright knows up to {SCHEMA_VERSION}: "
                "upgrade genwright (pip install -U genwright)."
            )
        if version != SCHEMA_VERSION:
            from genwright.storage.migrations import upgrade

            upgrade(engine)
        self._renew_stems(engine)

    def _renew_stems(self, engine: Engine) -> None:
        """Index all words again where another version of the stemmers has indexed them.

        A passage can only be taken out of the index by the very words that it was put in with.
        """
        wanted = compute_stems_version()
        with engine.connect() as connection:
            if _read_stems_version(connection) == wanted:
                return
        writer = engine.execution_options(genwright_write=True)
        with writer.begin() as connection:
            before = _read_stems_version(connection)
            if before not in {0, wanted}:
                connection.execute(text(REBUILD))
            connection.execute(text(f"PRAGMA user_version = {wanted}"))


def _read_schema_version(connection: Connection) -> str:
    table = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
    if connection.execute(table).first() is None:
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _read_stems_version(connection: Connection) -> int:
    """Of which stemmers the keyword index is; 0 in a file that has none by them yet."""
    return int(connection.execute(text("PRAGMA user_version")).scalar() or 0)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # pysqlite must not begin on its own: see _on_begin
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -65536",  # KiB
        "mmap_size = 1073741824",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("segment", 1, segment, deterministic=True)
    connection.create_function("terms", 2, split_terms, deterministic=True)


def _on_begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that read first and then upgraded could not wait.
    writes = connection.get_execution_options().get("genwright_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    """Turn the driver's errors into one line that says what to do."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        if "locked" in reason:
            advice = f"another process has written for over {WAIT_SECONDS} s; try again."
        elif "malformed" in reason or "not a database" in reason:
            advice = "it is damaged: restore it from a backup, or add the documents to a new one."
        elif any(word in reason for word in ("disk", "full", "readonly", "unable to open")):
            advice = "check that its folder is there, has room, and may be written."
        else:
            raise
        raise StoreFailed(f"{path}: {reason}: {advice}") from error
