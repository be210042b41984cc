"""Schema changes, one file each, run in order by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from genwright.errors import StoreFailed


def upgrade(engine: Engine) -> None:
    """Run the migrations that a database has not seen, all in one transaction.

    Two processes that open a new workspace at once take turns: the write lock is held from the
    first statement, and the second one finds nothing left to do.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.connect() as connection, _disable_foreign_keys(connection):
        writing = connection.execution_options(genwright_write=True)
        with writing.begin():
            config.attributes["connection"] = writing
            command.upgrade(config, "head")
            if broken := writing.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StoreFailed(
                    f"The store is damaged: {broken[0]} {broken[1]} has no {broken[2]}."
                )


@contextmanager
def _disable_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let tables be made anew: dropping the old one would otherwise remove what refers to it.

    Outside a transaction, where alone SQLite heeds it: https://sqlite.org/lang_altertable.html.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # it has just been opened
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")
