"""``genwright status``."""

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json, print_status
from genwright.maintenance.status import read_status
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Show documents, passages, models, sizes and the schema of the workspace.

    Example: genwright status
    """
    with use_workspace(ctx) as opened:
        status = read_status(opened, OWNER)
    if as_json:
        print_json(status)
    else:
        print_status(status)
