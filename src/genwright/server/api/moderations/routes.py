"""``/v1/moderations``: https://platform.openai.com/docs/api-reference/moderations."""

from fastapi import APIRouter, Request

from genwright.server.api.moderations.logic import ModerationBody, moderate_texts
from genwright.server.deps import Serving
from genwright.server.replies import run_unless_gone
from genwright.types import Json

router = APIRouter(prefix="/v1", tags=["moderations"])


@router.post("/moderations")
async def create_moderation(body: ModerationBody, request: Request, service: Serving) -> Json:
    """Judge texts by rules; docs/api.md says what they find and what they miss."""
    return await run_unless_gone(
        request, service.call(lambda: moderate_texts(body, service.settings.privacy))
    )
