"""Canaries: a share of an assistant's conversations is answered by a candidate, for a time.

Which one answers is decided by a digest of the conversation, so that a conversation stays with one
version. Live comparison is anytime-valid: the canary ends as soon as thumbs or errors are worse
with confidence, however often one looks (a mixture of betting martingales, Waudby-Smith and Ramdas
2024, arXiv:2010.09686).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from genwright.errors import NotFound, Refused, UsageError
from genwright.registry import Assistants, ServedAssistant
from genwright.storage import Assistant, Canary, Database, Feedback, Span
from genwright.types import OWNER, Json, Principal

MOST = 0.5
ALPHA = 0.05
BETS = (0.1, 0.3, 0.5)


@dataclass(frozen=True)
class CanaryRun:
    """A canary."""

    id: int
    assistant: str
    version: int
    share: float
    started_at: str
    ended_at: str
    reason: str

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class CanaryComparison:
    """What people and the server saw of both versions while a canary ran."""

    live: int
    """Answers of the live version."""
    candidate: int
    thumbs_down: tuple[int, int]
    """Of the live version, and of the candidate."""
    thumbs: tuple[int, int]
    errors: tuple[int, int]
    wealth: float
    """Highest so far of the bet that the candidate is worse; 20 ends it."""

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse with confidence."""
        return self.wealth >= 1 / ALPHA

    def json(self) -> Json:
        """Every field."""
        return {**self.__dict__, "worse": self.is_worse}


def start_canary(
    database: Database,
    principal: Principal,
    assistants: Assistants,
    name: str,
    version: str = "candidate",
    share: float = 0.1,
) -> CanaryRun:
    """Let a version answer a share of an assistant's conversations.

    Raises:
        NotFound: There is no such assistant or version.
        Refused: One runs already, or the version is the live one.
        UsageError: The share is not above 0 and at most one half.
    """
    if not 0 < share <= MOST:
        raise UsageError(f"Expected a share above 0 and up to {MOST}, got {share}.")
    live = assistants.resolve(principal, name)
    found = assistants.resolve(principal, f"{live.name}@{version}")
    if found.version.number == live.version.number:
        raise Refused(f"{found.label} is live: a canary is another version.")
    with database.write(principal) as session:
        row = session.scalars(select(Assistant).where(Assistant.name == live.name)).one()
        if session.scalar(
            select(Canary.id).where(Canary.assistant_id == row.id, Canary.ended_at.is_(None))
        ):
            raise Refused(f"A canary of {live.name!r} runs: end it first.")
        made = Canary(
            assistant_id=row.id, version=found.version.number, share=share,
            started_by=principal.name,
        )  # fmt: skip
        session.add(made)
        session.flush()
        return _read_canary(made, live.name)


def end_canary(database: Database, principal: Principal, name: str, reason: str) -> CanaryRun:
    """End the canary of an assistant.

    Raises:
        NotFound: None runs.
    """
    with database.write(principal) as session:
        row = session.scalar(
            select(Canary)
            .join(Assistant, Assistant.id == Canary.assistant_id)
            .where(Assistant.name == name, Canary.ended_at.is_(None))
        )
        if row is None:
            raise NotFound(f"No canary of {name!r} runs.")
        row.ended_at, row.reason = datetime.now(UTC), reason
        session.flush()
        return _read_canary(row, name)


def list_canaries(
    database: Database, principal: Principal, running: bool = True
) -> list[CanaryRun]:
    """Canaries, newest first: those that run, or all."""
    wanted = select(Canary, Assistant.name).join(Assistant, Assistant.id == Canary.assistant_id)
    if running:
        wanted = wanted.where(Canary.ended_at.is_(None))
    with database.read(principal) as session:
        return [
            _read_canary(row, name)
            for row, name in session.execute(wanted.order_by(Canary.id.desc()))
        ]


