"""Assistants: versions, what differs between them, promoting and rolling back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from genwright.access import audit
from genwright.library.collections import list_collection_summaries
from genwright.prompts import list_prompt_names
from genwright.registry import ConfigVersion, find_differences
from genwright.server.deps import Asking, InRights, Serving, require_action
from genwright.server.pages.views.rendering import read_flash, redirect_back, render
from genwright.server.service import Service
from genwright.types import Json, Principal

router = APIRouter(prefix="/assistants", include_in_schema=False)
Text = Annotated[str, Form(max_length=100_000)]
Word = Annotated[str, Form(max_length=200)]


@router.get("")
def show_assistants(request: Request, service: Serving, identity: Asking) -> Response:
    """Every assistant with its live version."""
    return render(
        request,
        "assistants.html",
        assistants=service.assistants.list_assistants(identity.principal),
        prompts=list_prompt_names(),
        message=read_flash(request),
    )


@router.post("", dependencies=[Depends(require_action("assistants.edit"))])
def create(service: Serving, identity: Asking, name: Word, description: Word = "") -> Response:
    """Make an assistant from the workspace's settings."""
    changes = {"description": description} if description else {}
    service.assistants.create(identity.principal, name.strip(), changes)
    _record_action(service, identity.principal, "assistant.create", name)
    return RedirectResponse(f"/assistants/{name.strip()}", 303)


@router.get("/{name}")
def show_assistant(
    request: Request,
    service: Serving,
    identity: Asking,
    runtime: InRights,
    name: str,
    version: int | None = None,
    against: int | None = None,
) -> Response:
    """An assistant: its versions, one of them in full, and what differs from another."""
    versions = service.assistants.list_versions(identity.principal, name)
    known = next(
        each for each in service.assistants.list_assistants(identity.principal) if each.name == name
    )
    shown = _pick(versions, version or known.aliases["live"])
    other = _pick(versions, against or known.aliases["live"])
    return render(
        request,
        "assistant.html",
        known=known,
        versions=versions[::-1],
        shown=shown,
        other=other,
        diff=find_differences(other.config, shown.config),
        collections=sorted({each.name for each in list_collection_summaries(runtime)}),
        models=_list_chat_models(service),
        message=read_flash(request),
    )


@router.post("/{name}/versions", dependencies=[Depends(require_action("assistants.edit"))])
def revise(
    service: Serving,
    identity: Asking,
    name: str,
    description: Word,
    model: Word,
    mode: Word,
    k: Annotated[int, Form()],
    temperature: Annotated[float, Form()],
    max_tokens: Annotated[int, Form()],
    min_support: Annotated[float, Form()],
    system: Text,
    user: Text,
    collections: Annotated[list[str] | None, Form()] = None,
    extractive: Annotated[bool, Form()] = False,
    note: Word = "",
) -> Response:
    """Make a new version; it is the candidate until it is promoted."""
    changes: Json = {
        "description": description,
        "collections": tuple(collections or ()),
        # Browsers send line ends as CR LF.
        "prompt": {"system": system.replace("\r\n", "\n"), "user": user.replace("\r\n", "\n")},
        "retrieval": {"mode": mode, "top_k": k},
        "answer": {
            "model": model,
            "temperature": temperature,
            "max_tokens": max_tokens,
            "min_support": min_support,
            "extractive": extractive,
        },
    }
    made = service.assistants.revise(identity.principal, name, changes, note=note)
    _record_action(service, identity.principal, "assistant.revise", made.label)
    return RedirectResponse(f"/assistants/{name}?version={made.version.number}", 303)


@router.post("/{name}/promote", dependencies=[Depends(require_action("assistants.promote"))])
def promote(
    service: Serving, identity: Asking, name: str, version: Annotated[int, Form()]
) -> Response:
    """Put a version in service at once."""
    served = service.assistants.promote(identity.principal, name, str(version))
    _record_action(service, identity.principal, "assistant.promote", served.label)
    return redirect_back(f"/assistants/{name}", f"{served.label} is live.")


@router.post("/{name}/rollback", dependencies=[Depends(require_action("assistants.promote"))])
def rollback(service: Serving, identity: Asking, name: str) -> Response:
    """Put the version in service that was live before."""
    served = service.assistants.rollback(identity.principal, name)
    _record_action(service, identity.principal, "assistant.rollback", served.label)
    return redirect_back(f"/assistants/{name}", f"{served.label} is live again.")


@router.post("/{name}/default", dependencies=[Depends(require_action("assistants.promote"))])
def make_default(service: Serving, identity: Asking, name: str) -> Response:
    """Let it be asked where none is named."""
    service.assistants.make_default(identity.principal, name)
    _record_action(service, identity.principal, "assistant.default", name)
    return RedirectResponse(f"/assistants/{name}", 303)


@router.post("/{name}/remove", dependencies=[Depends(require_action("assistants.promote"))])
def remove(service: Serving, identity: Asking, name: str) -> Response:
    """Remove an assistant with its versions."""
    service.assistants.remove(identity.principal, name)
    _record_action(service, identity.principal, "assistant.remove", name)
    return redirect_back("/assistants", f"{name} was removed.")


def _pick(versions: list[ConfigVersion], number: int) -> ConfigVersion:
    return next((each for each in versions if each.number == number), versions[-1])


def _list_chat_models(service: Service) -> list[str]:
    """Chat models that are here."""
    here = [each.name for each in service.runtime.models.catalog.list_models() if each.pulled]
    chat = [name for name in here if service.runtime.models.catalog.find(name).kind == "chat"]
    return [*chat, service.settings.answer.model]


def _record_action(service: Service, principal: Principal, action: str, label: str) -> None:
    with service.workspace.database.write(principal) as session:
        audit.record(session, action, f"assistant-{label}"[:200])
