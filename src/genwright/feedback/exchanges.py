"""What was asked and answered in a trace, as a model can learn from it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from genwright.monitoring import TraceStep, read_trace
from genwright.storage import ArenaMatch, Database, Message, Span
from genwright.types import Json, Principal


@dataclass(frozen=True)
class Exchange:
    """One answer with what led to it."""

    trace_id: str
    question: str
    answer: str
    messages: tuple[Json, ...]
    """``{"role", "content"}`` of all that the chat model read; only the question where no model
    wrote the answer."""
    assistant: str
    """Exact name, such as ``faq@3``; empty for a bare model."""
    model: str
    """That wrote it; empty where none did."""
    refused: bool
    owner: str
    passages: tuple[int, ...] = ()
    """Found by the search, best first."""
    scores: tuple[float, ...] = ()
    intent: str = ""
    """Kind that the question was taken for; empty where it was not asked of an assistant."""

    @property
    def prompt(self) -> "str | list[Json]":
        """What a training reads: the words alone where they are one turn of a user."""
        if len(self.messages) == 1 and self.messages[0]["role"] == "user":
            return str(self.messages[0]["content"])
        return [dict(each) for each in self.messages]


def read_exchange(database: Database, principal: Principal, trace: str) -> Exchange:
    """What was asked and answered in a trace.

    Raises:
        NotFound: There is no such trace that the principal may see.
    """
    root = read_trace(database, principal, trace)
    known: Json = {}
    for step in _walk_steps(root):
        known |= {name: value for name, value in step.attributes.items() if value is not None}
    wrote = [step for step in _walk_steps(root) if "gen_ai.input.messages" in step.attributes]
    question = str(known.get("genwright.question", ""))
    messages = _parse_messages(str(wrote[-1].attributes["gen_ai.input.messages"])) if wrote else []
    question = question or next(
        (each["content"] for each in reversed(messages) if each["role"] == "user"), ""
    )
    return Exchange(
        trace_id=root.trace_id,
        question=question,
        answer=_find_answer(database, principal, root.trace_id, known),
        messages=tuple(messages or [{"role": "user", "content": question}]),
        assistant=str(known.get("genwright.assistant", "")),
        model=str(known.get("gen_ai.response.model") or known.get("gen_ai.request.model") or ""),
        refused=bool(known.get("genwright.refused", False)),
        owner=root.owner,
        passages=tuple(known.get("genwright.passages") or ()),
        scores=tuple(known.get("genwright.scores") or ()),
        intent=str(known.get("genwright.intent", "")),
    )


def normalize_question(question: str) -> str:
    """A question whatever its case and spaces."""
    return " ".join(question.lower().split())


def list_answered_traces(
    database: Database, principal: Principal, assistant: str = "", limit: int = 1000
) -> list[str]:
    """Ids of traces in which an assistant answered, newest first.

    Args:
        database: The store.
        principal: Who asks.
        assistant: Name of one, without its version; all by default.
        limit: At most so many.
    """
    label = Span.attributes["genwright.assistant"].as_string()
    wanted = select(Span.trace_id).where(Span.parent_id == "", label != "")
    if assistant:
        wanted = wanted.where(label.startswith(f"{assistant}@", autoescape=True))
    if not principal.sees_all:
        wanted = wanted.where(Span.owner == principal.name)
    with database.read(principal) as session:
        return list(session.scalars(wanted.order_by(Span.start_ns.desc()).limit(limit)))


def _walk_steps(step: TraceStep) -> Iterator[TraceStep]:
    yield step
    for inner in step.steps:
        yield from _walk_steps(inner)


def _find_answer(database: Database, principal: Principal, trace: str, known: Json) -> str:
    """The words that were shown: from the trace, the conversation, or the match."""
    if text := known.get("genwright.answer"):
        return str(text)
    if told := known.get("gen_ai.output.messages"):
        return "".join(each["content"] for each in _parse_messages(str(told)))
    with database.read(principal) as session:
        kept = session.scalar(
            select(Message.content)
            .where(Message.trace_id == trace, Message.role == "assistant")
            .limit(1)
        )
    return kept or ""


def _parse_messages(told: str) -> list[Json]:
    """Messages as OpenTelemetry writes them, as role and content."""
    try:
        turns = json.loads(told)
    except ValueError:
        return []
    return [
        {"role": each["role"], "content": "".join(p.get("content", "") for p in each["parts"])}
        for each in turns
    ]


def list_voted_matches(database: Database, principal: Principal, after: int = 0) -> Sequence[Json]:
    """Matches of the arena with the vote on each, where it counts and prefers one side.

    Args:
        database: The store.
        principal: Who asks; everybody's for an admin.
        after: Id of the last vote that is known already.

    Returns:
        ``{"vote", "judge", "winner", "loser", "turns", "won", "lost"}``: the names of both sides
        (``won``, ``lost``) and which side won (``winner``: ``left`` or ``right``).
    """
    from genwright.storage import Battle, Judge

    wanted = (
        select(Battle.id, Battle.winner, Judge.name, ArenaMatch)
        .join(ArenaMatch, ArenaMatch.id == Battle.match_id)
        .join(Judge, Judge.id == Battle.judge_id)
        .where(Battle.id > after, Battle.dropped == "", Battle.winner < 2)
        .order_by(Battle.id)
    )
    if not principal.sees_all:
        wanted = wanted.where(ArenaMatch.owner == principal.name)
    with database.read(principal) as session:
        return [
            {
                "vote": id_,
                "judge": judge,
                "winner": ("left", "right")[winner],
                "loser": ("right", "left")[winner],
                "turns": match.turns,
                "won": (match.left, match.right)[winner],
                "lost": (match.right, match.left)[winner],
            }
            for id_, winner, judge, match in session.execute(wanted)
        ]
