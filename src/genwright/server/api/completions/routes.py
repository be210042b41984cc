"""``/v1/completions``: https://platform.openai.com/docs/api-reference/completions/create."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from genwright.server.api.completions.logic import (
    collect_completion,
    make_completion_call,
    stream_completion,
)
from genwright.server.api.completions.schema import CompletionBody
from genwright.server.api.completions.tokens import (
    DetokenizeBody,
    TokenizeBody,
    TokenizeReply,
    detokenize_tokens,
    tokenize_text,
)
from genwright.server.api.shared.model_calls import stream_model
from genwright.server.api.shared.streaming import stream_events
from genwright.server.deps import Asking, Serving
from genwright.server.replies import run_unless_gone
from genwright.types import Json

router = APIRouter(tags=["completions"])


@router.post("/v1/completions")
async def create_completion(
    body: CompletionBody, request: Request, service: Serving, identity: Asking
) -> Response:
    """Continue texts with a base model."""
    call = await service.call(lambda: make_completion_call(service, identity, body))
    pieces = stream_model(service, identity, call)
    if body.stream:
        return await stream_events(request, service, identity, stream_completion(body, pieces))
    return JSONResponse(await run_unless_gone(request, collect_completion(body, pieces)))


@router.post("/tokenize")
def tokenize(body: TokenizeBody, service: Serving, identity: Asking) -> TokenizeReply:
    """The tokens of a text, as vLLM's server gives them; evaluation harnesses ask for it."""
    return tokenize_text(service, identity, body)


@router.post("/detokenize")
def detokenize(body: DetokenizeBody, service: Serving, identity: Asking) -> Json:
    """The text of tokens, as vLLM's server gives it."""
    return {"prompt": detokenize_tokens(service, identity, body)}


@router.get("/tokenizer_info")
def get_tokenizer_info(service: Serving) -> Json:
    """Whose tokens those two give when they are not told a model."""
    return {"tokenizer_class": "genwright", "model": service.settings.answer.model}
