"""``genwright restore``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.printing.output import print_remark


def command(
    archive: Annotated[Path, typer.Argument(help="A file that genwright backup made.")],
    folder: Annotated[Path, typer.Argument(help="Where to; what is there now is moved aside.")],
) -> None:
    """Make a workspace from a backup; what was forgotten since stays forgotten. Stop servers first.

    Example: genwright restore backups/monday.tar.gz notes
    """
    from genwright.maintenance.restore import restore_workspace

    aside, forgotten = restore_workspace(archive, folder)
    print_remark(f"{folder} is as {archive} has it; {forgotten} things were forgotten again.")
    if aside is not None:
        print_remark(f"The former workspace is {aside}: remove it when all is well.")
