"""``genwright sync``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.ingestion import open_ingest, print_report
from genwright.cli.options import AsJson


def command(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to follow.")],
    collection: Annotated[str, typer.Option(help="Collection to mirror the folder into.")] = "",
    as_json: AsJson = False,
) -> None:
    """Mirror a folder: add new documents, update changed ones, remove those that are gone.

    A folder that is missing or has become empty is refused, as a disk that is not mounted looks
    like that.

    Example: genwright sync docs/
    """
    with open_ingest(ctx, collection) as ingest:
        report = ingest.sync(folder)
    print_report(report, as_json)
