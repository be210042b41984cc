"""Runs as rows: evaluations and trainings, what went in, what they measured, what came out.

A run that takes long is begun, tells of itself while it is at work, and ends; one that ends with
its process (``kill -9``) is found out by the id of that process.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from sqlalchemy import ColumnElement, Select, delete, insert, or_, select

from genwright.errors import NotFound
from genwright.storage import Database, Run, RunValue
from genwright.types import Json, Principal

Status = Literal["running", "stopped", "failed", "done"]


@dataclass(frozen=True)
class RunRow:
    """One run as it stands."""

    id: int
    owner: str
    kind: str
    """Such as ``eval.qa`` or ``tune``."""
    name: str
    status: str
    message: str
    """Where it is, or why it ended."""
    config: Json
    data: Json
    results: Json
    seconds: float
    created_at: str
    """ISO 8601, UTC."""

    @property
    def steps(self) -> list[Json]:
        """Its numbered steps that are done, ``{"number", "step", …}``; none where it has none."""
        found = self.results.get("steps")
        return found if isinstance(found, list) else []  # of a pre-training, it is how many

    def json(self) -> Json:
        """Every field, the id as ``run``."""
        values = dict(self.__dict__)
        return {"run": values.pop("id"), **values, "seconds": round(self.seconds, 3)}


class Runs:
    """The runs of a workspace.

    Args:
        database: The store.
        principal: Whose rights count: an admin sees everybody's, others their own.
    """

    def __init__(self, database: Database, principal: Principal) -> None:
        self.database, self.principal = database, principal

    def begin(self, kind: str, name: str, config: Json, data: Json) -> int:
        """Keep that a run has begun in this process, and return its id."""
        run = Run(
            owner=self.principal.name, kind=kind, name=name, config=config, data=data,
            results={}, seconds=0.0, status="running", process=os.getpid(),
        )  # fmt: skip
        with self.database.write(self.principal) as session:
            session.add(run)
            session.flush()
            return run.id

    def take_up(self, run: int) -> None:
        """Keep that this process goes on with a run."""
        self.update(run, status="running", message="", process=os.getpid())

    def update(self, run: int, **changes: object) -> None:
        """Change columns of a run, such as ``status``, ``message``, ``results``, ``seconds``.

        Raises:
            NotFound: There is no such run.
        """
        with self.database.write(self.principal) as session:
            row = session.get(Run, run)
            if row is None:
                raise _make_missing_error(run)
            for column, value in changes.items():
                setattr(row, column, value)

    def record(self, run: int, step: int, values: Mapping[str, float]) -> None:
        """Keep what was measured at a step; a later value of the same step counts."""
        rows = [
            {"run_id": run, "name": name, "step": step, "value": value}
            for name, value in values.items()
        ]
        names = list(values)
        with self.database.write(self.principal) as session:
            session.execute(
                delete(RunValue).where(
                    RunValue.run_id == run, RunValue.step == step, RunValue.name.in_(names)
                )
            )
            if rows:
                session.execute(insert(RunValue), rows)

    def read_values(self, run: int) -> dict[str, list[tuple[int, float]]]:
        """What was measured, by name: steps and values in order."""
        with self.database.read(self.principal) as session:
            rows = session.execute(
                select(RunValue.name, RunValue.step, RunValue.value)
                .where(RunValue.run_id == run)
                .order_by(RunValue.name, RunValue.step)
            ).all()
        found: dict[str, list[tuple[int, float]]] = {}
        for name, step, value in rows:
            found.setdefault(name, []).append((step, value))
        return found

    def get(self, run: int) -> RunRow:
        """One run.

        Raises:
            NotFound: There is none of that number that the principal may see.
        """
        found = self._read(select(Run).where(Run.id == run, *self._match(())))
        if not found:
            raise _make_missing_error(run)
        return found[0]

    def list_newest(
        self,
        kinds: Sequence[str] = (),
        limit: int = 200,
        *,
        name: str | None = None,
        only_done: bool = False,
    ) -> list[RunRow]:
        """Runs, newest first.

        Args:
            kinds: How their kinds begin; every kind where none is named.
            limit: At most so many of those that fit.
            name: Only runs of this name.
            only_done: Only runs that ended well.
        """
        wanted = select(Run).where(*self._match(kinds)).order_by(Run.id.desc()).limit(limit)
        if name is not None:
            wanted = wanted.where(Run.name == name)
        if only_done:
            wanted = wanted.where(Run.status == "done")
        return self._read(wanted)

    def list_running(self, kinds: Sequence[str] = ()) -> list[RunRow]:
        """Every run that a process is at work on, newest first; ``kinds`` as above."""
        wanted = select(Run).where(Run.status == "running", *self._match(kinds))
        rows = self._read(wanted.order_by(Run.id.desc()))
        return [row for row in rows if row.status == "running"]  # not those whose process died

    def _match(self, kinds: Sequence[str]) -> list[ColumnElement[bool]]:
        """Kind and rights, as conditions: a limit must count only what fits."""
        found: list[ColumnElement[bool]] = []
        if kinds:
            found.append(or_(*(Run.kind.startswith(kind, autoescape=True) for kind in kinds)))
        if not self.principal.sees_all:
            found.append(Run.owner == self.principal.name)
        return found

    def _read(self, wanted: Select[Run]) -> list[RunRow]:
        with self.database.read(self.principal) as session:
            return [_read_row(row) for row in session.scalars(wanted)]


def find_process(database: Database, principal: Principal, run: int) -> int | None:
    """Id of the process that is at work on a run; None where none is."""
    with database.read(principal) as session:
        row = session.get(Run, run)
        if row is None or row.status != "running" or not _is_alive(row.process):
            return None
        return row.process


def _read_row(row: Run) -> RunRow:
    status = row.status
    if status == "running" and not _is_alive(row.process):
        status = "stopped"  # its process died without a word
    return RunRow(
        id=row.id, owner=row.owner, kind=row.kind, name=row.name, status=status,
        message=row.message, config=row.config, data=row.data, results=row.results,
        seconds=row.seconds,
        created_at=row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def _is_alive(process: int | None) -> bool:
    if process is None:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _make_missing_error(run: int) -> NotFound:
    return NotFound(f"There is no run {run}: genwright runs lists those there are.")
