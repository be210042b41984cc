"""``genwright serve``."""

from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.printing.output import print_remark


def command(
    ctx: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need users.")
    ] = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")
    ] = None,
) -> None:
    """Serve the API and the pages until Ctrl-C or SIGTERM.

    Example: genwright serve --port 8080
    """
    from genwright.server import serve

    given = {"host": host or None, "port": port}
    server = {key: value for key, value in given.items() if value is not None}
    with use_workspace(ctx, {"server": server}) as opened:
        serve(opened, lambda url: print_remark(f"genwright serves {opened.root} at {url}"))
