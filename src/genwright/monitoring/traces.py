"""Reading traces back: as trees, and as lists to choose from."""

import re
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, String, cast, func, or_, select, true

from genwright.errors import NotFound
from genwright.storage import Database, Feedback, Span, StoreSession
from genwright.types import Json, Principal


@dataclass
class TraceStep:
    """One span with those inside it, in the order they began."""

    trace_id: str
    name: str
    seconds: float
    status: str
    attributes: Json
    steps: list["TraceStep"] = field(default_factory=list)
    start: float = 0.0
    """Seconds after the root began."""
    began: float = 0.0
    """Seconds since 1970."""
    owner: str = ""

    def json(self) -> Json:
        """As nested JSON objects."""
        return {
            "trace_id": self.trace_id,
            "name": self.name,
            "start": round(self.start, 6),
            "seconds": round(self.seconds, 6),
            "status": self.status,
            "attributes": self.attributes,
            "steps": [step.json() for step in self.steps],
        }


def read_trace(database: Database, principal: Principal, trace_id: str) -> TraceStep:
    """The root of a trace.

    Args:
        database: The store.
        principal: Who asks; others' traces are not found.
        trace_id: 32 hexadecimal digits, the first few of them, or ``last``.

    Raises:
        NotFound: There is no such trace, or more than one begins like that.
    """
    with database.read(principal) as session:
        found = _resolve(session, trace_id)
        spans = session.scalars(
            select(Span)
            .where(Span.trace_id == found, _may_read(principal))
            .order_by(Span.start_ns, Span.parent_id)
        ).all()
    steps = {span.id: _build_step(span, spans[0].start_ns) for span in spans}
    root = None
    for span in spans:
        if span.parent_id in steps:
            steps[span.parent_id].steps.append(steps[span.id])
        else:
            root = steps[span.id]
    assert root is not None  # a trace is written whole
    return root


def _resolve(session: StoreSession, trace_id: str) -> str:
    roots = select(Span.trace_id).where(Span.parent_id == "", _may_read(session.principal))
    if trace_id == "last":
        latest = session.scalar(roots.order_by(Span.start_ns.desc()).limit(1))
        if latest is None:
            raise NotFound("There is no trace yet: ask something first (genwright ask …).")
        return latest
    matches = session.scalars(
        roots.where(Span.trace_id.startswith(trace_id, autoescape=True)).limit(2)
    ).all()
    if len(matches) != 1:
        what = "More than one trace begins" if matches else "No trace begins"
        raise NotFound(f"{what} with {trace_id!r}: give more of its 32 digits, or 'last'.")
    return matches[0]


def _may_read(principal: Principal) -> ColumnElement[bool]:
    return true() if principal.sees_all else Span.owner == principal.name


def _build_step(span: Span, first_ns: int) -> TraceStep:
    seconds = (span.end_ns - span.start_ns) / 1e9
    return TraceStep(
        span.trace_id,
        span.name,
        seconds,
        span.status,
        span.attributes,
        start=(span.start_ns - first_ns) / 1e9,
        began=span.start_ns / 1e9,
        owner=span.owner,
    )


@dataclass(frozen=True)
class TraceSummary:
    """A trace as lists show it."""

    trace_id: str
    name: str
    owner: str
    began: float
    """Seconds since 1970."""
    seconds: float
    status: str
    assistant: str
    question: str
    refused: bool
    tokens: int
    """Read and written, of all its steps."""
    thumbs: int
    """Thumbs up less thumbs down."""
    feedback: int
    """How often somebody said something of it."""


@dataclass(frozen=True)
class TraceFilter:
    """Which traces to list; what is empty or None does not count."""

    since: float | None = None
    """Seconds since 1970."""
    until: float | None = None
    text: str = ""
    """In the name or the attributes of the root."""
    assistant: str = ""
    """Name, or exact version."""
    status: str = ""
    """``ok``, ``unset`` or ``error``."""
    refused: bool | None = None
    with_feedback: bool = False


