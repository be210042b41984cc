"""Votes in the store: kept one by one, read as integers.

Kinds of votes are kept apart: people's, those of models that judge, imported ones and simulated
ones never count together unless somebody asks for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Executable, func, insert, select

from genwright.arena.ratings.tally import WINNERS, Tally, tally_votes
from genwright.errors import UsageError
from genwright.storage import (
    Battle,
    BattleTally,
    Contender,
    Database,
    StoreSession,
)
from genwright.storage import (
    Judge as JudgeRow,
)
from genwright.types import Json, Principal

if TYPE_CHECKING:
    from genwright.arena.ratings.tally import Floats, Ints

KINDS = ("human", "judge", "imported", "simulated")
HUMAN, JUDGED, IMPORTED, SIMULATED = range(4)
SOME = 5000
"""Rows of one statement."""


@dataclass(frozen=True)
class Vote:
    """One vote, by names."""

    left: str
    right: str
    winner: int
    """Place in ``WINNERS``."""
    judge: str
    at: float
    """Seconds since 1970."""
    kind: int = HUMAN
    category: str = ""
    style: Json | None = None
    dropped: str = ""
    match_id: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class VoteFilter:
    """Which votes count."""

    kinds: tuple[str, ...] = ("human",)
    category: str = ""
    since: float = 0.0
    """Seconds since 1970."""
    cap: int = 0
    """Votes of one judge that count, the first ones; 0 for all."""
    without: tuple[str, ...] = ()
    """Judges who do not count."""

    @property
    def is_unfiltered(self) -> bool:
        """Whether the counts that the store keeps are all that is needed."""
        return not (self.category or self.since or self.cap or self.without)

    def list_kind_numbers(self) -> tuple[int, ...]:
        """Kinds as the store has them.

        Raises:
            UsageError: One is not known.
        """
        if unknown := set(self.kinds) - set(KINDS):
            raise UsageError(
                f"Expected kinds of votes from {', '.join(KINDS)}, got {sorted(unknown)[0]!r}."
            )
        return tuple(KINDS.index(kind) for kind in self.kinds)


@dataclass(frozen=True)
class VoteColumns:
    """Votes one by one, in the order they came; ids are places in ``names`` and ``judges``."""

    names: tuple[str, ...]
    judges: tuple[str, ...]
    left: "Ints"
    right: "Ints"
    winner: "Ints"
    judge: "Ints"
    at: "Floats"
    style: Sequence[Json | None]

    def __len__(self) -> int:
        """How many votes."""
        return len(self.left)

    def tally(self) -> Tally:
        """Them counted."""
        return tally_votes(self.names, self.left, self.right, self.winner)


def parse_winner(word: str) -> int:
    """A winner by its word: ``left``, ``right``, ``tie`` or ``bothbad``, or as arenas write them.

    Raises:
        UsageError: It is none of them.

    Example:
        >>> parse_winner("model_a"), parse_winner("tie (bothbad)")
        (0, 3)
    """
    plain = word.strip().lower()
    plain = {"model_a": "left", "model_b": "right", "a": "left", "b": "right"}.get(plain, plain)
    plain = "bothbad" if "both" in plain else plain
    if plain not in WINNERS:
        raise UsageError(f"Expected a winner of {', '.join(WINNERS)}, got {word!r}.")
    return WINNERS.index(plain)


def add_votes(database: Database, principal: Principal, votes: Sequence[Vote]) -> int:
    """Keep votes, all or none; those that were imported before are left out.

    Returns:
        How many are new.
    """
    with database.write(principal) as session:
        return insert_votes(session, votes)


def insert_votes(session: StoreSession, votes: Sequence[Vote]) -> int:
    """``add_votes`` within a transaction."""
    people = ensure_ids(session, JudgeRow, {vote.judge for vote in votes})
    names = {name for vote in votes for name in (vote.left, vote.right)}
    contenders = ensure_ids(session, Contender, names)
    known = _find_known(session, [vote.digest for vote in votes if vote.digest])
    rows = [
        {
            "kind": vote.kind, "left_id": contenders[vote.left],
            "right_id": contenders[vote.right], "winner": vote.winner,
            "judge_id": people[vote.judge], "at": vote.at, "category": vote.category,
            "dropped": vote.dropped, "style": vote.style, "match_id": vote.match_id,
            "digest": vote.digest,
        }
        for vote in votes
        if vote.digest not in known
    ]  # fmt: skip
    for begin in range(0, len(rows), SOME):
        session.execute(insert(Battle), rows[begin : begin + SOME])
    return len(rows)


def ensure_ids(
    session: StoreSession, table: type[Contender] | type[JudgeRow], names: Iterable[str]
) -> dict[str, int]:
    """Ids by name; names that are new get one."""
    wanted = sorted(set(names))
    found = _read_ids(session, table, wanted)
    session.add_all(table(name=name) for name in wanted if name not in found)
    session.flush()
    return _read_ids(session, table, wanted)


def read_tally(database: Database, principal: Principal, wanted: VoteFilter | None = None) -> Tally:
    """Votes counted, from the counts the store keeps where these are enough."""
    wanted = wanted or VoteFilter()
    kinds = wanted.list_kind_numbers()
    if not wanted.is_unfiltered:
        return read_columns(database, principal, wanted).tally()
    with database.read(principal) as session:
        # By the driver's own cursor: tens of thousands of rows of four integers, and no objects.
        cursor = session.connection().connection.cursor()
        marks = ", ".join("?" * len(kinds))
        cursor.execute(
            f"SELECT left_id, right_id, winner, votes FROM {BattleTally.__tablename__} "
            f"WHERE kind IN ({marks}) AND votes > 0",
            kinds,
        )
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 4)
        return _tally_rows(rows, _read_names(session, Contender))


def read_columns(
    database: Database,
    principal: Principal,
    wanted: VoteFilter | None = None,
    *,
    style: bool = False,
) -> VoteColumns:
    """Votes one by one.

    Args:
        database: The store.
        principal: Who asks.
        wanted: Which; people's by default.
        style: Whether to read the style of the answers.
    """
    wanted = wanted or VoteFilter()
    with database.read(principal) as session:
        contenders, people = _read_names(session, Contender), _read_names(session, JudgeRow)
        chosen = _select_votes(wanted, people)
        rows: list[Any] = list(session.execute(chosen))
        styles: list[Json | None] = []
        if style:
            ids = [row[0] for row in rows]
            by_id = dict(_read_styles(session, ids))
            styles = [by_id.get(each) for each in ids]
    numbers = np.array([row[1:5] for row in rows], dtype=np.int64).reshape(-1, 4)
    names, left, right = _to_places(contenders, numbers[:, 0], numbers[:, 1])
    judges, judge, _ = _to_places(people, numbers[:, 3], numbers[:, 3])
    at = np.array([row[5] for row in rows], dtype=np.float64)
    return VoteColumns(names, judges, left, right, numbers[:, 2], judge, at, styles)


def read_new_votes(
    database: Database, principal: Principal, after: int, kind: int = HUMAN
) -> list[tuple[int, str, str, int, float]]:
    """Votes that count with an id above one: ``(id, left, right, winner, at)``, in their order."""
    with database.read(principal) as session:
        names = _read_names(session, Contender)
        rows = session.execute(
            select(Battle.id, Battle.left_id, Battle.right_id, Battle.winner, Battle.at)
            .where(Battle.id > after, Battle.kind == kind, Battle.dropped == "")
            .order_by(Battle.id)
        )
        return [(id_, names[left], names[right], who, at) for id_, left, right, who, at in rows]


def count_votes(session: StoreSession, judge: str, since: float) -> int:
    """Votes of one person after a time."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Battle)
            .join(JudgeRow, JudgeRow.id == Battle.judge_id)
            .where(JudgeRow.name == judge, Battle.kind == HUMAN, Battle.at >= since)
        )
        or 0
    )


