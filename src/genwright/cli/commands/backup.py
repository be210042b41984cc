"""``genwright backup``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.printing.output import print_remark


def command(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(help="The file to make, such as monday.tar.gz.")],
    models: Annotated[
        bool, typer.Option("--models", help="Include model files (large; can be re-downloaded).")
    ] = False,
) -> None:
    """Write everything into one file, while a server runs.

    Example: genwright backup backups/monday.tar.gz
    """
    from genwright.storage.backup import create_backup

    with use_workspace(ctx) as opened:
        made = create_backup(opened.root, target, models=opened.models_dir if models else None)
    print_remark(
        f"{made.path}: {len(made.files)} files, {made.bytes:,} bytes, of {made.created_at}"
    )
