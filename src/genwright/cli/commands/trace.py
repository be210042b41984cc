"""``genwright trace``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.printing.output import print_json, print_tree
from genwright.monitoring import read_trace
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    trace: Annotated[
        str, typer.Argument(metavar="last|ID", help="The last one, or the first digits of an id.")
    ] = "last",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as nested JSON.")] = False,
) -> None:
    """Show what happened for a request: its steps as a tree, with times.

    Example: genwright trace last
    """
    with use_workspace(ctx) as opened:
        step = read_trace(opened.database, OWNER, trace)
    if as_json:
        print_json(step.json())
    else:
        print_tree(step)
