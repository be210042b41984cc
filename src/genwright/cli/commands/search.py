"""``genwright search``."""

from typing import Annotated, Literal

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.options import AsJson, Filters, SearchedCollections
from genwright.cli.printing.output import print_hits, print_json


def command(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="Any text.")],
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=1000, help="Hits.")] = None,
    mode: Annotated[
        Literal["keyword", "vector", "hybrid"] | None,
        typer.Option(help="Ranking: words, meaning or both."),
    ] = None,
    collection: SearchedCollections = None,
    filters: Filters = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages that fit a query, best first, with the scores that found them.

    Example: genwright search "oil change" -k 5 --mode hybrid --filter format=pdf
    """
    from genwright.library.search import find_passages

    with open_runtime(ctx) as runtime:
        scope = parse_scope(collection, filters)
        hits = find_passages(runtime, query, k=k, mode=mode, scope=scope)
    if as_json:
        print_json([hit.json() for hit in hits])
    else:
        print_hits(hits)
