"""``genwright show``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import OnlyCollection
from genwright.cli.printing import output
from genwright.library.documents import show_document
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    document: Annotated[str, typer.Argument(metavar="DOC", help="Its id, source or path.")],
    collection: OnlyCollection = "",
    text: Annotated[
        bool, typer.Option("--text", help="Print the stored text that all offsets point into.")
    ] = False,
    passages: Annotated[bool, typer.Option("--passages", help="Print its passages.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show a document: what is known of it, its text or its passages.

    Example: genwright show docs/pump.md --text
    """
    with use_workspace(ctx) as opened:
        shown = show_document(opened.database, OWNER, document, collection)
    if as_json:
        output.print_json(shown.json())
    elif text:
        output.print_exactly(shown.text)
    elif passages:
        output.print_passages(shown.passages)
    else:
        output.print_fields(shown.describe())