def _select_votes(wanted: VoteFilter, people: Mapping[int, str]) -> Executable:
    place = func.row_number().over(partition_by=Battle.judge_id, order_by=Battle.id)
    kept = select(
        Battle.id, Battle.left_id, Battle.right_id, Battle.winner, Battle.judge_id, Battle.at
    ).where(Battle.kind.in_(wanted.list_kind_numbers()), Battle.dropped == "")
    if wanted.category:
        kept = kept.where(Battle.category == wanted.category)
    if wanted.since:
        kept = kept.where(Battle.at >= wanted.since)
    if wanted.without:
        out = [id_ for id_, name in people.items() if name in wanted.without]
        kept = kept.where(Battle.judge_id.not_in(out))
    if wanted.cap:
        inner = kept.add_columns(place.label("place")).subquery()
        columns = (inner.c.id, inner.c.left_id, inner.c.right_id, inner.c.winner)
        return (
            select(*columns, inner.c.judge_id, inner.c.at)
            .where(inner.c.place <= wanted.cap)
            .order_by(inner.c.id)
        )
    return kept.order_by(Battle.id)


def _tally_rows(rows: "Ints", names: Mapping[int, str]) -> Tally:
    kept, left, right = _to_places(names, rows[:, 0], rows[:, 1])
    return tally_votes(kept, left, right, rows[:, 2], rows[:, 3])


def _to_places(
    names: Mapping[int, str], first: "Ints", second: "Ints"
) -> "tuple[tuple[str, ...], Ints, Ints]":
    """Names that occur, in order of name, and both columns as places in them."""
    used = np.unique(np.concatenate([first, second]))
    ordered = sorted(used.tolist(), key=lambda id_: names[id_])
    place = np.zeros(int(used.max(initial=0)) + 1, dtype=np.int64)
    place[ordered] = np.arange(len(ordered))
    return tuple(names[id_] for id_ in ordered), place[first], place[second]


def _read_names(session: StoreSession, table: type[Contender] | type[JudgeRow]) -> dict[int, str]:
    return dict(session.execute(select(table.id, table.name)).all())


def _read_ids(
    session: StoreSession, table: type[Contender] | type[JudgeRow], names: Sequence[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for begin in range(0, len(names), SOME):
        part = names[begin : begin + SOME]
        rows = session.execute(select(table.name, table.id).where(table.name.in_(part)))
        found.update(dict(rows.all()))
    return found


def _find_known(session: StoreSession, digests: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for begin in range(0, len(digests), SOME):
        part = digests[begin : begin + SOME]
        kept = session.scalars(select(Battle.digest).where(Battle.digest.in_(part)))
        found.update(each for each in kept if each)
    return found


def _read_styles(session: StoreSession, ids: Sequence[int]) -> list[tuple[int, Json | None]]:
    found: list[tuple[int, Json | None]] = []
    for begin in range(0, len(ids), SOME):
        part = ids[begin : begin + SOME]
        rows = session.execute(select(Battle.id, Battle.style).where(Battle.id.in_(part)))
        found += [(id_, style) for id_, style in rows]
    return found
