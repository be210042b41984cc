"""``/v1/responses``: https://platform.openai.com/docs/api-reference/responses."""

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from genwright.server.api.responses import logic as responding
from genwright.server.api.responses import store as keeping
from genwright.server.api.responses.schema import ResponseBody
from genwright.server.api.shared.stored import paginate_rows
from genwright.server.api.shared.streaming import stream_events
from genwright.server.deps import Asking, InRights, Serving
from genwright.server.replies import run_unless_gone
from genwright.types import Json

router = APIRouter(prefix="/v1/responses", tags=["responses"])


def get_at_work(request: Request) -> responding.AtWork:
    """The responses that this server is making."""
    state = request.app.state
    if not hasattr(state, "responses"):
        state.responses = {}
    return cast(responding.AtWork, state.responses)


AtWork = Annotated[responding.AtWork, Depends(get_at_work)]


@router.post("")
async def create_response(
    body: ResponseBody, request: Request, service: Serving, identity: Asking, at_work: AtWork
) -> Response:
    """Respond to texts and items."""
    asked = await service.call(lambda: responding.parse_response_request(service, identity, body))
    if body.stream:
        events = responding.stream_response(service, identity, asked, at_work)
        return await stream_events(request, service, identity, events)
    made = await run_unless_gone(
        request, responding.collect_response(service, identity, asked, at_work)
    )
    return JSONResponse(made)


@router.get("/{response}")
def get_response(response: str, runtime: InRights) -> Json:
    """A response that was stored."""
    return keeping.read_response(runtime, response)[0]


@router.delete("/{response}")
def delete_response(response: str, runtime: InRights) -> Json:
    """Remove a stored response."""
    keeping.remove_response(runtime, response)
    return {"id": response, "object": "response.deleted", "deleted": True}


@router.post("/{response}/cancel")
def cancel_response(response: str, runtime: InRights, at_work: AtWork) -> Json:
    """End a response that is being made."""
    return responding.cancel_active(runtime, at_work, response)


@router.get("/{response}/input_items")
def list_input_items(
    response: str,
    runtime: InRights,
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[str | None, Query(max_length=128)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Json:
    """What was said to a response."""
    items = keeping.read_response(runtime, response)[1]
    return paginate_rows(items if order == "asc" else items[::-1], after, limit)
