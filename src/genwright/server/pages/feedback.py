"""The rating queue: answers that wait for an opinion, one by one, worked through by keyboard."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import Response

from genwright.feedback import Opinion, read_voices, record_feedback
from genwright.feedback.agreement import measure_rater_agreement
from genwright.feedback.exchanges import read_exchange
from genwright.feedback.queues import RULES, list_rating_queue
from genwright.library.passages import read_passages
from genwright.server.deps import InRights, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render

router = APIRouter(
    prefix="/feedback",
    include_in_schema=False,
    dependencies=[Depends(require_action("feedback.give"))],
)
Rule = Annotated[str, Query(max_length=20)]
Words = Annotated[str, Form(max_length=20_000)]
SHOWN = 3
"""Passages that are shown beside an answer."""
MEANS = {
    "uncertain": "answers the assistant was least sure of",
    "coverage": "questions unlike any that was rated",
    "drift": "new questions unlike those before",
}


@router.get("")
def show_queue(
    request: Request,
    runtime: InRights,
    rule: Rule = "uncertain",
    skip: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """The next answer of a queue."""
    database, principal = runtime.database, runtime.principal
    embed = runtime.models.embedder.embed_queries
    waiting = list_rating_queue(database, principal, rule, embed, 200)  # type: ignore[arg-type]
    each = waiting[skip] if skip < len(waiting) else None
    exchange = read_exchange(database, principal, each.trace_id) if each else None
    found = read_passages(runtime, exchange.passages[:SHOWN]) if exchange else {}
    heard = read_voices(database, principal)
    return render(
        request, "feedback.html", rule=rule, rules=RULES, means=MEANS, skip=skip,
        waiting=len(waiting), each=each, exchange=exchange, places=list(found.values()),
        voices=len(heard), agreement=measure_rater_agreement(heard) if may_read(request) else [],
        message=read_flash(request),
    )  # fmt: skip


@router.post("/{trace}")
def rate(
    service: Serving,
    runtime: InRights,
    trace: Annotated[str, Path(pattern="^[0-9a-f]{32}$")],
    rating: Annotated[int | None, Form(ge=1, le=5)] = None,
    thumb: Annotated[int | None, Form(ge=-1, le=1)] = None,
    correction: Words = "",
    comment: Words = "",
    intent: Annotated[str, Form(max_length=50)] = "",
    rule: Annotated[str, Form(max_length=20)] = "uncertain",
    skip: Annotated[int, Form(ge=0, le=1000)] = 0,
) -> Response:
    """Keep an opinion, and go to the next answer."""
    settings = service.settings.feedback
    opinion = Opinion(
        thumb, rating, correction, comment, consent=settings.consent, door="queue", intent=intent
    )
    record_feedback(
        runtime.database, runtime.principal, trace, opinion, per_minute=settings.per_minute
    )
    if thumb:
        service.metrics.count_thumb(thumb)
    return redirect_back(f"/feedback/next/{rule}/{skip}")


@router.get("/next/{rule}/{skip}")
def redirect_to_next(rule: str, skip: int) -> Response:
    """The queue where it was left."""
    from starlette.responses import RedirectResponse

    chosen = rule if rule in RULES else RULES[0]
    return RedirectResponse(f"/feedback?rule={chosen}&skip={max(0, min(skip, 1000))}", 303)


def may_read(request: Request) -> bool:
    """Whether whoever asks may see how raters agree."""
    from genwright.access import is_allowed

    return is_allowed(request.state.identity.principal, "feedback.read")
