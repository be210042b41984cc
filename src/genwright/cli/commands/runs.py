"""``genwright runs``: trainings and evaluations, running and past."""

import os
import signal
from typing import Annotated

import typer

from genwright.cli.context import use_workspace
from genwright.cli.options import AsJson, make_group
from genwright.cli.printing.output import print_fields, print_json, print_remark, print_table
from genwright.types import OWNER

app = make_group("List, show and stop runs.")


@app.command("list")
def list_(
    ctx: typer.Context,
    kind: Annotated[list[str] | None, typer.Option(help="Such as tune or eval.")] = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first.

    Example: genwright runs list --kind tune
    """
    from genwright.runs import Runs

    with use_workspace(ctx) as opened:
        rows = Runs(opened.database, OWNER).list_newest(kind or ())
    if as_json:
        print_json([row.json() for row in rows])
        return
    print_table(["run", "kind", "name", "status", "seconds", "made", "message"], [
        [row.id, row.kind, row.name, row.status, round(row.seconds), row.created_at, row.message]
        for row in rows
    ])  # fmt: skip


@app.command()
def show(ctx: typer.Context, run: int, as_json: AsJson = False) -> None:
    """Show a run: its settings, its steps, and what it measured over time.

    Example: genwright runs show 3
    """
    from genwright.runs import Runs

    with use_workspace(ctx) as opened:
        runs = Runs(opened.database, OWNER)
        row, values = runs.get(run), runs.read_values(run)
    if as_json:
        print_json({**row.json(), "values": values})
        return
    print_fields({k: v for k, v in row.json().items() if k != "results"})
    for each in row.steps:
        print(f"{each['number']}. {each['step']}")
    for name, points in values.items():
        step, value = points[-1]
        print(f"{name}: {value:.4g} at step {step} ({len(points)} values)")


@app.command()
def stop(ctx: typer.Context, run: int) -> None:
    """End a running training at its next step, with a checkpoint.

    Example: genwright runs stop 3
    """
    from genwright.errors import Refused
    from genwright.runs import Runs, find_process

    with use_workspace(ctx) as opened:
        Runs(opened.database, OWNER).get(run)
        process = find_process(opened.database, OWNER, run)
    if process is None:
        raise Refused(f"Run {run} is not at work.")
    os.kill(process, signal.SIGTERM)
    print_remark(f"run {run} ends at its next step.")
