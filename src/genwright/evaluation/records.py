"""Evaluations kept as rows, so that later ones can be held against them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

from sqlalchemy import select

from genwright.runs import Runs
from genwright.runs.steps import StepWalk
from genwright.storage import Database, Run
from genwright.types import Json, Principal


@contextmanager
def keep_evaluation(
    database: Database,
    principal: Principal,
    kind: str,
    config: Json | None = None,
    data: Json | None = None,
) -> Iterator[StepWalk]:
    """An evaluation as a run from its beginning, ended like every run.

    Args:
        database: The store.
        principal: Whose run it is.
        kind: What is evaluated, such as ``eval.qa``.
        config: Settings that decide the result, where they are known by now.
        data: What it is measured on, where that is known by now.

    Yields:
        The walk, whose ``finish`` takes the measures; ``run`` is the id.
    """
    runs = Runs(database, principal)
    run = runs.begin(kind, "", config or {}, data or {})
    with StepWalk(runs, run, "evaluate again", saving="use a smaller model").running() as walk:
        yield walk


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
    """Store one evaluation that was made elsewhere, and return its id.

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
    """The principal's runs that are done, newest first, with what they measured.

    Args:
        database: The store.
        principal: Whose runs.
        kind: How the kind begins, such as ``eval.``; by default every one.
    """
    wanted = (
        select(Run)
        .where(
            Run.owner == principal.name,
            Run.kind.startswith(kind, autoescape=True),
            Run.status == "done",
        )
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
