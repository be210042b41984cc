"""``genwright list``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.printing.output import print_json, print_table
from genwright.library.documents import list_documents
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    collection: Annotated[str, typer.Option(help="Only this collection.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print every field as JSON.")] = False,
) -> None:
    """List documents.

    Example: genwright list --collection manuals
    """
    with use_workspace(ctx) as opened:
        documents = list_documents(opened.database, OWNER, collection)
    if as_json:
        return print_json([each.json() for each in documents])
    print_table(
        ("id", "format", "pages", "passages", "characters", "source"),
        [(d.id, d.format, d.pages, d.passages, d.characters, d.source) for d in documents],
    )
