"""Taking feedback on answers, and reading it back."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, true

from genwright.errors import NotFound, UsageError
from genwright.storage import Database, Feedback, Span
from genwright.types import Json, Principal

LONGEST = 20_000
"""Characters of a correction or a comment."""
_TRACE = re.compile(r"(?:(?:chatcmpl|cmpl)-|resp_)?([0-9a-f]{32})")


@dataclass(frozen=True)
class Given:
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
    created_at: str
    """ISO 8601, UTC."""

    def json(self) -> Json:
        """Every field, the thumb in words."""
        words = {1: "up", -1: "down"}
        return {**self.__dict__, "thumb": words.get(self.thumb or 0)}


def trace_of(response: str) -> str:
    """The trace of a response, by its id: ``chatcmpl-…``, ``cmpl-…``, ``resp_…``, or its own.

    Raises:
        NotFound: It is no id of a response.
    """
    match = _TRACE.fullmatch(response)
    if match is None:
        raise _missing(response)
    return match[1]


def give(
    database: Database,
    principal: Principal,
    trace: str,
    *,
    thumb: int | None = None,
    rating: int | None = None,
    correction: str = "",
    comment: str = "",
) -> Given:
    """Keep what somebody thinks of an answer. Everything that was said is kept; the last counts.

    Args:
        database: The store.
        principal: Who says it: of their own answers, an admin of all.
        trace: Id of the answer's trace, 32 hexadecimal digits.
        thumb: 1 for up, -1 for down.
        rating: 1 to 5.
        correction: What the answer should have been.
        comment: Anything else.

    Raises:
        NotFound: There is no such answer that they may see.
        UsageError: Nothing is said, or a value is out of range.
    """
    if thumb is None and rating is None and not correction and not comment:
        raise UsageError("Expected a thumb, a rating, a correction or a comment; got none.")
    if thumb not in (None, 1, -1):
        raise UsageError(f"Expected a thumb of 1 or -1, got {thumb}.")
    if rating is not None and not 1 <= rating <= 5:
        raise UsageError(f"Expected a rating of 1 to 5, got {rating}.")
    for text in (correction, comment):
        if len(text) > LONGEST:
            raise UsageError(f"Expected at most {LONGEST} characters, got {len(text)}.")
    mine = true() if principal.sees_all else Span.owner == principal.name
    with database.write(principal) as session:
        root = select(Span.id).where(Span.trace_id == trace, Span.parent_id == "", mine)
        if session.scalar(root.limit(1)) is None:
            raise _missing(trace)
        row = Feedback(
            owner=principal.name,
            trace_id=trace,
            thumb=thumb,
            rating=rating,
            correction=correction,
            comment=comment,
        )
        session.add(row)
        session.flush()
        return _given(row)


def list_feedback(
    database: Database,
    principal: Principal,
    *,
    trace: str = "",
    since: datetime | None = None,
    limit: int = 100,
) -> list[Given]:
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
        return [_given(row) for row in session.scalars(found)]


def _missing(response: str) -> NotFound:
    return NotFound(f"There is no response {response[:80]!r}.")


def _given(row: Feedback) -> Given:
    return Given(
        id=row.id,
        owner=row.owner,
        trace_id=row.trace_id,
        thumb=row.thumb,
        rating=row.rating,
        correction=row.correction,
        comment=row.comment,
        created_at=row.created_at.replace(tzinfo=UTC).isoformat(timespec="seconds"),
    )
