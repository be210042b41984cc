"""``genwright access``."""

from typing import TYPE_CHECKING, Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_json, print_remark, print_table
from genwright.errors import UsageError
from genwright.types import OWNER

if TYPE_CHECKING:
    from genwright.access.grants import GrantTarget
    from genwright.workspace import Workspace

app = make_group("Manage access to collections and documents.")
Holder = Annotated[str, typer.Argument(help="A user, group:NAME, or group:everyone.")]
InCollection = Annotated[str, typer.Option("--collection", help="On this collection.")]
OnDocument = Annotated[int | None, typer.Option("--document", help="On this document, by id.")]


@app.command()
def grant(
    ctx: typer.Context,
    holder: Holder,
    collection: InCollection = "",
    document: OnDocument = None,
    write: Annotated[bool, typer.Option("--write", help="Change and share it, too.")] = False,
) -> None:
    """Give a right.

    Example: genwright access grant group:everyone --collection default
    """
    from genwright.access import grants

    with use_workspace(ctx) as opened:
        target = _find_target(opened, collection, document)
        grants.grant(opened.database, OWNER, holder, target, "write" if write else "read")
    print_remark(
        f"{holder} may {'write' if write else 'read'} {target.kind} {collection or document}."
    )


@app.command()
def revoke(
    ctx: typer.Context, holder: Holder, collection: InCollection = "", document: OnDocument = None
) -> None:
    """Take a right back.

    Example: genwright access revoke ann --document 12
    """
    from genwright.access import grants

    with use_workspace(ctx) as opened:
        target = _find_target(opened, collection, document)
        grants.revoke(opened.database, OWNER, holder, target)
    print_remark(f"{holder} has no right of its own on {target.kind} {collection or document}.")


@app.command("list")
def list_(
    ctx: typer.Context,
    collection: InCollection = "",
    document: OnDocument = None,
    as_json: AsJson = False,
) -> None:
    """List who holds rights on something, beside its owner and admins.

    Example: genwright access list --collection default
    """
    from genwright.access import grants

    with use_workspace(ctx) as opened:
        target = _find_target(opened, collection, document)
        rows = grants.list_grants(opened.database, OWNER, target)
    if as_json:
        print_json([row.json() for row in rows])
    else:
        print_table(["holder", "right"], [[row.holder, row.right] for row in rows])


@app.command()
def restrict(
    ctx: typer.Context,
    document: Annotated[int, typer.Argument(help="Its id.")],
    restricted: Annotated[
        bool, typer.Option("--on/--off", help="Whether the collection's rights pass it by.")
    ] = True,
) -> None:
    """Let rights on its collection not reach a document: only its own do.

    Example: genwright access restrict 12
    """
    from genwright.access import grants

    with use_workspace(ctx) as opened:
        grants.restrict(opened.database, OWNER, document, restricted)
    print_remark(f"document {document} is {'restricted' if restricted else 'not restricted'}.")


def _find_target(opened: "Workspace", collection: str, document: int | None) -> "GrantTarget":
    from genwright.access.grants import GrantTarget, find_collection

    if bool(collection) == (document is not None):
        raise UsageError("Expected one of --collection NAME and --document ID.")
    if document is not None:
        return GrantTarget("document", document)
    return find_collection(opened.database, OWNER, collection)
