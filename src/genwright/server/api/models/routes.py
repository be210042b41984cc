"""``/v1/models``: https://platform.openai.com/docs/api-reference/models."""

from fastapi import APIRouter

from genwright.server.api.models.logic import list_models, one_model
from genwright.server.deps import Asking, Serving
from genwright.types import Json

router = APIRouter(prefix="/v1", tags=["models"])


@router.get("/models")
def models(service: Serving, identity: Asking) -> Json:
    """Everything that may be named as ``model``: assistants, and models as they are."""
    return {"object": "list", "data": list_models(service, identity)}


@router.get("/models/{name:path}")
def model(name: str, service: Serving, identity: Asking) -> Json:
    """One of them; an assistant also by version or alias, such as ``assistant@3``."""
    return one_model(service, identity, name)
