"""``/v1/feedback``: what people think of responses."""

from typing import Annotated

from fastapi import APIRouter, Query

from genwright.feedback import Opinion, list_feedback, record_feedback
from genwright.monitoring import find_trace_id
from genwright.server.api.shared.stored import FeedbackBody
from genwright.server.deps import Asking, InRights, Serving
from genwright.types import Json

router = APIRouter(prefix="/v1/feedback", tags=["feedback"])


@router.post("")
def create_feedback(body: FeedbackBody, service: Serving, identity: Asking) -> Json:
    """Say what you think of a response of yours: thumb, rating, correction, and so on.

    A citation, a comment and what was wanted may be said, too. All is kept; the last of each kind
    counts, one voice for each person and answer.
    """
    service.runtime.tracing.flush()  # the response may have ended just now
    settings = service.settings.feedback
    thumb = {"up": 1, "down": -1}.get(body.thumb or "")
    opinion = Opinion(
        thumb=thumb,
        rating=body.rating,
        correction=body.correction,
        comment=body.comment,
        citation=body.citation.model_dump() if body.citation else None,
        consent=settings.consent if body.consent is None else body.consent,
        intent=body.intent,
    )
    given = record_feedback(
        service.workspace.database,
        identity.principal,
        find_trace_id(body.response_id),
        opinion,
        per_minute=settings.per_minute,
    )
    if thumb:
        service.metrics.count_thumb(thumb)
    return {"object": "feedback", **given.json()}


@router.get("")
def list_own_feedback(
    runtime: InRights,
    response_id: Annotated[str, Query(max_length=80)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Json:
    """What you said, newest first; an admin sees everybody's."""
    trace = find_trace_id(response_id) if response_id else ""
    found = list_feedback(runtime.database, runtime.principal, trace=trace, limit=limit)
    return {"object": "list", "data": [each.json() for each in found]}
