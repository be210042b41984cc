"""``genwright eval``: measure retrieval, answers and models on sets with known answers."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from genwright.cli.commands import compare, eval_answers, eval_support, regression
from genwright.cli.commands import eval_models as measure
from genwright.cli.context import GlobalOptions, make_display, use_workspace
from genwright.cli.options import AsJson, ChatModel, Extractive, Seed, Short
from genwright.cli.printing.figures import print_qa, print_retrieval, print_runs
from genwright.cli.printing.output import print_json
from genwright.types import OWNER

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Limit = Annotated[
    int | None, typer.Option(min=1, help="Ask at most N, drawn at random; all by default.")
]


@app.callback(invoke_without_command=True)
def start(ctx: typer.Context) -> None:
    """Measure retrieval, answers, models and judges, with 95 % intervals."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command("retrieval")
def eval_retrieval(
    ctx: typer.Context,
    beir: Annotated[
        Path, typer.Option(metavar="DIR", help="Holds corpus.jsonl, queries.jsonl, qrels/*.tsv.")
    ],
    split: Annotated[str, typer.Option(help="Split to measure: qrels/SPLIT.tsv.")] = "test",
    mode: Annotated[
        Literal["keyword", "vector", "hybrid"] | None,
        typer.Option(help="Ranking to measure; all three by default."),
    ] = None,
    limit: Limit = None,
    seed: Seed = 0,
    weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the vector score in hybrid.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure nDCG, recall and MRR of search on a set in BEIR's form.

    Example: genwright eval retrieval --beir scifact --limit 100
    """
    from genwright.evaluation.jobs.trials import run_retrieval_trial
    from genwright.evaluation.suites import read_beir

    if weight is not None:
        _override_settings(ctx, "retrieval", {"vector_weight": weight})
    with use_workspace(ctx) as opened, make_display(ctx) as progress:
        made = run_retrieval_trial(
            opened, read_beir(beir, split), name=beir.resolve().name, split=split,
            mode=mode, limit=limit, seed=seed, progress=progress,
        )  # fmt: skip
    print_json(made) if as_json else print_retrieval(made)


@app.command("qa")
def eval_qa(
    ctx: typer.Context,
    squad: Annotated[Path, typer.Option(metavar="FILE", help="SQuAD 1.1 or 2.0 JSON.")],
    limit: Limit = None,
    leave_out: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Ask N again without their paragraphs.")
    ] = None,
    seed: Seed = 0,
    model: ChatModel = "",
    extractive: Extractive = None,
    short: Short = False,
    as_json: AsJson = False,
) -> None:
    """Measure answers, citations and refusals on questions in SQuAD's form.

    Example: genwright eval qa --squad dev-v2.0.json --limit 200 --leave-out 100
    """
    from genwright.evaluation.jobs.trials import run_qa_trial
    from genwright.evaluation.suites import read_squad

    with use_workspace(ctx) as opened, make_display(ctx) as progress:
        made = run_qa_trial(
            opened, read_squad(squad), name=squad.name, model=model, extractive=extractive,
            short=short, limit=limit, leave_out=leave_out, seed=seed, progress=progress,
        )  # fmt: skip
    print_json(made) if as_json else print_qa(made)


app.command("answers")(eval_answers.eval_answers)
app.command("support")(eval_support.eval_support)
app.command("lm")(measure.eval_lm)
app.command("task")(measure.eval_task)
app.command("bench")(measure.eval_bench)
app.command("judge")(measure.eval_judge)


@app.command("runs")
def list_eval_runs(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the evaluations that were made, newest first.

    Example: genwright eval runs
    """
    from genwright.evaluation import list_runs

    with use_workspace(ctx) as opened:
        rows = list_runs(opened.database, OWNER, "eval.")
    print_json(rows) if as_json else print_runs(rows)


def _override_settings(ctx: typer.Context, section: str, values: dict[str, object]) -> None:
    """Let a flag say what ``--set`` could."""
    asked: GlobalOptions = ctx.obj
    merged = {**asked.overrides.get(section, {}), **values}
    ctx.obj = replace(asked, overrides={**asked.overrides, section: merged})


app.command("compare")(compare.command)
app.add_typer(regression.app, name="regression")