def is_routed_to_canary(key: str, share: float) -> bool:
    """Whether a conversation is the candidate's: always the same for the same key."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return number / 2**64 < share


def route_conversation(
    database: Database,
    assistants: Assistants,
    served: ServedAssistant,
    principal: Principal,
    key: str,
) -> ServedAssistant:
    """Who answers a conversation: the live version, or the candidate of a running canary.

    Args:
        database: The store.
        assistants: Of the workspace.
        served: What the name means without a canary.
        principal: Who asks.
        key: Of the conversation, such as its first question.
    """
    found = [each for each in list_canaries(database, OWNER) if each.assistant == served.name]
    if not found or not is_routed_to_canary(f"{principal.name}\n{key}", found[0].share):
        return served
    return assistants.resolve(principal, f"{served.name}@{found[0].version}")


def compare_canary(database: Database, canary: CanaryRun, live: int) -> CanaryComparison:
    """What both versions' answers came to since a canary began.

    Args:
        database: The store.
        canary: Which.
        live: Number of the live version.
    """
    labels = (f"{canary.assistant}@{live}", f"{canary.assistant}@{canary.version}")
    since = datetime.fromisoformat(canary.started_at).timestamp() * 1e9
    label = Span.attributes["genwright.assistant"].as_string()
    with database.read(OWNER) as session:
        rows = session.execute(
            select(Span.trace_id, label, Span.status)
            .where(Span.parent_id == "", Span.start_ns >= since, label.in_(labels))
            .order_by(Span.start_ns)
        ).all()
        thumbs = dict(
            session.execute(
                select(Feedback.trace_id, Feedback.thumb)
                .where(
                    Feedback.trace_id.in_([trace for trace, _, _ in rows]),
                    Feedback.thumb.is_not(None),
                )
                .order_by(Feedback.id)
            ).all()
        )
    sides: tuple[list[float], list[float]] = ([], [])
    down, told, errors, counts = [0, 0], [0, 0], [0, 0], [0, 0]
    for trace, named, status in rows:
        side = labels.index(named)
        counts[side] += 1
        failed, thumb = status == "error", thumbs.get(trace)
        errors[side] += failed
        if thumb is not None:
            told[side] += 1
            down[side] += thumb == -1
        if failed or thumb is not None:
            sides[side].append(float(failed or thumb == -1))
    return CanaryComparison(
        counts[0], counts[1], (down[0], down[1]), (told[0], told[1]), (errors[0], errors[1]),
        compute_betting_wealth(*sides),
    )  # fmt: skip


def compute_betting_wealth(live: Sequence[float], candidate: Sequence[float]) -> float:
    """Highest wealth of a bet that the candidate's bad outcomes are more frequent.

    The k-th outcomes of both sides make a pair; a bet of l multiplies wealth by
    ``1 + l (candidate - live)``, whose mean is at most 1 where the candidate is not worse. By
    Ville's inequality it reaches 20 with 5 % at most.
    """
    logs, most = [0.0] * len(BETS), 0.0
    for bad_live, bad_candidate in zip(live, candidate, strict=False):
        for place, bet in enumerate(BETS):
            logs[place] += math.log1p(bet * (bad_candidate - bad_live))
        mean = sum(math.exp(value) for value in logs) / len(BETS)
        most = max(most, mean)
    return most


def end_worse_canaries(database: Database, assistants: Assistants) -> list[CanaryRun]:
    """End every canary that is worse, and return those that were ended."""
    ended = []
    for each in list_canaries(database, OWNER):
        live = assistants.resolve(OWNER, each.assistant).version.number
        if live == each.version:
            ended.append(end_canary(database, OWNER, each.assistant, "it was promoted"))
            continue
        found = compare_canary(database, each, live)
        if found.is_worse:
            why = (
                f"worse with confidence: {found.thumbs_down[1]} of {found.thumbs[1]} thumbs down "
                f"and {found.errors[1]} errors, against {found.thumbs_down[0]} of "
                f"{found.thumbs[0]} and {found.errors[0]}"
            )
            ended.append(end_canary(database, OWNER, each.assistant, why))
    return ended


def _read_canary(row: Canary, name: str) -> CanaryRun:
    def format_time(at: datetime | None) -> str:
        return at.replace(tzinfo=UTC).isoformat(timespec="milliseconds") if at else ""

    return CanaryRun(
        row.id,
        name,
        row.version,
        row.share,
        format_time(row.started_at),
        format_time(row.ended_at),
        row.reason,
    )
