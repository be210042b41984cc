"""``/v1/completions``: https://platform.openai.com/docs/api-reference/completions/create."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from genwright.server.api.completions.logic import call_of, chunks, whole
from genwright.server.api.completions.schema import CompletionBody
from genwright.server.api.completions.tokens import (
    TextBody,
    Tokens,
    TokensBody,
    detokenized,
    tokenized,
)
from genwright.server.api.shared.model_calls import by_model
from genwright.server.api.shared.streaming import streamed
from genwright.server.deps import Asking, Serving
from genwright.server.replies import unless_gone
from genwright.types import Json

router = APIRouter(tags=["completions"])


@router.post("/v1/completions")
async def create_completion(
    body: CompletionBody, request: Request, service: Serving, identity: Asking
) -> Response:
    """Continue texts with a model as it is."""
    call = await service.call(lambda: call_of(service, identity, body))
    pieces = by_model(service, identity, call)
    if body.stream:
        return await streamed(request, service, identity, chunks(body, pieces))
    return JSONResponse(await unless_gone(request, whole(body, pieces)))


@router.post("/tokenize")
def tokenize(body: TextBody, service: Serving, identity: Asking) -> Tokens:
    """The tokens of a text, as vLLM's server gives them; evaluation harnesses ask for it."""
    return tokenized(service, identity, body)


@router.post("/detokenize")
def detokenize(body: TokensBody, service: Serving, identity: Asking) -> Json:
    """The text of tokens, as vLLM's server gives it."""
    return {"prompt": detokenized(service, identity, body)}


@router.get("/tokenizer_info")
def tokenizer_info(service: Serving) -> Json:
    """Whose tokens those two give when they are not told a model."""
    return {"tokenizer_class": "genwright", "model": service.settings.answer.model}