def list_traces(
    database: Database,
    principal: Principal,
    wanted: TraceFilter = TraceFilter(),
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[TraceSummary]:
    """Traces that the principal may see, newest first.

    Args:
        database: The store.
        principal: Who asks: admins see all, others their own.
        wanted: Which ones.
        limit: At most so many.
        offset: After so many.
    """
    with database.read(principal) as session:
        roots = session.scalars(
            select(Span)
            .where(Span.parent_id == "", _may_read(principal), *_build_conditions(wanted))
            .order_by(Span.start_ns.desc())
            .limit(limit)
            .offset(offset)
        ).all()
        ids = [root.trace_id for root in roots]
        tokens = _sum_tokens(session, ids)
        thumbs = _sum_thumbs(session, ids)
    return [_summarize(root, tokens, thumbs) for root in roots]


def _build_conditions(wanted: TraceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(Span.start_ns >= int(wanted.since * 1e9))
    if wanted.until is not None:
        found.append(Span.start_ns < int(wanted.until * 1e9))
    if wanted.text:
        inside = cast(Span.attributes, String).icontains(wanted.text, autoescape=True)
        found.append(or_(inside, Span.name.icontains(wanted.text, autoescape=True)))
    if wanted.assistant:
        label = Span.attributes["genwright.assistant"].as_string()
        found.append(
            or_(
                label == wanted.assistant, label.startswith(f"{wanted.assistant}@", autoescape=True)
            )
        )
    if wanted.status:
        found.append(Span.status == wanted.status)
    if wanted.refused is not None:
        refused = Span.attributes["genwright.refused"].as_boolean()
        found.append(func.coalesce(refused, False) == wanted.refused)
    if wanted.with_feedback:
        found.append(Span.trace_id.in_(select(Feedback.trace_id)))
    return found


def _sum_tokens(session: StoreSession, ids: list[str]) -> dict[str, int]:
    read = Span.attributes["gen_ai.usage.input_tokens"].as_integer()
    written = Span.attributes["gen_ai.usage.output_tokens"].as_integer()
    both = func.coalesce(read, 0) + func.coalesce(written, 0)
    rows = session.execute(
        select(Span.trace_id, func.sum(both)).where(Span.trace_id.in_(ids)).group_by(Span.trace_id)
    )
    return {trace: int(number or 0) for trace, number in rows}


def _sum_thumbs(session: StoreSession, ids: list[str]) -> dict[str, tuple[int, int]]:
    rows = session.execute(
        select(Feedback.trace_id, func.coalesce(func.sum(Feedback.thumb), 0), func.count())
        .where(Feedback.trace_id.in_(ids))
        .group_by(Feedback.trace_id)
    )
    return {trace: (int(thumbs or 0), number) for trace, thumbs, number in rows}


def _summarize(
    root: Span, tokens: dict[str, int], thumbs: dict[str, tuple[int, int]]
) -> TraceSummary:
    known = root.attributes
    up, number = thumbs.get(root.trace_id, (0, 0))
    return TraceSummary(
        trace_id=root.trace_id,
        name=root.name,
        owner=root.owner,
        began=root.start_ns / 1e9,
        seconds=(root.end_ns - root.start_ns) / 1e9,
        status=root.status,
        assistant=str(known.get("genwright.assistant", "")),
        question=str(known.get("genwright.question", "")),
        refused=bool(known.get("genwright.refused", False)),
        tokens=tokens.get(root.trace_id, 0),
        thumbs=up,
        feedback=number,
    )


_RESPONSE = re.compile(r"(?:(?:chatcmpl|cmpl)-|resp_)?([0-9a-f]{32})")


def find_trace_id(response: str) -> str:
    """The trace of a response, by its id: ``chatcmpl-…``, ``cmpl-…``, ``resp_…``, or its own.

    Raises:
        NotFound: It is no id of a response.

    Example:
        >>> find_trace_id("chatcmpl-0123456789abcdef0123456789abcdef")
        '0123456789abcdef0123456789abcdef'
    """
    match = _RESPONSE.fullmatch(response)
    if match is None:
        raise NotFound(f"There is no response {response[:80]!r}.")
    return match[1]
