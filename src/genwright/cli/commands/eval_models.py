"""``genwright eval``: language modelling, tasks, benchmarks and judges."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genwright.cli.context import open_runtime
from genwright.cli.options import AsJson, Columns, Form, MaxTokens, Seed
from genwright.cli.printing.output import print_json
from genwright.cli.printing.tasks import print_bench, print_judge, print_lm, print_task

Model = Annotated[str, typer.Option(help="Model, version of the registry, or assistant.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most N rows.")]
Data = Annotated[Path, typer.Option(metavar="FILE", help="Rows with answers.")]
Metric = Annotated[str, typer.Option(help="Such as accuracy, exact_match, rouge_l, call_match.")]
Shots = Annotated[int, typer.Option(min=0, help="Rows with answers before each question.")]


def eval_lm(
    ctx: typer.Context,
    model: Model,
    data: Annotated[Path, typer.Option(metavar="FILE", help="Any text.")],
    limit: Annotated[int, typer.Option(min=0, help="Most tokens; 0 for all.")] = 4096,
    as_json: AsJson = False,
) -> None:
    """Measure how well a model predicts a text: perplexity and bits per byte.

    Example: genwright eval lm --model smollm2-135m-instruct --data notes.txt
    """
    from genwright.evaluation.jobs.qa import run_lm_trial

    with open_runtime(ctx) as made:
        result = run_lm_trial(made, model, data, limit)
    print_json(result) if as_json else print_lm(result)


def eval_task(
    ctx: typer.Context,
    model: Model,
    data: Data,
    metric: Metric = "",
    shots: Shots = 0,
    mode: Annotated[
        Literal["generate", "score"],
        typer.Option(help="Let it write, or take the label that it finds likeliest."),
    ] = "generate",
    limit: Limit = None,
    form: Form = "",
    columns: Columns = None,
    seed: Seed = 0,
    max_tokens: MaxTokens = 256,
    as_json: AsJson = False,
) -> None:
    """Measure a model or an assistant on a data set.

    Example: genwright eval task --model smollm2-135m-instruct --data faq.jsonl --metric token_f1
    """
    from genwright.evaluation.jobs.qa import EvaluationRequest, run_task_trial

    wanted = EvaluationRequest(
        data, metric, form, tuple(columns or ()), shots, mode, limit, seed, max_tokens
    )
    with open_runtime(ctx) as made:
        result = run_task_trial(made, model, wanted)
    print_json(result) if as_json else print_task(result)


def eval_bench(
    ctx: typer.Context,
    model: Model,
    task: Annotated[str, typer.Option(help="arc_easy, mmlu, gsm8k, humaneval, hellaswag, …")],
    files: Annotated[Path, typer.Option(metavar="PATH", help="Its file, or the folder of it.")],
    limit: Limit = None,
    shots: Shots = 0,
    as_json: AsJson = False,
) -> None:
    """Measure a model on a public benchmark from local files.

    Example: genwright eval bench --model qwen3-4b --task arc_easy --files arc --limit 200
    """
    from genwright.evaluation.jobs.qa import run_bench_trial

    with open_runtime(ctx) as made:
        result = run_bench_trial(made, model, task, files, limit, shots)
    print_json(result) if as_json else print_bench(result)


def eval_judge(
    ctx: typer.Context,
    data: Annotated[
        Path, typer.Option(metavar="FILE", help="Lines of JSON: question, a, b, reference.")
    ],
    judge: Annotated[str, typer.Option(help="Model that judges.")],
    humans: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a, b or tie a line, as people said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a model judge pairs of answers, in both orders; compare it with people.

    Example: genwright eval judge --data pairs.jsonl --judge gpt/gpt-5 --humans votes.txt
    """
    from genwright.evaluation.jobs.qa import run_judge_trial

    with open_runtime(ctx) as made:
        result = run_judge_trial(made, judge, data, humans)
    print_json(result) if as_json else print_judge(result)
