"""Which answers somebody should look at next.

``uncertain``: those the assistant was least sure it could answer: a label tells most there (Lewis
and Gale 1994, arXiv:cmp-lg/9407020). ``coverage``: questions unlike any that was rated, farthest
first (Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5). ``drift``: those of the newest fifth that
are most unlike what was asked before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sqlalchemy import select

from genwright.errors import UsageError
from genwright.storage import Database, Feedback, Span
from genwright.types import Json, Principal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genwright.types import Vectors

Rule = Literal["uncertain", "coverage", "drift"]
RULES: tuple[str, ...] = get_args(Rule)
LOOKED_AT = 1000
"""Newest answers that a queue is made of, and newest of those that wait."""
RECENT = 0.2
"""Share of the answers, the newest, that drift is looked for in."""


@dataclass(frozen=True)
class RatingQueueItem:
    """An answer that waits for an opinion."""

    trace_id: str
    question: str
    assistant: str
    score: float
    """How much it deserves a look, by the queue's rule."""

    def json(self) -> Json:
        """Every field."""
        return dict(self.__dict__)


def list_rating_queue(
    database: Database,
    principal: Principal,
    rule: Rule,
    embed: "Callable[[Sequence[str]], Vectors]",
    limit: int = 50,
) -> list[RatingQueueItem]:
    """Answers that the principal has not rated, those that tell most first.

    Args:
        database: The store.
        principal: Who rates: their own answers, an admin everybody's.
        rule: See above.
        embed: Unit-length vectors of questions.
        limit: At most so many.

    Raises:
        UsageError: There is no such rule.
    """
    if rule not in RULES:
        raise UsageError(f"Expected a queue of {', '.join(RULES)}, got {rule!r}.")
    spans, rated, mine = _read_answers(database, principal)
    waiting = [span for span in spans if span.trace_id not in mine]
    if not waiting:
        return []
    if rule == "uncertain":
        scores = [_score_doubt(span.attributes) for span in waiting]
    else:
        scores = _score_strangeness(waiting, spans, rated, rule, embed)
    order = sorted(range(len(waiting)), key=lambda place: -scores[place])[:limit]
    return [_make_item(waiting[place], scores[place]) for place in order]


def _read_answers(
    database: Database, principal: Principal
) -> tuple[list[Span], set[str], set[str]]:
    """Newest answers; traces that anybody has rated; those that the principal has."""
    question = Span.attributes["genwright.question"].as_string()
    wanted = select(Span).where(
        question != "", Span.attributes["genwright.answerable"].as_float().is_not(None)
    )
    if not principal.sees_all:
        wanted = wanted.where(Span.owner == principal.name)
    mine = select(Feedback.trace_id).where(Feedback.owner == principal.name)
    newest = wanted.order_by(Span.start_ns.desc()).limit(LOOKED_AT)
    with database.read(principal) as session:
        # A limit of those that wait: what is rated already must not hide what is older.
        waiting = session.scalars(newest.where(Span.trace_id.not_in(mine))).all()
        known = {span.id: span for span in (*session.scalars(newest), *waiting)}
        spans = sorted(known.values(), key=lambda span: -span.start_ns)
        ids = [span.trace_id for span in spans]
        rows = session.execute(
            select(Feedback.trace_id, Feedback.owner).where(Feedback.trace_id.in_(ids))
        ).all()
        session.expunge_all()
    rated = {trace for trace, _ in rows}
    return spans, rated, {trace for trace, owner in rows if owner == principal.name}


def _score_doubt(attributes: Json) -> float:
    """0 for an answer that is sure, 1 for one on the edge."""
    chance = float(attributes.get("genwright.answerable") or 0.0)
    return 1 - abs(2 * chance - 1)


def _score_strangeness(
    waiting: Sequence[Span],
    spans: Sequence[Span],
    rated: set[str],
    rule: str,
    embed: "Callable[[Sequence[str]], Vectors]",
) -> list[float]:
    """Distance of each question to the nearest of what is known, taken greedily for coverage."""
    import numpy as np

    vectors = embed([_read_question(span) for span in spans])
    place = {span.trace_id: number for number, span in enumerate(spans)}
    own = np.array([place[span.trace_id] for span in waiting])
    if rule == "drift":
        recent = max(1, int(len(spans) * RECENT))
        old = vectors[recent:]
        near = (vectors[own] @ old.T).max(axis=1) if len(old) else np.zeros(len(own))
        return [float(1 - n) if o < recent else -1.0 for n, o in zip(near, own, strict=True)]
    known = [number for number, span in enumerate(spans) if span.trace_id in rated]
    return _rank_farthest_first(vectors, own, known)


def _rank_farthest_first(
    vectors: "Vectors", own: "NDArray[np.int64]", known: Sequence[int]
) -> list[float]:
    """Scores that sort as farthest-first traversal goes."""
    import numpy as np

    near = np.full(len(own), -1.0)
    if known:
        near = (vectors[own] @ vectors[list(known)].T).max(axis=1)
    scores = [0.0] * len(own)
    left = set(range(len(own)))
    for turn in range(len(own)):
        best = min(left, key=lambda number: (near[number], number))
        left.remove(best)
        scores[best] = float(len(own) - turn)
        near = np.maximum(near, vectors[own] @ vectors[own[best]])
    return scores


def _read_question(span: Span) -> str:
    return str(span.attributes["genwright.question"])


def _make_item(span: Span, score: float) -> RatingQueueItem:
    assistant = str(span.attributes.get("genwright.assistant", ""))
    return RatingQueueItem(span.trace_id, _read_question(span), assistant, round(score, 4))
