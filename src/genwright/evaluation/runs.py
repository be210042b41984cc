"""Evaluations kept as rows, so that later ones can be held against them."""

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
