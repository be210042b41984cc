"""``genwright explain``: from an answer to everything that shaped it."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    named: Annotated[str, typer.Argument(help="A trace, 'last', a response, or NAME@VERSION.")],
    as_json: AsJson = False,
) -> None:
    """Follow an answer to its assistant, model, run, rows, feedback and people.

    Example: genwright explain last
    """
    from genwright.improve.provenance import format_lineage, trace_origin
    from genwright.monitoring import read_trace

    with use_workspace(ctx) as opened:
        wanted = named
        if named == "last":
            wanted = read_trace(opened.database, OWNER, named).trace_id
        found = trace_origin(opened, OWNER, wanted)
    if as_json:
        print_json(found.json())
        return
    for line in format_lineage(found):
        print(line)
