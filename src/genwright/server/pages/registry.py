"""The registry: trained models, their versions, cards and lineage, promotion and rollback."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import Response

from genwright.access import audit
from genwright.monitoring.plots import TreeBranch, draw_tree
from genwright.registry.cards import render_card
from genwright.registry.lineage import LineageNode, find_lineage
from genwright.runtime import Runtime
from genwright.server.deps import InRights, require_action
from genwright.server.markdown import render_markdown
from genwright.server.pages.views.rendering import read_flash, redirect_back, render

router = APIRouter(
    prefix="/registry",
    include_in_schema=False,
    dependencies=[Depends(require_action("training.read"))],
)
ROWS = 3
"""Rows of a data set that the picture shows."""


@router.get("")
def show_registry(request: Request, runtime: InRights) -> Response:
    """Every trained model."""
    models = runtime.models.versions.list_models(runtime.principal)
    return render(request, "registry.html", models=models, message=read_flash(request))


@router.get("/{named}")
def show_model_version(request: Request, named: str, runtime: InRights) -> Response:
    """A model: its versions, and of one of them the card and where it came from."""
    versions = runtime.models.versions
    found = versions.resolve(runtime.principal, named)
    known = next(
        each for each in versions.list_models(runtime.principal) if each.name == found.name
    )
    origin = find_lineage(runtime.workspace, runtime.principal, found.label)
    return render(
        request,
        "model.html",
        found=found,
        versions=versions.list_versions(runtime.principal, found.name),
        aliases=known.aliases,
        examined=runtime.models.examinations.find(found.serving_name),
        card=render_markdown(render_card(found)),
        words=render_card(found),
        picture=Markup(draw_tree(_make_branch(origin), title=f"Where {found.label} came from")),
        message=read_flash(request),
    )


@router.post("/{name}/promote", dependencies=[Depends(require_action("models.promote"))])
def promote(
    name: str, runtime: InRights, version: Annotated[str, Form(max_length=50)] = "candidate"
) -> Response:
    """Let live point to a version."""
    found = runtime.models.versions.promote(runtime.principal, name, version)
    _record_action(runtime, "model.promote", found.label)
    return redirect_back(f"/registry/{name}", f"{found.label} is live.")


@router.post("/{name}/rollback", dependencies=[Depends(require_action("models.promote"))])
def rollback(name: str, runtime: InRights) -> Response:
    """Let live point to what it pointed to before."""
    found = runtime.models.versions.rollback(runtime.principal, name)
    _record_action(runtime, "model.rollback", found.label)
    return redirect_back(f"/registry/{name}", f"{found.label} is live again.")


@router.post("/{named}/card", dependencies=[Depends(require_action("training.run"))])
def write_card(
    named: str, runtime: InRights, words: Annotated[str, Form(max_length=100_000)] = ""
) -> Response:
    """Put a person's words in place of the generated card."""
    runtime.models.versions.write_card(runtime.principal, named, words.replace("\r\n", "\n"))
    _record_action(runtime, "model.card", named)
    return redirect_back(f"/registry/{named}", "The card was written.")


def _make_branch(node: LineageNode) -> TreeBranch:
    below = node.of if node.kind != "dataset" else node.of[:ROWS]
    name = node.name
    if node.kind == "row":
        name = f"{node.name}: {node.facts.get('file') or node.facts.get('trace') or 'made'}"
    if node.kind == "dataset":
        name = f"{node.facts.get('part', '')} {node.name}"
    return TreeBranch(node.kind, name, tuple(_make_branch(each) for each in below))


def _record_action(runtime: Runtime, action: str, name: str) -> None:
    with runtime.database.write(runtime.principal) as session:
        audit.record(session, action, f"model-{name}"[:200])
