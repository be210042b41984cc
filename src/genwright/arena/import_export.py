"""Votes of other arenas, read and written.

Read: battles as LMSYS and LMArena publish them (``model_a``, ``model_b``, ``winner``, and where
there are any ``judge``, ``tstamp``, ``anony``, ``language``, ``conv_metadata``), or tables with
``left``, ``right``, ``winner``; as JSON, JSON lines, CSV or Parquet.
"""

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from genwright.arena.ratings.style import FEATURES
from genwright.arena.ratings.tally import WINNERS
from genwright.arena.votes import (
    IMPORTED,
    Vote,
    VoteColumns,
    VoteFilter,
    add_votes,
    parse_winner,
    read_columns,
)
from genwright.datasets.files import read_records
from genwright.errors import Refused, UsageError
from genwright.storage import Database
from genwright.types import Json, Principal

NAMES = (("model_a", "model_b"), ("left", "right"), ("model_1", "model_2"))
IDS = ("question_id", "battle_id", "id", "conversation_id")
_ARENA = {"left": "model_a", "right": "model_b", "tie": "tie", "bothbad": "tie (bothbad)"}


@dataclass(frozen=True)
class VoteImport:
    """What an import brought."""

    read: int
    added: int
    known: int
    """Rows that were there from an import before."""
    themselves: int
    """Rows where a contender met itself: they say nothing, and are left out."""
    open: int
    """Rows left out because the voter knew who answered."""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def import_votes(
    database: Database, principal: Principal, file: Path, *, blind_only: bool = False
) -> VoteImport:
    """Keep the votes of a file, all or none.

    Args:
        database: The store.
        principal: Who imports.
        file: JSON, JSON lines, CSV or Parquet.
        blind_only: Leave out rows whose ``anony`` is false: the voter knew who answered.

    Raises:
        UsageError: A row has no contenders or no winner that can be read; the message names it.
        Refused: Two rows of one id contradict one another.
    """
    records = read_records(file)
    if not records:
        raise UsageError(f"{file.name} has no row.")
    _check_contradictions(records, file.name)
    blind = [row for row in records if not blind_only or row.get("anony", True) in (True, "true")]
    seen: Counter[str] = Counter()
    votes = [_parse_vote(row, number, file.name, seen) for number, row in enumerate(blind, 1)]
    fair = [vote for vote in votes if vote.left != vote.right]
    added = add_votes(database, principal, fair)
    return VoteImport(
        len(records), added, len(fair) - added, len(votes) - len(fair), len(records) - len(blind)
    )


def export_votes(
    database: Database, principal: Principal, file: Path, wanted: VoteFilter | None = None
) -> int:
    """Write votes in LMSYS' form, JSON lines, and return how many.

    Raises:
        Refused: The file is there already.
    """
    if file.exists():
        raise Refused(f"{file} is there already: name another file.")
    columns = read_columns(database, principal, wanted, style=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}.", delete=False
    ) as made:
        for place in range(len(columns)):
            made.write(json.dumps(_format_battle(columns, place), ensure_ascii=False) + "\n")
    os.replace(made.name, file)
    return len(columns)


def _format_battle(columns: VoteColumns, place: int) -> Json:
    row: Json = {
        "model_a": columns.names[columns.left[place]],
        "model_b": columns.names[columns.right[place]],
        "winner": _ARENA[WINNERS[columns.winner[place]]],
        "judge": columns.judges[columns.judge[place]],
        "tstamp": float(columns.at[place]),
        "anony": True,
    }
    style = columns.style[place] if columns.style else None
    if style:
        row["conv_metadata"] = {
            key: style[side].get(name, 0)
            for side, letter in (("left", "a"), ("right", "b"))
            for name, key in zip(FEATURES, _name_style_keys(letter), strict=True)
        }
    return row


def _parse_vote(row: Json, number: int, name: str, seen: Counter[str]) -> Vote:
    left, right = _parse_contenders(row, number, name)
    try:
        winner = parse_winner(str(row.get("winner", "")))
    except UsageError as error:
        raise UsageError(f"{name}, row {number}: {error}") from error
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    seen[text] += 1  # equal rows may be several votes; the same file again adds none
    digest = hashlib.sha256(f"{seen[text]}\n{text}".encode(errors="replace")).hexdigest()
    return Vote(
        left=left,
        right=right,
        winner=winner,
        judge=str(row.get("judge") or row.get("evaluator") or "import")[:200],
        at=_parse_time(row),
        kind=IMPORTED,
        category=str(row.get("category") or row.get("language") or "")[:50]
        if not isinstance(row.get("category"), dict)
        else "",
        style=_parse_style(row),
        digest=digest,
    )


def _parse_contenders(row: Json, number: int, name: str) -> tuple[str, str]:
    for a, b in NAMES:
        if row.get(a) not in (None, "") and row.get(b) not in (None, ""):
            return str(row[a])[:200], str(row[b])[:200]
    raise UsageError(
        f"{name}, row {number}: expected columns model_a and model_b, or left and right; got "
        f"{', '.join(list(row)[:8]) or 'none'}."
    )


def _check_contradictions(records: Sequence[Json], name: str) -> None:
    winners: dict[str, tuple[int, str]] = {}
    for number, row in enumerate(records, 1):
        key = next((str(row[each]) for each in IDS if row.get(each) not in (None, "")), "")
        if not key:
            continue
        said = str(row.get("winner"))
        identity = f"{key}\n{row.get('judge')}\n{row.get('model_a', row.get('left'))}"
        before, other = winners.setdefault(identity, (number, said))
        if other != said:
            raise Refused(
                f"{name}: rows {before} and {number} are the same battle ({key}) with other "
                f"winners ({other!r} and {said!r}): take one of them out. Nothing was imported."
            )


def _parse_time(row: Json) -> float:
    value = row.get("tstamp", row.get("timestamp"))
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return 0.0


def _name_style_keys(letter: str) -> tuple[str, str, str, str]:
    return (
        f"sum_assistant_{letter}_tokens",
        f"header_count_{letter}",
        f"list_count_{letter}",
        f"bold_count_{letter}",
    )


def _parse_style(row: Json) -> Json | None:
    about = row.get("conv_metadata")
    if isinstance(about, str):
        try:
            about = json.loads(about)
        except ValueError:
            return None
    if not isinstance(about, dict):
        return None
    found: Json = {}
    for side, letter in (("left", "a"), ("right", "b")):
        values = [about.get(key) for key in _name_style_keys(letter)]
        if any(value is None for value in values):
            return None
        found[side] = dict(zip(FEATURES, map(_sum_counts, values), strict=True))
    return found


def _sum_counts(value: object) -> int:
    """A count, or counts by kind, such as headers by level."""
    if isinstance(value, dict):
        return sum(int(each or 0) for each in value.values())
    return int(str(value) or 0)
