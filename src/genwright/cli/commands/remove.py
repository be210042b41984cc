"""``genwright remove``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import OnlyCollection
from genwright.cli.printing.output import print_json, to_one_line
from genwright.library.documents import remove_documents
from genwright.types import OWNER


def command(
    ctx: typer.Context,
    documents: Annotated[
        list[str], typer.Argument(metavar="SOURCE|ID...", help="Ids, sources, paths or folders.")
    ],
    collection: OnlyCollection = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what is gone as JSON.")] = False,
) -> None:
    """Remove documents with their passages and vectors: all that are named, or none.

    A folder stands for every document that came from below it.

    Example: genwright remove 12 docs/old.md
    """
    with use_workspace(ctx) as opened:
        gone = remove_documents(opened.database, OWNER, documents, collection)
    if as_json:
        print_json({"removed": gone})
    else:
        print("\n".join(f"removed {to_one_line(source)}" for source in gone))
