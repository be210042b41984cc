"""``genwright doctor``."""

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson
from genwright.cli.printing.output import print_findings, print_json
from genwright.errors import Refused


def command(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Check everything the workspace depends on, and say how to mend what is wrong.

    Schema, store, documents, both indexes, vectors, models, engine, prompts, disk, sandbox. The
    exit status is 0 when nothing is wrong, else 4.

    Example: genwright doctor
    """
    from genwright.maintenance.doctor import examine

    with open_runtime(ctx) as made:
        findings = list(examine(made)) if as_json else print_findings(examine(made))
    if as_json:
        print_json([finding.json() for finding in findings])
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(Refused.exit_code)
