"""More of feedback, votes of the arena, suites of regressions, canaries."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNT = """
    INSERT INTO battle_tally (kind, left_id, right_id, winner, votes)
    VALUES ({row}.kind, {row}.left_id, {row}.right_id, {row}.winner, {by})
    ON CONFLICT (kind, left_id, right_id, winner) DO UPDATE SET votes = votes + {by};"""


def upgrade() -> None:
    _extend_feedback()
    _create_votes()
    _create_matches()
    _create_suites()
    for change in ("kind", "left_id", "right_id", "winner", "judge_id", "at"):
        op.execute(
            f"CREATE TRIGGER battle_no_{change} BEFORE UPDATE OF {change} ON battle"
            " BEGIN SELECT raise(ABORT, 'a vote is never changed'); END"
        )
    _create_tally_trigger("INSERT", "NEW.dropped = ''", _COUNT.format(row="NEW", by=1))
    _create_tally_trigger("DELETE", "OLD.dropped = ''", _COUNT.format(row="OLD", by=-1))
    dropped = "UPDATE OF dropped"
    _create_tally_trigger(
        dropped, "OLD.dropped = '' AND NEW.dropped != ''", _COUNT.format(row="NEW", by=-1)
    )
    _create_tally_trigger(
        dropped, "OLD.dropped != '' AND NEW.dropped = ''", _COUNT.format(row="NEW", by=1)
    )


def _create_tally_trigger(change: str, when: str, statement: str) -> None:
    signs = {"NEW.dropped = ''": "in", "OLD.dropped = ''": "out"}
    name = signs.get(when, "drop" if statement.count("-1") else "undrop")
    op.execute(
        f"CREATE TRIGGER battle_tally_{name} AFTER {change} ON battle WHEN {when}"
        f" BEGIN {statement} END"
    )


def _extend_feedback() -> None:
    op.add_column("feedback", sa.Column("citation", sa.JSON(), nullable=True))
    op.add_column(
        "feedback", sa.Column("consent", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column(
        "feedback", sa.Column("door", sa.String(length=20), nullable=False, server_default="api")
    )
    op.create_index("ix_feedback_owner_trace_id", "feedback", ["owner", "trace_id"])


def _create_votes() -> None:
    op.create_table(
        "contender",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contender")),
        sa.UniqueConstraint("name", name=op.f("uq_contender_name")),
    )
    op.create_table(
        "judge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judge")),
        sa.UniqueConstraint("name", name=op.f("uq_judge_name")),
    )
    op.create_table(
        "battle",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Integer(), nullable=False),
        sa.Column("winner", sa.SmallInteger(), nullable=False),
        sa.Column("judge_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("category", sa.String(length=50), nullable=False),
        sa.Column("dropped", sa.String(length=200), nullable=False),
        sa.Column("style", sa.JSON(), nullable=True),
        sa.Column("match_id", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["left_id"], ["contender.id"], name=op.f("fk_battle_left_id")),
        sa.ForeignKeyConstraint(["right_id"], ["contender.id"], name=op.f("fk_battle_right_id")),
        sa.ForeignKeyConstraint(["judge_id"], ["judge.id"], name=op.f("fk_battle_judge_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_battle")),
        sa.UniqueConstraint("match_id", name=op.f("uq_battle_match_id")),
        sa.UniqueConstraint("digest", name=op.f("uq_battle_digest")),
        sqlite_autoincrement=True,
    )
    keys = ("kind", "left_id", "right_id", "winner")
    op.create_table(
        "battle_tally",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Integer(), nullable=False),
        sa.Column("winner", sa.SmallInteger(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_battle_tally")),
    )


def _create_matches() -> None:
    op.create_table(
        "arena_match",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("left", sa.String(length=200), nullable=False),
        sa.Column("right", sa.String(length=200), nullable=False),
        sa.Column("turns", sa.JSON(), nullable=False),
        sa.Column("leak", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arena_match")),
    )
    op.create_index(op.f("ix_arena_match_owner"), "arena_match", ["owner"], unique=False)


def _create_suites() -> None:
    op.create_table(
        "suite_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("suite", sa.String(length=100), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("avoid", sa.String(), nullable=False),
        sa.Column("refuse", sa.Boolean(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suite_case")),
        sa.UniqueConstraint("suite", "digest", name=op.f("uq_suite_case_suite_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "canary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assistant_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assistant_id"],
            ["assistant.id"],
            name=op.f("fk_canary_assistant_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canary")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_canary_assistant_ended", "canary", ["assistant_id", "ended_at"])
