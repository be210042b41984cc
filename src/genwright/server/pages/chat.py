"""The chat: asking assistants, with the sources of every sentence at hand."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from genwright.access import Identity
from genwright.access.grants import Target, grant, list_grants, revoke
from genwright.access.people import list_groups, list_users
from genwright.feedback import give, list_feedback
from genwright.rag.citations import Sentence
from genwright.rag.conversations import conversations, read_conversation, remove_conversation
from genwright.rag.library import list_collections
from genwright.rag.parts import Parts
from genwright.server.deps import Asking, InRights, Serving, may
from genwright.server.openai.chunks import dumps
from genwright.server.openai.streaming import streamed
from genwright.server.pages.rendering import fragment, render
from genwright.server.pages.showing import Numbers, shown_sentence, shown_turns
from genwright.server.pages.turns import Asked, Piece, Started, answered
from genwright.server.problems import of_error
from genwright.server.replies import unless_gone
from genwright.server.service import Service
from genwright.types import EVERYONE, Json

router = APIRouter(include_in_schema=False, dependencies=[Depends(may("ask"))])

LISTED = 60
"""Conversations in the sidebar."""
LONGEST_QUESTION = 20_000
MOST_FEEDBACK = 1000

Id = Annotated[int, Path(ge=1, le=2**53)]
Search = Annotated[str, Query(max_length=200)]
Holder = Annotated[str, Form(min_length=1, max_length=210)]
Words = Annotated[str, Form(max_length=20_000)]


@router.get("/chat")
def new_chat(
    request: Request, service: Serving, parts: InRights, search: Search = "", assistant: Search = ""
) -> Response:
    """A chat in which nothing was said yet."""
    known = service.assistants.known(parts.principal)
    values = {"conversation": None, "turns": [], "assistant": assistant, "assistants": known}
    return render(request, "chat.html", **values, **_around(parts, search))


@router.get("/chat/{conversation}")
def open_chat(
    request: Request,
    service: Serving,
    parts: InRights,
    conversation: Id,
    search: Search = "",
    part: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """A conversation of the reader's, or one that is shared with them."""
    about, turns = read_conversation(parts, conversation)
    shown = shown_turns(turns, _own_feedback(parts))
    values = {"conversation": about, "turns": shown, "assistant": about.assistant}
    if part == "turns":
        return HTMLResponse(fragment(request, "turns.html", **values))
    known = service.assistants.known(parts.principal)
    sharing = _sharing(parts, conversation) if about.owner == parts.principal.name else {}
    return render(
        request, "chat.html", **values, assistants=known, **sharing, **_around(parts, search)
    )


@router.post("/chat/messages")
@router.post("/chat/{conversation}/messages")
async def ask(
    request: Request,
    service: Serving,
    identity: Asking,
    text: Annotated[str, Form(min_length=1, max_length=LONGEST_QUESTION)],
    conversation: Annotated[int | None, Path(ge=1, le=2**53)] = None,
    assistant: Annotated[str, Form(max_length=200)] = "",
    replaces: Annotated[int | None, Form(ge=1, le=2**53)] = None,
) -> Response:
    """Ask the next question: streamed to a script, answered by a whole page without one."""
    asked = await service.call(
        lambda: _asked(service, identity, Asked_(text, conversation, assistant, replaces))
    )
    pieces = answered(service, identity, asked)
    if "text/event-stream" in request.headers.get("accept", ""):
        return await streamed(request, service, identity, _events(request, pieces), _failed)
    where = await unless_gone(request, _whole(pieces))
    return RedirectResponse(f"/chat/{where}#end", 303)
