"""``genwright collections``."""

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json, print_table
from genwright.library.documents import list_collections
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List collections with what they hold.

    Example: genwright collections
    """
    with use_workspace(ctx) as opened:
        rows = list_collections(opened.database, OWNER)
    if as_json:
        return print_json(rows)
    headers = ("documents", "passages", "characters", "name")
    print_table(headers, [tuple(row[header] for header in headers) for row in rows])
