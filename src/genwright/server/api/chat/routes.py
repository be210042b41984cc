"""``/v1/chat/completions``: https://platform.openai.com/docs/api-reference/chat/create."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from genwright.server.api.chat import logic as chatting
from genwright.server.api.chat.request import asked_of
from genwright.server.api.chat.schema import ChatBody
from genwright.server.api.shared.assistant_calls import by_assistant
from genwright.server.api.shared.model_calls import Call, by_model
from genwright.server.api.shared.streaming import streamed
from genwright.server.deps import Asking, Serving
from genwright.server.replies import unless_gone

router = APIRouter(prefix="/v1", tags=["chat"])


@router.post("/chat/completions")
async def create_chat_completion(
    body: ChatBody, request: Request, service: Serving, identity: Asking
) -> Response:
    """Reply to a conversation: an assistant from its documents, or a model as it is."""
    asked = await service.call(lambda: asked_of(service, identity, body))
    if isinstance(asked, Call):
        pieces = by_model(service, identity, asked)
        if body.stream:
            return await streamed(request, service, identity, chatting.chunks(body, pieces))
        return JSONResponse(await unless_gone(request, chatting.whole(body, pieces)))
    told = by_assistant(service, identity, asked.question)
    if body.stream:
        events = chatting.answer_chunks(body, asked, told)
        return await streamed(request, service, identity, events)
    return JSONResponse(await unless_gone(request, chatting.whole_answer(body, asked, told)))
