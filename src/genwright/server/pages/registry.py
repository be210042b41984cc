"""The registry: trained models, their versions, cards and lineage, promotion and rollback."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.monitoring.plots import Branch, tree
from genwright.registry.cards import card_of
from genwright.registry.lineage import Node, find_lineage
from genwright.runtime import Runtime
from genwright.server.deps import InRights, may
from genwright.server.markdown import rendered
from genwright.server.pages.views.rendering import back, render, told_of

router = APIRouter(
    prefix="/registry", include_in_schema=False, dependencies=[Depends(may("training.read"))]
)
ROWS = 3
"""Rows of a data set that the picture shows."""


@router.get("")
def listing(request: Request, runtime: InRights) -> Response:
    """Every trained model."""
    models = runtime.models.versions.known(runtime.principal)
    return render(request, "registry.html", models=models, message=told_of(request))


@router.get("/{named}")
def page(request: Request, named: str, runtime: InRights) -> Response:
    """A model: its versions, and of one of them the card and where it came from."""
    versions = runtime.models.versions
    found = versions.resolve(runtime.principal, named)
    known = next(each for each in versions.known(runtime.principal) if each.name == found.name)
    origin = find_lineage(runtime.workspace, runtime.principal, found.label)
    return render(
        request,
        "model.html",
        found=found,
        versions=versions.versions(runtime.principal, found.name),
        aliases=known.aliases,
        card=rendered(card_of(found)),
        words=card_of(found),
        picture=Markup(tree(_branch(origin), title=f"Where {found.label} came from")),
        message=told_of(request),
    )


@router.post("/{name}/promote", dependencies=[Depends(may("models.promote"))])
def promote(
    name: str, runtime: InRights, version: Annotated[str, Form(max_length=50)] = "candidate"
) -> Response:
    """Let live point to a version."""
    found = runtime.models.versions.promote(runtime.principal, name, version)
    _note(runtime, "model.promote", found.label)
    return back(f"/registry/{name}", f"{found.label} is live.")


@router.post("/{name}/rollback", dependencies=[Depends(may("models.promote"))])
def rollback(name: str, runtime: InRights) -> Response:
    """Let live point to what it pointed to before."""
    found = runtime.models.versions.rollback(runtime.principal, name)
    _note(runtime, "model.rollback", found.label)
    return back(f"/registry/{name}", f"{found.label} is live again.")


@router.post("/{named}/card", dependencies=[Depends(may("training.run"))])
def card(
    named: str, runtime: InRights, words: Annotated[str, Form(max_length=100_000)] = ""
) -> Response:
    """Put a person's words in place of the generated card."""
    runtime.models.versions.write_card(runtime.principal, named, words.replace("\r\n", "\n"))
    _note(runtime, "model.card", named)
    return back(f"/registry/{named}", "The card was written.")


def _branch(node: Node) -> Branch:
    below = node.of if node.kind != "dataset" else node.of[:ROWS]
    name = node.name
    if node.kind == "row":
        name = f"{node.name}: {node.facts.get('file') or node.facts.get('trace') or 'made'}"
    if node.kind == "dataset":
        name = f"{node.facts.get('part', '')} {node.name}"
    return Branch(node.kind, name, tuple(_branch(each) for each in below))


def _note(runtime: Runtime, action: str, name: str) -> None:
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, action, f"model-{name}"[:200])
