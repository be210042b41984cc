"""``/v1/models``: https://platform.openai.com/docs/api-reference/models."""

from fastapi import APIRouter

from genwright.server.api.models.logic import find_model, list_models
from genwright.server.deps import Asking, Serving
from genwright.types import Json

router = APIRouter(prefix="/v1", tags=["models"])


@router.get("/models")
def get_models(service: Serving, identity: Asking) -> Json:
    """Everything that may be named as ``get_model``: assistants, and models as they are."""
    return {"object": "list", "data": list_models(service, identity)}


@router.get("/models/{name:path}")
def get_model(name: str, service: Serving, identity: Asking) -> Json:
    """One of them; an assistant also by version or alias, such as ``assistant@3``."""
    return find_model(service, identity, name)
