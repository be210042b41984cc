"""Evaluations kept as rows, so that later ones can be held against them."""

from datetime import UTC

from sqlalchemy import select

from genwright.storage import Database, Run
from genwright.types import Json, Principal


def save_run(
    database: Database,
    principal: Principal,
    *,
    kind: str,
    config: Json,
    data: Json,
    results: Json,
    seconds: float,
) -> int:
    """Store one evaluation and return its id.

    Args:
        database: The store.
        principal: Whose run it is.
        kind: What was evaluated, such as ``eval.retrieval``.
        config: Settings that decide the result.
        data: What it was measured on, with a ``sha256``.
        results: The measures.
        seconds: How long it took.
    """
    run = Run(
        owner=principal.name, kind=kind, config=config, data=data, results=results, seconds=seconds
    )
    with database.write(principal) as session:
        session.add(run)
        session.flush()
        return run.id


def list_runs(database: Database, principal: Principal, kind: str = "") -> list[Json]:
    """The principal's runs, newest first, with all that ``save_run`` was given.

    Args:
        database: The store.
        principal: Whose runs.
        kind: How the kind begins, such as ``eval.``; by default every one.
    """
    wanted = (
        select(Run)
        .where(Run.owner == principal.name, Run.kind.startswith(kind, autoescape=True))
        .order_by(Run.id.desc())
    )
    with database.read(principal) as session:
        return [
            {
                "run": run.id,
                "kind": run.kind,
                "created_at": run.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
                "seconds": round(run.seconds, 3),
                "data": run.data,
                "config": run.config,
                "results": run.results,
            }
            for run in session.scalars(wanted)
        ]
