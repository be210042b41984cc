"""``genwright tune``: the nine steps of fitting a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Columns, Form, RegistryName, Resume, TimeLimit
from genwright.cli.printing.output import print_json, print_remark
from genwright.cli.printing.tuning import print_tuned
from genwright.cli.signals import catch_signals
from genwright.plugins import find_names

if TYPE_CHECKING:
    MethodName: TypeAlias = str
    ObjectiveName: TypeAlias = str
else:
    MethodName = Literal[*find_names("genwright.tuning.methods")]
    ObjectiveName = Literal[*find_names("genwright.tuning.objectives")]


def command(
    ctx: typer.Context,
    base: Annotated[
        str, typer.Option(help="Model of the catalog or registry, or a folder in hub form.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="PATH", help="File, or folder of train/validation/test.")
    ] = None,
    objective: Annotated[
        ObjectiveName, typer.Option(help="Training objective (task or preference loss).")
    ] = "generation",
    method: Annotated[
        MethodName | None, typer.Option(help="Which weights are trained; suggested by default.")
    ] = None,
    name: RegistryName = "",
    from_: Annotated[
        str, typer.Option("--from", help="Version whose adapter is trained on, NAME@N.")
    ] = "",
    form: Form = "",
    columns: Columns = None,
    trials: Annotated[
        int, typer.Option(min=0, help="Number of trials of a hyper-parameter search.")
    ] = 0,
    minutes: TimeLimit = 0,
    options: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="KEY=VALUE", help="Parameter: rank=8, epochs=2, …"),
    ] = None,
    assistant: Annotated[
        str, typer.Option(help="Make the result the candidate of this assistant.")
    ] = "",
    resume: Resume = None,
    accept_license: Annotated[
        bool,
        typer.Option(
            "--accept-license", help="Confirm that the base model's license permits this use."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a model: base, data, objective, method, training, search, evaluation, deployment.

    docs/tuning.md lists what --param may say.

    Example: genwright tune --base smollm2-135m-instruct --data calls.jsonl --name calls
    """
    from genwright.hardware import let_threads_rest
    from genwright.tuning.job import TuneRequest, submit_tuning
    from genwright.tuning.steps.walk import tune

    asked = TuneRequest(
        base=base, data=data, objective=objective, method=method, name=name, resume_from=from_,
        form=form, columns=columns or [], trials=trials, minutes=minutes, options=options or [],
        assistant=assistant, accept_license=accept_license,
    )  # fmt: skip
    let_threads_rest()
    with catch_signals() as stop, open_runtime(ctx, stop=stop) as runtime:
        run = resume if resume is not None else submit_tuning(runtime, asked)
        print_remark(f"run {run}: genwright runs show {run}; if it is interrupted: --resume {run}")
        tuned = tune(runtime, run)
    print_json(tuned.json()) if as_json else print_tuned(tuned)
