"""``/v1/chat/completions``: https://platform.openai.com/docs/api-reference/chat/create."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from genwright.server.api.chat import logic as chatting
from genwright.server.api.chat.request import parse_chat_request
from genwright.server.api.chat.schema import ChatCompletionBody
from genwright.server.api.shared.assistant_calls import stream_assistant
from genwright.server.api.shared.model_calls import ModelCall, stream_model
from genwright.server.api.shared.streaming import stream_events
from genwright.server.deps import Asking, Serving
from genwright.server.replies import run_unless_gone

router = APIRouter(prefix="/v1", tags=["chat"])


@router.post("/chat/completions")
async def create_chat_completion(
    body: ChatCompletionBody, request: Request, service: Serving, identity: Asking
) -> Response:
    """Reply to a conversation: an assistant from its documents, or a base model."""
    asked = await service.call(lambda: parse_chat_request(service, identity, body))
    if isinstance(asked, ModelCall):
        pieces = stream_model(service, identity, asked)
        if body.stream:
            return await stream_events(
                request, service, identity, chatting.stream_reply(body, pieces)
            )
        return JSONResponse(await run_unless_gone(request, chatting.collect_reply(body, pieces)))
    told = stream_assistant(service, identity, asked.question)
    if body.stream:
        events = chatting.stream_answer(body, asked, told)
        return await stream_events(request, service, identity, events)
    return JSONResponse(await run_unless_gone(request, chatting.collect_answer(body, asked, told)))
