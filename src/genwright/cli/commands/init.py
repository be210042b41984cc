"""``genwright init``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.workspace import create_workspace


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Made if it is not there.")
    ] = Path(),
) -> None:
    """Make a workspace in a folder: settings, store, models and indexes live there.

    What the folder already holds is left as it is.

    Example: genwright init team
    """
    print(f"workspace {create_workspace(folder)}")
