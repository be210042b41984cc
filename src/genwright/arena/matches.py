"""Blind matches: two answers side by side, a vote, and only then the names.

Who stands left is random. A vote on a match in which an answer gave its model away is kept and
does not count: it was not blind.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import select

from genwright.arena.leaks import find_leak
from genwright.arena.pairing import Rule, choose_pair
from genwright.arena.ratings.style import measure_style
from genwright.arena.ratings.tally import Tally
from genwright.arena.votes import HUMAN, Vote, VoteFilter, count_votes, insert_votes, read_tally
from genwright.errors import NotFound, Refused, TooMany, UsageError
from genwright.storage import ArenaMatch, Database, StoreSession
from genwright.types import Json, Principal

DAY = 86_400
MOST_TURNS = 20


@dataclass(frozen=True)
class Match:
    """A match as its owner sees it."""

    id: str
    turns: tuple[Json, ...]
    voted: bool
    left: str
    """Name of the left one; shown once there is a vote."""
    right: str
    leak: str

    @property
    def is_complete(self) -> bool:
        """Whether both sides have answered every question."""
        return bool(self.turns) and all(
            turn.get("left") and turn.get("right") for turn in self.turns
        )


def begin_match(
    database: Database,
    principal: Principal,
    names: Sequence[str],
    rule: Rule = "ratings",
    seed: int | None = None,
) -> Match:
    """Draw two contenders, sides at random.

    Args:
        database: The store; votes so far decide who should meet.
        principal: Who will vote.
        names: Of the contenders that may meet.
        rule: How the pair is drawn.
        seed: Of the draw; by default another one each time.

    Raises:
        UsageError: There are fewer than two contenders.
    """
    if len(names) < 2:
        raise UsageError(f"Expected two contenders or more, got {len(names)}.")
    random = np.random.default_rng(secrets.randbits(64) if seed is None else seed)
    counted = select_contenders(read_tally(database, principal, VoteFilter(("human",))), names)
    left, right = choose_pair(counted, random, rule)
    row = ArenaMatch(
        id=secrets.token_hex(16),
        owner=principal.name,
        left=names[left],
        right=names[right],
        turns=[],
    )
    with database.write(principal) as session:
        session.add(row)
        session.flush()
        return _to_match(row)


def read_match(database: Database, principal: Principal, id_: str) -> Match:
    """A match of the principal's own.

    Raises:
        NotFound: There is none of that id.
    """
    with database.read(principal) as session:
        return _to_match(_get_row(session, id_))


def ask_match(database: Database, principal: Principal, id_: str, question: str) -> Match:
    """Put the next question before both sides.

    Raises:
        Refused: There was a vote, the last question is not answered, or there were too many.
        UsageError: There is no question.
    """
    question = " ".join(question.encode("utf-8", "replace").decode().split())
    if not question:
        raise UsageError("Expected a question, got nothing.")
    with database.write(principal) as session:
        row = _get_row(session, id_)
        if row.voted_at is not None:
            raise Refused("You have voted on this match: begin another one.")
        if len(row.turns) >= MOST_TURNS:
            raise Refused(f"A match has at most {MOST_TURNS} questions: vote now.")
        kept = [turn for turn in row.turns if turn.get("left") and turn.get("right")]
        row.turns = [*kept, {"question": question}]
        return _to_match(row)


def store_answer(
    database: Database, principal: Principal, id_: str, side: str, answer: Json
) -> Match:
    """Keep what one side answered to the last question."""
    with database.write(principal) as session:
        row = _get_row(session, id_)
        last = {**row.turns[-1], side: answer}
        row.turns = [*row.turns[:-1], last]
        row.leak = row.leak or find_leak(str(answer["text"]), (row.left, row.right))
        return _to_match(row)


def cast_vote(
    database: Database,
    principal: Principal,
    id_: str,
    winner: int,
    *,
    per_day: int = 200,
    category: str = "",
) -> Match:
    """Say which side was better; then the names may be seen. A match takes one vote.

    Args:
        database: The store.
        principal: Who votes.
        id_: Of the match.
        winner: Place in ``WINNERS``.
        per_day: Most votes of one person in 24 hours.
        category: Of the first question.

    Raises:
        NotFound: There is no such match of theirs.
        Refused: There was a vote already, or an answer is missing.
        TooMany: They have voted that often today.
    """
    with database.write(principal) as session:
        row = _get_row(session, id_)
        if row.voted_at is not None:
            raise Refused("You have voted on this match: begin another one.")
        if not _to_match(row).is_complete:
            raise Refused("Both sides have to answer before you vote.")
        if count_votes(session, principal.name, time.time() - DAY) >= per_day:
            raise TooMany(f"{per_day} votes in a day are enough for one person.", retry_after=3600)
        insert_votes(session, [_make_vote(row, principal, winner, category)])
        row.voted_at = datetime.now(UTC)
        return _to_match(row)


def _make_vote(row: ArenaMatch, principal: Principal, winner: int, category: str) -> Vote:
    texts = {
        side: "\n".join(turn[side]["text"] for turn in row.turns) for side in ("left", "right")
    }
    same = texts["left"].strip() == texts["right"].strip()
    dropped = f"an answer named {row.leak!r}" if row.leak else ""
    return Vote(
        row.left,
        row.right,
        winner,
        principal.name,
        time.time(),
        HUMAN,
        category=category,
        style=None if same else {side: measure_style(text) for side, text in texts.items()},
        dropped=dropped,
        match_id=row.id,
    )


def select_contenders(before: Tally, names: Sequence[str]) -> Tally:
    """Votes so far among the contenders, in their order."""
    n = len(names)
    wins, ties = np.zeros((n, n)), np.zeros((n, n))
    old = [before.names.index(name) if name in before.names else -1 for name in names]
    there = [place for place, where in enumerate(old) if where >= 0]
    from_ = [old[place] for place in there]
    wins[np.ix_(there, there)] = before.wins[np.ix_(from_, from_)]
    ties[np.ix_(there, there)] = before.ties[np.ix_(from_, from_)]
    return Tally(tuple(names), wins, ties)


def _get_row(session: StoreSession, id_: str) -> ArenaMatch:
    row = session.scalar(
        select(ArenaMatch).where(ArenaMatch.id == id_, ArenaMatch.owner == session.principal.name)
    )
    if row is None:
        raise NotFound(f"There is no match {id_[:40]!r} of yours.")
    return row


def _to_match(row: ArenaMatch) -> Match:
    return Match(row.id, tuple(row.turns), row.voted_at is not None, row.left, row.right, row.leak)
