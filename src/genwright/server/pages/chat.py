"""The chat: asking assistants, with the sources of every sentence at hand."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from genwright.access import Identity
from genwright.access.grants import GrantTarget, grant, list_grants, revoke
from genwright.access.people import list_groups, list_users
from genwright.answers.assistants import open_assistant
from genwright.answers.conversations import (
    list_conversations,
    read_conversation,
    remove_conversation,
)
from genwright.feedback import FeedbackEntry, Opinion, list_feedback, record_feedback
from genwright.grounding.citations import Sentence
from genwright.library.documents import list_collections
from genwright.runtime import Runtime
from genwright.server.api.shared.sse import dumps
from genwright.server.api.shared.streaming import stream_events
from genwright.server.deps import Asking, InRights, Serving, require_action
from genwright.server.errors import describe_error
from genwright.server.pages.views.answers import ChipNumbers, make_sentence_view, make_turn_views
from genwright.server.pages.views.rendering import render, render_fragment
from genwright.server.pages.views.suggestions import suggest_questions
from genwright.server.pages.views.turns import (
    Piece,
    QuestionForm,
    TurnStart,
    parse_question_form,
    retitle,
    stream_turn,
)
from genwright.server.replies import run_unless_gone
from genwright.server.service import Service
from genwright.types import EVERYONE, Json

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_action("ask"))])

LISTED = 60
"""Conversations in the sidebar."""
MOST_FEEDBACK = 1000

Id = Annotated[int, Path(ge=1, le=2**53)]
Search = Annotated[str, Query(max_length=200)]
Holder = Annotated[str, Form(min_length=1, max_length=210)]
Words = Annotated[str, Form(max_length=20_000)]


@router.get("/chat")
def show_new_chat(
    request: Request,
    service: Serving,
    runtime: InRights,
    search: Search = "",
    assistant: Search = "",
    ask: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """A chat in which nothing was said yet; ``ask`` is what the first page was asked."""
    known = service.assistants.list_assistants(runtime.principal)
    values = {"conversation": None, "turns": [], "assistant": assistant, "assistants": known}
    return render(request, "chat.html", **values, ask=ask, **_collect_sidebar(runtime, search))


@router.get("/chat/suggestions")
def show_suggestions(request: Request, service: Serving, runtime: InRights) -> Response:
    """Questions to begin with, as a part of a page: they are tried first, which takes a moment."""
    served = service.assistants.resolve(runtime.principal)
    questions = suggest_questions(runtime, open_assistant(runtime, served).scope)
    return HTMLResponse(render_fragment(request, "suggestions.html", questions=questions))


@router.get("/chat/{conversation}")
def open_chat(
    request: Request,
    service: Serving,
    runtime: InRights,
    conversation: Id,
    search: Search = "",
    part: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """A conversation of the reader's, or one that is shared with them."""
    about, turns = read_conversation(runtime, conversation)
    shown = make_turn_views(turns, _list_own_feedback(runtime))
    values = {"conversation": about, "turns": shown, "assistant": about.assistant}
    if part == "turns":
        return HTMLResponse(render_fragment(request, "turns.html", **values))
    known = service.assistants.list_assistants(runtime.principal)
    mine = about.owner == runtime.principal.name
    sharing = _read_sharing(runtime, conversation) if mine else {}
    around = {"assistants": known, "ask": "", **sharing, **_collect_sidebar(runtime, search)}
    return render(request, "chat.html", **values, **around)


@router.post("/chat/messages")
async def begin_chat(
    request: Request, service: Serving, identity: Asking, form: Annotated[QuestionForm, Form()]
) -> Response:
    """Begin a conversation with a question."""
    return await _make_reply(request, service, identity, form, None)


@router.post("/chat/{conversation}/messages")
async def continue_chat(
    request: Request,
    service: Serving,
    identity: Asking,
    form: Annotated[QuestionForm, Form()],
    conversation: Id,
) -> Response:
    """Ask the next question of a conversation."""
    return await _make_reply(request, service, identity, form, conversation)


@router.post("/chat/{conversation}/delete")
def delete(runtime: InRights, conversation: Id) -> Response:
    """Remove a conversation of the asker's own."""
    remove_conversation(runtime, conversation)
    return RedirectResponse("/chat", 303)


@router.post("/chat/{conversation}/rename")
def rename(
    runtime: InRights, conversation: Id, title: Annotated[str, Form(max_length=200)]
) -> Response:
    """Call a conversation of the asker's own something else."""
    retitle(runtime, conversation, title)
    return RedirectResponse(f"/chat/{conversation}", 303)


