"""``genwright rlhf``: fine-tuning, a reward model and PPO in one command."""

from pathlib import Path
from typing import Annotated

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Resume
from genwright.cli.printing.output import print_json, print_remark
from genwright.cli.signals import catch_signals
from genwright.errors import UsageError


def command(
    ctx: typer.Context,
    base: Annotated[str, typer.Option(help="Model of the catalog or registry.")] = "",
    pairs: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Rows with prompt, chosen, rejected.")
    ] = None,
    demonstrations: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Rows to fine-tune on first.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the models in the registry.")] = "rlhf",
    minutes: Annotated[
        float, typer.Option("--time-limit", min=0.1, help="Minutes of each stage, at most.")
    ] = 10.0,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", metavar="KEY=VALUE", help="Parameter of every stage: rank=8, …"
        ),
    ] = None,
    resume: Resume = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune, learn a reward from pairs, and improve the model by it (PPO).

    Example: genwright rlhf --base smollm2-135m-instruct --pairs pairs.jsonl --name helpful
    """
    from genwright.hardware import let_threads_rest
    from genwright.options import parse_pairs
    from genwright.tuning.rlhf import RLHFRecipe, begin_rlhf, run_rlhf

    if resume is None and (not base or pairs is None):
        raise UsageError("Expected --base and --pairs (or --resume RUN).")
    let_threads_rest()
    shown = str(demonstrations.resolve()) if demonstrations else ""
    with catch_signals() as stop, open_runtime(ctx, stop=stop) as runtime:
        run = resume
        if run is None:
            recipe = RLHFRecipe(base, str(pairs.resolve()) if pairs else "", shown, name, minutes)
            run = begin_rlhf(runtime, recipe)
        print_remark(f"run {run}; if it is interrupted: genwright rlhf --resume {run}")
        found = run_rlhf(runtime, run, dict(parse_pairs(options or (), "--param KEY=VALUE")))
    if as_json:
        print_json(found.json())
        return
    for stage, metrics in found.metrics.items():
        print(f"{stage}: {getattr(found, 'policy' if stage == 'ppo' else stage)}")
        for metric, each in metrics["test"].items():
            print(f"  {metric} {each['value']} [{each['low']}, {each['high']}]")
