"""Forgetting what was made of traces and of people's feedback: matches, suites, data sets.

Rows of data sets that came from a forgotten trace or person are taken out, and the set has another
digest from then on. A trained version keeps its weights: its lineage says that rows are gone, and
to train it anew without them is a decision for people.
"""

import os
from collections.abc import Collection as Several
from collections.abc import Iterator

from sqlalchemy import delete, select, update

from genwright.datasets import Dataset, read_stored_dataset
from genwright.errors import GenwrightError
from genwright.storage import (
    ArenaMatch,
    Canary,
    DataSet,
    Judge,
    ModelAliasMove,
    StoreSession,
    SuiteCase,
)
from genwright.types import OWNER, Json
from genwright.workspace import Workspace


def forget_matches(session: StoreSession, traces: Several[str]) -> None:
    """Matches with an answer of these traces, and cases that were made of them."""
    for id_, turns in session.execute(select(ArenaMatch.id, ArenaMatch.turns)).all():
        said = {turn[side].get("trace") for turn in turns for side in ("left", "right")
                if turn.get(side)}  # fmt: skip
        if said & set(traces):
            session.execute(delete(ArenaMatch).where(ArenaMatch.id == id_))
    session.execute(delete(SuiteCase).where(SuiteCase.trace_id.in_(list(traces))))


def forget_judge(session: StoreSession, name: str, instead: str) -> None:
    """A person's matches and cases go; votes stay, of somebody whom nobody can name."""
    session.execute(delete(ArenaMatch).where(ArenaMatch.owner == name))
    session.execute(delete(SuiteCase).where(SuiteCase.owner == name))
    judge = session.scalar(select(Judge).where(Judge.name == name))
    if judge is not None:
        judge.name = f"{instead}-{judge.id}"
    session.execute(update(DataSet).where(DataSet.owner == name).values(owner=instead))
    session.execute(
        update(ModelAliasMove).where(ModelAliasMove.moved_by == name).values(moved_by=instead)
    )
    session.execute(update(Canary).where(Canary.started_by == name).values(started_by=instead))


def forget_rows(workspace: Workspace, traces: Several[str], people: Several[str] = ()) -> int:
    """Take rows out of every kept data set that came from these traces or people.

    Returns:
        How many rows went.
    """
    gone = 0
    with workspace.database.write(OWNER) as session:
        for row in session.scalars(select(DataSet)).all():
            gone += _remove_rows(session, workspace, row, set(traces), set(people))
        used = set(session.scalars(select(DataSet.sha256)))
    for path in workspace.datasets_dir.glob("*.jsonl"):
        if path.stem not in used and gone:
            path.unlink()
    return gone


def _remove_rows(
    session: StoreSession, workspace: Workspace, row: DataSet, traces: set[str], people: set[str]
) -> int:
    try:
        dataset = read_stored_dataset(workspace.datasets_dir, row.sha256, row.name, row.form)
    except GenwrightError:
        return 0  # its file is not here
    kept = tuple(each for each in dataset.rows if not _is_derived(each, traces, people))
    gone = len(dataset) - len(kept)
    if not gone:
        return 0
    made = Dataset(dataset.name, dataset.form, kept, dataset.source)
    _write(workspace, made)
    twin = session.scalar(
        select(DataSet.id).where(
            DataSet.owner == row.owner, DataSet.name == row.name, DataSet.sha256 == made.sha256
        )
    )
    if twin is None:
        row.sha256, row.rows = made.sha256, len(kept)
    else:
        session.delete(row)
    session.flush()
    return gone


def _is_derived(row: Json, traces: set[str], people: set[str]) -> bool:
    lineage = row.get("lineage") or {}
    return bool(set(_list_texts(lineage.get("traces"))) & traces) or bool(
        set(_list_texts(lineage.get("people"))) & people
    )


def _list_texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from map(str, value)


def _write(workspace: Workspace, dataset: Dataset) -> None:
    import json

    path = workspace.datasets_dir / f"{dataset.sha256}.jsonl"
    part = path.with_suffix(f".{os.getpid()}.part")
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in dataset.rows]
    part.write_text("".join(lines), encoding="utf-8")
    os.replace(part, path)
