"""A match of the arena at work: both sides answer at once, each in its own turn at its model."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

from genwright.access import Identity
from genwright.arena.categories import classify_question
from genwright.arena.contenders import ContenderAnswer, Speaker, collect_history, list_contenders
from genwright.arena.matches import (
    Match,
    ask_match,
    begin_match,
    cast_vote,
    read_match,
    store_answer,
)
from genwright.errors import GenwrightError
from genwright.server.service import Service

SIDES = ("left", "right")


@dataclass(frozen=True)
class MatchPiece:
    """Text that one side wrote; ``done`` with the last of it."""

    side: str
    text: str
    done: bool = False


def start_turn(service: Service, identity: Identity, question: str, match: str = "") -> Match:
    """A match with its next question: a new one, or one that goes on. It blocks.

    Raises:
        UsageError: There is no question, or there are fewer than two contenders.
        Refused: The match is over, or the question holds identifiers that no model may read.
    """
    runtime = service.runtime_for(identity)
    database, principal = runtime.database, runtime.principal
    asked = service.privacy.screen_prompt(question)
    if not match:
        names = list_contenders(runtime, service.assistants)
        match = begin_match(database, principal, names, service.settings.arena.pairing).id
    return ask_match(database, principal, match, asked)


async def play_match(
    service: Service, identity: Identity, match: Match
) -> AsyncGenerator[MatchPiece, None]:
    """Pieces of both answers to the last question, as they come; both are kept at the end.

    Closing this cancels both.

    Raises:
        GenwrightError: A side cannot answer: the match is then of no use, and says nothing.
    """
    queue: asyncio.Queue[MatchPiece | BaseException] = asyncio.Queue()

    async def run_side(side: str) -> None:
        try:
            async with aclosing(_stream_side(service, identity, match, side)) as pieces:
                async for piece in pieces:
                    await queue.put(piece)
        except BaseException as error:
            await queue.put(error)
            raise

    tasks = [asyncio.ensure_future(run_side(side)) for side in SIDES]
    try:
        left = len(tasks)
        while left:
            piece = await queue.get()
            if isinstance(piece, BaseException):
                raise piece
            left -= piece.done
            yield piece
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, GenwrightError):
                await task


async def _stream_side(
    service: Service, identity: Identity, match: Match, side: str
) -> AsyncGenerator[MatchPiece, None]:
    runtime = service.runtime_for(identity)
    name = match.left if side == "left" else match.right
    speaker = await service.call(lambda: Speaker(runtime, service.assistants, name))
    question = str(match.turns[-1]["question"])
    history = list(collect_history(match.turns[:-1], side))

    pieces = service.generate(
        speaker.model, identity, lambda cancel: speaker.stream(question, history, cancel)
    )
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, ContenderAnswer):
                await service.call(partial(_store_answer, service, identity, match, side, piece))
                yield MatchPiece(side, piece.text, done=True)
            else:
                yield MatchPiece(side, piece)


def _store_answer(
    service: Service, identity: Identity, match: Match, side: str, said: ContenderAnswer
) -> None:
    database = service.workspace.database
    store_answer(database, identity.principal, match.id, side, said.json())


def record_vote(service: Service, identity: Identity, match: str, winner: int) -> Match:
    """Keep a vote with what its question is about, and show the names. It blocks.

    Raises:
        Refused: There was a vote, or an answer is missing.
        TooMany: They have voted as often as one may in a day.
    """
    database, principal = service.workspace.database, identity.principal
    found = read_match(database, principal, match)
    question = str(found.turns[0]["question"]) if found.turns else ""
    embed = service.runtime.models.embedder.embed_queries
    category = classify_question(question, embed) if question else ""
    most = service.settings.arena.per_day
    return cast_vote(database, principal, match, winner, per_day=most, category=category)
