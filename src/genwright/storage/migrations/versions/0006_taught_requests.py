"""What was wanted, in feedback; requests whose kind people have told."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "feedback", sa.Column("intent", sa.String(length=50), nullable=False, server_default="")
    )
    op.create_table(
        "taught_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("intent", sa.String(length=50), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("lineage", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taught_request")),
        sqlite_autoincrement=True,
    )
