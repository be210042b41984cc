"""``genwright reindex``."""

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_json


def command(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Rebuild every index from the store, and embed passages that have no vector.

    Run it after another embedding model is chosen, or when doctor says so.

    Example: genwright reindex
    """
    from genwright.library.reindex import reindex

    with open_runtime(ctx) as made:
        report = reindex(made)
    if as_json:
        return print_json(report)
    print(
        f"{report['passages']} passages indexed, {report['embedded']} of them embedded, "
        f"{report['vectors']} vectors, in {report['seconds']:.1f} s"
    )
