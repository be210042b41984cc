"""Schema changes, one file each, run in order by Alembic."""

from pathlib import Path

from sqlalchemy import Engine


def upgrade(engine: Engine) -> None:
    """Run the migrations that a database has not seen, all in one transaction.

    Two processes that open a new workspace at once take turns: the write lock is held from the
    first statement, and the second one finds nothing left to do.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.execution_options(genwright_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