@router.post(
    "/chat/{conversation}/share", dependencies=[Depends(require_action("conversations.share"))]
)
def share(runtime: InRights, conversation: Id, holder: Holder) -> Response:
    """Let a user or group read a conversation, as far as their rights on its sources reach."""
    database, target = runtime.database, GrantTarget("conversation", conversation)
    grant(database, runtime.principal, holder, target)
    return RedirectResponse(f"/chat/{conversation}#sharing", 303)


@router.post("/chat/{conversation}/unshare")
def unshare(runtime: InRights, conversation: Id, holder: Holder) -> Response:
    """Take that back."""
    database, target = runtime.database, GrantTarget("conversation", conversation)
    revoke(database, runtime.principal, holder, target)
    return RedirectResponse(f"/chat/{conversation}#sharing", 303)


@router.post("/chat/feedback/{trace}", dependencies=[Depends(require_action("feedback.give"))])
def save_feedback(
    service: Serving,
    runtime: InRights,
    trace: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    thumb: Annotated[int | None, Form(ge=-1, le=1)] = None,
    rating: Annotated[int | None, Form(ge=1, le=5)] = None,
    private: Annotated[bool, Form()] = False,
    correction: Words = "",
    comment: Words = "",
    intent: Annotated[str, Form(max_length=50)] = "",
    back: Annotated[int, Form(ge=1)] = 1,
) -> Response:
    """Keep what the reader thinks of an answer."""
    service.runtime.tracing.flush()  # the answer may have ended just now
    settings = service.settings.feedback
    consent = settings.consent and not private
    opinion = Opinion(
        thumb, rating, correction, comment, consent=consent, door="page", intent=intent
    )
    database = runtime.database
    record_feedback(database, runtime.principal, trace, opinion, per_minute=settings.per_minute)
    if thumb:
        service.metrics.count_thumb(thumb)
    return RedirectResponse(f"/chat/{back}#end", 303)


async def _make_reply(
    request: Request,
    service: Service,
    identity: Identity,
    form: QuestionForm,
    conversation: int | None,
) -> Response:
    """An answer: streamed to a script, or kept and shown as a page without one."""
    asked = await service.call(lambda: parse_question_form(service, identity, form, conversation))
    pieces = stream_turn(service, identity, asked)
    if "text/event-stream" in request.headers.get("accept", ""):
        return await stream_events(
            request, service, identity, _stream_events(request, pieces), _format_failure
        )
    where = await run_unless_gone(request, _drain_pieces(pieces))
    return RedirectResponse(f"/chat/{where}#end", 303)


async def _drain_pieces(pieces: AsyncGenerator[Piece, None]) -> int:
    """The conversation, once its answer is there."""
    conversation = 0
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, TurnStart):
                conversation = piece.conversation
    return conversation


async def _stream_events(
    request: Request, pieces: AsyncGenerator[Piece, None]
) -> AsyncGenerator[str, None]:
    """``started``, ``sentence`` by ``sentence`` as HTML, ``done``.

    What ``goes_on`` belongs into the paragraph or list that was begun last.
    """
    numbers, conversation, above = ChipNumbers(), 0, None
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, TurnStart):
                conversation = piece.conversation
                yield _format_event("started", {"conversation": conversation})
            elif isinstance(piece, Sentence):
                above = make_sentence_view(asdict(piece), numbers, above)
                html = render_fragment(request, "sentence.html", group=[above])
                yield _format_event("sentence", {"html": html, "goes_on": not above.begins})
            else:
                yield _format_event("done", {"conversation": conversation})


def _format_event(kind: str, data: Json) -> str:
    return f"event: {kind}\ndata: {dumps(data)}\n\n"


def _format_failure(error: BaseException) -> str:
    return _format_event("failed", describe_error(error)[1])


def _collect_sidebar(runtime: Runtime, search: str) -> Json:
    """What is shown beside a conversation."""
    collections = list_collections(runtime.database, runtime.principal)
    return {
        "history": list_conversations(runtime, search, LISTED),
        "search": search,
        "documents": sum(each["documents"] for each in collections),
    }


def _list_own_feedback(runtime: Runtime) -> list[FeedbackEntry]:
    given = list_feedback(runtime.database, runtime.principal, limit=MOST_FEEDBACK)
    return [each for each in given if each.owner == runtime.principal.name]


def _read_sharing(runtime: Runtime, conversation: int) -> Json:
    """With whom a conversation is shared, and with whom it could be."""
    database, principal = runtime.database, runtime.principal
    shared = list_grants(database, principal, GrantTarget("conversation", conversation))
    users = [each.name for each in list_users(database, principal) if each.active]
    groups = [f"group:{name}" for name in list_groups(database, principal)]
    held = {each.holder for each in shared} | {principal.name}
    others = [each for each in (EVERYONE, *groups, *users) if each not in held]
    return {"shared": shared, "others": others if users else []}
