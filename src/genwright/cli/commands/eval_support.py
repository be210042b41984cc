"""``genwright eval support``."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import make_display, use_workspace
from genwright.cli.options import AsJson, Seed
from genwright.cli.printing.output import print_json
from genwright.cli.printing.support import print_support


def eval_support(
    ctx: typer.Context,
    claims: Annotated[
        Path, typer.Option(metavar="DIR", help="Holds a folder for each set, with dev.jsonl.")
    ],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="SET", help="This set; may be repeated.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="At most N rows of a set, at random.")] = 60,
    whole: Annotated[bool, typer.Option("--all", help="Every row of every set.")] = False,
    every: Annotated[int, typer.Option(min=1, metavar="N", help="Each N-th of these rows.")] = 1,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure how well the check tells sentences that their source supports from others.

    Example: genwright eval support --claims 17-groundedness --every 4
    """
    from genwright.evaluation.jobs.support import run_support_trial

    with use_workspace(ctx) as opened, make_display(ctx) as progress:
        made = run_support_trial(
            opened, claims, names=tuple(only or ()), rows=None if whole else rows, every=every,
            seed=seed, progress=progress,
        )  # fmt: skip
    print_json(made) if as_json else print_support(made)
