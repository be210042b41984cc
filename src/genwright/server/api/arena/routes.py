"""``/v1/arena``: blind matches and the ranking, for programs."""

from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field, StringConstraints

from genwright.arena.boards import leaderboard
from genwright.arena.matches import read_match
from genwright.arena.votes import KINDS, Filter, winner_of
from genwright.errors import UsageError
from genwright.server.api.arena.logic import begun, played, voted
from genwright.server.api.shared.requests import Closed
from genwright.server.deps import Asking, InRights, Serving, may
from genwright.server.replies import unless_gone
from genwright.server.service import Service
from genwright.types import Json

router = APIRouter(prefix="/v1/arena", tags=["arena"], dependencies=[Depends(may("arena.vote"))])
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class NewTurn(Closed):
    """A question to both sides."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    match: Annotated[str, Field(pattern="^([0-9a-f]{32})?$")] = ""
    """A match to go on with; empty for a new one."""


class NewVote(Closed):
    """Which side was better."""

    winner: Literal["left", "right", "tie", "bothbad"]


@router.post("/matches")
async def ask(body: NewTurn, request: Request, service: Serving, identity: Asking) -> Json:
    """Ask two contenders; who they are is told after the vote."""
    match = await service.call(lambda: begun(service, identity, body.question, body.match))

    async def whole() -> None:
        async with aclosing(played(service, identity, match)) as pieces:
            async for _ in pieces:
                pass

    await unless_gone(request, whole())
    return await service.call(lambda: _shown(service, identity, match.id))


@router.get("/matches/{match}")
def read(service: Serving, identity: Asking, match: Id) -> Json:
    """A match of your own."""
    return _shown(service, identity, match)


@router.post("/matches/{match}/vote")
def choose(body: NewVote, service: Serving, identity: Asking, match: Id) -> Json:
    """Say which side was better, and learn the names."""
    voted(service, identity, match, winner_of(body.winner))
    return _shown(service, identity, match)


@router.get("/ranking", dependencies=[Depends(may("arena.read"))])
def ranking(
    runtime: InRights,
    votes: Annotated[str, Query(max_length=20)] = "human",
    category: Annotated[str, Query(max_length=50)] = "",
    style: bool = False,
) -> Json:
    """Ratings with 95 % intervals and ranges of ranks."""
    if votes not in KINDS:
        raise UsageError(f"Expected votes of {', '.join(KINDS)}, got {votes!r}.")
    wanted = Filter((votes,), category)
    found = leaderboard(runtime.database, runtime.principal, wanted, style=style)
    return {
        "object": "list",
        "data": [row.json() for row in found.rows],
        "votes": found.votes,
        "notes": list(found.notes),
    }


def _shown(service: Service, identity: Asking, match: str) -> Json:
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
