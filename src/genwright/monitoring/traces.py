"""Reading traces back as trees."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select, true

from genwright.errors import NotFound
from genwright.storage import Database, Span, StoreSession
from genwright.types import OWNER, Json, Principal


@dataclass
class Step:
    """One span with those inside it, in the order they began."""

    trace_id: str
    name: str
    seconds: float
    status: str
    attributes: Json
    steps: list["Step"] = field(default_factory=list)

    def json(self) -> Json:
        """As nested JSON objects."""
        return {
            "trace_id": self.trace_id,
            "name": self.name,
            "seconds": round(self.seconds, 6),
            "status": self.status,
            "attributes": self.attributes,
            "steps": [step.json() for step in self.steps],
        }


def read_trace(database: Database, principal: Principal, trace_id: str) -> Step:
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
            .where(Span.trace_id == found, _readable(principal))
            .order_by(Span.start_ns, Span.parent_id)
        ).all()
    steps = {span.id: _step(span) for span in spans}
    root = None
    for span in spans:
        if span.parent_id in steps:
            steps[span.parent_id].steps.append(steps[span.id])
        else:
            root = steps[span.id]
    assert root is not None  # a trace is written whole
    return root


def _resolve(session: StoreSession, trace_id: str) -> str:
    roots = select(Span.trace_id).where(Span.parent_id == "", _readable(session.principal))
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


def _readable(principal: Principal) -> ColumnElement[bool]:
    return true() if principal == OWNER else Span.owner == principal.name


def _step(span: Span) -> Step:
    seconds = (span.end_ns - span.start_ns) / 1e9
    return Step(span.trace_id, span.name, seconds, span.status, span.attributes)
