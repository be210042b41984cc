"""``genwright search``."""

from typing import Annotated, Literal

import typer

from genwright.cli.context import open_runtime, parse_scope
from genwright.cli.printing.output import print_hits, print_json


def command(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="Any text.")],
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, max=1000, help="Hits.")] = None,
    mode: Annotated[
        Literal["keyword", "vector", "hybrid"] | None,
        typer.Option(help="Ranking: words, meaning or both."),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="Search this collection only; may be repeated.")
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="KEY=VALUE", help="source, format, title or metadata."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the hits as JSON.")] = False,
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
