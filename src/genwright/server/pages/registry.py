"""The registry: trained models, their versions, cards and lineage, promotion and rollback."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.monitoring.plots import Branch, tree
from genwright.registry.cards import card_of
from genwright.registry.lineage import Node
from genwright.runtime import Runtime
from genwright.server.deps import InRights, may
from genwright.server.markdown import rendered
from genwright.server.pages.views.rendering import back, render, told_of
from genwright.tuning.bench import lineage_of

router = APIRouter(
    prefix="/registry", include_in_schema=False, dependencies=[Depends(may("training.read"))]
)
ROWS = 3
"""Rows of a data set that the picture shows."""


@router.get("")
def listing(request: Request, parts: InRights) -> Response:
    """Every trained model."""
    models = parts.models.versions.known(parts.principal)
    return render(request, "registry.html", models=models, message=told_of(request))


@router.get("/{named}")
def page(request: Request, named: str, parts: InRights) -> Response:
    """A model: its versions, and of one of them the card and where it came from."""
    versions = parts.models.versions
    found = versions.resolve(parts.principal, named)
    known = next(each for each in versions.known(parts.principal) if each.name == found.name)
    origin = lineage_of(parts.workspace, parts.principal, found.label)
    return render(
        request,
        "model.html",
        found=found,
        versions=versions.versions(parts.principal, found.name),
        aliases=known.aliases,
        card=rendered(card_of(found)),
        words=card_of(found),
        picture=Markup(tree(_branch(origin), title=f"Where {found.label} came from")),
        message=told_of(request),
    )


@router.post("/{name}/promote", dependencies=[Depends(may("models.promote"))])
def promote(
    name: str, parts: InRights, version: Annotated[str, Form(max_length=50)] = "candidate"
) -> Response:
    """Let live point to a version."""
    found = parts.models.versions.promote(parts.principal, name, version)
    _note(parts, "model.promote", found.label)
    return back(f"/registry/{name}", f"{found.label} is live.")


@router.post("/{name}/rollback", dependencies=[Depends(may("models.promote"))])
def rollback(name: str, parts: InRights) -> Response:
    """Let live point to what it pointed to before."""
    found = parts.models.versions.rollback(parts.principal, name)
    _note(parts, "model.rollback", found.label)
    return back(f"/registry/{name}", f"{found.label} is live again.")


@router.post("/{named}/card", dependencies=[Depends(may("training.run"))])
def card(
    named: str, parts: InRights, words: Annotated[str, Form(max_length=100_000)] = ""
) -> Response:
    """Put a person's words in place of the generated card."""
    parts.models.versions.write_card(parts.principal, named, words.replace("\r\n", "\n"))
    _note(parts, "model.card", named)
    return back(f"/registry/{named}", "The card was written.")


def _branch(node: Node) -> Branch:
    below = node.of if node.kind != "dataset" else node.of[:ROWS]
    name = node.name
    if node.kind == "row":
        name = f"{node.name}: {node.facts.get('file') or node.facts.get('trace') or 'made'}"
    if node.kind == "dataset":
        name = f"{node.facts.get('part', '')} {node.name}"
    return Branch(node.kind, name, tuple(_branch(each) for each in below))


def _note(parts: Runtime, action: str, name: str) -> None:
    with parts.workspace.database.write(parts.principal) as session:
        audit.record(session, action, f"model-{name}"[:200])
