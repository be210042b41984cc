"""Alembic's entry: runs migrations on the connection that ``upgrade`` hands in."""

from alembic import context

from genwright.storage.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
context.run_migrations()
