"""The first page: from an empty workspace to a cited answer, and from there to a team."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from genwright.access import is_allowed
from genwright.answers.conversations import list_conversations
from genwright.errors import NotFound
from genwright.library.documents import list_collections
from genwright.runtime import Runtime
from genwright.server.deps import InRights, Serving
from genwright.server.pages.views.rendering import render
from genwright.server.service import Service

router = APIRouter(include_in_schema=False)

RECENT = 5


@dataclass(frozen=True)
class SetupProgress:
    """How far a newcomer has come."""

    missing: tuple[str, ...]
    """Models that the default assistant needs and that are not pulled."""
    documents: int
    passages: int
    asked: bool
    users: bool

    @property
    def step(self) -> str:
        """What comes next: ``models``, ``documents``, ``ask`` or, after all of them, ``done``."""
        if self.missing:
            return "models"
        if not self.documents:
            return "documents"
        return "done" if self.asked else "ask"


@router.get("/")
def show_home(request: Request, service: Serving, runtime: InRights) -> Response:
    """What there is to do, or to go on with."""
    recent = list_conversations(runtime, limit=RECENT)
    return render(
        request,
        "home.html",
        progress=measure_progress(service, runtime, asked=bool(recent)),
        recent=recent,
        collection=service.settings.collection,
        may_add=is_allowed(runtime.principal, "documents.add"),
        may_pull=is_allowed(runtime.principal, "models.pull"),
    )


def measure_progress(service: Service, runtime: Runtime, *, asked: bool) -> SetupProgress:
    """How far somebody has come who sees what the runtime' principal sees."""
    collections = list_collections(runtime.database, runtime.principal)
    return SetupProgress(
        missing=tuple(find_missing_models(service, runtime)),
        documents=sum(each["documents"] for each in collections),
        passages=sum(each["passages"] for each in collections),
        asked=asked,
        users=service.doorman.has_users(),
    )


def find_missing_models(service: Service, runtime: Runtime) -> list[str]:
    """Names of models that the default assistant needs and that are not there."""
    answer = service.assistants.resolve(runtime.principal).version.config.answer
    embedder = service.settings.embedding.model
    wanted = [] if embedder == "hashing" else [embedder]
    wanted += [] if answer.extractive else [answer.model]
    return [name for name in wanted if not _is_present(runtime, name)]


def _is_present(runtime: Runtime, name: str) -> bool:
    try:
        runtime.models.check(name)
    except NotFound:
        return False
    return True
