"""``/v1/embeddings``: https://platform.openai.com/docs/api-reference/embeddings/create."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from genwright.server.api.embeddings.logic import embed_inputs
from genwright.server.api.embeddings.schema import EmbeddingBody
from genwright.server.deps import Asking, Serving
from genwright.server.replies import run_unless_gone

router = APIRouter(prefix="/v1", tags=["embeddings"])


@router.post("/embeddings")
async def create_embeddings(
    body: EmbeddingBody, request: Request, service: Serving, identity: Asking
) -> Response:
    """Embed texts."""
    text = await run_unless_gone(request, embed_inputs(service, identity, body))
    return Response(text, media_type="application/json")
