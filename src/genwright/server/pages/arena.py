"""The arena: two blind answers side by side, a vote, and the ranking of all votes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from genwright.arena import Options
from genwright.arena.boards import leaderboard, rating_history, suspects
from genwright.arena.judging import agreement_of_kinds
from genwright.arena.matches import Match, read_match
from genwright.arena.plots import history_plot, matrix_plot, ratings_plot
from genwright.arena.votes import KINDS, Filter, winner_of
from genwright.errors import UsageError
from genwright.server.api.arena.logic import Piece, begun, played, voted
from genwright.server.api.shared.sse import dumps
from genwright.server.api.shared.streaming import streamed
from genwright.server.deps import Asking, InRights, Serving, may
from genwright.server.errors import of_error
from genwright.server.pages.views.rendering import back, render, told_of
from genwright.server.replies import unless_gone
from genwright.types import Json

router = APIRouter(
    prefix="/arena", include_in_schema=False, dependencies=[Depends(may("arena.vote"))]
)
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Question = Annotated[str, Form(max_length=20_000)]
TELLS = {
    "left": "left was better", "right": "right was better", "tie": "both were as good",
    "bothbad": "both were bad",
}  # fmt: skip


@router.get("")
def page(request: Request) -> Response:
    """A match that has not begun."""
    return render(request, "arena.html", match=None, message=told_of(request))


@router.get("/ranking", dependencies=[Depends(may("arena.read"))])
def ranking(
    request: Request,
    service: Serving,
    runtime: InRights,
    votes: Annotated[str, Query(max_length=20)] = "human",
    category: Annotated[str, Query(max_length=50)] = "",
    style: bool = False,
) -> Response:
    """Ratings with intervals, who beats whom, and ratings over time."""
    if votes not in KINDS:
        raise UsageError(f"Expected votes of {', '.join(KINDS)}, got {votes!r}.")
    database, principal = runtime.database, runtime.principal
    wanted = Filter((votes,), category, cap=runtime.settings.arena.cap)
    try:
        found = leaderboard(database, principal, wanted, Options(), style=style)
    except UsageError as error:
        return render(request, "ranking.html", found=None, why=str(error), votes=votes,
                      category=category, style=style, kinds=KINDS)  # fmt: skip
    names = [row.model for row in found.rows]
    plots = {
        "ratings": Markup(ratings_plot(found.rows)),
        "wins": Markup(matrix_plot(found)),
        "history": Markup(history_plot(rating_history(database, principal, wanted), names)),
    }
    return render(
        request, "ranking.html", found=found, why="", votes=votes, category=category,
        style=style, kinds=KINDS, plots=plots, suspects=suspects(database, principal, wanted),
        agreement=agreement_of_kinds(database, principal), legend=names[:6],
        ticker=service.ticker() if votes == "human" else {},
    )  # fmt: skip


@router.post("")
async def begin(
    request: Request, service: Serving, identity: Asking, question: Question
) -> Response:
    """Ask two contenders that nobody knows yet."""
    match = await service.call(lambda: begun(service, identity, question))
    return await _answered(request, service, identity, match)


@router.get("/{match}")
def shown(request: Request, runtime: InRights, match: Id) -> Response:
    """A match of the reader's own."""
    found = read_match(runtime.database, runtime.principal, match)
    return render(request, "arena.html", match=found, message=told_of(request))


@router.post("/{match}/turns")
async def go_on(
    request: Request, service: Serving, identity: Asking, match: Id, question: Question
) -> Response:
    """Ask both sides the next question."""
    found = await service.call(lambda: begun(service, identity, question, match))
    return await _answered(request, service, identity, found)


@router.post("/{match}/vote")
def choose(
    service: Serving, identity: Asking, match: Id, winner: Annotated[str, Form(max_length=20)]
) -> Response:
    """Say which side was better; then the names are shown."""
    found = voted(service, identity, match, winner_of(winner))
    told = f"You said that {TELLS[winner]}."
    if found.leak:
        told += f" The vote does not count: an answer named {found.leak!r}."
    return back(f"/arena/{match}", told)


async def _answered(request: Request, service: Serving, identity: Asking, match: Match) -> Response:
    pieces = played(service, identity, match)
    if "text/event-stream" in request.headers.get("accept", ""):
        return await streamed(request, service, identity, _events(match, pieces), _failed)
    await unless_gone(request, _whole(pieces))
    return RedirectResponse(f"/arena/{match.id}#vote", 303)


async def _whole(pieces: AsyncGenerator[Piece, None]) -> None:
    async with aclosing(pieces):
        async for _ in pieces:
            pass


async def _events(match: Match, pieces: AsyncGenerator[Piece, None]) -> AsyncGenerator[str, None]:
    """``started`` with the match, ``text`` of a side, ``answered`` of a side, ``done``."""
    yield _event("started", {"match": match.id})
    async with aclosing(pieces):
        async for piece in pieces:
            kind = "answered" if piece.done else "text"
            yield _event(kind, {"side": piece.side, "text": piece.text})
    yield _event("done", {"match": match.id})


def _event(kind: str, data: Json) -> str:
    return f"event: {kind}\ndata: {dumps(data)}\n\n"


def _failed(error: BaseException) -> str:
    return _event("failed", of_error(error)[1])
