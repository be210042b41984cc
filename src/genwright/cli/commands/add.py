"""``genwright add``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.ingestion import open_ingest, print_report
from genwright.cli.options import AsJson


def command(
    ctx: typer.Context,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH|DIR|-...", help="Files, folders, or - for stdin.")
    ],
    collection: Annotated[str, typer.Option(help="Collection to add them to.")] = "",
    name: Annotated[
        str, typer.Option(help="Name of the document from stdin; its suffix tells the format.")
    ] = "stdin",
    as_json: AsJson = False,
) -> None:
    """Read documents and make them searchable.

    What is in already and unchanged is skipped; what has changed replaces the old. A file that is
    refused is named with the reason, the others go in, and the exit status is 4.

    Example: genwright add docs/ notes.pdf --collection manuals
    """
    with open_ingest(ctx, collection) as ingest:
        if "-" in paths:
            ingest.add_bytes(sys.stdin.buffer.read(ingest.settings.max_file_bytes + 1), name)
        report = ingest.add_paths([Path(path) for path in paths if path != "-"])
    print_report(report, as_json)
