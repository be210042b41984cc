"""Taking feedback on answers, and reading it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, true

from genwright.answers.understanding.kinds import check_kind
from genwright.errors import NotFound, TooMany, UsageError
from genwright.storage import Database, Feedback, Span, StoreSession
from genwright.types import Json, Principal

LONGEST = 20_000
"""Characters of a correction or a comment."""
PER_MINUTE = 60
"""Opinions of one person in a minute, where the settings say nothing else."""
DOORS = ("page", "api", "cli", "queue")
"""Where feedback is given."""


@dataclass(frozen=True)
class Opinion:
    """What somebody wants to say of an answer; what is not said stays as it was.

    Raises:
        UsageError: Nothing is said, or a value is out of range.
    """

    thumb: int | None = None
    """1 for up, -1 for down."""
    rating: int | None = None
    """1 to 5."""
    correction: str = ""
    """What the answer should have been."""
    comment: str = ""
    citation: Json | None = None
    """A better place: ``{"document", "start", "end", "text"}``."""
    consent: bool = True
    """Whether a model may learn from it."""
    door: str = "api"
    intent: str = ""
    """Kind of what was wanted, such as ``list``; see ``answers.understanding.kinds``."""

    def __post_init__(self) -> None:
        said = (self.thumb, self.rating, self.correction, self.comment, self.citation, self.intent)
        if not any(said):
            raise UsageError(
                "Expected a thumb, a rating, a correction, a citation, a comment or what was "
                "wanted; got none."
            )
        if self.thumb not in (None, 1, -1):
            raise UsageError(f"Expected a thumb of 1 or -1, got {self.thumb}.")
        if self.rating is not None and not 1 <= self.rating <= 5:
            raise UsageError(f"Expected a rating of 1 to 5, got {self.rating}.")
        for text in (self.correction, self.comment):
            if len(text) > LONGEST:
                raise UsageError(f"Expected at most {LONGEST} characters, got {len(text)}.")
        if self.citation is not None:
            _check_citation(self.citation)
        if self.intent:
            check_kind(self.intent)


@dataclass(frozen=True)
class FeedbackEntry:
    """What somebody said of one answer."""

    id: int
    owner: str
    trace_id: str
    thumb: int | None
    """1 for up, -1 for down."""
    rating: int | None
    """1 to 5."""
    correction: str
    comment: str
    citation: Json | None
    consent: bool
    door: str
    created_at: str
    """ISO 8601, UTC."""
    intent: str
    """Kind of what was wanted; empty where nothing is said."""

    def json(self) -> Json:
        """Every field, the thumb in words."""
        words = {1: "up", -1: "down"}
        return {**self.__dict__, "thumb": words.get(self.thumb or 0)}


def record_feedback(
    database: Database,
    principal: Principal,
    trace: str,
    opinion: Opinion,
    *,
    per_minute: int = PER_MINUTE,
) -> FeedbackEntry:
    """Keep what somebody thinks of an answer. All is kept; the last of each kind counts.

    Saying the same again adds nothing.

    Args:
        database: The store.
        principal: Who says it: of their own answers, an admin of all.
        trace: Id of the answer's trace, 32 hexadecimal digits.
        opinion: What is said.
        per_minute: Most opinions of one person in a minute.

    Raises:
        NotFound: There is no such answer that they may see.
        TooMany: They say more than that.
    """
    mine = true() if principal.sees_all else Span.owner == principal.name
    with database.write(principal) as session:
        root = select(Span.id).where(Span.trace_id == trace, Span.parent_id == "", mine)
        if session.scalar(root.limit(1)) is None:
            raise _make_not_found(trace)
        if (same := _find_same(session, principal.name, trace, opinion)) is not None:
            return _read_entry(same)
        _check_rate(session, principal.name, per_minute)
        row = Feedback(owner=principal.name, trace_id=trace, **opinion.__dict__)
        session.add(row)
        session.flush()
        return _read_entry(row)


def list_feedback(
    database: Database,
    principal: Principal,
    *,
    trace: str = "",
    since: datetime | None = None,
    limit: int = 100,
) -> list[FeedbackEntry]:
    """What was said, newest first: by the principal, or by everybody for an admin.

    Args:
        database: The store.
        principal: Who asks.
        trace: Only of this answer.
        since: Only after this time.
        limit: At most so many.
    """
    found = select(Feedback).order_by(Feedback.id.desc()).limit(limit)
    if not principal.sees_all:
        found = found.where(Feedback.owner == principal.name)
    if trace:
        found = found.where(Feedback.trace_id == trace)
    if since is not None:
        found = found.where(Feedback.created_at >= since)
    with database.read(principal) as session:
        return [_read_entry(row) for row in session.scalars(found)]


@dataclass(frozen=True)
class Voice:
    """What one person thinks of one answer now: the last of each kind that they said."""

    owner: str
    trace_id: str
    thumb: int | None
    rating: int | None
    correction: str
    comment: str
    citation: Json | None
    consent: bool
    """Of the last thing they said."""
    ids: tuple[int, ...]
    """Rows that it is made of."""
    at: str
    """When they last said something; ISO 8601, UTC."""
    intent: str = ""
    """Kind of what was wanted."""


def merge_voices(given: Sequence[FeedbackEntry]) -> list[Voice]:
    """One voice for each person and answer, in the order they first spoke.

    Args:
        given: In any order; ids tell which came last.
    """
    found: dict[tuple[str, str], Voice] = {}
    for each in sorted(given, key=lambda one: one.id):
        key = (each.owner, each.trace_id)
        before = found.get(key)
        found[key] = Voice(
            each.owner,
            each.trace_id,
            each.thumb if each.thumb is not None else (before and before.thumb) or None,
            each.rating if each.rating is not None else (before and before.rating) or None,
            each.correction or (before.correction if before else ""),
            each.comment or (before.comment if before else ""),
            each.citation or (before.citation if before else None),
            each.consent,
            (*(before.ids if before else ()), each.id),
            each.created_at,
            each.intent or (before.intent if before else ""),
        )
    return list(found.values())


def read_voices(database: Database, principal: Principal, after: int = 0) -> list[Voice]:
    """Every voice that the principal may hear, with something said after a row's id.

    Args:
        database: The store.
        principal: Who asks: their own, or everybody's for an admin.
        after: Id of the last row that is known already.
    """
    wanted = select(Feedback).order_by(Feedback.id)
    if not principal.sees_all:
        wanted = wanted.where(Feedback.owner == principal.name)
    with database.read(principal) as session:
        found = merge_voices([_read_entry(row) for row in session.scalars(wanted)])
    return [voice for voice in found if voice.ids[-1] > after]


def _check_citation(citation: Json) -> None:
    if set(citation) - {"document", "start", "end", "text"} or not (
        isinstance(citation.get("document"), int)
        and isinstance(citation.get("start"), int)
        and isinstance(citation.get("end"), int)
        and 0 <= citation["start"] < citation["end"]
    ):
        raise UsageError(
            'Expected a citation as {"document": 3, "start": 120, "end": 180}, offsets in the '
            f"document's text; got {str(citation)[:120]}."
        )


def _find_same(session: StoreSession, owner: str, trace: str, opinion: Opinion) -> Feedback | None:
    """The last row of somebody on an answer, where it says just this."""
    last = session.scalar(
        select(Feedback)
        .where(Feedback.owner == owner, Feedback.trace_id == trace)
        .order_by(Feedback.id.desc())
        .limit(1)
    )
    said = ("thumb", "rating", "correction", "comment", "citation", "consent", "intent")
    same = last is not None and all(getattr(last, n) == getattr(opinion, n) for n in said)
    return last if same else None


def _check_rate(session: StoreSession, owner: str, per_minute: int) -> None:
    minute = datetime.now(UTC) - timedelta(minutes=1)
    count = session.scalar(
        select(func.count()).where(Feedback.owner == owner, Feedback.created_at >= minute)
    )
    if (count or 0) >= per_minute:
        raise TooMany(f"{per_minute} opinions in a minute are enough: wait a little.", 60)


def _make_not_found(response: str) -> NotFound:
    return NotFound(f"There is no response {response[:80]!r}.")


def _read_entry(row: Feedback) -> FeedbackEntry:
    names = ("id", "owner", "trace_id", "thumb", "rating", "correction", "comment", "citation",
             "intent")  # fmt: skip
    values = {name: getattr(row, name) for name in names}
    at = row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds")
    return FeedbackEntry(**values, consent=row.consent, door=row.door, created_at=at)
