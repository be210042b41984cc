"""The arena: two blind answers side by side, a vote, and the ranking of all votes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from genwright.arena import RankingOptions
from genwright.arena.boards import find_suspects, rank_contenders, read_rating_history
from genwright.arena.judging import measure_kind_agreement
from genwright.arena.matches import Match, read_match
from genwright.arena.plots import plot_history, plot_matrix, plot_ratings
from genwright.arena.votes import KINDS, VoteFilter, parse_winner
from genwright.errors import UsageError
from genwright.server.api.arena.logic import MatchPiece, play_match, record_vote, start_turn
from genwright.server.api.shared.sse import dumps
from genwright.server.api.shared.streaming import stream_events
from genwright.server.deps import Asking, InRights, Serving, require_action
from genwright.server.errors import describe_error
from genwright.server.pages.views.rendering import read_flash, redirect_back, render
from genwright.server.replies import run_unless_gone
from genwright.types import Json

router = APIRouter(
    prefix="/arena", include_in_schema=False, dependencies=[Depends(require_action("arena.vote"))]
)
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Question = Annotated[str, Form(max_length=20_000)]
TELLS = {
    "left": "left was better", "right": "right was better", "tie": "both were as good",
    "bothbad": "both were bad",
}  # fmt: skip


@router.get("")
def show_new_match(request: Request) -> Response:
    """A match that has not begun."""
    return render(request, "arena.html", match=None, message=read_flash(request))


@router.get("/ranking", dependencies=[Depends(require_action("arena.read"))])
def show_ranking(
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
    wanted = VoteFilter((votes,), category, cap=runtime.settings.arena.max_votes_per_judge)
    try:
        found = rank_contenders(database, principal, wanted, RankingOptions(), style=style)
    except UsageError as error:
        return render(request, "ranking.html", found=None, why=str(error), votes=votes,
                      category=category, style=style, kinds=KINDS)  # fmt: skip
    names = [row.model for row in found.rows]
    plots = {
        "ratings": Markup(plot_ratings(found.rows)),
        "wins": Markup(plot_matrix(found)),
        "history": Markup(plot_history(read_rating_history(database, principal, wanted), names)),
    }
    return render(
        request, "ranking.html", found=found, why="", votes=votes, category=category,
        style=style, kinds=KINDS, plots=plots, suspects=find_suspects(database, principal, wanted),
        agreement=measure_kind_agreement(database, principal), legend=names[:6],
        ticker=service.read_ticker() if votes == "human" else {},
    )  # fmt: skip


@router.post("")
async def start_match(
    request: Request, service: Serving, identity: Asking, question: Question
) -> Response:
    """Ask two contenders that nobody knows yet."""
    match = await service.call(lambda: start_turn(service, identity, question))
    return await _answer_question(request, service, identity, match)


@router.get("/{match}")
def show_match(request: Request, runtime: InRights, match: Id) -> Response:
    """A match of the reader's own."""
    found = read_match(runtime.database, runtime.principal, match)
    return render(request, "arena.html", match=found, message=read_flash(request))


@router.post("/{match}/turns")
async def continue_match(
    request: Request, service: Serving, identity: Asking, match: Id, question: Question
) -> Response:
    """Ask both sides the next question."""
    found = await service.call(lambda: start_turn(service, identity, question, match))
    return await _answer_question(request, service, identity, found)


@router.post("/{match}/vote")
def choose_winner(
    service: Serving, identity: Asking, match: Id, winner: Annotated[str, Form(max_length=20)]
) -> Response:
    """Say which side was better; then the names are shown."""
    found = record_vote(service, identity, match, parse_winner(winner))
    told = f"You said that {TELLS[winner]}."
    if found.leak:
        told += f" The vote does not count: an answer named {found.leak!r}."
    return redirect_back(f"/arena/{match}", told)


async def _answer_question(
    request: Request, service: Serving, identity: Asking, match: Match
) -> Response:
    pieces = play_match(service, identity, match)
    if "text/event-stream" in request.headers.get("accept", ""):
        return await stream_events(
            request, service, identity, _stream_events(match, pieces), _format_failure
        )
    await run_unless_gone(request, _drain_pieces(pieces))
    return RedirectResponse(f"/arena/{match.id}#vote", 303)


async def _drain_pieces(pieces: AsyncGenerator[MatchPiece, None]) -> None:
    async with aclosing(pieces):
        async for _ in pieces:
            pass


async def _stream_events(
    match: Match, pieces: AsyncGenerator[MatchPiece, None]
) -> AsyncGenerator[str, None]:
    """``started`` with the match, ``text`` of a side, ``answered`` of a side, ``done``."""
    yield _format_event("started", {"match": match.id})
    async with aclosing(pieces):
        async for piece in pieces:
            kind = "answered" if piece.done else "text"
            yield _format_event(kind, {"side": piece.side, "text": piece.text})
    yield _format_event("done", {"match": match.id})


def _format_event(kind: str, data: Json) -> str:
    return f"event: {kind}\ndata: {dumps(data)}\n\n"


def _format_failure(error: BaseException) -> str:
    return _format_event("failed", describe_error(error)[1])
