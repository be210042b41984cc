"""``/v1/arena``: blind matches and the ranking, for programs."""

from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, StringConstraints

from genwright.arena.boards import rank_contenders
from genwright.arena.matches import read_match
from genwright.arena.votes import KINDS, VoteFilter, parse_winner
from genwright.errors import UsageError
from genwright.server.api.arena.logic import play_match, record_vote, start_turn
from genwright.server.api.shared.requests import ClosedModel
from genwright.server.deps import Asking, InRights, Serving, require_action
from genwright.server.replies import run_unless_gone
from genwright.server.service import Service
from genwright.types import Json

router = APIRouter(
    prefix="/v1/arena", tags=["arena"], dependencies=[Depends(require_action("arena.vote"))]
)
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class MatchQuestionBody(ClosedModel):
    """A question to both sides."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    match: Annotated[str, Field(pattern="^([0-9a-f]{32})?$")] = ""
    """A match to go on with; empty for a new one."""


class VoteBody(ClosedModel):
    """Which side was better."""

    winner: Literal["left", "right", "tie", "bothbad"]


@router.post("/matches")
async def ask_contenders(
    body: MatchQuestionBody, request: Request, service: Serving, identity: Asking
) -> Json:
    """Ask two contenders; who they are is told after the vote."""
    match = await service.call(lambda: start_turn(service, identity, body.question, body.match))

    async def drain_pieces() -> None:
        async with aclosing(play_match(service, identity, match)) as pieces:
            async for _ in pieces:
                pass

    await run_unless_gone(request, drain_pieces())
    return await service.call(lambda: _format_match(service, identity, match.id))


@router.get("/matches/{match}")
def get_match(service: Serving, identity: Asking, match: Id) -> Json:
    """A match of your own."""
    return _format_match(service, identity, match)


@router.post("/matches/{match}/vote")
def choose_winner(body: VoteBody, service: Serving, identity: Asking, match: Id) -> Json:
    """Say which side was better, and learn the names."""
    record_vote(service, identity, match, parse_winner(body.winner))
    return _format_match(service, identity, match)


@router.get("/ranking", dependencies=[Depends(require_action("arena.read"))])
def get_ranking(
    runtime: InRights,
    votes: Annotated[str, Query(max_length=20)] = "human",
    category: Annotated[str, Query(max_length=50)] = "",
    style: bool = False,
) -> Json:
    """Ratings with 95 % intervals and ranges of ranks."""
    if votes not in KINDS:
        raise UsageError(f"Expected votes of {', '.join(KINDS)}, got {votes!r}.")
    wanted = VoteFilter((votes,), category)
    found = rank_contenders(runtime.database, runtime.principal, wanted, style=style)
    return {
        "object": "list",
        "data": [row.json() for row in found.rows],
        "votes": found.votes,
        "notes": list(found.notes),
    }


def _format_match(service: Service, identity: Asking, match: str) -> Json:
    found = read_match(service.workspace.database, identity.principal, match)
    turns = [
        {
            "question": turn["question"],
            **{side: (turn.get(side) or {}).get("text") for side in ("left", "right")},
        }
        for turn in found.turns
    ]
    names = {"left": found.left, "right": found.right, "leak": found.leak} if found.voted else {}
    return {"object": "arena.match", "id": found.id, "turns": turns, "voted": found.voted, **names}
