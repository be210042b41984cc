"""Languages of documents, and passages that are indexed by their stems.

What is there keeps its words as they are indexed until ``genwright reindex`` looks at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As in the first schema, with ``terms`` in the place of ``segment``: the same for a passage without
# a language. The language is taken from the passage, as its document may be gone before it.
KEYWORD_INDEX = (
    "DROP TRIGGER passage_added",
    "DROP TRIGGER passage_removed",
    "DROP VIEW passage_terms",
    """CREATE VIEW passage_terms AS
       SELECT id, terms(heading, language) AS heading, terms(text, language) AS text
       FROM passage""",
    """CREATE TRIGGER passage_added AFTER INSERT ON passage BEGIN
       INSERT INTO passage_fts (rowid, heading, text)
       VALUES (new.id, terms(new.heading, new.language), terms(new.text, new.language)); END""",
    """CREATE TRIGGER passage_removed AFTER DELETE ON passage BEGIN
       INSERT INTO passage_fts (passage_fts, rowid, heading, text)
       VALUES ('delete', old.id, terms(old.heading, old.language),
               terms(old.text, old.language)); END""",
)


def upgrade() -> None:
    with op.batch_alter_table(
        "document", recreate="always", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.add_column(
            sa.Column("language", sa.String(length=8), nullable=True), insert_before="text"
        )
    op.create_index(op.f("ix_document_language"), "document", ["language"], unique=False)
    language = sa.Column("language", sa.String(length=8), nullable=False, server_default="")
    op.add_column("passage", language)
    for statement in KEYWORD_INDEX:
        op.execute(statement)
